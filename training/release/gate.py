"""Decide what is served: pure functions from measurements to a verdict in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from training.genre_preference.evaluation import Estimate
    from training.release.trainer import Criterion

T = TypeVar("T")

ALPHA = 0.01
"""What is served must beat each baseline with a smaller p-value than this."""

REGRESSION_ALPHA = 0.05
"""A challenger is refused when the champion beats it on the same customers with a smaller p-value."""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """A decision and the reason for it, in a sentence."""

    choice: T
    reason: str


def accept_challenger(criterion: Criterion, gain: Estimate, p_champion_better: float) -> Verdict[bool]:
    """Accept a challenger that is surely not much worse than the champion on the same people.

    Parameters
    ----------
    criterion : Criterion
    gain : Estimate
        How much better the challenger is, paired by person: for answers see
        `training.genre_preference.evaluation.difference`, for ranked lists the share of the champion's mean.
        The whole interval must lie above minus the criterion's margin: too few people to tell is a reason to
        keep what is live.
    p_champion_better : float
        That the champion is better by luck alone; below ``REGRESSION_ALPHA`` it stays.
    """
    figures = (
        f"challenger against champion {gain.value:+.1%}, 95 % interval {gain.low:+.1%} to {gain.high:+.1%} "
        f"on {gain.n} {criterion.of}"
    )
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(False, f"The champion is better ({figures}; p = {p_champion_better:.2g}).")
    if not gain.low > -criterion.margin:  # written so that a figure that is no number refuses
        return Verdict(False, f"The challenger may be more than {criterion.margin:.0%} worse ({figures}).")
    return Verdict(True, f"The challenger is not worse than the champion ({figures}).")


def refuse_unmeasured(why: str) -> Verdict[bool]:
    """Refuse a challenger that could not be compared with the champion, which can be served."""
    return Verdict(False, f"The champion cannot be compared with: {why.rstrip('.')}. It stays.")
