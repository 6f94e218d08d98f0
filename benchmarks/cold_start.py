"""Cold start: from process start to the first answer, under the real runtime client and emulator.

    python -m benchmarks.cold_start [ROUNDS]

Three functions take turns, so that what else the machine does falls on all of them alike:

- bare: a handler that returns a constant; what Lambda itself costs here.
- fastapi: the smallest FastAPI + Mangum application with one validated route.
- genre_preference: the real function, its model fetched through the S3 API into an empty cache, and one
  prediction for a customer read from the sample store, on which the model was trained.

All have their .pyc files. Aim: genre_preference at most 1.75 times fastapi.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from segue.sources.sample import generate
from tests.conftest import FAKE_AWS
from tests.runtime.bundle import Bundle, build_bundle, compile_for_host, host_layer
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import read_event
from tests.runtime.live_model import make_live

if TYPE_CHECKING:
    from collections.abc import Mapping

CASE = "genre_preference/ok"
BARE = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"Genre":"Rock"}',
            "isBase64Encoded": False}
"""
FASTAPI = """
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

class GenreRequest(BaseModel):
    customer_id: int

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

@app.post("/api/model")
def genre(request: GenreRequest) -> dict[str, str]:
    return {"Genre": "Rock"}

handler = Mangum(app, lifespan="off")
"""


def write_bundle(folder: Path, source: str, layers: tuple[Path, ...] = ()) -> Bundle:
    """Write a function of one file, compiled."""
    folder.mkdir()
    (folder / "handler.py").write_text(source, encoding="utf-8")
    compile_for_host(folder)
    return Bundle(folder, layers, {})


def require_bytecode(bundle: Bundle) -> None:
    """Refuse to time a function that would compile its sources on the way."""
    for folder in (bundle.folder, *bundle.layers):
        for source in folder.rglob("*.py"):
            if not Path(importlib.util.cache_from_source(source)).exists():
                raise SystemExit(f"{source} has no .pyc file: remove .build and run again.")


def first_answer_s(bundle: Bundle, variables: Mapping[str, str], scratch: Path) -> float:
    """Start a function with an empty cache, ask once, and return the seconds until it answered."""
    event = read_event(CASE)
    with tempfile.TemporaryDirectory(dir=scratch) as cache:
        given = {**variables, "SEGUE_CACHE_DIR": cache}
        started_s = time.perf_counter()
        with Emulator(bundle, given, scratch / "log") as emulator:
            answer = emulator.invoke(event)
            took_s = time.perf_counter() - started_s
    if answer.get("statusCode") != 200 or "Genre" not in json.loads(answer["body"]):
        raise SystemExit(f"not an answer: {answer}")
    return took_s


def measure(rounds: int, scratch: Path, endpoint: str) -> tuple[dict[str, list[float]], int]:
    """Return each function's seconds, one a round, and the bytes of the model that was fetched."""
    store = generate(scratch / "store")
    location, manifest = make_live(store, "segue-cold-start")
    variables = {"SEGUE_ARTIFACTS": location, "SEGUE_STORE": str(store), "AWS_ENDPOINT_URL": endpoint}
    functions = {
        "bare": write_bundle(scratch / "bare", BARE),
        "fastapi": write_bundle(scratch / "fastapi", FASTAPI, (host_layer("web"),)),
        "genre_preference": build_bundle("genre_preference", scratch / "genre_preference"),
    }
    for bundle in functions.values():
        require_bytecode(bundle)
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(rounds + 1):
        for name, bundle in functions.items():
            took_s = first_answer_s(bundle, variables, scratch)
            if turn:  # the first turn brings the files into the page cache
                seconds[name].append(took_s)
    return seconds, sum(entry.bytes for entry in manifest.files.values())


def main(rounds: int = 15) -> None:
    """Print the table."""
    os.environ.update(FAKE_AWS)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            seconds, model_bytes = measure(rounds, Path(scratch), os.environ["AWS_ENDPOINT_URL"])
    finally:
        server.stop()
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"cold start to first answer, median of {rounds}, model of {model_bytes / 1e6:.1f} MB")
    print(f"{'function':18}{'ms':>7}{'min':>7}{'max':>7}{'/ bare':>9}{'/ fastapi':>11}")
    for name, values in seconds.items():
        times = "".join(f"{1000 * value:7.0f}" for value in (median[name], min(values), max(values)))
        print(f"{name:18}{times}{median[name] / median['bare']:9.2f}{median[name] / median['fastapi']:11.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
