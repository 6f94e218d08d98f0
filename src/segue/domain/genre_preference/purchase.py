"""Purchases of a store's customers as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEND_UNIT = 10_000
"""Units of spend in the store's currency; integers give the same sums on every database."""

NO_GENRE = -1
"""``genre_index`` of a track without a genre; it counts in totals only."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases of a store, one row per customer, invoice and genre.

    Attributes
    ----------
    customers : int64 (n_customers,)
        All requested customers, ascending, including those who never bought.
    genres : tuple of str
        Genre names, ascending; ``genre_index`` points into it.
    customer_id : int64 (n,)
        Ascending; a subset of ``customers``.
    at : datetime64[s] (n,)
        Time of the invoice, by the store's clock.
    genre_index : int32 (n,)
        Row of ``genres``, or ``NO_GENRE``.
    spend : int64 (n,)
        Amount in 1/``SPEND_UNIT`` of the store's currency; negative for refunds.
    quantity : int64 (n,)
        Number of tracks bought.
    """

    customers: NDArray[np.int64]
    genres: tuple[str, ...]
    customer_id: NDArray[np.int64]
    at: NDArray[np.datetime64]
    genre_index: NDArray[np.int32]
    spend: NDArray[np.int64]
    quantity: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> Purchases:
        """Return the rows where ``keep``, bool (n,), is True; customers and genres stay the same."""
        return replace(
            self,
            customer_id=self.customer_id[keep],
            at=self.at[keep],
            genre_index=self.genre_index[keep],
            spend=self.spend[keep],
            quantity=self.quantity[keep],
        )

    def of_customers(self, customers: NDArray[np.int64]) -> Purchases:
        """Return the purchases of ``customers``, int64, ascending, a subset of ``self.customers``."""
        kept = self.where(np.isin(self.customer_id, customers))
        return replace(kept, customers=customers)
