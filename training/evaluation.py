"""How good an answer is: accuracy, macro F1, intervals, and whether one beats another by more than luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % confidence interval, measured on ``n`` customers."""

    value: float
    low: float
    high: float
    n: int

    def to_json(self, split: str) -> dict[str, Any]:
        """Return the form that manifests keep."""
        rounded = {name: round(getattr(self, name), 6) for name in ("value", "low", "high")}
        return {
            "value": rounded["value"],
            "ci95": [rounded["low"], rounded["high"]],
            "n": self.n,
            "split": split,
        }


def accuracy(answer: NDArray[np.int64], label: NDArray[np.int64]) -> Estimate:
    """Estimate the share of customers answered rightly, with Wilson's (1927) interval."""
    return share_of(int((answer == label).sum()), len(label))


def share_of(part: int, whole: int) -> Estimate:
    """Estimate a share, ``part`` of ``whole`` > 0, with Wilson's (1927) interval."""
    result = binomtest(part, whole)
    interval = result.proportion_ci(method="wilson")
    return Estimate(float(result.statistic), float(interval.low), float(interval.high), whole)


def macro_f1(answer: NDArray[np.int64], label: NDArray[np.int64], seed: int) -> Estimate:
    """Estimate the mean F1 over all genres answered or true, with a percentile bootstrap.

    Customers are drawn anew within each true genre. Drawn from all, rare genres would be missing from
    many draws, and the mean over the rest would lie above the estimate itself.
    """
    rng = np.random.default_rng(seed)
    genres = np.union1d(answer, label)
    members = [np.flatnonzero(label == genre) for genre in np.unique(label)]
    scores = []
    for _ in range(RESAMPLES):
        draw = np.concatenate([rng.choice(rows, len(rows)) for rows in members])
        scores.append(_macro_f1(answer[draw], label[draw], genres))
    low, high = np.quantile(scores, (0.025, 0.975))
    return Estimate(_macro_f1(answer, label, genres), float(low), float(high), len(label))


def difference(answer: NDArray[np.int64], other: NDArray[np.int64], label: NDArray[np.int64]) -> Estimate:
    """Estimate how much more often ``answer`` is right than ``other``, in [-1, 1], paired by customer."""
    return mean_of_differences((answer == label).astype(np.float64) - (other == label))


def mean_of_differences(gain: NDArray[np.float64]) -> Estimate:
    """Estimate the mean of paired differences with Student's interval.

    Parameters
    ----------
    gain : float64 (n,)
        Each in [-1, 1]. Fewer than two tell nothing, so their interval is all of [-1, 1].
    """
    mean, n = float(gain.mean()) if len(gain) else 0.0, len(gain)
    if n < 2:
        return Estimate(mean, -1.0, 1.0, n)
    margin = float(student.ppf(0.975, n - 1) * gain.std(ddof=1) / np.sqrt(n))
    return Estimate(mean, mean - margin, mean + margin, n)


def better_than(answer: NDArray[np.int64], baseline: NDArray[np.int64], label: NDArray[np.int64]) -> float:
    """Return the one-sided p-value that ``answer`` is right more often than ``baseline`` by luck alone.

    The exact paired permutation test: were the two exchangeable, swapping them for any customer would
    change nothing, so of the customers on whom exactly one is right, that one is a fair coin. All
    permutations are summed by the binomial instead of sampled (McNemar's exact test).
    """
    right, baseline_right = answer == label, baseline == label
    wins = int((right & ~baseline_right).sum())
    losses = int((~right & baseline_right).sum())
    if wins + losses == 0:
        return 1.0
    return float(binomtest(wins, wins + losses, alternative="greater").pvalue)


def _macro_f1(answer: NDArray[np.int64], label: NDArray[np.int64], genres: NDArray[np.int64]) -> float:
    # scikit-learn's f1_score says the same in a hundred times the time, and a bootstrap asks 500 times.
    answered, true, hit = (
        np.bincount(np.searchsorted(genres, rows), minlength=len(genres))
        for rows in (answer, label, label[answer == label])
    )
    return float((2 * hit / np.maximum(answered + true, 1)).mean())
