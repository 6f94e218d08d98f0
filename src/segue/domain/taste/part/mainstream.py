"""How popular a listener's music is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.weighted_mean import estimate

if TYPE_CHECKING:
    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference
    from segue.domain.taste.weighted_mean import WeightedMean

MIN_TRACKS = 3


@dataclass(frozen=True, slots=True)
class Mainstream:
    """How popular a listener's music is, compared with the catalogue and with all plays.

    Attributes
    ----------
    support : Support
    percentile : WeightedMean
        Mean share of the catalogue that is less popular than what is played, 0 … 1.
    usual : float
        The same for all plays of all listeners; a higher ``percentile`` is more mainstream than usual. NaN
        where only the catalogue's own popularity is known.
    """

    support: Support
    percentile: WeightedMean
    usual: float


def mainstreamness(reference: Reference, played: EventColumns) -> Mainstream | Lack:
    """Compare the popularity of what is played with the catalogue."""
    known = played.liked
    place = reference.popularity[played.row[known]]
    known[known] = ~np.isnan(place)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        reason = f"needs {MIN_TRACKS} tracks of which the popularity is known, there are {support.tracks}"
        return Lack(reason, support)
    percentile = estimate(place[~np.isnan(place)].astype(np.float64), played.weight[known])
    return Mainstream(support, percentile, reference.usual_popularity)
