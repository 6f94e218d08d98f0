"""One answer, warm: the ONNX forest beside scikit-learn's own, and the whole of POST /api/model.

    python -m benchmarks.genre_answer

The peer is the very forest that was exported, answering the same row with ``predict_proba``. The two
take turns in one run. The handler is called as Lambda calls it, with an API Gateway event.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier

from segue.artifacts.local import LocalStore
from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference import build_features
from segue.sources.sample import generate
from segue.sources.store import open_store
from training.dataset import split_by_time
from training.genre_preference import ForestParams, export_onnx
from training.pipeline import Request, train_genre_preference

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 400
BLOCK = 100
CALLS = 2000


def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = generate(folder)
        with open_store(str(store)) as database:
            purchases = database.read_purchases()
        train, _ = split_by_time(purchases)
        features = build_features(train.history, purchases.genres)
        console.print(forest_table(features, train.label))
        artifacts = LocalStore(folder / "artifacts")
        train_genre_preference(purchases, artifacts, Request("benchmark"), lambda _: None)
        console.print(handler_table(store, folder))


def forest_table(features: np.ndarray, label: np.ndarray) -> Table:
    params = ForestParams()
    forest = RandomForestClassifier(
        n_estimators=params.n_estimators,
        min_samples_leaf=params.min_samples_leaf,
        max_leaf_nodes=params.max_leaf_nodes,
        random_state=params.seed,
    ).fit(features, label)
    classifier = OnnxClassifier(export_onnx(forest, features.shape[1]))
    rows = [features[i : i + 1] for i in range(ROUNDS)]
    ours, theirs = paired(classifier.probabilities, forest.predict_proba, rows)
    table = Table(
        "one row", "median", "ratio", title=f"forest of {params.n_estimators} trees, {ROUNDS} rows each"
    )
    table.add_row("scikit-learn predict_proba", f"{theirs * 1e3:.3f} ms", "1")
    table.add_row("Segue, ONNX", f"{ours * 1e3:.4f} ms", f"{theirs / ours:.0f} × faster")
    return table


def paired(one: Callable, other: Callable, rows: list[np.ndarray]) -> tuple[float, float]:
    """Return the median seconds of one row, of each; they take turns in blocks, as caches warm in use."""
    seconds = np.empty((len(rows), 2))
    for start in range(0, len(rows), BLOCK):
        for column, answer in enumerate((one, other)):
            for index in range(start, min(start + BLOCK, len(rows))):
                started_s = time.perf_counter()
                answer(rows[index])
                seconds[index, column] = time.perf_counter() - started_s
    return tuple(np.median(seconds, axis=0))


def handler_table(store: Path, folder: Path) -> Table:
    os.environ.update(
        SEGUE_STORE=str(store),
        SEGUE_ARTIFACTS=str(folder / "artifacts"),
        SEGUE_CACHE_DIR=str(folder / "cache"),
    )
    event = json.loads((Path(__file__).parents[1] / "events" / "genre_preference" / "ok.json").read_text())
    context = SimpleNamespace(
        function_name="genre",
        memory_limit_in_mb=512,
        invoked_function_arn="arn",
        aws_request_id="1",
        tenant_id=None,
    )
    seconds = np.empty(CALLS)
    with contextlib.redirect_stdout(
        io.StringIO()
    ):  # logs and metrics are part of an answer, not of the table
        from functions.genre_preference.handler import handler

        for index in range(CALLS):
            event["body"] = json.dumps({"customer_id": 1 + index % 2000})
            started_s = time.perf_counter()
            answer = handler(event, context)
            seconds[index] = time.perf_counter() - started_s
            if answer["statusCode"] != 200:
                raise RuntimeError(answer["body"])
    p50, p99 = np.quantile(seconds[CALLS // 10 :], (0.5, 0.99)) * 1e3
    table = Table(
        "POST /api/model, warm", "p50", "p99", title=f"{CALLS} calls, features from SQLite each time"
    )
    table.add_row("inside the handler", f"{p50:.2f} ms", f"{p99:.2f} ms")
    return table


if __name__ == "__main__":
    main()
