"""A catalogue of two genres and whoever plays it, for the parts of a taste profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.listening.event import Event, EventKind
from segue.domain.model.popularity.popularity import build_popularity
from segue.domain.recommend.recommender import build_recommender
from segue.domain.taste.event_columns import build_event_columns
from segue.domain.taste.reference import build_reference
from tests.small_catalogue import small_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.taste.event_columns import EventColumns
    from segue.domain.taste.reference import Reference

BEGIN = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday."""
N_TRACKS = 40
ROCK = [f"t{row:03}" for row in range(20)]
JAZZ = [f"t{row:03}" for row in range(20, 40)]


def catalogue(genres: Sequence[Sequence[str]] | None = None) -> Catalogue:
    """Forty tracks: rock by ten artists, energetic, of 1985; then jazz, calm, of 2015; 200 s each."""
    made = small_catalogue(
        [[f"Artist {row // 2}"] for row in range(N_TRACKS)],
        genres=genres or [["rock"]] * 20 + [["jazz"]] * 20,
        audio={
            "energy": np.concatenate([np.linspace(0.6, 1, 20), np.linspace(0, 0.4, 20)]),
            "tempo": np.full(N_TRACKS, 120.0),
        },
    )
    year = np.array(["1985-03-01"] * 20 + ["2015-03-01"] * 20, "datetime64[D]")
    return replace(made, release_date=year, duration_s=np.full(N_TRACKS, 200, np.float32))


def reference(tracks: Catalogue | None = None, **models: Any) -> Reference:
    """The catalogue ranked, the first tracks the most played."""
    plays = np.arange(N_TRACKS, 0, -1).astype(np.float32)
    return build_reference(
        build_recommender(tracks or catalogue(), **({"popularity": build_popularity(plays)} | models))
    )


def event(
    track: str,
    at: datetime = BEGIN,
    kind: EventKind = EventKind.PLAY,
    number: int = 0,
    **more: Any,
) -> Event:
    return Event("12", track, kind, at, f"{number}/{kind}/{track}/{at.isoformat()}", **more)


def plays(
    tracks: Iterable[str], every: timedelta = timedelta(hours=6), begin: datetime = BEGIN
) -> list[Event]:
    """One play after the other."""
    return [event(track, begin + place * every, number=place) for place, track in enumerate(tracks)]


def played(
    events: Iterable[Event], named: Sequence[str] = (), tracks: Catalogue | None = None
) -> EventColumns:
    return build_event_columns(tracks or catalogue(), list(events), named)
