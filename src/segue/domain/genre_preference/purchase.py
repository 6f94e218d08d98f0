"""What customers bought, as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEND_UNIT = 10_000
"""Spend is counted in 1/10000 of the store's currency: integers add up alike on every database."""

NO_GENRE = -1
"""``genre_index`` of a track that carries no genre: it counts in totals, in no genre's share."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases of a store, one row per customer, invoice and genre.

    Attributes
    ----------
    customers : int64 (n_customers,)
        Every customer asked for, ascending, including those who never bought.
    genres : tuple of str
        Genre names, ascending; ``genre_index`` points into it.
    customer_id : int64 (n,)
        Ascending; a subset of ``customers``.
    at : datetime64[s] (n,)
        When the invoice was written, as the store's clock has it.
    genre_index : int32 (n,)
        Row of ``genres``, or ``NO_GENRE``.
    spend : int64 (n,)
        In 1/``SPEND_UNIT`` of the store's currency; negative for refunds.
    quantity : int64 (n,)
        Tracks bought.
    """

    customers: NDArray[np.int64]
    genres: tuple[str, ...]
    customer_id: NDArray[np.int64]
    at: NDArray[np.datetime64]
    genre_index: NDArray[np.int32]
    spend: NDArray[np.int64]
    quantity: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> Purchases:
        """Return the rows that ``keep`` (bool (n,)) marks; customers and genres stay."""
        return replace(
            self,
            customer_id=self.customer_id[keep],
            at=self.at[keep],
            genre_index=self.genre_index[keep],
            spend=self.spend[keep],
            quantity=self.quantity[keep],
        )

    def of_customers(self, customers: NDArray[np.int64]) -> Purchases:
        """Return what ``customers`` (int64, ascending, a subset of ``self.customers``) bought."""
        kept = self.where(np.isin(self.customer_id, customers))
        return replace(kept, customers=customers)

    @property
    def buyers(self) -> NDArray[np.int64]:
        """Customers with at least one purchase, int64 (n_buyers,), ascending."""
        return np.unique(self.customer_id)
