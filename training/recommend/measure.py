"""Gather examples for the ranker; measure the recommender as it would answer, beside each source alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.history import History
from segue.domain.ranker import gather
from segue.domain.recommend import Query
from segue.domain.recommender import SOURCES, Listener, answer, prepare
from training.ranking.metric import accuracy_of_users
from training.recommend.weights import Example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.domain.recommender import Recommender

MAX_USERS = 500
"""Listeners who are measured, drawn by the seed: more cost time and change little."""


@dataclass(frozen=True, slots=True)
class Task:
    """Who is asked about, and what they went on to like.

    Attributes
    ----------
    user_ids : str (n_users,)
        A row of the matrices each.
    histories, truth : csr_matrix (n_users, n_items)
        Damped weights up to the cut, and what was new to the user and liked after it.
    users : int64 (n,)
        Rows that have both, `MAX_USERS` of them at most.
    """

    user_ids: NDArray[np.str_]
    histories: csr_matrix
    truth: csr_matrix
    users: NDArray[np.int64]

    def listeners(self, tier: str = "pro") -> Iterator[Listener]:
        """Yield the listener of each of ``users``."""
        for user in self.users.tolist():
            row = slice(self.histories.indptr[user], self.histories.indptr[user + 1])
            index = self.histories.indices[row].astype(np.int32)
            yield Listener(History(index, self.histories.data[row]), str(self.user_ids[user]), tier=tier)


def build_task(user_ids: NDArray[np.str_], histories: csr_matrix, truth: csr_matrix, seed: int) -> Task:
    """Draw the listeners who have both a history and a truth."""
    users = np.flatnonzero((np.diff(histories.indptr) > 0) & (np.diff(truth.indptr) > 0))
    if len(users) > MAX_USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, MAX_USERS, replace=False))
    return Task(user_ids, histories, truth, users)


def read_examples(model: Recommender, task: Task) -> list[Example]:
    """Gather every listener's candidates as `answer` would; those without a right one teach nothing."""
    examples = []
    for user, listener in zip(task.users.tolist(), task.listeners(), strict=True):
        sources = prepare(model, listener)
        candidates = gather(sources, _unheard(model, listener))
        relevant = np.zeros(len(model.catalogue), bool)
        relevant[task.truth.indices[task.truth.indptr[user] : task.truth.indptr[user + 1]]] = True
        chosen = relevant[candidates.rows]
        if chosen.any() and not chosen.all():
            features = np.zeros((len(chosen), len(SOURCES)), np.float32)
            features[:, [SOURCES.index(name) for name in sources]] = candidates.features
            examples.append(Example(features, chosen))
    return examples


def measure_answers(model: Recommender, task: Task, tier: str, k: int) -> dict[str, NDArray[np.float64]]:
    """Measure the lists that listeners of a tier would get; see `accuracy_of_users`."""
    ranker = model.ranker

    settings = (ranker.diversity, ranker.calibration) if ranker else (0.0, 0.0)
    ranking = np.full((len(task.users), k), -1, np.int32)
    for place, listener in enumerate(task.listeners(tier)):
        query = Query(k, _unheard(model, listener), *settings, n_reasons=0)
        found = [item.item_index for item in answer(model, listener, query).items]
        ranking[place, : len(found)] = found
    return _accuracy(task, ranking)


def measure_sources(model: Recommender, task: Task, k: int) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Measure the lists of each source alone, as it ranks; listeners it knows nothing about get none."""
    ranking = {name: np.full((len(task.users), k), -1, np.int32) for name in SOURCES}
    for place, listener in enumerate(task.listeners()):
        allowed = _unheard(model, listener)
        for name, source in prepare(model, listener).items():
            # As in `gather`: what the source likes most was heard.
            best = source.best(k + len(listener.history))
            found = best[allowed[best]][:k]
            ranking[name][place, : len(found)] = found
    return {name: _accuracy(task, found) for name, found in ranking.items()}


def _accuracy(task: Task, ranking: NDArray[np.int32]) -> dict[str, NDArray[np.float64]]:
    return accuracy_of_users(ranking, csr_matrix(task.truth[task.users]))


def _unheard(model: Recommender, listener: Listener) -> NDArray[np.bool_]:
    allowed = np.ones(len(model.catalogue), bool)
    allowed[listener.history.item_index] = False
    return allowed
