"""Functions as `sam build` makes them, a live model behind the S3 API, and the emulator around them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.runtime.bundle import Bundle, build_bundle
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import CURSOR_KEYS, TIERS
from tests.runtime.music_store import write_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.small_recommender import Trained


@dataclass(frozen=True, slots=True)
class Published:
    """The versions that are live, and the variables of a function as the template sets them.

    Models are on S3, events in DynamoDB, keys of cursors in Secrets Manager. The store is a file, as a
    database costs a server.
    """

    versions: frozenset[str]
    variables: dict[str, str]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bundle]:
    """Build a function of functions/, once a session."""
    made: dict[str, Bundle] = {}

    def build_once(function: str) -> Bundle:
        if function not in made:
            like = next((bundle.folder for bundle in made.values()), None)
            made[function] = build_bundle(function, tmp_path_factory.mktemp(function), like)
        return made[function]

    return build_once


@pytest.fixture(scope="session")
def published_model(tmp_path_factory: pytest.TempPathFactory, s3_server: str, trained: Trained) -> Published:
    """A small forest and a small recommender, live on the S3 API, and a listener in the table."""
    import boto3

    from segue.artifacts.place.location import open_store as open_artifacts
    from segue.state.location import open_state
    from tests.contract.state_table import create_table
    from tests.runtime.live_model import make_live
    from tests.small_clustering import clustering_of, publish_clustering
    from tests.small_recommender import catalogue, events_of
    from training.genre_preference.trainer import ForestParams

    folder = tmp_path_factory.mktemp("published")
    store = write_store(folder / "store.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        location, manifest = make_live(store, f"segue-{folder.name}", ForestParams(n_estimators=20))
        trained.copy_to(open_artifacts(location))
        clusters = publish_clustering(open_artifacts(location), clustering_of(catalogue()), live=True)
        state = f"dynamodb://{create_table(f'state-{folder.name}')}"
        open_state(state).record(events_of())
        keys = boto3.client("secretsmanager").create_secret(
            Name=f"cursor-{folder.name}", SecretString=json.dumps(dict([CURSOR_KEYS.split(":")]))
        )
    variables = {
        "SEGUE_ARTIFACTS": location,
        "SEGUE_STORE": str(store),
        "SEGUE_CACHE_DIR": str(folder / "cache"),
        "SEGUE_STATE": state,
        "SEGUE_LAKE": str(folder / "lake"),
        "SEGUE_UPLOADS": str(folder / "uploads"),
        "SEGUE_CURSOR_SECRET": keys["ARN"],
        "SEGUE_KEY_TIERS": TIERS,
        "AWS_ENDPOINT_URL": s3_server,
    }
    return Published(frozenset({manifest.version, trained.version, clusters}), variables)


@pytest.fixture(scope="session")
def running(
    build: Callable[[str], Bundle], published_model: Published, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Emulator]]:
    """Start a function under the emulator, once a session."""
    started: dict[str, Emulator] = {}

    def start_once(function: str) -> Emulator:
        if function not in started:
            log = tmp_path_factory.mktemp("logs") / f"{function}.log"
            started[function] = Emulator(build(function), published_model.variables, log).__enter__()
        return started[function]

    yield start_once
    for emulator in started.values():
        emulator.__exit__()
