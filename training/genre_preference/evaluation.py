"""How good an answer is: accuracy, macro F1, intervals, and whether one beats another by more than luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RESAMPLES = 500

RECALLED_FROM = 10
"""Test customers that a genre needs before its recall is held against a model."""


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
    return _bootstrapped((answer,), label, seed, lambda scores: scores[0])


def macro_f1_difference(
    answer: NDArray[np.int64], other: NDArray[np.int64], label: NDArray[np.int64], seed: int
) -> Estimate:
    """Estimate by how much the macro F1 of ``answer`` is greater than that of ``other``, paired by customer.

    The bootstrap is that of `macro_f1`.
    """
    return _bootstrapped((answer, other), label, seed, lambda scores: scores[0] - scores[1])


@dataclass(frozen=True, slots=True)
class WorstRecall:
    """The genre, by its row ``index``, that is recalled least of those with ``RECALLED_FROM`` customers."""

    index: int
    recall: float
    support: int


def worst_recall(answer: NDArray[np.int64], label: NDArray[np.int64]) -> WorstRecall | None:
    """Find the genre that is recalled least; None if every genre has too few customers."""
    support = np.bincount(label)
    hit = np.bincount(label[answer == label], minlength=len(support))
    recall = np.where(support >= RECALLED_FROM, hit / np.maximum(support, 1), np.inf)
    worst = int(recall.argmin())
    if not np.isfinite(recall[worst]):
        return None
    return WorstRecall(worst, float(recall[worst]), int(support[worst]))


def calibration_error(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error (Naeini et al. 2015) over ten bins of equal width, in [0, 1].

    Parameters
    ----------
    stated : float64 (n,)
        The probability that each answer was given with.
    right : bool (n,)
    """
    bins = np.minimum((stated * 10).astype(np.int64), 9)
    gaps = np.bincount(bins, stated) - np.bincount(bins, right)
    return float(np.abs(gaps).sum() / len(stated))


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


def _bootstrapped(
    answers: tuple[NDArray[np.int64], ...],
    label: NDArray[np.int64],
    seed: int,
    combine: Callable[[list[NDArray[np.float64]]], NDArray[np.float64]],
) -> Estimate:
    rng = np.random.default_rng(seed)
    # Customers who are alike in label and answers are one cell: drawing customers is drawing cell counts.
    cells, counts = np.unique(np.stack([label, *answers]), axis=1, return_counts=True)
    genres = np.unique(cells)
    draws = np.zeros((RESAMPLES, len(counts)))
    for genre in np.unique(label):
        members = cells[0] == genre
        customers = counts[members].sum()
        draws[:, members] = rng.multinomial(customers, counts[members] / customers, RESAMPLES)
    draws = np.vstack([counts, draws])  # the first row is the estimate itself
    scores = combine([_macro_f1(cells[1 + i], cells[0], draws, genres) for i in range(len(answers))])
    low, high = np.quantile(scores[1:], (0.025, 0.975))
    return Estimate(float(scores[0]), float(low), float(high), len(label))


def _macro_f1(
    answer: NDArray[np.int64], label: NDArray[np.int64], draws: NDArray[np.float64], genres: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the macro F1 of each row of ``draws``, float64 (n_draws, n_cells), over genres met."""
    is_answer, is_label = answer[:, None] == genres, label[:, None] == genres
    met = (is_answer | is_label).any(axis=0)
    hit = draws @ (is_answer & is_label)[:, met]
    either = draws @ (is_answer.astype(np.float64) + is_label)[:, met]
    score: NDArray[np.float64] = (2 * hit / np.maximum(either, 1)).mean(axis=1)
    return score
