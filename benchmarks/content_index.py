"""Indexes of content vectors beside exact search: ``python -m benchmarks.content_index [--tracks N …]``.

Made-up unit vectors of 192 columns lie about centres, 200 tracks to each. The table shows, for exact search
by numpy and each kind of index, seconds to build it, its size, milliseconds of a search for 100 tracks on one
thread, and the share of the true best 100 that it finds for 200 queries. A query is the mean of three tracks
of one centre. A million tracks take about half an hour of an idle core and 4 GB.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from segue.backends.faiss import N_BEST, IndexKind, build_index, read_index, write_index
from segue.domain.vector.nearest import ExactSearch, recall_of

SEED, N_COLUMNS, TRACKS_OF_A_CENTRE, N_QUERIES, ROUNDS = 17, 192, 200, 200, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", type=IndexKind, default=list(IndexKind))
    given = parser.parse_args()
    print(
        f"{'tracks':>8}  {'search':6} {'built s':>8} {'MB':>6} {'ms':>7} {f'recall@{N_BEST}':>10}  parameters"
    )
    for n_tracks in given.tracks:
        with threadpool_limits(1):
            compare(n_tracks, given.kinds)


def compare(n_tracks: int, kinds: list[IndexKind]) -> None:
    vectors, queries = draw(n_tracks)
    exact = ExactSearch(vectors)
    wanted = exact.search(queries, N_BEST)[0]
    show(n_tracks, "numpy", (0, vectors.nbytes, per_query_ms(exact, queries), 1))
    for kind in kinds:
        started_s = time.perf_counter()
        made, record = build_index(vectors, kind=kind)
        built_s = time.perf_counter() - started_s
        with tempfile.TemporaryDirectory() as folder:
            write_index(made, record, "", Path(folder))
            del made
            search = read_index(Path(folder), "", vectors.shape)[0]
            n_bytes = sum(path.stat().st_size for path in Path(folder).iterdir())
            took_ms = per_query_ms(search, queries)
            recall = recall_of(search.search(queries, N_BEST)[0], wanted)
        parameters = ", ".join(f"{name} {value}" for name, value in record.parameters.items())
        show(n_tracks, kind, (built_s, n_bytes, took_ms, recall), parameters)


def show(n_tracks: int, name: str, figures: tuple[float, int, float, float], about: str = "") -> None:
    built_s, n_bytes, ms, recall = figures
    row = f"{n_tracks:8}  {name:6} {built_s:8.0f} {n_bytes / 1e6:6.0f} {ms:7.2f} {recall:10.3f}  {about}"
    print(row, flush=True)


def draw(n_tracks: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    n_centres = n_tracks // TRACKS_OF_A_CENTRE
    centres = unit(rng.normal(size=(n_centres, N_COLUMNS)).astype(np.float32))
    centre = np.sort(rng.integers(0, n_centres, n_tracks))
    vectors = rng.normal(scale=0.6 / N_COLUMNS**0.5, size=(n_tracks, N_COLUMNS)).astype(np.float32)
    vectors = unit(vectors + centres[centre])
    first = rng.choice(n_tracks - 3, N_QUERIES, replace=False)
    return vectors, unit(vectors[first] + vectors[first + 1] + vectors[first + 2])


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def per_query_ms(search, queries: np.ndarray) -> float:
    search.search(queries[:1], N_BEST)
    seconds = []
    for query in queries[:ROUNDS]:
        started_s = time.perf_counter()
        search.search(query[None], N_BEST)
        seconds.append(time.perf_counter() - started_s)
    return float(np.median(seconds)) * 1e3


if __name__ == "__main__":
    main()
