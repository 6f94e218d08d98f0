"""Decades of release of a listener's music."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.weighted_mean import n_effective, weighted_quantiles

if TYPE_CHECKING:
    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference

MIN_TRACKS = 3


class Decade(NamedTuple):
    """The first year of a decade, and the decade's share of what is played."""

    decade: int
    share: float


@dataclass(frozen=True, slots=True)
class EraProfile:
    """A listener's decades.

    Attributes
    ----------
    support : Support
        Tracks with a release date.
    decades : tuple of Decade
        Ascending; the shares sum to 1.
    median_year, low_year, high_year : int
        Median and quartiles of the release years.
    catalogue_year : int
        Median release year of the catalogue.
    n_effective : float
    """

    support: Support
    decades: tuple[Decade, ...]
    median_year: int
    low_year: int
    high_year: int
    catalogue_year: int
    n_effective: float

    @property
    def middle_half(self) -> tuple[int, int]:
        """Years between which half of what is played was released."""
        return self.low_year, self.high_year


def era_profile(reference: Reference, played: EventColumns) -> EraProfile | Lack:
    """Return the shares of the decades of release in what is played."""
    known = played.liked
    date = reference.catalogue.release_date[played.row[known]]
    known[known] = ~np.isnat(date)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with a release date, there are {support.tracks}", support)
    weight = played.weight[known]
    year = date[~np.isnat(date)].astype("datetime64[Y]").astype(np.int64) + 1970
    decade, place = np.unique(year // 10 * 10, return_inverse=True)
    share = np.bincount(place, weight / weight.sum())
    low, middle, high = weighted_quantiles(year, weight, (0.25, 0.5, 0.75))
    return EraProfile(
        support,
        tuple(map(Decade, decade.tolist(), share.tolist())),
        int(middle),
        int(low),
        int(high),
        int(reference.median_year),
        n_effective(weight),
    )
