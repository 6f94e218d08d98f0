"""Exact search, and the recall of another beside it."""

from __future__ import annotations

import numpy as np

from segue.domain.vector.nearest import ExactSearch, recall_of

VECTORS = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)


def test_exact_search_is_a_full_sort() -> None:
    queries = VECTORS[:3]
    rows, products = ExactSearch(VECTORS).search(queries, 7)
    for query, found, product in zip(queries, rows, products, strict=True):
        assert found.tolist() == np.argsort(-(VECTORS @ query), kind="stable")[:7].tolist()
        assert (product == (VECTORS @ query)[found]).all()


def test_recall_counts_what_is_found_of_the_true_best() -> None:
    wanted = [np.array(rows, np.int32) for rows in ([1, 2, 3, 4], [5, 6, 7, 8])]
    assert recall_of(wanted, wanted) == 1
    assert recall_of([np.array([4, 9, 1]), np.array([0])], wanted) == 0.25
