"""Feedback of callers: events, exclusions, and impressions and clicks of answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.domain.listening.event import Event
from segue.domain.listening.exclusion import Exclusion

if TYPE_CHECKING:
    from datetime import datetime


class AnswerEventKind(StrEnum):
    """What a listener did with a track of an answer."""

    IMPRESSION = "impression"
    """The listener saw it."""
    CLICK = "click"
    """The listener chose it."""


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """An impression or click of one track of an answer. It measures answers and does not change a taste.

    Attributes
    ----------
    user_id, track_id : str
    kind : AnswerEventKind
    request_id : str
        Id of the answer, see `segue.serving.api.request_id`.
    position : int
        Position of the track in the answer, from 1.
    at : datetime
        UTC.
    event_id : str
        Unique for the user.
    """

    user_id: str
    track_id: str
    kind: AnswerEventKind
    request_id: str
    position: int
    at: datetime
    event_id: str


Feedback = Event | Exclusion | AnswerEvent
"""Everything that POST /feedback accepts. Event ids are unique within each of the three types."""
