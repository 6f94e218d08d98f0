"""What a place for listeners' feedback must offer: writes that count once, and back what answers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.listening.feedback import Feedback

RECENT = 2000
"""Maximum number of events read for a listener, besides older opinions: years of most people's listening."""

MOST_OPINIONS = 5000
"""Maximum number of older opinions read for a listener: more than people have, fewer than a robot sends."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some events: how many are new, and how many were there already or came twice."""

    new: int
    repeated: int


class ListeningState(Protocol):
    """Feedback by listener; an ``event_id`` counts once per user and sort, however often it is delivered.

    Every method raises StateUnavailableError when the place does not answer or refuses: the same
    call may then be made again.
    """

    def record(self, events: Sequence[Feedback]) -> Recorded:
        """Keep the events, any number of them; of one id the first stays.

        After an error some may be kept and others not: record all of them again, none counts twice.
        """

    def read_listener(
        self, user_id: str, limit: int = RECENT, opinions: int = MOST_OPINIONS
    ) -> ListenerRecord:
        """Return a listener's latest events and what they exclude.

        Both come newest first, of one instant the greater id. After the latest ``limit`` events come older
        ones that are `OPINIONS`: the last one of each track, the latest ``opinions`` of these. So a dislike
        holds however much was heard since. Every exclusion that holds is there. What `record` returned for
        is in the very next answer.
        """


def first_of_each(events: Sequence[Feedback]) -> list[Feedback]:
    """Drop events whose user, sort and id came earlier in ``events``."""
    first: dict[tuple[type, str, str], Feedback] = {}
    for event in events:
        first.setdefault((type(event), event.user_id, event.event_id), event)
    return list(first.values())
