"""Exact search, and the recall of another beside it."""

from __future__ import annotations

import numpy as np

from segue.domain.nearest import ExactSearch, search_recall

VECTORS = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)


class Lazy:
    """Looks at the first half only."""

    def search(self, queries, n):
        return ExactSearch(VECTORS[:25]).search(queries, n)


def test_exact_search_is_a_full_sort() -> None:
    queries = VECTORS[:3]
    rows, products = ExactSearch(VECTORS).search(queries, 7)
    for query, found, product in zip(queries, rows, products, strict=True):
        assert found.tolist() == np.argsort(-(VECTORS @ query), kind="stable")[:7].tolist()
        assert (product == (VECTORS @ query)[found]).all()


def test_recall_counts_what_is_found_of_the_true_best() -> None:
    exact = ExactSearch(VECTORS)
    assert search_recall(exact, exact, VECTORS[:5], 10) == 1
    true = [set(np.argsort(-(VECTORS @ query))[:10].tolist()) for query in VECTORS[:5]]
    share = np.mean([len([row for row in rows if row < 25]) / 10 for rows in true])
    assert search_recall(Lazy(), exact, VECTORS[:5], 10) == share
