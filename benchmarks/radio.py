"""How smooth a station is, and how fast: ``python -m benchmarks.radio``.

Stations of 100 tracks from random tracks of a public table with audio features (`spotify_tracks` in the
folder that SEGUE_DATA_DIR names), all on the same scores, the cosine of standardised audio features and
genres:

* random: any tracks;
* relevance: the best by score, in that order;
* shuffled: the same tracks in random order;
* Segue: `next_tracks`, 20 at a time.

For each the mean change between neighbours, how many changes of tempo exceed 10 %, how many pairs of an
artist come within ten tracks, and the mean rank by score of what is played. Then the time of 20 tracks in a
catalogue of 100 000 drawn from it, over 200 stations the best of three calls each, and the length of cursors.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from segue.domain.catalogue.recording import recordings
from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.radio.station import Station, StationHistory, StationRules, next_tracks
from segue.domain.radio.transition import build_sound, energy_change, key_distance, tempo_change
from segue.domain.vector.column import build_labels, build_text
from segue.domain.vector.spherical_kmeans import unit_rows
from segue.domain.vector.top_n import top_n
from segue.serving.api.signed_cursor import read_keys
from segue.serving.radio.cursor import RadioState, write_cursor
from segue.sources.dataset import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH, BATCH, N_TIMED = 100, 20, 100_000
LARGE_TEMPO_CHANGE = 0.1
ALIKE = ("danceability", "energy", "loudness", "acousticness", "instrumentalness", "valence", "speechiness")


def main() -> None:
    parser = argparse.ArgumentParser(description="Smoothness and speed of radio stations.")
    parser.add_argument("--stations", type=int, default=50)
    stations = parser.parse_args().stations
    path = Path(os.environ.get("SEGUE_DATA_DIR", "")) / "spotify_tracks" / "spotify_tracks.parquet"
    if not path.exists():
        print("skipped: SEGUE_DATA_DIR names no folder with spotify_tracks/spotify_tracks.parquet")
        return
    catalogue, _ = read_catalogue(path)
    console = Console(width=110)
    with threadpool_limits(1, "blas"):
        console.print(smoothness(catalogue, stations), speed(catalogue), cursors(len(catalogue)))


def content_vectors(catalogue: Catalogue) -> np.ndarray:
    audio = catalogue.audio[:, [AUDIO_FEATURES.index(name) for name in ALIKE]]
    standard = np.nan_to_num((audio - np.nanmean(audio, axis=0)) / np.nanstd(audio, axis=0))
    genre = np.zeros((len(catalogue), len(catalogue.genres.names)), np.float32)
    genre[
        np.repeat(np.arange(len(catalogue)), np.diff(catalogue.genres.start)), catalogue.genres.label_index
    ] = 2
    both = np.hstack([standard, genre])
    return unit_rows(both.astype(np.float32))


def smoothness(catalogue: Catalogue, n_stations: int) -> Table:
    vectors, recording = content_vectors(catalogue), recordings(catalogue)
    rng = np.random.default_rng(3)
    seeds = rng.choice(len(catalogue), n_stations, replace=False)

    def relevance(scores: np.ndarray, seed: int) -> list[int]:
        return top_n(scores, LENGTH, np.array([seed], np.int32)).tolist()

    def segue(scores: np.ndarray, seed: int) -> list[int]:
        return play(Station(catalogue, scores, recording, seed), seed, LENGTH)

    orders: dict[str, Callable] = {
        "random": lambda *_: rng.choice(len(catalogue), LENGTH, replace=False).tolist(),
        "relevance": relevance,
        "shuffled": lambda scores, seed: rng.permutation(relevance(scores, seed)).tolist(),
        "Segue": segue,
    }
    table = Table(
        "order", "Camelot steps", "≤ 1 step", "tempo change", "> 10 %", "energy change", "close pairs", "rank"
    )
    figures = {name: [] for name in orders}
    for seed in seeds.tolist():
        scores = vectors @ vectors[seed]
        rank = np.argsort(np.argsort(-scores, kind="stable"), kind="stable")
        for name, order in orders.items():
            rows = [seed, *order(scores, seed)]
            figures[name].append([*changes(catalogue, rows), close_pairs(catalogue, rows), rank[rows].mean()])
    for name, values in figures.items():
        key, near, tempo, jumps, energy, pairs, mean_rank = np.mean(values, axis=0)
        cells = (
            f"{key:.2f}",
            f"{near:.0%}",
            f"{tempo:.1%}",
            f"{jumps:.1%}",
            f"{energy:.3f}",
            f"{pairs:.1f}",
            f"{mean_rank:,.0f}",
        )
        table.add_row(name, *cells)
    return table


def play(station: Station, first: int, n: int) -> list[int]:
    played, rows = StationHistory().then([first], station.rules), []
    while len(rows) < n:
        programme = next_tracks(station, played, min(BATCH, n - len(rows)))
        played = played.then(programme.rows, station.rules)
        rows += programme.rows
    return rows


def changes(catalogue: Catalogue, rows: list[int]) -> tuple[float, ...]:
    sound = build_sound(catalogue.audio[rows])
    a, b = sound[:-1], sound[1:]
    steps, tempo = key_distance(a, b), tempo_change(a, b)
    return (
        np.nanmean(steps),
        np.nanmean(steps <= 1),
        np.nanmean(tempo),
        np.nanmean(tempo > LARGE_TEMPO_CHANGE),
        np.nanmean(energy_change(a, b)),
    )


def close_pairs(catalogue: Catalogue, rows: list[int]) -> int:
    artists = [set(catalogue.artists.index_of(row).tolist()) for row in rows]
    gap = StationRules().artist_gap
    return sum(bool(a & b) for i, a in enumerate(artists) for b in artists[i + 1 : i + 1 + gap])


def speed(catalogue: Catalogue) -> Table:
    rng = np.random.default_rng(4)
    rows = np.sort(rng.choice(len(catalogue), N_TIMED))
    large = Catalogue(
        vocabulary=build_vocabulary(f"{i:06}" for i in range(N_TIMED)),
        name=build_text([""] * N_TIMED),
        artists=build_labels([catalogue.artists.of(row) for row in rows.tolist()]),
        album=build_text([""] * N_TIMED),
        genres=build_labels([()] * N_TIMED),
        release_date=catalogue.release_date[rows],
        popularity=catalogue.popularity[rows],
        duration_s=catalogue.duration_s[rows],
        explicit=catalogue.explicit[rows],
        audio=catalogue.audio[rows],
        low_level_names=(),
        low_level=np.empty((N_TIMED, 0), np.float32),
    )
    vectors = content_vectors(catalogue)[rows]
    table = Table("played before", "next 20 of 100 000: p50 ms", "p99 ms")
    for n_played in (1, 100, 1000, 10_000):
        seconds = []
        for seed in rng.choice(N_TIMED, 200, replace=False).tolist():
            scores = vectors @ vectors[seed]
            heard = np.sort(top_n(scores, n_played)).astype(np.int32)
            station = Station(large, scores, np.arange(N_TIMED, dtype=np.int32), seed)
            seconds.append(min(timed(station, StationHistory(heard, (seed,))) for _ in range(3)))
        table.add_row(f"{n_played:,}", *(f"{np.percentile(seconds, p) * 1e3:.2f}" for p in (50, 99)))
    return table


def timed(station: Station, played: StationHistory) -> float:
    started_s = time.perf_counter()
    next_tracks(station, played, BATCH)
    return time.perf_counter() - started_s


def cursors(n_items: int) -> Table:
    rng = np.random.default_rng(5)
    keys = read_keys("key", "2026:" + "5e" * 32)
    table = Table("played", f"characters of the cursor, {n_items:,} tracks", "1 000 000 tracks")
    for n_played in (0, 100, 1000, 10_000):
        lengths = []
        for size in (n_items, 1_000_000):
            rows = np.sort(rng.choice(size, n_played, replace=False)).astype(np.int32)
            played = StationHistory(rows, tuple(rows[:10].tolist()))
            state = RadioState("track", "x" * 22, 2**63, "20260102T030405Z-01234567", size, played)
            lengths.append(f"{len(write_cursor(state, keys, now_s=1_800_000_000) or ''):,}")
        table.add_row(f"{n_played:,}", *lengths)
    return table


if __name__ == "__main__":
    main()
