"""What a caller sends back: what was heard, what to exclude, and what became of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.domain.listening.event import Event
from segue.domain.listening.exclusion import Exclusion

if TYPE_CHECKING:
    from datetime import datetime


class AnswerEventKind(StrEnum):
    """What became of a track of an answer."""

    IMPRESSION = "impression"
    """The listener saw it."""
    CLICK = "click"
    """The listener chose it."""


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """What became of one track of one answer; it says how good answers are, and nothing of a taste.

    Attributes
    ----------
    user_id, track_id : str
    kind : AnswerEventKind
    request_id : str
        Of the answer, see `segue.domain.request_id`.
    position : int
        Of the track in the answer, from 1.
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
"""Everything that POST /feedback takes; each sort has event ids of its own."""
