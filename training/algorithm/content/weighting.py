"""Choose what each field of content weighs, by what listeners went on to like."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.vector.top_n import top_n
from training.algorithm.content.field import FieldWeights
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user, only_liked
from training.measure.metric import accuracy_of_users

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.interactions import Interactions
    from training.algorithm.content.field import Fields

K = 20
MAX_LISTENERS = 300
MIN_LISTENERS = 50
"""Listeners below whom the choice would be luck: the standing weights are kept."""

_SOUND = (0.1, 0.2, 0.35, 0.5)
"""Shares of audio and low-level features together that are tried; never none, as new artists have no name."""
_TEXTS = (
    {"name": 0.07, "artists": 0.31, "album": 0.16, "genres": 0.46},
    {"name": 0.05, "artists": 0.55, "album": 0.2, "genres": 0.2},
    {"name": 0.05, "artists": 0.75, "album": 0.1, "genres": 0.1},
    {"name": 0.05, "artists": 0.15, "album": 0.05, "genres": 0.75},
)
"""Shares of the text that are tried: as they stand by default, twice more of artists, once of genres."""
_LOW_LEVEL = 0.3
_BATCH = 16
_SEED = 17


@dataclass(frozen=True, slots=True)
class ListeningSplit:
    """What weights are chosen on.

    Attributes
    ----------
    histories, truth : csr_matrix float32 (n_users, n_items)
        What was known of each user at some time, and what was new to them and liked after it.
    """

    histories: csr_matrix
    truth: csr_matrix


def divide_listening(interactions: Interactions, catalogue: Catalogue, seed: int) -> ListeningSplit:
    """Divide events into what was known and what came after, as `training.hybrid.data.split.divide` does.

    Give events of the training part alone: what the sources are weighed and measured on has no say here.
    """
    earlier = divide(interactions, catalogue, seed).part == TimePart.FIT
    histories = damped_matrix(interactions, catalogue, earlier)
    later = damped_matrix(interactions, catalogue, ~earlier)
    return ListeningSplit(only_liked(histories), new_to_user(later, histories))


def choose_weights(fields: Fields, listening: ListeningSplit) -> tuple[FieldWeights, dict[str, float]]:
    """Try combinations of shares and keep the one with the best NDCG@20, the first of equals.

    Returns
    -------
    FieldWeights, dict
        And what the choice rests on: ``n_listeners`` and ``ndcg``, and ``ndcg_standing`` of the weights
        that need no data; with too few listeners ``n_listeners`` alone.
    """
    users = np.flatnonzero((np.diff(listening.histories.indptr) > 0) & (np.diff(listening.truth.indptr) > 0))
    if len(users) < MIN_LISTENERS:
        return FieldWeights(), {"n_listeners": float(len(users))}
    if len(users) > MAX_LISTENERS:
        users = np.sort(np.random.default_rng(_SEED).choice(users, MAX_LISTENERS, replace=False))
    choices = [FieldWeights(), *_combinations(has_low_level=fields.low_level.shape[1] > 0)]
    ndcg = _measure(fields, choices, ListeningSplit(listening.histories[users], listening.truth[users]))
    best = int(np.argmax(ndcg))
    measured = {"n_listeners": len(users), "ndcg": ndcg[best], "ndcg_standing": ndcg[0]}
    return choices[best], {name: float(value) for name, value in measured.items()}


def _combinations(*, has_low_level: bool) -> list[FieldWeights]:
    low_level = _LOW_LEVEL if has_low_level else 0.0
    return [
        FieldWeights(
            **{name: (1 - sound) * share for name, share in text.items()},
            audio=(1 - low_level) * sound,
            low_level=low_level * sound,
        )
        for text in _TEXTS
        for sound in _SOUND
    ]


def _measure(fields: Fields, choices: list[FieldWeights], listening: ListeningSplit) -> NDArray[np.float64]:
    """Return the NDCG of each choice."""
    parts = {**fields.text, "audio": csr_matrix(fields.audio), "low_level": csr_matrix(fields.low_level)}
    squares = {name: np.asarray(part.multiply(part).sum(axis=1)).ravel() for name, part in parts.items()}
    n_users, n_items = listening.histories.shape
    ranking = np.full((len(choices), n_users, K), -1, np.int32)
    for first in range(0, n_users, _BATCH):
        histories = listening.histories[first : first + _BATCH]
        # What a field alone says of every track, once; each choice is then a weighted sum.
        said = {name: ((histories @ part) @ part.T).toarray() for name, part in parts.items()}
        for number, choice in enumerate(choices):
            scores = np.zeros(histories.shape, np.float32)
            size = np.full(n_items, 1e-12)
            for name, weight in asdict(choice).items():
                scores += np.float32(weight) * said[name]
                size += weight * squares[name]
            scores /= np.sqrt(size).astype(np.float32)
            for user, row in enumerate(scores):
                heard = histories.indices[histories.indptr[user] : histories.indptr[user + 1]]
                best = top_n(row, K, heard)
                ranking[number, first + user, : len(best)] = best
    return np.array([accuracy_of_users(each, listening.truth)["ndcg"].mean() for each in ranking])
