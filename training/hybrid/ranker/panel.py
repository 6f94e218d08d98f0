"""Gather examples for the ranker; measure the recommender's answers and each source alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.listening.history import History
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.pipeline import Query, rank
from segue.domain.recommend.ranker import N_CANDIDATES, UNRANKED, gather
from segue.domain.recommend.recommender import RecommendFor, choose, pool_of, prepare
from segue.domain.recommend.rerank import rerank
from training.hybrid.ranker.weights import Example
from training.measure.metric import accuracy_of_users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.recommend.ranker import Ranker
    from segue.domain.recommend.recommender import Recommender
    from segue.domain.recommend.rerank import Pool

    Lined = tuple[NDArray[np.int32], Pool]

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

    def listeners(self, tier: str = "pro") -> Iterator[RecommendFor]:
        """Yield the listener of each of ``users``."""
        for user in self.users.tolist():
            row = slice(self.histories.indptr[user], self.histories.indptr[user + 1])
            index = self.histories.indices[row].astype(np.int32)
            yield RecommendFor(History(index, self.histories.data[row]), str(self.user_ids[user]), tier=tier)


def build_task(user_ids: NDArray[np.str_], histories: csr_matrix, truth: csr_matrix, seed: int) -> Task:
    """Draw the listeners who have both a history and a truth."""
    users = np.flatnonzero((np.diff(histories.indptr) > 0) & (np.diff(truth.indptr) > 0))
    if len(users) > MAX_USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, MAX_USERS, replace=False))
    return Task(user_ids, histories, truth, users)


class _Asked:
    """A source of one listener that is asked again and again, and looks for its best once."""

    def __init__(self, source: CandidateSource) -> None:
        self.scores, self._look = source.scores, source.best
        self._found: dict[int, NDArray[np.int32]] = {}  # an lru_cache a source takes longer than some sources

    def best(self, n: int) -> NDArray[np.int32]:
        if n not in self._found:
            self._found[n] = self._look(n)
        return self._found[n]


@dataclass(frozen=True, slots=True)
class Panel:
    """The listeners of a task with the sources of a recommender, prepared once for all that is asked of them.

    Attributes
    ----------
    model : Recommender
    task : Task
    sources : list of dict of str to Source (n,)
        All that any tier opens, of each of ``task.users``.
    """

    model: Recommender
    task: Task
    sources: list[dict[str, CandidateSource]]

    def __iter__(self) -> Iterator[tuple[RecommendFor, dict[str, CandidateSource], NDArray[np.bool_]]]:
        """Yield each listener, what is prepared for them, and which tracks they have not heard."""
        for listener, sources in zip(self.task.listeners(), self.sources, strict=True):
            allowed = np.ones(len(self.model.catalogue), bool)
            allowed[listener.history.item_index] = False
            yield listener, sources, allowed


def build_panel(model: Recommender, task: Task) -> Panel:
    """Prepare the sources of every listener."""
    prepared = (prepare(model, listener) for listener in task.listeners())
    sources = [{name: _Asked(source) for name, source in each.items()} for each in prepared]
    return Panel(model, task, cast("list[dict[str, CandidateSource]]", sources))


def read_examples(panel: Panel) -> list[Example]:
    """Gather every listener's candidates as an answer would; those without a right one teach nothing."""
    examples, truth = [], panel.task.truth
    for user, (_, sources, allowed) in zip(panel.task.users.tolist(), panel, strict=True):
        candidates = gather(sources, allowed)
        relevant = np.zeros(len(allowed), bool)
        relevant[truth.indices[truth.indptr[user] : truth.indptr[user + 1]]] = True
        chosen = relevant[candidates.rows]
        if chosen.any() and not chosen.all():
            features = np.zeros((len(chosen), len(SOURCES)), np.float32)
            features[:, [SOURCES.index(name) for name in sources]] = candidates.features
            examples.append(Example(features, chosen))
    return examples


def rank_all(panel: Panel, ranker: Ranker | None, tier: str, k: int) -> list[Lined]:
    """Rank what every listener of a tier would be answered from, before it is reordered."""
    model, lined = replace(panel.model, ranker=ranker), []
    for listener, prepared, allowed in panel:
        sources = {name: source for name, source in prepared.items() if name in TIER_SOURCES[tier]}
        _, weights, _ = choose(model, sources, replace(listener, tier=tier))
        used = {name: source for name, source in sources.items() if name in weights}
        ranked = rank(used, weights, Query(k, allowed))
        lined.append((ranked.rows, pool_of(model, listener.history, ranked.rows, ranked.scores)))
    return lined


def measure_ranked(task: Task, lined: list[Lined], k: int) -> dict[str, NDArray[np.float64]]:
    """Measure what `rank_all` lines up, as it is: no artist is held back, and nothing reordered."""
    ranking = np.full((len(lined), k), -1, np.int32)
    for place, (rows, _) in enumerate(lined):
        ranking[place, : len(rows)] = rows[:k]
    return _accuracy(task, ranking)


def measure_answers(
    task: Task, lined: list[Lined], ranker: Ranker | None, k: int
) -> dict[str, NDArray[np.float64]]:
    """Measure the lists that listeners would get, of what `rank_all` lined up; see `accuracy_of_users`."""
    order = ranker.order if ranker else UNRANKED
    ranking = np.full((len(lined), k), -1, np.int32)
    for place, (rows, pool) in enumerate(lined):
        found = rows[rerank(pool, k, *order)]
        ranking[place, : len(found)] = found
    return _accuracy(task, ranking)


def measure_sources(panel: Panel, k: int) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Measure the lists of each source alone, as it ranks; listeners it knows nothing about get none."""
    ranking = {name: np.full((len(panel.sources), k), -1, np.int32) for name in SOURCES}
    for place, (listener, sources, allowed) in enumerate(panel):
        for name, source in sources.items():
            # As in `gather`: what the source likes most was heard.
            best = source.best(N_CANDIDATES + len(listener.history))
            found = best[allowed[best]][:k]
            ranking[name][place, : len(found)] = found
    return {name: _accuracy(panel.task, found) for name, found in ranking.items()}


def _accuracy(task: Task, ranking: NDArray[np.int32]) -> dict[str, NDArray[np.float64]]:
    return accuracy_of_users(ranking, csr_matrix(task.truth[task.users]))
