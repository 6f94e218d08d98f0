"""How well vectors keep what the catalogue says: ``python -m benchmarks.content [--data LOCATION]``.

For each number of columns and each way to reduce the text: which share of the 50 nearest tracks by the exact
fields is nearest by the vectors, how near those found are beside the nearest there are, and the NDCG@20 of
profiles of 300 listeners for what they went on to like, beside that of the exact fields. Then what a listener
waits for, on one core: the profile and the best 200 from the graph.

Without ``--data`` a sample store of 2 000 customers and 4 000 tracks is generated.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from segue.domain.listening.history import History
from segue.domain.model.content.content import ContentSource, read_marks
from segue.domain.vector.nearest import ExactSearch, recall_of
from segue.domain.vector.top_n import top_n
from segue.sources.dataset import read_catalogue, read_interactions
from segue.sources.sample.store import generate
from training.algorithm.content.field import read_fields
from training.algorithm.content.fit import N_NEIGHBOURS, SKETCH, SVD, build_vectors, fit_content, measure
from training.algorithm.content.weighting import (
    MAX_LISTENERS,
    ListeningSplit,
    choose_weights,
    divide_listening,
)
from training.measure.metric import accuracy_of_users

SEED, K, ROUNDS = 17, 20, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a store or dataset folder")
    given = parser.parse_args().data
    with tempfile.TemporaryDirectory() as folder:
        data = given or str(generate(Path(folder)))
        catalogue, interactions = read_catalogue(data)[0], read_interactions(data)[0]
    listening = divide_listening(interactions, catalogue, SEED)
    console = Console(width=110)
    reduction(console, catalogue, listening)
    latency(console, catalogue)


def reduction(console: Console, catalogue, listening: ListeningSplit) -> None:
    fields = read_fields(catalogue)
    weights, chosen = choose_weights(fields, listening)
    console.print(weights, chosen)
    some = draw(listening)
    table = Table("columns", "text by", "recall of 50", "kept cosine", "NDCG@20", "seconds")
    for n_dimensions in (64, 128, 192, 256):
        for projection in (SVD, SKETCH):
            started_s = time.perf_counter()
            vectors, _ = build_vectors(fields, weights, n_dimensions, projection)
            seconds = time.perf_counter() - started_s
            recall, kept = measure(fields, weights, vectors, N_NEIGHBOURS)
            cells = (f"{recall:.3f}", f"{kept:.3f}", f"{ndcg(vectors, some):.4f}", f"{seconds:.1f}")
            table.add_row(str(n_dimensions), projection, *cells)
    console.print(table)


def draw(listening: ListeningSplit) -> ListeningSplit:
    """Draw the listeners that the weights were chosen on."""
    known, liked = listening.histories, listening.truth
    users = np.flatnonzero((np.diff(known.indptr) > 0) & (np.diff(liked.indptr) > 0))
    if len(users) > MAX_LISTENERS:
        users = np.sort(np.random.default_rng(SEED).choice(users, MAX_LISTENERS, replace=False))
    return ListeningSplit(known[users], liked[users])


def ndcg(vectors: np.ndarray, listening: ListeningSplit) -> float:
    known = listening.histories
    ranking = np.full((known.shape[0], K), -1, np.int32)
    for user in range(known.shape[0]):
        row = slice(known.indptr[user], known.indptr[user + 1])
        profile = known.data[row] @ vectors[known.indices[row]]
        best = top_n((vectors @ profile).astype(np.float32), K, known.indices[row])
        ranking[user, : len(best)] = best
    return float(accuracy_of_users(ranking, listening.truth)["ndcg"].mean())


def latency(console: Console, catalogue) -> None:
    content, record = fit_content(catalogue)
    console.print(record)
    marks = read_marks(catalogue)
    exact, rng = ExactSearch(content.vectors), np.random.default_rng(SEED)
    table = Table("history", "profile ms", "best 200 ms", "exact ms", "found of the exact best")
    with threadpool_limits(1, "blas"):
        for length in (1, 5, 50, 500):
            taste = exact.search(content.vectors[rng.choice(len(catalogue), 1)], 2 * length)[0][0]
            rows = np.sort(rng.choice(taste, length, replace=False))
            history = History(rows, np.ones(length, np.float32))
            source = ContentSource(content, history, marks)
            best = source.best(200)
            profile = content.vectors[rows].sum(axis=0)[None]
            true = exact.search(profile, len(best))[0]
            times = [
                median_ms(lambda given=history: ContentSource(content, given, marks)),
                median_ms(lambda made=source: made.best(200)),
                median_ms(lambda asked=profile: exact.search(asked, 200)),
            ]
            cells = (*(f"{value:.3f}" for value in times), f"{recall_of([best], true):.3f} of {len(best)}")
            table.add_row(str(length), *cells)
    console.print(table)


def median_ms(call) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started_s = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started_s)
    return float(np.median(seconds)) * 1e3


if __name__ == "__main__":
    main()
