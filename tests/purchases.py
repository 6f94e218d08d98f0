"""Purchases that tests make up: by hand, and at random with a known rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.genre_preference.purchase import Purchases

if TYPE_CHECKING:
    from collections.abc import Iterable

GENRES = ("Blues", "Jazz", "Metal", "Rock")
Row = tuple[int, str, int, int, int]

STAY = np.stack([np.eye(len(GENRES)) / 2] * 2)
"""A drift under which nothing changes."""
ROWS: list[Row] = [
    (1, "2025-01-01", 3, 20_000, 2),
    (1, "2025-01-02", 1, 30_000, 3),
    (2, "2025-01-01", 0, 10_000, 1),
    (2, "2025-01-01", 3, 10_000, 1),
    (3, "2025-01-05", 2, 50_000, 5),
    (3, "2025-01-06", 2, -60_000, -6),
    (4, "2025-01-07", -1, 9_900, 1),
]
"""Two genres, a tie, a refund, and a track without a genre: customers 1 to 4."""


def purchases(
    rows: Iterable[Row], *, customers: Iterable[int] = (), genres: tuple[str, ...] = GENRES
) -> Purchases:
    """Build from (customer, day 'YYYY-MM-DD', row of ``genres`` or -1, spend in units, quantity)."""
    rows = sorted(rows)
    ids, days, genre, spend, quantity = zip(*rows, strict=True) if rows else ((),) * 5
    return Purchases(
        customers=np.array(sorted({*customers, *ids}), np.int64),
        genres=genres,
        customer_id=np.array(ids, np.int64),
        at=np.array(days, "datetime64[s]"),
        genre_index=np.array(genre, np.int32),
        spend=np.array(spend, np.int64),
        quantity=np.array(quantity, np.int64),
    )


def random_store(n_customers: int, *, learnable: bool, seed: int = 0) -> Purchases:
    """Make customers with a taste before day 60 and after.

    With probability 0.6 a purchase is of the customer's genre, else of any. If ``learnable``, each moves
    on to the next genre, which no baseline can know; otherwise everybody's genre is Rock.
    """
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for customer in range(1, n_customers + 1):
        taste = int(rng.integers(len(GENRES)))
        for day in range(0, 100, 4):
            own = (taste + day // 50) % len(GENRES) if learnable else 3
            genre = own if rng.random() < 0.6 else int(rng.integers(len(GENRES)))
            at = str(np.datetime64("2025-01-01") + int(day + rng.integers(4)))
            rows.append((customer, at, genre, 9900, 1))
    return purchases(rows)
