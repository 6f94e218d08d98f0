"""Accept feedback: give each event an id, so that it counts once, and keep it in the lake and the state."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from segue.domain.listening.event import Event
from segue.domain.listening.exclusion import MOST_EXCLUSIONS, Exclusion
from segue.domain.listening.feedback import AnswerEvent
from segue.domain.listening.moment import CLOCKS_DIFFER, EARLIEST
from segue.errors import (
    InvalidInputError,
    NotCountedError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StateUnavailableError,
    StoreUnavailableError,
)
from segue.serving.feedback.contract import (
    FeedbackAnswer,
    FeedbackBatch,
    FeedbackEvent,
    FeedbackExclusion,
)
from segue.sources.lake import lake_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.listening.feedback import Feedback
    from segue.state.listening import ListeningState, Recorded

LAKE_TIMEOUT_S = 2.0
"""Timeout of the lake; with the state's it is shorter than the function's, so that the answer is 503."""

_STEP = timedelta(microseconds=1)
"""The smallest difference between two times."""

Sent = FeedbackEvent | FeedbackExclusion | FeedbackAnswer
"""One item of a caller's feedback."""


def build_events(
    request: Sent | FeedbackBatch, accepted_at: datetime, idempotency_key: str | None
) -> list[Feedback]:
    """Give each event a time and an id; events of a listener at the same time keep their order.

    Raises
    ------
    InvalidInputError
        A time is before 1980 or more than a day ahead.
    """
    if not isinstance(request, FeedbackBatch):
        return [_build(request, accepted_at, idempotency_key and f"{idempotency_key}/0", "at")]
    return _in_order(
        [
            _build(one, accepted_at, idempotency_key and f"{idempotency_key}/{place}", f"events.{place}.at")
            for place, one in enumerate(request.events)
        ]
    )


def accept(
    events: Sequence[Feedback], accepted_at: datetime, lake: ObjectStore | None, state: ListeningState
) -> Recorded:
    """Write the events to the lake, if any, then to the state; after an error they can be sent again.

    Raises
    ------
    InvalidInputError
        A listener would exclude more than `MOST_EXCLUSIONS`; nothing is kept.
    StoreUnavailableError
        The lake did not take all events, and none counts yet.
    NotCountedError
        The lake has the events, but not all of them count yet.
    """
    _refuse_too_many(events, state)
    if lake is not None:
        for key, body in lake_objects(events, accepted_at):
            _append(lake, key, body)
    try:
        return state.record(events)
    except StateUnavailableError as error:
        raise NotCountedError(str(error)) from error


def _refuse_too_many(events: Sequence[Feedback], state: ListeningState) -> None:
    added: dict[str, set[str]] = {}
    for event in events:
        if isinstance(event, Exclusion) and event.holds:
            added.setdefault(event.user_id, set()).add(event.key)
    for user_id, keys in added.items():
        held = {exclusion.key for exclusion in state.read_listener(user_id, limit=0).exclusions}
        if len(held | keys) > MOST_EXCLUSIONS and keys - held:
            raise InvalidInputError(
                f"user {user_id!r} has {len(held)} blocks and ignores, and the maximum is {MOST_EXCLUSIONS}: "
                "undo some with unblock or unignore first."
            )


def _append(lake: ObjectStore, key: str, body: bytes) -> None:
    try:
        lake.put(key, body)
    except PreconditionFailedError:
        # The same request was sent before, or is being written now and may still fail: read what is there.
        try:
            lake.get(key)
        except ObjectNotFoundError as error:
            raise StoreUnavailableError(f"{lake.location}: {key} was refused and is not there.") from error


def _build(one: Sent, accepted_at: datetime, key: str | None, place: str) -> Feedback:
    at = accepted_at if one.at is None else one.at
    if not EARLIEST <= at <= accepted_at + CLOCKS_DIFFER:
        raise InvalidInputError(
            f"{place}: {at.isoformat()} is before {EARLIEST:%Y} or more than a day ahead: "
            "correct its clock or unit."
        )
    at = at.astimezone(UTC)
    event_id = one.event_id or _derived_id(one, "" if one.at is None else at.isoformat(), key)
    # A like from a clock that is ahead must not override what the listener says later.
    counted_at = min(at, accepted_at.astimezone(UTC))
    if isinstance(one, FeedbackExclusion):
        return Exclusion(one.user_id, one.event, one.target, one.about, counted_at, event_id)
    if isinstance(one, FeedbackAnswer):
        head = (one.user_id, one.track_id, one.event, one.request_id, one.position)
        return AnswerEvent(*head, counted_at, event_id)
    return Event(one.user_id, one.track_id, one.event, counted_at, event_id, one.ms_played, one.context)


def _in_order(events: list[Feedback]) -> list[Feedback]:
    """Give a listener's events of the same time different times, so that the last opinion counts."""
    moved, latest = list(events), dict[str, datetime]()
    for place in sorted(range(len(events)), key=lambda place: events[place].at):
        event = events[place]
        at = max(event.at, latest.get(event.user_id, event.at - _STEP) + _STEP)
        latest[event.user_id] = at
        if at != event.at:
            moved[place] = replace(event, at=at)
    return moved


def _derived_id(one: Sent, at: str, key: str | None) -> str:
    if isinstance(one, FeedbackAnswer):  # a track of an answer is seen once
        parts = [one.request_id, one.user_id, one.track_id, one.event, str(one.position)]
    elif at or key:
        about = [one.target, one.about] if isinstance(one, FeedbackExclusion) else [one.track_id]
        parts = [key or "", one.user_id, *about, one.event, at]
    else:
        return uuid.uuid4().hex
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]
