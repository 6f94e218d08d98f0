"""Feedback: its requests, the ids that make each event count once, and the two places that keep it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from segue.domain.event import MOST_MS, Event, EventKind
from segue.domain.moment import CLOCKS_DIFFER, EARLIEST, read_iso
from segue.errors import (
    InvalidInputError,
    NotCountedError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StateUnavailableError,
    StoreUnavailableError,
)
from segue.serving.contracts import Id, Text  # noqa: TC001  # Pydantic reads the annotation
from segue.sources.lake import lake_key, write_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.config import JsonDict

    from segue.artifacts.object_store import ObjectStore
    from segue.state.listening import ListeningState, Recorded

LAKE_TIMEOUT_S = 2.0
"""Lake and state together must be given up on before the function is: its answer is 503, not a timeout."""

MOST_EVENTS = 500
_EXAMPLE: JsonDict = {
    "user_id": "12",
    "track_id": "7lmeHLHBe4nmXzuXc0HDjk",
    "event": "like",
    "at": "2026-11-21T10:30:00Z",
}


def _read_at(value: object) -> object:
    if isinstance(value, datetime):
        return value
    try:
        return read_iso(value if isinstance(value, str) else "")
    except InvalidInputError as error:
        raise ValueError("send ISO 8601 with a zone, as in 2026-11-21T10:30:00Z") from error


class FeedbackEvent(BaseModel):
    """One thing that one listener did with one track; unknown users and tracks are kept too."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    user_id: Id
    track_id: Id
    event: EventKind
    at: Annotated[AwareDatetime, BeforeValidator(_read_at)] | None = Field(
        None,
        description=(
            "ISO 8601 with a zone, from 1980 to a day ahead, of which the future is taken as the time of "
            "arrival; the time of arrival without it"
        ),
    )
    ms_played: Annotated[int, Field(strict=True, ge=0, le=MOST_MS)] | None = Field(
        None, description="milliseconds heard: a play counts by the share of the track"
    )
    context: Text = Field("", max_length=64, description="the situation, as in morning or workout")
    event_id: Annotated[Text, Field(min_length=1, max_length=128)] | None = Field(
        None,
        description=(
            "unique for the user: what is sent twice under one id counts once. Without it the id is made of "
            "user, track, event and at, and of the Idempotency-Key and the event's place if there is one; "
            "with neither a key nor at every call counts."
        ),
    )


class FeedbackBatch(BaseModel):
    """Events of one or several users, kept together."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events": [_EXAMPLE]}]})

    events: Annotated[list[FeedbackEvent], Field(min_length=1, max_length=MOST_EVENTS)]


def _form(value: Any) -> str:
    return "(batch)" if isinstance(value, dict) and "events" in value else "(one)"


FeedbackRequest = Annotated[
    Annotated[FeedbackEvent, Tag("(one)")] | Annotated[FeedbackBatch, Tag("(batch)")], Discriminator(_form)
]
"""One event, or some under ``events``."""


class FeedbackResponse(BaseModel):
    """How many events count from now on, and how many did already or came twice."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": 1, "repeated": 0}]})

    accepted: int
    repeated: int


def build_events(
    request: FeedbackEvent | FeedbackBatch, accepted_at: datetime, idempotency_key: str | None
) -> list[Event]:
    """Give every event its time and its id.

    Raises
    ------
    InvalidInputError
        An event lies before 1980 or more than a day ahead: mend the clock or the unit.
    """
    if isinstance(request, FeedbackEvent):
        return [_build(request, accepted_at, idempotency_key and f"{idempotency_key}/0", "at")]
    return [
        _build(one, accepted_at, idempotency_key and f"{idempotency_key}/{place}", f"events.{place}.at")
        for place, one in enumerate(request.events)
    ]


def accept(
    events: Sequence[Event], accepted_at: datetime, lake: ObjectStore, state: ListeningState
) -> Recorded:
    """Keep the events in the lake, then count them: what fails between the two can be sent again.

    Raises
    ------
    StoreUnavailableError
        The lake did not take them; nothing is kept.
    NotCountedError
        The lake has them, and not all of them count yet: send them again.
    """
    _append(lake, lake_key(events, accepted_at), write_lines(events))
    try:
        return state.record(events)
    except StateUnavailableError as error:
        raise NotCountedError(str(error)) from error


def _append(lake: ObjectStore, key: str, body: bytes) -> None:
    try:
        lake.put(key, body)
    except PreconditionFailedError:
        # The request was sent before; or is being sent, and that writer may yet fail: look what is there.
        try:
            lake.get(key)
        except ObjectNotFoundError as error:
            raise StoreUnavailableError(f"{lake.location}: {key} was refused and is not there.") from error


def _build(one: FeedbackEvent, accepted_at: datetime, key: str | None, place: str) -> Event:
    at = accepted_at if one.at is None else one.at
    if not EARLIEST <= at <= accepted_at + CLOCKS_DIFFER:
        raise InvalidInputError(
            f"{place}: {at.isoformat()} lies before {EARLIEST:%Y} or more than a day ahead: "
            "correct its clock or unit."
        )
    at = at.astimezone(UTC)
    event_id = one.event_id or _derived_id(one, "" if one.at is None else at.isoformat(), key)
    # A clock that is ahead must not let a like outlive what the listener says later.
    counted_at = min(at, accepted_at.astimezone(UTC))
    return Event(one.user_id, one.track_id, one.event, counted_at, event_id, one.ms_played, one.context)


def _derived_id(one: FeedbackEvent, at: str, key: str | None) -> str:
    if not (at or key):
        return uuid.uuid4().hex
    parts = [key or "", one.user_id, one.track_id, one.event, at]
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]
