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

from segue.artifacts.place.local import LocalStore
from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference.features import pair_features
from segue.sources.sample.store import generate
from segue.sources.store import open_store
from training.genre_preference.examples import split_by_time
from training.genre_preference.fit import fit_forest
from training.genre_preference.pipeline import GenreTraining
from training.genre_preference.trainer import TRAINER, ForestParams
from training.release.lifecycle import train_on
from training.release.trainer import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.genre_preference.examples import CustomerSplit

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
        console.print(forest_table(split_by_time(purchases)))
        artifacts = LocalStore(folder / "artifacts")
        train_on(TRAINER, GenreTraining(), purchases, artifacts, Order("benchmark"))
        console.print(handler_table(store, folder))


def forest_table(split: CustomerSplit) -> Table:
    fitted = fit_forest(split, ForestParams(), OnnxClassifier)
    forest, history = fitted.sklearn, split.test.history
    pairs = pair_features(history, fitted.served.drift)
    rows = list(pairs[:ROUNDS])
    ours, theirs = paired(fitted.served.classifier.probabilities, forest.predict_proba, rows)
    table = Table(
        f"one customer, {pairs.shape[1]} genres",
        "median",
        "ratio",
        title=f"forest of {len(forest.estimators_)} trees, {ROUNDS} customers each",
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
    # Logs and metrics are part of an answer, not of the table: logs go to either stream.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
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
