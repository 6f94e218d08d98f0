"""Metrics of a ranked list of K items against what the user later had.

``rel`` is the user's set of relevant items, ``hit_j`` is 1 if the item at place j is one of them. Definitions
and their sources are in ``docs/evaluation.md``; each is the mean over users with at least one relevant item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

ACCURACY = ("recall", "precision", "ndcg", "mrr", "hit_rate", "map")
"""Metrics of each user's list against the truth."""

NOVELTY = "novelty"


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
