"""The requests and the response of feedback."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from segue.domain.catalogue.external_id import CONTROL
from segue.domain.listening.event import MOST_MS, EventKind
from segue.domain.listening.exclusion import ExclusionKind, Target, span_of
from segue.domain.listening.feedback import AnswerEventKind
from segue.domain.listening.moment import read_iso
from segue.errors import InvalidInputError
from segue.serving.api.contract import Id, Text

if TYPE_CHECKING:
    from pydantic.config import JsonDict

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


def _known(value: object) -> object:
    kinds = [kind.value for sort in (EventKind, ExclusionKind, AnswerEventKind) for kind in sort]
    if value not in kinds:
        raise ValueError(f"must be {', '.join(map(repr, kinds[:-1]))} or {kinds[-1]!r}")
    return value


def _says_something(name: str) -> str:
    if CONTROL.search(name):
        raise ValueError("must not hold a control character")
    if not any(letter.isprintable() and not letter.isspace() for letter in name):
        raise ValueError("must not be blank: send a name")
    return name


Moment = Annotated[AwareDatetime, BeforeValidator(_read_at)]
Name = Annotated[Text, Field(min_length=1, max_length=200), AfterValidator(_says_something)]


class _Sent(BaseModel):
    """Fields of all kinds of feedback."""

    model_config = ConfigDict(extra="forbid")

    user_id: Id
    at: Moment | None = Field(
        None,
        description=(
            "ISO 8601 with a zone, from 1980 to a day ahead; a future time is replaced by the time of "
            "arrival. default: the time of arrival"
        ),
    )
    event_id: Annotated[Text, Field(min_length=1, max_length=128)] | None = Field(
        None,
        description=(
            "unique for the user: events with the same id count once. default: an id made of the user, the "
            "event, its subject, `at`, and the Idempotency-Key with the event's place; without a key and "
            "without `at`, every call counts."
        ),
    )


class FeedbackEvent(_Sent):
    """An event of a listener and a track; unknown users and tracks are accepted too."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    track_id: Id
    event: Annotated[EventKind, BeforeValidator(_known)]
    ms_played: Annotated[int, Field(strict=True, ge=0, le=MOST_MS)] | None = Field(
        None, description="milliseconds heard; a play counts by the share of the track"
    )
    context: Text = Field("", max_length=64, description="the situation, such as morning or workout")


class FeedbackExclusion(_Sent):
    """Something that a listener excludes: an artist or genre is blocked, or events are ignored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": "12", "event": "block", "artist": "Nickelback"}]},
    )

    event: ExclusionKind = Field(
        description="block: the artist or genre is never in an answer and does not count for the taste. "
        "ignore: events of a track, artist, genre or span of time do not count for the taste. "
        "unblock and unignore undo a block or an ignore of the same target."
    )
    artist: Name | None = Field(None, description="a name of the catalogue, in any spelling")
    genre: Name | None = Field(None, description="a genre of the catalogue, or a broad one, in any spelling")
    track_id: Id | None = Field(None, description="ignore and unignore only")
    from_: Moment | None = Field(
        None, alias="from", description="ignore and unignore only: the first moment of a span of time"
    )
    to: Moment | None = Field(None, description="the end of the span, the first moment after it")

    @model_validator(mode="after")
    def _names_one_target(self) -> Self:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("a span of time needs both from and to")
        named = [self.artist, self.genre, self.track_id, self.from_]
        if sum(value is not None for value in named) != 1:
            raise ValueError(
                "send one of artist and genre"
                if self.event in {ExclusionKind.BLOCK, ExclusionKind.UNBLOCK}
                else "send one of artist, genre, track_id, and from with to"
            )
        return self

    @property
    def target(self) -> Target:
        """Return the kind of target."""
        if self.artist is not None:
            return Target.ARTIST
        if self.genre is not None:
            return Target.GENRE
        return Target.TRACK if self.track_id is not None else Target.TIME

    @property
    def about(self) -> str:
        """Return the target, as `Exclusion` stores it."""
        if self.from_ is not None and self.to is not None:
            return span_of(self.from_, self.to)
        return self.artist or self.genre or self.track_id or ""


class FeedbackAnswer(_Sent):
    """An impression or a click of a track in an answer; click-through rates are computed from these."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "12",
                    "event": "impression",
                    "track_id": "7lmeHLHBe4nmXzuXc0HDjk",
                    "request_id": "recommend.20261121T103000Z-1f3a.9b1c0c5e7d2f4a68",
                    "position": 1,
                }
            ]
        },
    )

    event: AnswerEventKind
    track_id: Id
    request_id: Annotated[Text, Field(min_length=1, max_length=200)] = Field(
        description="request_id of the answer, unchanged"
    )
    position: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        description="place of the track in the answer, from 1"
    )


def _sort(value: Any) -> str:
    kind = value.get("event") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        return "(heard)"
    if kind in tuple(ExclusionKind):
        return "(exclusion)"
    return "(answer)" if kind in tuple(AnswerEventKind) else "(heard)"


OneFeedback = Annotated[
    Annotated[FeedbackEvent, Tag("(heard)")]
    | Annotated[FeedbackExclusion, Tag("(exclusion)")]
    | Annotated[FeedbackAnswer, Tag("(answer)")],
    Discriminator(_sort),
]


class FeedbackBatch(BaseModel):
    """Events of one or several users and of any kind."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events": [_EXAMPLE]}]})

    events: Annotated[list[OneFeedback], Field(min_length=1, max_length=MOST_EVENTS)]


def _form(value: Any) -> str:
    return "(batch)" if isinstance(value, dict) and "events" in value else "(one)"


FeedbackRequest = Annotated[
    Annotated[OneFeedback, Tag("(one)")] | Annotated[FeedbackBatch, Tag("(batch)")], Discriminator(_form)
]
"""One event, or several in ``events``."""


class FeedbackResponse(BaseModel):
    """Number of events that are new, and that were sent before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": 1, "repeated": 0}]})

    accepted: int
    repeated: int
