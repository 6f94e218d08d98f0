"""The first K items of the whole catalogue for every user, in batches of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.release.finite import check_finite, solving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.algorithm.kind import Scorer

NOTHING = -1
"""Fills the places for which a user has no item left to rank."""

_BATCH_BYTES = 32 * 2**20
_MAX_BATCH = 2048


def rank_catalogue(
    scorer: Scorer, histories: csr_matrix, users: NDArray[np.int64], k: int, masked: csr_matrix | None = None
) -> NDArray[np.int32]:
    """Rank all items that a user has not had, and return the first k.

    A user without items gets the items that most users have had, as in the functions' answers.
    One batch's scores and the four arrays of their size that ranking makes take about 160 MiB, whatever
    the number of users.

    Parameters
    ----------
    scorer : Scorer
    histories : csr_matrix (n_users, n_items)
        The items of every user that the scorer sees; they are never ranked again.
    users : int64 (b,)
        Rows of ``histories`` to answer for.
    k : int
    masked : csr_matrix (n_users, n_items), optional
        More pairs that must not be ranked, such as those of a validation part.

    Returns
    -------
    int32 (b, k)
        Item indices, best first; ``NOTHING`` after the last item that could be ranked.

    Raises
    ------
    TrainingError
        A score is not finite: no order of them means anything.
    """
    ranking = np.empty((len(users), k), np.int32)
    for part, scores in _scores(scorer, histories, users):
        scores[_cells(histories[users[part]])] = -np.inf
        if masked is not None:
            scores[_cells(masked[users[part]])] = -np.inf
        ranking[part] = top_k(scores, k)
    return ranking


def rank_candidates(
    scorer: Scorer, histories: csr_matrix, users: NDArray[np.int64], k: int, candidates: csr_matrix
) -> NDArray[np.int32]:
    """Rank some items only, those that the user has had among them, and return the first k.

    Parameters
    ----------
    scorer, histories, users, k
        As in `rank_catalogue`.
    candidates : csr_matrix (n_users, n_items)
        Non-zero where the item is ranked for the user.

    Returns
    -------
    int32 (b, k)
        Item indices, best first, then ``NOTHING``.
    """
    ranking = np.empty((len(users), k), np.int32)
    for part, scores in _scores(scorer, histories, users):
        cells = _cells(candidates[users[part]])
        kept = np.full_like(scores, -np.inf)
        kept[cells] = scores[cells]
        ranking[part] = top_k(kept, k)
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


def _scores(
    scorer: Scorer, histories: csr_matrix, users: NDArray[np.int64]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield which of the users, and their scores to write into, float32 (b, n_items)."""
    batch = max(1, min(_MAX_BATCH, _BATCH_BYTES // (4 * histories.shape[1])))
    stranger = np.diff(histories.indptr)[users] == 0
    popular = np.bincount(histories.indices, minlength=histories.shape[1]).astype(np.float32)
    for start in range(0, len(users), batch):
        part = slice(start, start + batch)
        with solving("weights"):  # a copy: the scorer may own what it returns
            scores = np.array(scorer.scores(histories[users[part]]), np.float32)
        check_finite(scores, "weights", "scores")
        scores[stranger[part]] = popular
        yield part, scores


def _cells(pairs: csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    return np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr)), pairs.indices
