"""Predict the genre that a customer will spend most on next: the model, its baselines and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from segue.domain.genre_preference.features import (
    RECENT_DAYS,
    UNKNOWN,
    customer_features,
    favourite_genre,
    pair_features,
    recent_shares,
    rows_in,
    single_genre,
    sum_by_genre,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.genre_preference.purchase import Purchases

PRIOR_TRACKS = 5
"""Weight of the answerer's probabilities, in tracks, for a customer who bought only one genre."""


class Answerer(StrEnum):
    """Model or baseline that answers; a baseline is used if the model is not better on this store's data."""

    FOREST = "forest"
    RECENT_FAVOURITE = "recent_favourite"
    OWN_PAST_FAVOURITE = "own_past_favourite"
    MOST_COMMON_GENRE = "most_common_genre"


BASELINES = (Answerer.MOST_COMMON_GENRE, Answerer.OWN_PAST_FAVOURITE, Answerer.RECENT_FAVOURITE)
"""Baselines that a forest has to beat, the simplest first; of equal ones the simplest is served."""


class Classifier(Protocol):
    """A fitted classifier, independent of the runtime."""

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return P(class) as float32 (n, n_classes), rows summing to 1, for float32 (n, n_features)."""


@dataclass(frozen=True, slots=True)
class PairForest:
    """A forest that predicts, for a customer and a genre, whether it will be the customer's next favourite.

    The same trees judge every genre. So what is learnt from a common genre also applies to a rare one, and to
    a genre that the store added after training.

    Attributes
    ----------
    genres : tuple of str
        The store's genres when trained.
    drift : float64 (2, n_genres, n_genres)
        See `segue.domain.genre_preference.features.pair_features`.
    sharpness : float
        Exponent that calibrates the forest's probabilities on held-out customers, > 0.
    classifier : Classifier
        The second class is "this genre is next".
    """

    genres: tuple[str, ...]
    drift: NDArray[np.float64]
    sharpness: float
    classifier: Classifier

    def features(self, purchases: Purchases) -> NDArray[np.float32]:
        """Return the classifier's input, float32 (n_customers, n_genres of the purchases, n_features)."""
        row = rows_in(purchases.genres, self.genres)
        known = row >= 0
        drift = np.where(known[:, None] & known, self.drift[:, row[:, None], row], 0)
        return pair_features(purchases, drift)

    def probabilities(self, purchases: Purchases) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return genres and their probabilities, float64 (n_customers, n_genres), rows summing to 1."""
        features = self.features(purchases)
        raw = self.classifier.probabilities(features.reshape(-1, features.shape[2]))[:, 1]
        return purchases.genres, normalised(raw.reshape(features.shape[:2]), self.sharpness)


@dataclass(frozen=True, slots=True)
class CustomerForest:
    """A forest of format 1, with a row for each customer and a class for each genre.

    Attributes
    ----------
    genres : tuple of str
        The store's genres when trained, in the order of the share features.
    classes : tuple of str
        Genres that the classifier can name, in the order of its probabilities.
    classifier : Classifier
    """

    genres: tuple[str, ...]
    classes: tuple[str, ...]
    classifier: Classifier

    def probabilities(self, purchases: Purchases) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """See `PairForest.probabilities`."""
        features = customer_features(purchases, self.genres)
        return self.classes, self.classifier.probabilities(features).astype(np.float64)


@dataclass(frozen=True, slots=True)
class GenrePreference:
    """A trained model of genre preference, with its fallbacks.

    Attributes
    ----------
    genres : tuple of str
        The store's genres when trained.
    genre_share : float64 (n_genres,)
        Share of customers whose favourite each genre was, in training; sums to 1.
    answerer : Answerer
        Model or baseline for customers with purchases, chosen by the gate.
    forest : PairForest or CustomerForest
    """

    genres: tuple[str, ...]
    genre_share: NDArray[np.float64]
    answerer: Answerer
    forest: PairForest | CustomerForest


@dataclass(frozen=True, slots=True)
class GenreAnswer:
    """An answer about one customer.

    Attributes
    ----------
    genre : str
        Genre that they will spend most on next, the first of ``probabilities``.
    probabilities : dict of str to float
        Probability of each genre, greatest first; sums to 1.
    answered_by : Answerer
    because : str
        Why that one answered.
    current_genre : str or None
        Genre that they spent most on until now; None if they spent nothing on any genre.
    spending_shares : dict of str to float
        Share of each genre in their spending until now, greatest first.
    """

    genre: str
    probabilities: dict[str, float]
    answered_by: Answerer
    because: str
    current_genre: str | None
    spending_shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers for many customers.

    Attributes
    ----------
    names : tuple of str
        All genres of the model and the store, ascending.
    probabilities : float64 (n_customers, n_names)
        Rows sum to 1.
    answered_by : tuple of Answerer
        One for each customer.
    """

    names: tuple[str, ...]
    probabilities: NDArray[np.float64]
    answered_by: tuple[Answerer, ...]

    @property
    def genre(self) -> list[str]:
        """Return the answer for each customer; of equal genres the first by name."""
        return [self.names[index] for index in self.probabilities.argmax(axis=1)]


def normalised(weight: NDArray[np.floating], sharpness: float) -> NDArray[np.float64]:
    """Raise ``weight``, (n, m) and ≥ 0, to the power ``sharpness`` and scale each row to the sum 1."""
    scaled = weight.astype(np.float64)
    scaled = scaled / np.maximum(scaled.max(axis=1, keepdims=True, initial=0), np.finfo(float).tiny)
    powered = np.where(scaled > 0, scaled, 0) ** sharpness
    powered[powered.sum(axis=1) == 0] = 1
    normal: NDArray[np.float64] = powered / powered.sum(axis=1, keepdims=True)
    return normal


def predict_genres(model: GenrePreference, purchases: Purchases) -> Answers:
    """Answer for each of ``purchases.customers``, in their order.

    The model's answerer answers, with two exceptions. A customer without purchases in a genre gets the
    store's most common genre. A customer with ten or more tracks, all of one genre, gets that genre; n tracks
    have the weight n, and the answerer's probabilities have the weight ``PRIOR_TRACKS``.
    """
    names = tuple(sorted({*model.genres, *purchases.genres}))
    single = single_genre(purchases)
    nothing = (favourite_genre(purchases) == UNKNOWN) & (single == UNKNOWN)
    common = _spread(names, model.genres, model.genre_share[None, :])
    probabilities = np.repeat(common, len(single), axis=0)
    if model.answerer is not Answerer.MOST_COMMON_GENRE:
        answered = _spread(names, *_answer(model, purchases))
        some = ~nothing & (answered.sum(axis=1) > 0)
        probabilities[some] = answered[some]
    alone = np.flatnonzero(single != UNKNOWN)
    if len(alone):
        tracks = sum_by_genre(purchases, purchases.quantity)[alone].sum(axis=1)[:, None]
        own = np.zeros((len(alone), len(names)))
        own[np.arange(len(alone)), rows_in(purchases.genres, names)[single[alone]]] = 1
        probabilities[alone] = (tracks * own + PRIOR_TRACKS * probabilities[alone]) / (tracks + PRIOR_TRACKS)
    by = np.full(len(single), model.answerer, object)
    by[nothing], by[alone] = Answerer.MOST_COMMON_GENRE, Answerer.OWN_PAST_FAVOURITE
    return Answers(names, probabilities, tuple(by))


def predict_genre(model: GenrePreference, purchases: Purchases) -> GenreAnswer:
    """Answer for the one customer of ``purchases``, see `predict_genres`."""
    answers = predict_genres(model, purchases)
    shares = _ranked(purchases.genres, recent_shares(purchases, None)[0, 0])
    return GenreAnswer(
        genre=answers.genre[0],
        probabilities=_ranked(answers.names, answers.probabilities[0]),
        answered_by=answers.answered_by[0],
        because=_because(model, purchases),
        current_genre=next(iter(shares), None),
        spending_shares=shares,
    )


def _answer(model: GenrePreference, purchases: Purchases) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    if model.answerer is Answerer.FOREST:
        return model.forest.probabilities(purchases)
    recent = model.answerer is Answerer.RECENT_FAVOURITE
    return purchases.genres, recent_shares(purchases, RECENT_DAYS if recent else None)[0]


def _because(model: GenrePreference, purchases: Purchases) -> str:
    single = int(single_genre(purchases)[0])
    if single != UNKNOWN:
        tracks = int(sum_by_genre(purchases, purchases.quantity)[0, single])
        return f"all {tracks} tracks that the customer bought are {purchases.genres[single]}"
    if favourite_genre(purchases)[0] == UNKNOWN:
        return "the customer has no purchases in any genre: this is the store's most common one"
    return {
        Answerer.FOREST: "the model, from all purchases up to now",
        Answerer.RECENT_FAVOURITE: "no model does better than a customer's recent favourite on this store's "
        f"data: purchases count half as much every {RECENT_DAYS:g} days",
        Answerer.OWN_PAST_FAVOURITE: "no model does better than a customer's own past favourite on this "
        "store's data",
        Answerer.MOST_COMMON_GENRE: "no model does better than the store's most common genre on its data",
    }[model.answerer]


def _spread(
    names: tuple[str, ...], known: tuple[str, ...], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    spread = np.zeros((len(values), len(names)))
    spread[:, rows_in(known, names)] = values
    return spread


def _ranked(names: tuple[str, ...], shares: NDArray[np.float64]) -> dict[str, float]:
    # The sort is stable, so that equal genres stay in the order of their names, as in `favourite_genre`.
    order = np.argsort(-shares, kind="stable")
    return {names[index]: float(shares[index]) for index in order if shares[index] > 0}
