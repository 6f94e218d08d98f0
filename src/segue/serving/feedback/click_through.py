"""Click-through rates: how many of the tracks that listeners saw they chose, by the version that answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.domain.listening.feedback import AnswerEvent, AnswerEventKind
from segue.serving.api.request_id import read_request_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.domain.listening.feedback import Feedback

    Shown = tuple[str, str, str]


@dataclass(slots=True)
class ClickThrough:
    """What became of the answers of one version on one surface.

    Attributes
    ----------
    surface, version : str
        As `read_request_id` gives them.
    seen, chosen : set of (user, request, track)
        A track of an answer counts once for a listener, however often it is sent.
    """

    surface: str
    version: str
    seen: set[Shown] = field(default_factory=set)
    chosen: set[Shown] = field(default_factory=set)

    @property
    def impressions(self) -> int:
        """Tracks that were seen."""
        return len(self.seen)

    @property
    def clicks(self) -> int:
        """Tracks that were seen and chosen."""
        return len(self.seen & self.chosen)

    @property
    def unseen(self) -> int:
        """Tracks that were chosen and never reported as seen; they count in no rate."""
        return len(self.chosen - self.seen)


def click_through(feedback: Iterable[Feedback]) -> list[ClickThrough]:
    """Add up impressions and clicks by surface and version, in this order; other feedback is passed over."""
    found: dict[tuple[str, str], ClickThrough] = {}
    for event in feedback:
        if isinstance(event, AnswerEvent):
            by = read_request_id(event.request_id)
            rate = found.setdefault(by, ClickThrough(*by))
            kept = rate.seen if event.kind is AnswerEventKind.IMPRESSION else rate.chosen
            kept.add((event.user_id, event.request_id, event.track_id))
    return [found[by] for by in sorted(found)]
