"""POST /taste-profile, whole and in parts, of listeners with 2000 events: ``python -m benchmarks.taste``.

* handler: what Lambda calls, with an API Gateway event: request checked, events read from SQLite, profiled,
  written as JSON; and the same as a page of HTML;
* from the events: profiled, described and written as JSON, of events that are read already, as where they
  come from is a matter of the state;
* profile: `segue.domain.taste` alone; and of it the division into tastes, which takes most.

On a catalogue from `benchmarks._synthetic`. All take turns in one process, each listener once a round. Each
has its p50 and p99 by the clock, and the p50 of the processor's time: where others use the machine too, the
clock counts their turns. There is no peer that does the same: `split` of 48 vectors beside scikit-learn's
KMeans and silhouettes on them, as many times, says what the machine is worth.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._function import CONTEXT, timed
from benchmarks._synthetic import world
from segue.domain.listening.event import Event, EventKind
from segue.state.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.domain.catalogue.tracks import Catalogue

LISTENERS = 20
N_GENRES = 6
"""Of each listener; the first is played most."""
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_EVENT = Path(__file__).parents[1] / "events" / "taste_profile" / "ok.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of a taste profile.")
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "WARNING"}
    os.environ.update(world(asked.tracks).environment | quiet)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEGUE_STATE"] = str(Path(folder) / "state.sqlite")
        report, derived_s = measure(Path(folder) / "state.sqlite", asked.events, asked.rounds)
    table = Table(
        "", "p50 ms", "p99 ms", "p50 of processor ms", title=f"{asked.events} events, {asked.tracks} tracks"
    )
    for name, rows in report.items():
        clock, spent = np.array(rows).T
        table.add_row(name, *(f"{each:.2f}" for each in (*np.quantile(clock, (0.5, 0.99)), np.median(spent))))
    console = Console(width=120)
    console.print(table, f"ranking the catalogue at INIT: {derived_s:.2f} s")
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def measure(state: Path, n_events: int, rounds: int) -> tuple[dict[str, list[tuple[float, float]]], float]:
    from functions.taste_profile import handler as function
    from segue.domain.taste.reference import build_reference

    live = function.model.get()
    recommender = function.model._recommender.get().value
    started_s = time.process_time()
    build_reference(recommender)
    derived_s = time.process_time() - started_s
    users = listen(state, recommender.catalogue, n_events)
    variants = all_variants(function, live)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    with contextlib.redirect_stdout(io.StringIO()):  # logs are part of an answer
        for round_ in range(rounds + 1):
            for name, prepare in variants.items():
                for user in users:
                    spent = timed(prepare(user))
                    if round_:  # the first warms
                        taken[name].append(spent)
    return taken, derived_s


def listen(state: Path, catalogue: Catalogue, n_events: int) -> list[str]:
    """Two years of listeners, each with some genres of which a few hundred tracks come again and again."""
    rng = np.random.default_rng(5)
    members, start = catalogue.genres.members()
    ids = catalogue.vocabulary.item_id
    kinds = [EventKind.PLAY] * 8 + [EventKind.LIKE, EventKind.SKIP]
    users = [f"taste-{number}" for number in range(LISTENERS)]
    events = []
    for user in users:
        genres = rng.choice(len(start) - 1, N_GENRES, replace=False)
        pools = [rng.permutation(members[start[genre] : start[genre + 1]])[:200] for genre in genres]
        chance = 1 / np.arange(1, N_GENRES + 1)
        for number in range(n_events):
            pool = pools[rng.choice(N_GENRES, p=chance / chance.sum())]
            track = str(ids[pool[min(rng.zipf(1.3) - 1, len(pool) - 1)]])
            kind = kinds[rng.integers(len(kinds))]
            at = _NOW - timedelta(minutes=520 * number + int(rng.integers(200)))
            ms = int(rng.integers(20_000, 250_000)) if kind is EventKind.PLAY else None
            events.append(Event(user, track, kind, at, str(number), ms))
    SqliteState(state).record(events)
    return users


def all_variants(function: Any, live: Any) -> dict[str, Callable[[str], Callable[[], Any]]]:
    """By name, what prepares a call for a listener; the call alone is timed."""
    from segue.domain.taste.distinct import MAX_DIVIDED, distinct_tastes
    from segue.domain.taste.event_columns import build_event_columns
    from segue.domain.taste.profile import ProfileFor, build_profile
    from segue.serving.api.tier import Tier
    from segue.serving.taste.answer import profile_for
    from segue.serving.taste.contract import TasteRequest

    reference, empty = live.value.reference, TasteRequest()

    def handler(user: str, form: str) -> Callable[[], Any]:
        event = json.loads(_EVENT.read_text()) | {
            "path": f"/taste-profile/{user}",
            "queryStringParameters": {"format": form},
            "multiValueQueryStringParameters": {"format": [form]},
        }
        return lambda: function.handler(event, CONTEXT)

    def from_events(user: str) -> Callable[[], Any]:
        events = function.state.read_listener(user).events
        return lambda: profile_for(user, empty, Tier.PRO, live, events)[0].model_dump_json()  # noqa: PLW0108

    def profile(user: str) -> Callable[[], Any]:
        events = function.state.read_listener(user).events

        def whole() -> object:
            columns = build_event_columns(reference.catalogue, events)
            return build_profile(reference, columns, ProfileFor(user))

        return whole

    def tastes(user: str) -> Callable[[], Any]:
        played = build_event_columns(reference.catalogue, function.state.read_listener(user).events)
        return lambda: distinct_tastes(reference, played)

    def peer(user: str) -> Callable[[], Any]:
        played = build_event_columns(reference.catalogue, function.state.read_listener(user).events)
        vectors = np.ascontiguousarray(reference.vectors[played.row[played.liked]][:MAX_DIVIDED])
        return lambda: divided_by_sklearn(vectors)

    return {
        "handler, JSON": lambda user: handler(user, "json"),
        "handler, HTML": lambda user: handler(user, "html"),
        "reading the events": lambda user: partial(function.state.read_listener, user),
        "from the events to JSON": from_events,
        "profile": profile,
        "its division into tastes": tastes,
        "scikit-learn, k-means of 2 to 6 with silhouettes": peer,
    }


def divided_by_sklearn(vectors: np.ndarray) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    for k in range(2, 7):
        silhouette_score(vectors, KMeans(k, n_init=3, random_state=0).fit_predict(vectors))


if __name__ == "__main__":
    main()
