"""How popular a listener's music is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.played import Lack
from segue.domain.taste.weighted_mean import estimate

if TYPE_CHECKING:
    from segue.domain.taste.played import EventColumns, Support
    from segue.domain.taste.reference import Reference
    from segue.domain.taste.weighted_mean import WeightedMean

MIN_TRACKS = 3


@dataclass(frozen=True, slots=True)
class Mainstream:
    """A listener among the popular and the rare.

    Attributes
    ----------
    support : Support
    percentile : WeightedMean
        Mean share of the catalogue that is less popular than what is played, 0 … 1.
    usual : float
        The same of all plays of everybody: above it is more mainstream than they are. NaN where only the
        catalogue's own popularity is known.
    """

    support: Support
    percentile: WeightedMean
    usual: float


def mainstreamness(reference: Reference, played: EventColumns) -> Mainstream | Lack:
    """Place what is played among the catalogue by popularity."""
    known = played.liked
    place = reference.popularity[played.row[known]]
    known[known] = ~np.isnan(place)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(
            f"needs {MIN_TRACKS} tracks of which the popularity is known, there are {support.tracks}", support
        )
    found = estimate(place[~np.isnan(place)].astype(np.float64), played.weight[known])
    return Mainstream(support, found, reference.usual_popularity)
