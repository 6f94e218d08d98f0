"""Learn what each source's score weighs in the ranker, from what listeners did later."""

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
"""Listeners below whom weights would be noise."""

_DECAY = 1e-3


@dataclass(frozen=True, slots=True)
class Example:
    """One listener's candidates and which of them they went on to like.

    Attributes
    ----------
    features : float32 (m, n_sources)
        As `segue.domain.ranker.gather` makes them.
    relevant : bool (m,)
        At least one True and one False.
    """

    features: NDArray[np.float32]
    relevant: NDArray[np.bool_]


def learn_weights(examples: Sequence[Example], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Find the weights ≥ 0 under which the relevant candidates stand first, float32 (n_sources,).

    Minimises the mean of -log softmax(X w) over each listener's relevant candidates, plus a small
    multiple of |w|² (ListNet's top-one loss, Cao et al. 2007, with the relevant ones as the target). Every
    listener counts alike. The loss is convex: the same examples give the same weights.

    Parameters
    ----------
    examples : sequence of Example
    usable : bool (n_sources,)
        False for sources that must have no say: their weight is 0.

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
