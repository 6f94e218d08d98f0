"""What a pair of user and item weighs in training."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DISCOUNT = 0.2
"""Chosen on the validation parts of Last.fm among 0.05 to 0.3, see docs/evaluation.md."""


class Weighting(StrEnum):
    """What a pair weighs in training: 1, ln(1 + its weight), its weight, or how its root compares.

    Play counts span five powers of ten, and as they stand one album played daily outweighs a whole taste.
    ``relative`` is the square root of the weight, divided by the mean of the user's: who plays much of
    everything counts no more than others, and what was played most counts some times what was played least.
    ``discounted`` divides the root by (the item's users)^`DISCOUNT` before that: what everybody has says less
    of a taste, as in the inverse document frequency of texts (Spärck Jones 1972), but more gently.
    """

    BINARY = "binary"
    LOG = "log"
    RAW = "raw"
    RELATIVE = "relative"
    DISCOUNTED = "discounted"


def weigh_pairs(train: csr_matrix, weighting: Weighting) -> csr_matrix:
    """Return a training part, float32 (n_users, n_items), with other weights of the same pairs."""
    weighed = train.copy()
    if weighting is Weighting.BINARY:
        weighed.data[:] = 1
    elif weighting is Weighting.LOG:
        weighed.data = np.log1p(weighed.data)
    elif weighting in {Weighting.RELATIVE, Weighting.DISCOUNTED}:
        weighed.data = np.sqrt(weighed.data)
        if weighting is Weighting.DISCOUNTED:
            weighed.data *= np.bincount(weighed.indices)[weighed.indices].astype(np.float32) ** -DISCOUNT
        count = np.diff(weighed.indptr)
        weighed.data /= np.repeat(np.asarray(weighed.sum(axis=1)).ravel() / np.maximum(count, 1), count)
    return weighed
