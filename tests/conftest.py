"""What every suite shares: a fixed environment, reproducible examples, and an S3 API on this machine."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import snapshot_restore_py
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.small_recommender import Trained

# Examples are slow where they cross a socket or a disk, and CI must fail alike twice.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

OWN_AWS = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
"""The caller's AWS settings; only tests marked ``aws`` get them back."""

FAKE_AWS = {
    "AWS_ACCESS_KEY_ID": "AKIDSEGUETESTS",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}

_THRESHOLD, _freeze = gc.get_threshold(), gc.freeze


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(17)


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            keep = name == "SEGUE_DATA_DIR" or name.startswith("SEGUE_TEST_")
            if name in OWN_AWS or (name.startswith("SEGUE_") and not keep):
                patch.delenv(name)
        for name, value in FAKE_AWS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def _event_loops() -> Iterator[None]:
    """Close every event loop at the end: Mangum makes one for each handler, and leaves it open."""
    made: list[asyncio.AbstractEventLoop] = []

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            made.append(super().new_event_loop())
            return made[-1]

    asyncio.set_event_loop_policy(Policy())
    yield
    for loop in made:
        loop.close()


@pytest.fixture(scope="session", autouse=True)
def _nothing_frozen() -> Iterator[None]:
    """A function freezes what it has loaded; here its models hold files open, and go with the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def _kept_by_a_module() -> Iterator[None]:
    """Let go of what `_kept_by_a_test` set apart while functions ran for the whole module."""
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        _collect()


@pytest.fixture(autouse=True)
def _kept_by_a_test() -> Iterator[None]:
    """Let go of what a cold start in the test keeps for good, and set the rest apart.

    The rest is mostly imported modules. A collection that need not look at them takes a tenth of the time.
    """
    yield
    if gc.get_threshold() != _THRESHOLD:
        _collect()


def _collect() -> None:
    from fastapi.dependencies import models

    snapshot_restore_py._after_restore_registry.clear()
    for each in vars(models).values():  # FastAPI remembers every endpoint, and that knows its models
        if hasattr(each, "cache_clear"):
            each.cache_clear()
    gc.set_threshold(*_THRESHOLD)
    gc.collect()
    _freeze()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """URL of a moto server with S3, DynamoDB and Secrets Manager, empty. Set AWS_ENDPOINT_URL to it."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication as Dispatcher
    from werkzeug.serving import WSGIRequestHandler

    # With Nagle's algorithm an answer on a kept connection waits 40 ms; AWS has it off.
    WSGIRequestHandler.disable_nagle_algorithm = True

    # For each request it lists its own folder, and writes a line that nobody reads.
    Dispatcher.get_backend_for_host = cache(Dispatcher.get_backend_for_host)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    answer, lock = Dispatcher.__call__, threading.Lock()

    def write_whole(self: Dispatcher, environ: dict[str, Any], *given: Any) -> Any:
        # A conditional write of DynamoDB is atomic; moto checks and then writes, in a thread a request.
        with lock if "DynamoDB" in environ.get("HTTP_X_AMZ_TARGET", "") else nullcontext():
            return answer(self, environ, *given)

    Dispatcher.__call__ = write_whole
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A tiny recommender, live in a folder that nobody writes to: copy it."""
    from tests.small_recommender import train

    return train(tmp_path_factory.mktemp("recommender"))
