"""Metrics of a ranked list of K items against what the user later had.

``rel`` is the user's set of relevant items, ``hit_j`` is 1 if the item at place j is one of them. Definitions
and their sources are in ``docs/evaluation.md``. A metric that has no meaning for a user is NaN for them, and
is the mean over the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ACCURACY = ("recall", "precision", "ndcg", "mrr", "hit_rate", "map")
"""Metrics of each user's list against the truth."""

CALIBRATION_SMOOTHING = 0.01
"""α of Steck (2018): how much of the history is mixed into the list, so that no group is missing in it."""

_CHUNK_NUMBERS = 2**22


def accuracy_of_users(ranking: NDArray[np.int32], relevant: csr_matrix) -> dict[str, NDArray[np.float64]]:
    """Measure each user's list.

    recall = hits / |rel|; precision = hits / K; ndcg = DCG / ideal DCG with gain 1 and discount
    log2(1 + j), where the ideal list holds min(|rel|, K) hits; mrr = 1 / place of the first hit, or 0;
    hit_rate = 1 if there is a hit; map = sum of the precision at each hit / min(|rel|, K).

    Parameters
    ----------
    ranking : int32 (n, K)
        Item indices, best first, none twice in a row; negative means no item.
    relevant : csr_matrix (n, n_items)
        Non-zero where the item is relevant to the user; every row has one.

    Returns
    -------
    dict of str to float64 (n,)
        By the names in ``ACCURACY``, each in [0, 1].
    """
    k = ranking.shape[1]
    hits = find_hits(ranking, relevant).astype(np.float64)
    place = np.arange(1, k + 1)
    n_relevant = np.diff(relevant.indptr)
    possible = np.minimum(n_relevant, k)
    discount = 1 / np.log2(1 + place)
    found = hits.sum(axis=1)
    return {
        "recall": found / n_relevant,
        "precision": found / k,
        "ndcg": hits @ discount / np.cumsum(discount)[possible - 1],
        "mrr": (hits / place).max(axis=1),
        "hit_rate": (found > 0).astype(np.float64),
        "map": (hits * hits.cumsum(axis=1) / place).sum(axis=1) / possible,
    }


def find_hits(ranking: NDArray[np.int32], relevant: csr_matrix) -> NDArray[np.bool_]:
    """Tell which places hold a relevant item, bool (n, K)."""
    n_items = relevant.shape[1]
    truth_users = np.repeat(np.arange(len(ranking), dtype=np.int64), np.diff(relevant.indptr))
    truth = truth_users * n_items + relevant.indices
    pairs = np.arange(len(ranking), dtype=np.int64)[:, None] * n_items + ranking
    hits: NDArray[np.bool_] = np.isin(pairs, truth) & (ranking >= 0)
    return hits


def novelty_of_users(ranking: NDArray[np.int32], train: csr_matrix) -> NDArray[np.float64]:
    """Return the mean surprise -log2 p(item) of each user's list, in bits, float64 (n,).

    p is the share of training users who had the item, at least one of them. An empty list surprises by 0.
    """
    share = np.maximum(item_counts(train), 1) / train.shape[0]
    surprise = np.where(ranking >= 0, -np.log2(share)[ranking], 0.0)
    mean: NDArray[np.float64] = surprise.sum(axis=1) / np.maximum((ranking >= 0).sum(axis=1), 1)
    return mean


def diversity_of_users(ranking: NDArray[np.int32], features: csr_matrix) -> NDArray[np.float64]:
    """Return the mean distance 1 - cosine of all pairs of each user's list, float64 (n,), in [0, 1].

    The cosines of a list add up without a look at its pairs: for unit vectors, Σ_{i≠j} x_i·x_j is
    |Σ x_i|² - their number. 30 000 lists of 20 take a few seconds.

    Parameters
    ----------
    ranking : int32 (n, K)
        Item indices; negative means no item.
    features : csr_matrix float64 (n_items, n_features)
        Rows ≥ 0 of length 1, or 0 where nothing is known of the item: it is in no pair.

    Returns
    -------
    float64 (n,)
        NaN where fewer than two items of the list are known.
    """
    n_features = np.diff(features.indptr)
    lists = _as_matrix(ranking, features.shape[0])
    similarity = np.zeros(len(ranking))
    for rows in _chunks(lists @ n_features):
        total = lists[rows] @ features
        similarity[rows] = total.multiply(total).sum(axis=1).A1
    n_known = lists @ (n_features > 0)
    pairs = np.where(n_known > 1, n_known * (n_known - 1), np.nan)
    diversity: NDArray[np.float64] = np.clip(1 - (similarity - n_known) / pairs, 0, 1)
    return diversity


def calibration_of_users(
    ranking: NDArray[np.int32], histories: csr_matrix, groups: csr_matrix
) -> NDArray[np.float64]:
    """Return how far the groups in each list are from those in the history, in nats; 0 is as in the history.

    KL(p || q̃) = Σ_g p(g) ln(p(g) / q̃(g)), q̃ = (1 - α) q + α p, where p and q are the mean of p(g | item)
    over the history and over the list (Steck, "Calibrated recommendations", RecSys 2018, eq. 2-4), each item
    weighing 1. A list without a known item has q = 0 and gets the worst value, ln(1 / α) = 4.6.

    Parameters
    ----------
    ranking : int32 (n, K)
        Item indices; negative means no item.
    histories : csr_matrix (n, n_items)
        Non-zero where the user had the item; rows as in ``ranking``.
    groups : csr_matrix float64 (n_items, n_groups)
        p(g | item); a row sums to 1, or to 0 where nothing is known of the item.

    Returns
    -------
    float64 (n,)
        NaN where no item of the history is known.
    """
    lists = _as_matrix(ranking, groups.shape[0])
    had = csr_matrix((np.ones(histories.nnz), histories.indices, histories.indptr), shape=histories.shape)
    divergence = np.empty(len(ranking))
    for rows in _chunks(np.full(len(ranking), groups.shape[1])):
        p, q = (_shares((part[rows] @ groups).toarray()) for part in (had, lists))
        smooth = (1 - CALIBRATION_SMOOTHING) * q + CALIBRATION_SMOOTHING * p
        ratio = np.divide(p, smooth, out=np.ones_like(p), where=p > 0)
        divergence[rows] = np.where(p.any(axis=1), (p * np.log(ratio)).sum(axis=1), np.nan)
    return divergence


def coverage(ranking: NDArray[np.int32], n_items: int) -> float:
    """Return the share of the catalogue that is in at least one list, in [0, 1]."""
    return len(np.unique(ranking[ranking >= 0])) / n_items


def gini(ranking: NDArray[np.int32], n_items: int) -> float:
    """Return the Gini index of how often each item of the catalogue is ranked.

    0 is all alike, (n - 1) / n is one item in every place, and 0 where nothing is ranked.
    """
    times = np.sort(np.bincount(ranking[ranking >= 0], minlength=n_items)).astype(np.float64)
    total = times.sum()
    if total == 0:
        return 0.0
    rank = np.arange(1, n_items + 1)
    return float((2 * rank - n_items - 1) @ times / (n_items * total))


def item_counts(train: csr_matrix) -> NDArray[np.int64]:
    """Count each item's users, int64 (n_items,); a matrix holds a pair once."""
    return np.bincount(train.indices, minlength=train.shape[1])


def _as_matrix(ranking: NDArray[np.int32], n_items: int) -> csr_matrix:
    """Return the lists as float64 (n, n_items), 1 where an item is in the list."""
    user, place = np.nonzero(ranking >= 0)
    return csr_matrix((np.ones(len(user)), (user, ranking[user, place])), shape=(len(ranking), n_items))


def _chunks(cost: NDArray[np.float64]) -> Iterator[slice]:
    """Cut rows into runs whose costs add up to some millions of numbers at most, or are one row."""
    chunk = np.cumsum(cost) // _CHUNK_NUMBERS
    starts = np.flatnonzero(np.diff(chunk, prepend=-1.0))
    yield from (slice(*ends) for ends in zip(starts, [*starts[1:], len(cost)], strict=True))


def _shares(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    total = amount.sum(axis=1, keepdims=True)
    share: NDArray[np.float64] = np.divide(amount, total, out=np.zeros_like(amount), where=total > 0)
    return share
