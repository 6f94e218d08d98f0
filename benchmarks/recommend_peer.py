"""Segue beside what a small team writes first, on 1 000 tracks: ``python -m benchmarks.recommend_peer``.

The peer is pandas and scikit-learn: TF-IDF over a track's text and the cosines of all pairs, NMF of the play
counts, popularity, a weighted sum in a data frame, everything in memory and joblib on disk. It is written
with care and knows only users of the day it was trained; it has no events, no request, no ranker that was
learnt, and names one track as its reason. Segue answers as its function does, from an event of API Gateway to
JSON, and as `segue.domain.recommend.recommender.answer`. Both learn from the same plays of 500 listeners.

Such a version is quoted at 100 ms a recommendation, 30 s of training and 50 MB; the ratios are given for that
and for what is measured here. Segue's training is given twice: fitting all members once, which is what the
peer does, and the whole of it, which fits them three times, learns the ranker, measures itself and publishes.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from benchmarks._function import BLOCK, CONTEXT, LIMIT, request, timed
from benchmarks._synthetic import Scenes, catalogue_of, ranker_of_all
from segue.artifacts.codec.ranker import write_ranker
from segue.artifacts.family import HYBRID
from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, publish, read_manifest, resolve
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import EVENT_KINDS, Event, EventKind
from segue.domain.listening.friends import build_friends
from segue.domain.listening.heard import read_heard
from segue.domain.listening.interactions import UNKNOWN_MS, Interactions
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.recommender import RecommendFor, answer
from segue.state.sqlite import SqliteState
from training.hybrid.fit import Dataset, fit_fixed, fit_members
from training.hybrid.pipeline import HybridTraining
from training.hybrid.settings import HybridSettings
from training.hybrid.trainer import TRAINER
from training.release.lifecycle import train_on
from training.release.trainer import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

N_TRACKS, N_USERS, N_PLAYED, ROUNDS = 1000, 500, 40, 200
QUOTED = {"ms": 100.0, "s": 30.0, "MB": 50.0}


def main() -> None:
    plays, catalogue = draw_plays()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer_s = clocked(train_peer, catalogue_frame(catalogue), plays, folder / "model.joblib")
        peer = joblib.load(folder / "model.joblib")
        data = dataset(catalogue, plays)
        members_s = clocked(fit_once, data)
        with contextlib.redirect_stderr(io.StringIO()):
            order = Order("benchmark", "to be measured", force=True)
            whole_s = clocked(
                train_on, TRAINER, HybridTraining(), data, LocalStore(folder / "artifacts"), order
            )
        sizes = [(folder / "model.joblib").stat().st_size, size_of(folder / "artifacts")]
        serve_all_sources(LocalStore(folder / "artifacts"))
        milliseconds = answers(folder, plays, peer)
    table = Table(
        "", "peer", "Segue", "peer / Segue", "quoted / Segue", title=f"{N_TRACKS} tracks, {N_USERS} listeners"
    )
    peer_ms = milliseconds["peer"]
    row(table, "a recommendation: handler, p50", peer_ms, milliseconds["handler"], "ms")
    row(table, "a recommendation: answer, p50", peer_ms, milliseconds["answer"], "ms")
    row(table, "fitting the models once", peer_s, members_s, "s")
    row(table, "training as a whole", peer_s, whole_s, "s")
    row(table, "size on disk", (sizes[0] / 1e6,) * 2, (sizes[1] / 1e6,) * 2, "MB")
    Console(width=110).print(table, f"load average {os.getloadavg()[0]:.1f}")


def row(table: Table, what: str, peer: Sequence[float], ours: Sequence[float], unit: str) -> None:
    """Both by the clock and by the processor's time, which the ratios are of: others may use the machine."""
    said = [f"{clock:.3g} ({spent:.3g}) {unit}" for clock, spent in (peer, ours)]
    table.add_row(what, *said, f"{peer[1] / ours[1]:.1f}", f"{QUOTED[unit] / ours[1]:.1f}")


def draw_plays() -> tuple[pd.DataFrame, Any]:
    """Who played which track how often, and when last."""
    rng = np.random.default_rng(3)
    scenes = Scenes(N_TRACKS, rng)
    catalogue = catalogue_of(scenes)
    rows = []
    for user in range(N_USERS):
        near = np.isin(scenes.scene, rng.choice(scenes.scene, 3))
        chance = np.where(near, 20, 1) * (scenes.plays + 1)
        tracks = rng.choice(N_TRACKS, N_PLAYED, replace=False, p=chance / chance.sum())
        rows += [(f"u{user:03}", str(catalogue.vocabulary.item_id[scenes.row_of[track]])) for track in tracks]
    plays = pd.DataFrame(rows, columns=["user_id", "track_id"])
    plays["plays"] = rng.geometric(0.4, len(plays)).astype(float)
    plays["at"] = np.datetime64("2026-01-01", "s") - rng.integers(0, 90 * 86_400, len(plays)).astype(
        "timedelta64[s]"
    )
    return plays, catalogue


def catalogue_frame(catalogue: Any) -> pd.DataFrame:
    n = range(len(catalogue))
    return pd.DataFrame(
        {
            "track_id": catalogue.vocabulary.item_id.tolist(),
            "name": list(catalogue.name),
            "artists": [", ".join(catalogue.artists.of(row)) for row in n],
            "album": list(catalogue.album),
            "genres": [", ".join(catalogue.genres.of(row)) for row in n],
        }
    )


def train_peer(tracks: pd.DataFrame, plays: pd.DataFrame, path: Path) -> None:
    text = tracks.name + " " + tracks.artists + " " + tracks.album + " " + tracks.genres
    vectorizer = TfidfVectorizer(stop_words="english", ngram_range=(1, 2))
    similarity = cosine_similarity(vectorizer.fit_transform(text))
    ratings = plays.pivot_table("plays", "user_id", "track_id", aggfunc="sum", fill_value=0)
    ratings = ratings.reindex(columns=tracks.track_id, fill_value=0)
    model = NMF(n_components=20, init="nndsvda", max_iter=400, random_state=17)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        users = model.fit_transform(ratings.to_numpy())
    joblib.dump(
        {
            "tracks": tracks,
            "plays": plays,
            "vectorizer": vectorizer,
            "similarity": pd.DataFrame(similarity, tracks.track_id, tracks.track_id),
            "users": pd.DataFrame(users, ratings.index),
            "nmf": model,
            "popularity": ratings.sum(),
        },
        path,
    )


def recommend_peer(model: dict[str, Any], user_id: str) -> list[dict[str, Any]]:
    history = model["plays"][model["plays"].user_id == user_id]
    near = model["similarity"].loc[history.track_id]
    found = model["tracks"].set_index("track_id")
    parts = pd.DataFrame(
        {
            "content": near.mul(history.plays.to_numpy(), axis=0).sum(),
            "collaborative": model["users"].loc[user_id].to_numpy() @ model["nmf"].components_,
            "popularity": np.log1p(model["popularity"]),
        }
    )
    parts = parts / parts.max()
    found["score"] = parts @ pd.Series({"content": 0.3, "collaborative": 0.6, "popularity": 0.1})
    best = found.drop(index=history.track_id).nlargest(LIMIT, "score")
    best["because"] = near[best.index].idxmax()
    return best.reset_index().to_dict("records")


def dataset(catalogue: Any, plays: pd.DataFrame) -> Dataset:
    plays = plays.sort_values(["user_id", "at", "track_id"])
    users, items = build_vocabulary(plays.user_id), build_vocabulary(plays.track_id)
    n = len(plays)
    interactions = Interactions(
        users,
        items,
        users.index_of(plays.user_id.tolist()),
        items.index_of(plays.track_id.tolist()),
        np.full(n, EVENT_KINDS.index(EventKind.PLAY), np.int8),
        plays["at"].to_numpy().astype("datetime64[s]"),
        plays.plays.to_numpy(np.float32),
        np.full(n, UNKNOWN_MS, np.int32),
        np.zeros(n, np.int16),
    )
    return Dataset(catalogue, interactions, build_friends(users, []))


def fit_once(data: Dataset) -> None:
    everything, settings = np.ones(len(data.interactions), bool), HybridSettings.of()
    fixed = fit_fixed(data, everything, settings.seed, lambda _: None)
    fit_members(data, everything, fixed, settings, lambda _: None)


def clocked(run: Callable[..., Any], *given: Any) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    started_s, used_s = time.perf_counter(), time.process_time()
    run(*given)
    return time.perf_counter() - started_s, time.process_time() - used_s


def serve_all_sources(store: LocalStore) -> None:
    """Promote a ranker that asks every source, whatever these plays taught training that each is worth."""
    live = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version)
    now, record = datetime.now(UTC), Record(depends_on=live.record.depends_on)
    with tempfile.TemporaryDirectory() as name:
        write_ranker(ranker_of_all(), Path(name))
        version = publish(store, HYBRID, Path(name), record, created_at=now).version
    promote(store, HYBRID, version, Decision("benchmark", "to be measured", now))


def answers(folder: Path, plays: pd.DataFrame, peer: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each by the clock and of the processor, taking turns in blocks."""
    state = SqliteState(folder / "state.sqlite")
    state.record(
        [
            Event(
                each.user_id,
                each.track_id,
                EventKind.PLAY,
                each.at.tz_localize("UTC").to_pydatetime(),
                f"{place}",
            )
            for place, each in enumerate(plays.itertuples())
        ]
    )
    os.environ.update(
        SEGUE_ARTIFACTS=str(folder / "artifacts"),
        SEGUE_CACHE_DIR=str(folder / "cache"),
        SEGUE_STATE=str(folder / "state.sqlite"),
        SEGUE_DEFAULT_TIER="pro",
    )
    taken: dict[str, list[tuple[float, float]]] = {"peer": [], "handler": [], "answer": []}
    with contextlib.redirect_stdout(io.StringIO()):  # logs are part of an answer
        from functions.recommend_user.handler import handler, model

        recommender = model.get().value
        for start in range(0, ROUNDS, BLOCK):
            users = [f"u{number % N_USERS:03}" for number in range(start, start + BLOCK)]
            taken["peer"] += [timed(recommend_peer, peer, user) for user in users]
            taken["handler"] += [timed(handler, request(user, explain=True), CONTEXT) for user in users]
            for user in users:
                heard = read_heard(recommender.catalogue, state.read_listener(user))
                allowed = np.ones(len(recommender.catalogue), bool)
                allowed[heard.rows] = False
                taken["answer"].append(
                    timed(answer, recommender, RecommendFor(heard.history, user), Query(LIMIT, allowed))
                )
    medians = {name: np.median(values, axis=0).tolist() for name, values in taken.items()}
    return {name: (clock, spent) for name, (clock, spent) in medians.items()}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
