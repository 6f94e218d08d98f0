"""Answer a request for a radio station: start or resume it, score the catalogue, choose the next tracks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.recording import recordings
from segue.domain.listening.exclusion import Target
from segue.domain.listening.heard import read_heard
from segue.domain.radio.seed import Seed, SeedKind, neighbours, tune
from segue.domain.radio.station import Station, StationHistory, next_tracks
from segue.domain.recommend.recommender import RecommendFor
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.radio.contract import RadioResponse, RadioTrack
from segue.serving.radio.cursor import RadioState, read_cursor, resume, write_cursor
from segue.serving.recommend.excluded_contract import ExcludedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.excluded import Excluded
    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.api.signed_cursor import CursorKeys
    from segue.serving.api.tier import Tier
    from segue.serving.live.family import Loaded
    from segue.serving.radio.contract import RadioRequest


_USED_UP = "every track of {} was played or is left out: similar tracks follow"
_AGAIN = "all tracks were played: the station starts again"
_NOTHING = "no track is left: every track that fits is blocked or disliked, or is the seed of the station"


@dataclass(frozen=True, slots=True)
class RadioModel:
    """A recommender, and the recording of each of its tracks; computed once for each version."""

    recommender: Recommender
    recording: NDArray[np.int32]


def build_radio(recommender: Recommender) -> RadioModel:
    """Find tracks that are the same recording; this takes 2 µs a track."""
    return RadioModel(recommender, recordings(recommender.catalogue))


def find_station(
    request: RadioRequest,
    live: Loaded[RadioModel],
    load_old: Callable[[str], Vocabulary],
    keys: CursorKeys,
    *,
    now_s: int,
) -> RadioState:
    """Start a station, or resume one from its cursor, in the rows of the live catalogue.

    Parameters
    ----------
    load_old : callable
        Reads the vocabulary of an earlier version of the model.

    Raises
    ------
    InvalidInputError
        The cursor cannot be used; the message says why.
    """
    vocabulary = live.value.recommender.catalogue.vocabulary
    if request.cursor is not None:
        state = read_cursor(request.cursor, keys, now_s=now_s)
        return resume(state, live.version, vocabulary, load_old)
    seed = request.seed()
    # A generator seeded at INIT would give the same numbers in every copy of a snapshot.
    draw = secrets.randbits(63)
    listener = request.user_id or ""
    return RadioState(seed.kind, seed.value, draw, live.version, len(vocabulary), StationHistory(), listener)


def play(
    station: RadioState,
    n: int,
    tier: Tier,
    live: Loaded[RadioModel],
    record: ListenerRecord,
) -> tuple[RadioState, RadioResponse]:
    """Choose the next ``n`` tracks for a listener; return the new state of the station and the response.

    Raises
    ------
    TrackNotFoundError, ArtistNotFoundError, InvalidInputError
        The seed cannot be used; see `segue.domain.radio.seed.tune`.
    """
    model, recording = live.value.recommender, live.value.recording
    heard = read_heard(model.catalogue, record)
    seed = Seed(SeedKind(station.kind), station.value)
    listener = RecommendFor(heard.history, station.user_id, tier=tier.draws_as)
    blocked = heard.excluded.blocked
    tuning = tune(model, recording, seed, listener, blocked)
    source = Station(model.catalogue, tuning.scores, recording, station.draw)
    begun = station.played if station.played.recent else StationHistory().then(tuning.first, source.rules)
    programme, because = next_tracks(source, begun, n), None
    rows, played = [*programme.rows], begun.then(programme.rows, source.rules)
    if len(rows) < n and seed.kind is SeedKind.GENRE:
        wider = replace(source, scores=neighbours(model, recording, seed, listener, blocked))
        programme = next_tracks(wider, played, n - len(rows))
        because = _USED_UP.format(" and ".join(seed.genres)) if programme.rows else None
        rows, played = [*rows, *programme.rows], played.then(programme.rows, source.rules)
    while len(rows) < n:
        again = played.again(tuning.first)
        programme = next_tracks(source, again, n - len(rows))
        if not programme.rows:
            break
        rows, because = [*rows, *programme.rows], _AGAIN
        played = again.then(programme.rows, source.rules)
    before: list[int | None] = [*(begun.recent[-1:] or (None,)), *rows]
    response = RadioResponse(
        tracks=[
            RadioTrack.following(model.catalogue, row, previous)
            for previous, row in zip(before, rows, strict=False)
        ],
        exhausted=not rows,
        because=because if rows else _NOTHING,
        answered_by=tuning.step,
        model_tier=tier,
        model_version=live.version,
        request_id=new_request_id(Surface.RADIO, live.version),
        excluded=ExcludedOut.of(heard.excluded, _blocked(model, seed, heard.excluded)),
    )
    return replace(station, played=played), response


def _blocked(model: Recommender, seed: Seed, excluded: Excluded) -> list[str]:
    """Return the values of the seed that the listener blocked."""
    if seed.kind is SeedKind.TRACK:
        blocked = bool(np.isin(model.catalogue.vocabulary.index_of([seed.value]), excluded.blocked).any())
    elif seed.kind is SeedKind.GENRE:
        return [genre for genre in seed.genres if excluded.blocks(Target.GENRE, genre)]
    else:
        blocked = seed.kind is SeedKind.ARTIST and excluded.blocks(Target.ARTIST, seed.value)
    return [seed.value] if blocked else []


def with_cursor(
    response: RadioResponse, station: RadioState, keys: CursorKeys, *, now_s: int
) -> RadioResponse:
    """Add the cursor of the station's state, if anything can be played."""
    cursor = None
    if not response.exhausted:
        again = replace(station, played=station.played.again())  # used if the cursor would be too long
        cursor = write_cursor(station, keys, now_s=now_s) or write_cursor(again, keys, now_s=now_s)
    return response.model_copy(update={"cursor": cursor, "exhausted": cursor is None})
