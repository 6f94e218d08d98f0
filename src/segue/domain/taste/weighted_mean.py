"""Weighted means and shares of what a listener plays, with confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL_Z = 1.96
"""z of the 95 % intervals that are shown."""
SURE_Z = 2.576
"""z of the 99 % intervals that decide what is put into words; a profile tests many statements at once."""
SURE_BEYOND_Z = 2.326
"""z of a one-sided test at 99 %."""

_ROUNDED = 1e-9  # the mean of equal numbers may differ from them in its last bits


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """A weighted mean.

    Attributes
    ----------
    mean : float
    error : float
        Standard error; NaN for fewer than two effective values.
    n_effective : float
        Number of equally weighted tracks that give the same error (Kish, "Survey Sampling", 1965).
    """

    mean: float
    error: float
    n_effective: float

    def interval(self, z: float = USUAL_Z) -> tuple[float, float] | None:
        """Return the confidence interval, or None where ``error`` is NaN."""
        if math.isnan(self.error):
            return None
        reach = quantile_t(z, self.n_effective - 1) * self.error
        return self.mean - reach, self.mean + reach

    def differs_from(self, value: float) -> bool:
        """Return whether the 99 % interval excludes ``value``."""
        interval = self.interval(SURE_Z)
        return interval is not None and not interval[0] - _ROUNDED <= value <= interval[1] + _ROUNDED


def estimate(value: NDArray[np.floating], weight: NDArray[np.float64]) -> WeightedMean:
    """Return the weighted mean of at least one value; each weight is > 0."""
    share = weight / weight.sum()
    mean = float(share @ value)
    n = n_effective(weight)
    if n < 2:
        return WeightedMean(mean, math.nan, n)
    variance = float(share @ (value - mean) ** 2) * n / (n - 1)
    return WeightedMean(mean, math.sqrt(variance / n), n)


def estimate_share(share: float, n: float) -> WeightedMean:
    """Return a share of ``n`` equal observations, with an error that is not 0 for the shares 0 and 1.

    Two observations of each kind are added (Agresti & Coull, "Approximate is better than exact for interval
    estimation of binomial proportions", 1998).
    """
    middle = (share * n + 2) / (n + 4)
    return WeightedMean(share, math.sqrt(middle * (1 - middle) / (n + 4)) if n >= 2 else math.nan, n)


def n_effective(weight: NDArray[np.float64]) -> float:
    """Return (Σw)² / Σw²: n for equal weights, less for unequal ones, 0 for none."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def quantile_t(z: float, freedom: float) -> float:
    """Return the quantile of Student's t at the level where the normal distribution has ``z``.

    These are the first terms of the expansion by Fisher & Cornish (1960). Fewer than 3 degrees of freedom
    count as 3, where the omitted terms are a tenth.
    """
    v = max(freedom, 3.0)
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v * v)


def quantile_chi_square(z: float, freedom: float) -> float:
    """Return the quantile of χ² at the level where the normal has ``z`` (Wilson & Hilferty, 1931)."""
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + z * math.sqrt(part)) ** 3)


def weighted_quantiles(
    value: NDArray[np.floating] | NDArray[np.integer], weight: NDArray[np.float64], at: tuple[float, ...]
) -> list[float]:
    """Return the values below which the shares ``at`` of the weight lie; needs at least one value."""
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(weight[order])
    place = np.searchsorted(reached, np.array(at) * reached[-1])
    return [float(each) for each in value[order[np.minimum(place, len(order) - 1)]]]
