"""Means of what a listener plays, with how sure they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL_Z = 1.96
"""Of intervals that are shown: 95 of 100 hold what they are about."""
SURE_Z = 2.576
"""Of what is said in words: 99 of 100, as a profile asks many questions of the same events."""
SURE_BEYOND_Z = 2.326
"""The same of what can only be too large."""

_ROUNDED = 1e-9  # the mean of equal numbers may differ from them by its last bits


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """A weighted mean.

    Attributes
    ----------
    mean : float
    error : float
        Standard error; NaN where there is too little to tell.
    n_effective : float
        Equally weighted tracks that would be as sure (Kish, "Survey Sampling", 1965).
    """

    mean: float
    error: float
    n_effective: float

    def interval(self, z: float = USUAL_Z) -> tuple[float, float] | None:
        """Return the interval, None where there is too little for one."""
        if math.isnan(self.error):
            return None
        reach = quantile_t(z, self.n_effective - 1) * self.error
        return self.mean - reach, self.mean + reach

    def differs_from(self, value: float) -> bool:
        """Tell whether the mean surely is another than ``value``."""
        interval = self.interval(SURE_Z)
        return interval is not None and not interval[0] - _ROUNDED <= value <= interval[1] + _ROUNDED


def estimate(value: NDArray[np.floating], weight: NDArray[np.float64]) -> WeightedMean:
    """Return the weighted mean of some values, any but none, each with a weight > 0."""
    share = weight / weight.sum()
    mean = float(share @ value)
    n = n_effective(weight)
    if n < 2:
        return WeightedMean(mean, math.nan, n)
    variance = float(share @ (value - mean) ** 2) * n / (n - 1)
    return WeightedMean(mean, math.sqrt(variance / n), n)


def estimate_share(share: float, n: float) -> WeightedMean:
    """Return a share of ``n`` that count alike; two more of each kind keep 0 and 1 from being sure.

    Agresti & Coull, "Approximate is better than exact for interval estimation of binomial proportions", 1998.
    """
    middle = (share * n + 2) / (n + 4)
    return WeightedMean(share, math.sqrt(middle * (1 - middle) / (n + 4)) if n >= 2 else math.nan, n)


def n_effective(weight: NDArray[np.float64]) -> float:
    """Return (Σw)² / Σw², 0 for no weights: n where all are alike, less the more they differ."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def quantile_t(z: float, freedom: float) -> float:
    """Return the quantile of Student's t that is ``z`` of the normal distribution.

    The first terms of the expansion by Fisher & Cornish (1960); the most that few degrees of freedom give
    is cut at 3 of them, where the terms left out are a tenth.
    """
    v = max(freedom, 3.0)
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v * v)


def quantile_chi_square(z: float, freedom: float) -> float:
    """Return the quantile of χ² that is ``z`` of the normal distribution, by Wilson & Hilferty (1931)."""
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + z * math.sqrt(part)) ** 3)


def weighted_quantiles(
    value: NDArray[np.floating] | NDArray[np.integer], weight: NDArray[np.float64], at: tuple[float, ...]
) -> list[float]:
    """Return the values below which shares ``at`` of the weight lie; any values but none."""
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(weight[order])
    place = np.searchsorted(reached, np.array(at) * reached[-1])
    return [float(each) for each in value[order[np.minimum(place, len(order) - 1)]]]
