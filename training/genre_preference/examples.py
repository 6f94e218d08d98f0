"""From purchases to examples: cuts in time, so that no label ever leaks into a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.genre_preference.features import UNKNOWN, favourite_genre
from segue.errors import NotEnoughDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.genre_preference.purchase import Purchases

TEST_FROM = 0.8
"""Share of the purchases, in time order, before the test's labels begin; they end with the last purchase."""

LATEST_WINDOW = (0.6, 0.8)
TRAIN_WINDOWS = ((0.4, 0.6), (0.5, 0.7), LATEST_WINDOW, (0.7, 0.8))
"""Shares of the purchases before each window of training labels begins and ends. The last window is half as
long, and nearer to the test."""


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

    def of_customers(self, keep: NDArray[np.bool_]) -> Examples:
        """Return the examples of the customers that ``keep``, bool (n,), marks."""
        history = self.history.of_customers(self.history.customers[keep])
        return Examples(history, self.label[keep], self.cut, self.until)


def build_examples(purchases: Purchases, cut: np.datetime64, until: np.datetime64) -> Examples:
    """Pair what customers bought before ``cut`` with what they preferred from there to ``until``."""
    before = purchases.where(purchases.at < cut)
    after = purchases.where((purchases.at >= cut) & (purchases.at < until))
    label = favourite_genre(after)
    keep = (favourite_genre(before) != UNKNOWN) & (label != UNKNOWN)
    return Examples(before.of_customers(purchases.customers[keep]), label[keep], cut, until)


@dataclass(frozen=True, slots=True)
class CustomerSplit:
    """Examples to learn from, oldest cut first, and later ones to be tested on.

    Attributes
    ----------
    train : tuple of Examples
        All whose labels end where the test begins, or before.
    latest : Examples
        Of ``train``, the last with labels over as many purchases as the test's.
    test : Examples
    """

    train: tuple[Examples, ...]
    latest: Examples
    test: Examples

    @property
    def label(self) -> NDArray[np.int64]:
        """The labels of all training examples, in their order."""
        return np.concatenate([examples.label for examples in self.train])


def split_by_time(purchases: Purchases) -> CustomerSplit:
    """Cut the purchases in time, several times for training and once, later, for the test.

    A customer is an example at each cut with purchases on both sides. All labels of the training end
    before the test's begin, so nothing the model saw happened after the moment at which it is tested.

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
    end = in_order[-1] + np.timedelta64(1, "s")
    windows = {
        window: build_examples(purchases, *in_order[[int(share * len(in_order)) for share in window]])
        for window in TRAIN_WINDOWS
    }
    test = build_examples(purchases, in_order[int(TEST_FROM * len(in_order))], end)
    latest = windows[LATEST_WINDOW]
    for name, examples in (("training", latest), ("test", test)):
        if len(examples) < 2:
            raise NotEnoughDataError(
                f"{len(examples)} customers spent anything before and after the {name} cut, {examples.cut}: "
                "train again when more customers have come back."
            )
    return CustomerSplit(tuple(examples for examples in windows.values() if len(examples)), latest, test)
