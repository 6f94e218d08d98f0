"""Which genre a customer will spend most on next: features, baselines and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from segue.domain.purchase import NO_GENRE, SPEND_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.purchase import Purchases

UNKNOWN = -1
"""Label of a customer who bought nothing that carries a genre."""


class Answerer(StrEnum):
    """Who answers: the model, or a baseline that does as well on this store's data."""

    FOREST = "forest"
    OWN_PAST_FAVOURITE = "own_past_favourite"
    MOST_COMMON_GENRE = "most_common_genre"


class Classifier(Protocol):
    """A fitted classifier, whatever runs it."""

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return P(class) as float32 (n, n_classes), rows summing to 1, for float32 (n, n_features)."""


@dataclass(frozen=True, slots=True)
class GenrePreference:
    """A trained model of genre preference, with what it falls back on.

    Attributes
    ----------
    genres : tuple of str
        The store's genres when trained; one share feature each, in this order.
    classes : tuple of str
        Genres that the classifier can name, in the order of its probabilities.
    genre_share : float64 (n_genres,)
        Share of customers whose favourite each genre was, in training; sums to 1.
    answerer : Answerer
        Who answers for customers with purchases, as the gate decided.
    classifier : Classifier
        The random forest.
    """

    genres: tuple[str, ...]
    classes: tuple[str, ...]
    genre_share: NDArray[np.float64]
    answerer: Answerer
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class GenreAnswer:
    """An answer; ``probabilities`` maps genre to [0, 1], greatest first, and sums to 1."""

    genre: str
    probabilities: dict[str, float]
    answered_by: Answerer
    because: str


def feature_names(genres: tuple[str, ...]) -> tuple[str, ...]:
    """Name the columns of `build_features`."""
    return ("total_spent", "total_tracks", *(f"share of {genre}" for genre in genres))


def build_features(purchases: Purchases, genres: tuple[str, ...]) -> NDArray[np.float32]:
    """Describe each of ``purchases.customers`` by what they bought.

    Returns
    -------
    float32 (n_customers, 2 + n_genres)
        Total spent, in the store's currency; total tracks bought, a count; then for each of ``genres``
        its share in the spending, in [0, 1]. Refunds never make a share negative; purchases without a
        genre, and genres that ``genres`` does not know, count in the totals only.
    """
    row = np.searchsorted(purchases.customers, purchases.customer_id)
    spent = np.zeros(len(purchases.customers), np.int64)
    tracks = np.zeros(len(purchases.customers), np.int64)
    np.add.at(spent, row, purchases.spend)
    np.add.at(tracks, row, purchases.quantity)
    by_genre = spend_by_genre(purchases)
    total = np.maximum(by_genre.sum(axis=1) + _spend_without_genre(purchases, row), 1)
    column = {genre: index for index, genre in enumerate(purchases.genres)}
    features = np.zeros((len(spent), 2 + len(genres)), np.float32)
    features[:, 0] = spent / SPEND_UNIT
    features[:, 1] = tracks
    for index, genre in enumerate(genres):
        if genre in column:
            features[:, 2 + index] = by_genre[:, column[genre]] / total
    return features


def spend_by_genre(purchases: Purchases) -> NDArray[np.int64]:
    """Sum what each customer spent on each genre, int64 (n_customers, n_genres), ≥ 0, in spend units."""
    spend = np.zeros((len(purchases.customers), len(purchases.genres)), np.int64)
    known = purchases.genre_index != NO_GENRE
    row = np.searchsorted(purchases.customers, purchases.customer_id[known])
    np.add.at(spend, (row, purchases.genre_index[known]), purchases.spend[known])
    return np.maximum(spend, 0)


def favourite_genre(purchases: Purchases) -> NDArray[np.int64]:
    """Return the genre each customer spent most on, int64 (n_customers,), or ``UNKNOWN``.

    Of equal genres the first by name wins, so that an answer does not depend on the database's order.
    """
    spend = spend_by_genre(purchases)
    if not spend.shape[1]:
        return np.full(len(spend), UNKNOWN)
    return np.where(spend.max(axis=1) > 0, spend.argmax(axis=1), UNKNOWN)


def predict_genre(model: GenrePreference, purchases: Purchases) -> GenreAnswer:
    """Answer for the one customer of ``purchases``.

    The model's answerer speaks, except for a customer without purchases in a genre, of whom nothing
    is known: they get the store's most common genre.
    """
    favourite = int(favourite_genre(purchases)[0])
    if favourite == UNKNOWN:
        because = "the customer has no purchases in any genre: this is the store's most common one"
        return _most_common(model, because)
    if model.answerer is Answerer.MOST_COMMON_GENRE:
        return _most_common(model, "no model does better than the store's most common genre on its data")
    if model.answerer is Answerer.OWN_PAST_FAVOURITE:
        share = build_features(purchases, purchases.genres)[0, 2:]
        because = "no model does better than a customer's own past favourite on this store's data"
        return _answer(purchases.genres, share / share.sum(), Answerer.OWN_PAST_FAVOURITE, because)
    probabilities = model.classifier.probabilities(build_features(purchases, model.genres))[0]
    return _answer(model.classes, probabilities, Answerer.FOREST, "the model, from all purchases up to now")


def predict_genres(model: GenrePreference, purchases: Purchases) -> list[str]:
    """Answer as `predict_genre` does for every one of ``purchases.customers``, in their order."""
    favourite = favourite_genre(purchases)
    common = model.genres[int(model.genre_share.argmax())]
    if model.answerer is Answerer.FOREST:
        probabilities = model.classifier.probabilities(build_features(purchases, model.genres))
        names = [model.classes[index] for index in probabilities.argmax(axis=1)]
    elif model.answerer is Answerer.OWN_PAST_FAVOURITE:
        names = [purchases.genres[index] for index in favourite]
    else:
        names = [common] * len(favourite)
    return [common if genre == UNKNOWN else name for genre, name in zip(favourite, names, strict=True)]


def _spend_without_genre(purchases: Purchases, row: NDArray[np.int64]) -> NDArray[np.int64]:
    spend = np.zeros(len(purchases.customers), np.int64)
    unknown = purchases.genre_index == NO_GENRE
    np.add.at(spend, row[unknown], purchases.spend[unknown])
    return np.maximum(spend, 0)


def _most_common(model: GenrePreference, because: str) -> GenreAnswer:
    return _answer(model.genres, model.genre_share, Answerer.MOST_COMMON_GENRE, because)


def _answer(
    names: tuple[str, ...], probabilities: NDArray[np.floating], answered_by: Answerer, because: str
) -> GenreAnswer:
    # A stable sort puts the first by name first among equals, as `favourite_genre` does.
    order = np.argsort(-probabilities, kind="stable")
    ranked = {names[index]: float(probabilities[index]) for index in order if probabilities[index] > 0}
    return GenreAnswer(names[order[0]], ranked, answered_by, because)
