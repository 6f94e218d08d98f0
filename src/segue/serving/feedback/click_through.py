"""Click-through rates: the share of seen tracks that were chosen, by the version that answered."""

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
    """Tracks seen and chosen in the answers of one version on one surface.

    Attributes
    ----------
    surface, version : str
        From `read_request_id`.
    seen, chosen : set of (user, request, track)
        A track of an answer counts once for each listener.
    """

    surface: str
    version: str
    seen: set[Shown] = field(default_factory=set)
    chosen: set[Shown] = field(default_factory=set)

    @property
    def impressions(self) -> int:
        """Return the number of tracks seen."""
        return len(self.seen)

    @property
    def clicks(self) -> int:
        """Return the number of tracks seen and chosen."""
        return len(self.seen & self.chosen)

    @property
    def unseen(self) -> int:
        """Return the number of tracks chosen but never reported as seen; they count in no rate."""
        return len(self.chosen - self.seen)


def click_through(feedback: Iterable[Feedback]) -> list[ClickThrough]:
    """Add up impressions and clicks, sorted by surface and version; other feedback is skipped."""
    rates: dict[tuple[str, str], ClickThrough] = {}
    for event in feedback:
        if isinstance(event, AnswerEvent):
            by = read_request_id(event.request_id)
            rate = rates.setdefault(by, ClickThrough(*by))
            kept = rate.seen if event.kind is AnswerEventKind.IMPRESSION else rate.chosen
            kept.add((event.user_id, event.request_id, event.track_id))
    return [rates[by] for by in sorted(rates)]
