"""Cold start as deployed: from process start to the first answer, under the real runtime client and emulator.

    python -m benchmarks.cold_start [FUNCTION …] [--rounds 15] [--keep FOLDER]

Functions take turns, so that what else the machine does falls on all of them alike:

- bare: a handler that returns a constant; what Lambda itself costs here.
- fastapi: the smallest FastAPI + Mangum application with one validated route.
- the functions named, each built as `sam build` does, with the variables that the template gives it: models
  in a bucket and listeners in a DynamoDB table, both by moto's server; the cache is empty. The first request
  is the function's ``ok`` event.

The models are what `make run` makes of the sample store. Training takes minutes: ``--keep`` names a folder
that the next run finds them in. All bundles have their .pyc files. The server of S3 and DynamoDB is Python
in a process of its own, and slower than AWS's. Aim: recommend_user at most 2.0 times fastapi, taste_profile
2.3, genre_preference 1.75.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks._aws import aws_apis
from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.location import open_store
from segue.sources.dataset.history import to_events
from segue.state.listening import RECENT
from segue.state.location import open_state
from tests.conftest import FAKE_AWS
from tests.contract.state_table import create_table
from tests.runtime.bundle import Bundle, build_bundle, compile_for_host, host_layer, runtime_sdk
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import TIERS, read_event
from training.hybrid.data.event_source import read_events_at

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTIONS = ("genre_preference", "recommend_user", "taste_profile")
LISTENER = "12"
"""Whom the events of events/ ask for."""

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


def as_deployed(function: str, folder: Path) -> Bundle:
    """Build a function, with the boto3 that Lambda brings within its reach."""
    bundle = build_bundle(function, folder)
    return Bundle(bundle.folder, (*bundle.layers, runtime_sdk()), bundle.variables)


def require_bytecode(bundle: Bundle) -> None:
    """Refuse to time a function that would compile its sources on the way."""
    for folder in (bundle.folder, *bundle.layers):
        for source in folder.rglob("*.py"):
            if not Path(importlib.util.cache_from_source(source)).exists():
                raise SystemExit(f"{source} has no .pyc file: remove .build and run again.")


def first_answer_s(
    bundle: Bundle, event: Mapping[str, Any], variables: Mapping[str, str], scratch: Path
) -> float:
    """Start a function with an empty cache, ask once, and return the seconds until it answered."""
    with tempfile.TemporaryDirectory(dir=scratch) as cache:
        given = {**variables, "SEGUE_CACHE_DIR": cache}
        started_s = time.perf_counter()
        with Emulator(bundle, given, scratch / "log") as emulator:
            answer = emulator.invoke(event)
            took_s = time.perf_counter() - started_s
    if answer.get("statusCode") != 200:
        raise SystemExit(f"not an answer: {answer}")
    return took_s


def train(home: Path) -> Path:
    """Return the sample store, with the models that `make run` makes of it beside it, in ``artifacts``."""
    store = home / "sample" / "store.sqlite"
    if (home / "artifacts").is_dir():
        return store
    data, artifacts = ["--data", str(store)], ["--artifacts", str(home / "artifacts")]
    for command in (
        ["sample", "--out", str(store.parent)],
        ["train", "genre-preference", "--store", str(store), *artifacts],
        ["train", "recommend", *data, *artifacts],
        ["prepare", *data, *artifacts, "--work", str(home / "clusters")],
    ):
        print(f"segue {command[0]} {command[1] if command[0] == 'train' else ''}", flush=True)
        done = subprocess.run(
            [Path(sys.prefix, "bin", "segue"), *command], check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode not in {0, 3}:  # 3: some variants of the clusters are not ready
            raise SystemExit(f"segue {' '.join(command)}: exit status {done.returncode}")
    return store


def deploy(home: Path, bucket: str) -> dict[str, str]:
    """Train, fill a bucket and a table, and return the variables that lead to them."""
    store = train(home)
    where = {"LocationConstraint": os.environ["AWS_REGION"]}
    boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    models, location = LocalStore(home / "artifacts"), f"s3://{bucket}/models"
    remote = open_store(location)
    for info in models.list_objects(""):
        remote.put(info.key, models.root / info.key)
    state = f"dynamodb://{create_table('segue-state')}"
    interactions, _ = read_events_at(str(store))
    history = [event for event in to_events(interactions, RECENT) if event.user_id == LISTENER]
    open_state(state).record(history)
    print(f"{sum(info.bytes for info in models.list_objects('')) / 1e6:.1f} MB of models, ", end="")
    print(f"{len(history)} events of the listener")
    return {
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
        "SEGUE_ARTIFACTS": location,
        "SEGUE_STATE": state,
        "SEGUE_STORE": str(store),
        "SEGUE_KEY_TIERS": TIERS,
    }


def measure(
    functions: Mapping[str, tuple[Bundle, Mapping[str, Any]]],
    variables: Mapping[str, str],
    rounds: int,
    scratch: Path,
) -> dict[str, list[float]]:
    """Return each function's seconds, one a round."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(rounds + 1):
        for name, (bundle, event) in functions.items():
            took_s = first_answer_s(bundle, event, variables, scratch)
            if turn:  # the first turn brings the files into the page cache
                seconds[name].append(took_s)
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Cold start as deployed.")
    parser.add_argument("functions", nargs="*", default=FUNCTIONS, metavar="FUNCTION")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", type=Path, help="folder for the models, kept for the next run")
    given = parser.parse_args()
    os.environ.update(FAKE_AWS)
    with tempfile.TemporaryDirectory() as folder, aws_apis() as url:
        os.environ["AWS_ENDPOINT_URL"], scratch = url, Path(folder)
        variables = deploy(given.keep or scratch, "segue-cold-start")
        asked = read_event("genre_preference/ok")
        functions = {
            "bare": (write_bundle(scratch / "bare", BARE), asked),
            "fastapi": (write_bundle(scratch / "fastapi", FASTAPI, (host_layer("web"),)), asked),
            **{
                name: (as_deployed(name, scratch / name), read_event(f"{name}/ok"))
                for name in given.functions
            },
        }
        for bundle, _ in functions.values():
            require_bytecode(bundle)
        seconds = measure(functions, variables, given.rounds, scratch)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"cold start to first answer, median of {given.rounds}")
    print(f"{'function':18}{'ms':>7}{'min':>7}{'max':>7}{'/ bare':>9}{'/ fastapi':>11}")
    for name, values in seconds.items():
        times = "".join(f"{1000 * value:7.0f}" for value in (median[name], min(values), max(values)))
        print(f"{name:18}{times}{median[name] / median['bare']:9.2f}{median[name] / median['fastapi']:11.2f}")


if __name__ == "__main__":
    main()
