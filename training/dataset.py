"""From purchases to examples: cuts in time, so that no label ever leaks into a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.genre_preference import UNKNOWN, favourite_genre
from segue.errors import NotEnoughDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.purchase import Purchases

TEST_FROM, TRAIN_FROM = 0.8, 0.6
"""Shares of the purchases, in time order, before the test's labels and before the training's."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Customers who bought both before a cut and after it.

    Attributes
    ----------
    history : Purchases
        Everything these customers bought before the cut; ``history.customers`` has n of them.
    label : int64 (n,)
        Row of ``history.genres``: the genre of the greatest spend after the cut.
    cut, until : datetime64[s]
        The history ends before ``cut``; labels begin there and end before ``until``.
    """

    history: Purchases
    label: NDArray[np.int64]
    cut: np.datetime64
    until: np.datetime64

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.label)


def build_examples(purchases: Purchases, cut: np.datetime64, until: np.datetime64) -> Examples:
    """Pair what customers bought before ``cut`` with what they preferred from there to ``until``."""
    before = purchases.where(purchases.at < cut)
    after = purchases.where((purchases.at >= cut) & (purchases.at < until))
    label = favourite_genre(after)
    keep = (favourite_genre(before) != UNKNOWN) & (label != UNKNOWN)
    return Examples(before.of_customers(purchases.customers[keep]), label[keep], cut, until)


def split_by_time(purchases: Purchases) -> tuple[Examples, Examples]:
    """Split into training examples and later test examples by two cuts in time.

    The training's labels end where the test's begin, so nothing the forest saw happened after the
    moment at which it is tested.

    Raises
    ------
    NotEnoughDataError
        There are no purchases, only one genre, or nobody bought on both sides of a cut.
    """
    if not len(purchases.at):
        raise NotEnoughDataError(
            f"none of the store's {len(purchases.customers)} customers has a purchase: nothing to learn from."
        )
    bought = np.unique(purchases.genre_index[purchases.genre_index >= 0])
    if len(bought) < 2:
        only = repr(purchases.genres[bought[0]]) if len(bought) else "no genre at all"
        raise NotEnoughDataError(f"every purchase is of {only}: there is no preference to learn.")
    in_order = np.sort(purchases.at)
    train_cut, test_cut = (in_order[int(len(in_order) * share)] for share in (TRAIN_FROM, TEST_FROM))
    end = in_order[-1] + np.timedelta64(1, "s")
    train, test = build_examples(purchases, train_cut, test_cut), build_examples(purchases, test_cut, end)
    for name, examples in (("training", train), ("test", test)):
        if len(examples) < 2:
            raise NotEnoughDataError(
                f"{len(examples)} customers spent anything before and after the {name} cut, {examples.cut}: "
                "train again when more customers have come back."
            )
    return train, test
