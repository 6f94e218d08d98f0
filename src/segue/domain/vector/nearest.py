"""Finds the vectors with the greatest products with a query, exactly or with an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from numpy.typing import NDArray


MOST_EXACT = 20_000
"""Largest catalogue that is searched exactly for similar tracks: about 1 ms for vectors of 192 columns."""


class NearestSearch(Protocol):
    """Finds the rows of a fixed matrix whose products with a query are the greatest."""

    def search(
        self, queries: NDArray[np.float32], n: int
    ) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]]]:
        """Return up to ``n`` rows for each query, float32 (n_queries, d), best first, and their products."""


@dataclass(frozen=True, slots=True)
class ExactSearch:
    """Reads every row of ``vectors``, float32 (n_items, d): 5 ms for 100 000 × 128 on one core."""

    vectors: NDArray[np.float32]

    def search(
        self, queries: NDArray[np.float32], n: int
    ) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]]]:
        """See `NearestSearch`; for equal products the lower row comes first."""
        products = [self.vectors @ query for query in queries]
        rows = [top_n(product, n) for product in products]
        return rows, [product[best] for product, best in zip(products, rows, strict=True)]


def recall_of(found: list[NDArray[np.int32]], wanted: list[NDArray[np.int32]]) -> float:
    """Return the mean share of each query's wanted rows that was found, in [0, 1]."""
    return float(np.mean([np.isin(true, mine).mean() for true, mine in zip(wanted, found, strict=True)]))
