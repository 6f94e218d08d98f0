"""Learn the weight of each source in the ranker, from what listeners did later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from segue.errors import NotEnoughDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_EXAMPLES = 20
"""Least number of listeners. Weights from fewer would be noise."""

MIN_EXAMPLES_TO_REFINE = 100
"""Least number of listeners. With fewer, the mean of ranked lists is less certain than the first loss."""

_DECAY = 1e-3
_STEPS = (1.0, 0.5, 0.25, 0.12)
_FIRST = 0.05
"""First weight, as a part of the greatest, of a source that had none and is tried again."""

_LEAST_GAIN = 0.5
"""Number of standard errors over listeners by which a step must improve the mean."""


@dataclass(frozen=True, slots=True)
class Example:
    """One listener's candidates and which of them they went on to like.

    Attributes
    ----------
    features : float32 (m, n_sources)
        The output of `segue.domain.recommend.ranker.gather`.
    relevant : bool (m,)
        At least one True and one False.
    """

    features: NDArray[np.float32]
    relevant: NDArray[np.bool_]


def learn_weights(examples: Sequence[Example], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Find the weights ≥ 0 that rank the relevant candidates first, float32 (n_sources,).

    Minimises the mean of -log softmax(X w) over each listener's relevant candidates, plus a small
    multiple of |w|² (ListNet's top-one loss, Cao et al. 2007, with the relevant ones as the target). Every
    listener counts alike. The loss is convex: the same examples give the same weights.

    Parameters
    ----------
    examples : sequence of Example
    usable : bool (n_sources,)
        False for sources that must not count: their weight is 0.

    Raises
    ------
    NotEnoughDataError
        Fewer than `MIN_EXAMPLES` listeners: gather more interactions, or serve one source alone.
    """
    if len(examples) < MIN_EXAMPLES:
        raise NotEnoughDataError(
            f"{len(examples)} listeners went on to like a candidate, {MIN_EXAMPLES} are needed to weigh the "
            "sources: train on more interactions."
        )
    features = np.concatenate([each.features[:, usable] for each in examples]).astype(np.float64)
    sizes = np.array([len(each.relevant) for each in examples])
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    target = np.concatenate([each.relevant / each.relevant.sum() for each in examples])
    wanted = target @ features

    def loss(weight: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = features @ weight
        top = np.maximum.reduceat(score, start)
        power = np.exp(score - np.repeat(top, sizes))
        total = np.add.reduceat(power, start)
        gradient = (power / np.repeat(total, sizes)) @ features - wanted
        value = (np.log(total) + top).sum() - wanted @ weight
        n = len(examples)
        return float(value / n + _DECAY * weight @ weight), gradient / n + 2 * _DECAY * weight

    n_usable = features.shape[1]
    found = minimize(loss, np.ones(n_usable), jac=True, method="L-BFGS-B", bounds=[(0, None)] * n_usable)
    weights = np.zeros(len(usable), np.float32)
    weights[usable] = found.x
    return weights


def refine_weights(
    examples: Sequence[Example], usable: NDArray[np.bool_], start: NDArray[np.float32], k: int
) -> NDArray[np.float32]:
    """Move weights while the examples' mean NDCG@k grows, float32 (n_sources,), the greatest 1 to begin with.

    The loss of `learn_weights` asks for probabilities, and lets a source that is often a little right
    outweigh one that is right at the top. From its weights one at a time is raised, lowered or left out,
    whichever helps most, by smaller and smaller steps (coordinate ascent as in Metzler & Croft, "Linear
    feature-based models for information retrieval", 2007). Fewer than `MIN_EXAMPLES_TO_REFINE` examples
    change nothing.
    """
    if len(examples) < MIN_EXAMPLES_TO_REFINE or not start.any():
        return start
    lists = _Lists.of(examples, k)
    weight: NDArray[np.float32] = start / start.max()
    quality = lists.ndcg(lists.score(weight))
    for step in _STEPS:
        while better := _best_move(lists, weight, quality, usable, step):
            weight, quality = better
    return weight


def _best_move(
    lists: _Lists,
    weight: NDArray[np.float32],
    quality: NDArray[np.float64],
    usable: NDArray[np.bool_],
    step: float,
) -> tuple[NDArray[np.float32], NDArray[np.float64]] | None:
    best, best_gain = None, 0.0
    score = lists.score(weight)
    for source in np.flatnonzero(usable).tolist():
        now = float(weight[source])
        for value in {max(now, _FIRST) * (1 + step), now / (1 + step), 0.0} - {now}:
            moved = weight.copy()
            moved[source] = value
            moved_quality = lists.ndcg(score + np.float32(value - now) * lists.features[source])
            gain = moved_quality - quality
            noise = float(gain.std()) / len(gain) ** 0.5
            if gain.mean() > max(best_gain, _LEAST_GAIN * noise):
                best, best_gain = (moved, moved_quality), float(gain.mean())
    return best


@dataclass(frozen=True, slots=True)
class _Lists:
    """All examples in one array, the shorter filled up with candidates that stand last.

    ``features`` float32 (n_sources, n, m), ``penalty`` float32 (n, m), ``example`` and ``place`` int64 (r,)
    of the relevant candidates, ``earlier`` bool (r, m) what stands before each among equals, ``ideal``
    float64 (n,) the discounted gain of the best list.
    """

    features: NDArray[np.float32]
    penalty: NDArray[np.float32]
    example: NDArray[np.int64]
    place: NDArray[np.int64]
    earlier: NDArray[np.bool_]
    ideal: NDArray[np.float64]
    k: int

    @classmethod
    def of(cls, examples: Sequence[Example], k: int) -> _Lists:
        shape = len(examples), max(len(each.relevant) for each in examples)
        features = np.zeros((examples[0].features.shape[1], *shape), np.float32)
        penalty, relevant = np.full(shape, -np.inf, np.float32), np.zeros(shape, bool)
        for at, each in enumerate(examples):
            size = len(each.relevant)
            features[:, at, :size], relevant[at, :size] = each.features.T, each.relevant
            penalty[at, :size] = 0
        example, place = np.nonzero(relevant)
        best = np.cumsum(_discount(k))[np.minimum(relevant.sum(axis=1), k) - 1]
        return cls(features, penalty, example, place, np.arange(shape[1]) < place[:, None], best, k)

    def score(self, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return every candidate's score, float32 (n, m)."""
        score: NDArray[np.float32] = np.tensordot(weight, self.features, 1) + self.penalty
        return score

    def ndcg(self, score: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return NDCG@k of each example, float64 (n,), as `training.measure.metric` defines it."""
        own, all_of_it = score[self.example, self.place, None], score[self.example]
        before = np.count_nonzero((all_of_it > own) | ((all_of_it == own) & self.earlier), axis=1)
        gained = np.concatenate([_discount(self.k), [0.0]])[np.minimum(before, self.k)]
        total: NDArray[np.float64] = np.bincount(self.example, gained, len(score)) / self.ideal
        return total


def _discount(k: int) -> NDArray[np.float64]:
    discount: NDArray[np.float64] = 1 / np.log2(np.arange(2, k + 2))
    return discount
