"""The first K items of the whole catalogue for every user, in batches of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.recommender.protocol import Scorer

NOTHING = -1
"""Stands where a user has no item left to be ranked."""

_BATCH_BYTES = 32 * 2**20
_MAX_BATCH = 2048


def rank_catalogue(
    scorer: Scorer, histories: csr_matrix, users: NDArray[np.int64], k: int, masked: csr_matrix | None = None
) -> NDArray[np.int32]:
    """Rank all items that a user has not had, and return the first k.

    One batch's scores and the four arrays of their size that ranking makes take about 160 MiB, whatever
    the number of users.

    Parameters
    ----------
    scorer : Scorer
    histories : csr_matrix (n_users, n_items)
        What the scorer sees of every user; never ranked again.
    users : int64 (b,)
        Rows of ``histories`` to answer for.
    k : int
    masked : csr_matrix (n_users, n_items), optional
        More pairs that must not be ranked, such as those of a validation part.

    Returns
    -------
    int32 (b, k)
        Item indices, best first; ``NOTHING`` after the last item that could be ranked.
    """
    n_items = histories.shape[1]
    batch = max(1, min(_MAX_BATCH, _BATCH_BYTES // (4 * n_items)))
    ranking = np.empty((len(users), k), np.int32)
    for start in range(0, len(users), batch):
        rows = users[start : start + batch]
        history = histories[rows]
        scores = np.array(scorer.scores(history), np.float32)  # a copy: the scorer may own what it returns
        _mask(scores, history)
        if masked is not None:
            _mask(scores, masked[rows])
        ranking[start : start + batch] = top_k(scores, k)
    return ranking


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    """Order the k best columns of every row; the same scores always give the same answer.

    Equal scores are ordered by column, so neither the batch nor the partition's pivot decides. NaN and
    -inf are no scores: such a column is never ranked.

    Parameters
    ----------
    scores : float32 (b, n_items)
    k : int

    Returns
    -------
    int32 (b, k)
        Columns, best first, then ``NOTHING``.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    width = min(k, known.shape[1])
    least = np.partition(known, known.shape[1] - width, axis=1)[:, [known.shape[1] - width]]
    kept = known >= least
    crowded = np.flatnonzero(kept.sum(axis=1) > width)
    if len(crowded):  # more columns tie for the last places than there are places: the first of them
        above = known[crowded] > least[crowded]
        tied = kept[crowded] & ~above
        places = width - above.sum(axis=1, keepdims=True)
        kept[crowded] = above | (tied & (tied.cumsum(axis=1, dtype=np.int32) <= places))
    columns = np.nonzero(kept)[1].reshape(len(known), width)
    values = np.take_along_axis(known, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.full((len(known), k), NOTHING, np.int32)
    ranked[:, :width] = np.take_along_axis(columns, order, axis=1)
    ranked[:, :width][np.isneginf(np.take_along_axis(values, order, axis=1))] = NOTHING
    return ranked


def _mask(scores: NDArray[np.float32], pairs: csr_matrix) -> None:
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    scores[rows, pairs.indices] = -np.inf
