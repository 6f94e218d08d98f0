"""The best items of a score vector, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_GROUPS_PER_ITEM = 8


def top_n(scores: NDArray[np.float32], n: int, exclude: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
    """Return the ``n`` best items, best first, as a full stable sort would, in O(n_items).

    Parameters
    ----------
    scores : float32 (n_items,)
        Without NaN; an item with -inf is never returned.
    n : int
        How many, ≥ 0.
    exclude : int32 (any,), optional
        Rows never returned.

    Returns
    -------
    int32 (min(n, what is left),)
        Rows of ``scores``; of equal ones the lower row comes first.
    """
    allowed = scores
    if exclude is not None:
        allowed = scores.copy()
        allowed[exclude] = -np.inf
    rows = _at_least(allowed, n)
    rows = rows[allowed[rows] > -np.inf]
    best: NDArray[np.int32] = rows[np.argsort(-allowed[rows], kind="stable")[:n]].astype(np.int32)
    return best


def _at_least(scores: NDArray[np.float32], n: int) -> NDArray[np.intp]:
    """Rows, ascending, that hold the ``n`` best and all that tie with them, and few others."""
    n_groups = _GROUPS_PER_ITEM * n
    if not 0 < n_groups < len(scores):
        return np.arange(len(scores))
    # The n-th best of the groups' bests is no better than the n-th best of all: one pass finds it, where
    # a partition of all scores moves them about first.
    best = scores[: len(scores) // n_groups * n_groups].reshape(-1, n_groups).max(axis=0)
    return np.flatnonzero(scores >= np.partition(best, n_groups - n)[n_groups - n])
