"""Several recommenders as one, with weights learnt on a part of the training data that no member saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.blend import Blend, Personal, Unit, shares, units
from segue.errors import NotEnoughDataError
from training.ranking.metric import accuracy_of_users
from training.ranking.order import NOTHING, top_k
from training.ranking.split import hold_out
from training.recommender.ials import IalsRecommender
from training.recommender.linear import LinkPropagation
from training.recommender.scorer import BlendScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.recommender.protocol import Recommender, Scorer

_STEPS = (0.03, 0.1, 0.3)
_MAX_ROUNDS = 30
_DEPTH = 5
"""Candidates that each member gives to learn from, in lists: deeper, the first list no longer changes."""
_BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class BlendRecommender:
    """A weighted sum of members' scores, each in its unit of the listener, see `segue.domain.blend`.

    Members are fitted without a held-out part, `learn_weights` chooses weights and unit by NDCG on it, and
    the members that have a weight are fitted again on everything.

    Attributes
    ----------
    members : tuple of Recommender
        Two that differ in kind, factors and item-item weights, add more than two alike.
    k : int
        Length of the lists that the weights are learnt for.
    share : float
        Part of each user's items to hold out.
    seed : int
        Of the hold-out.
    """

    members: tuple[Recommender, ...] = (LinkPropagation(), IalsRecommender())
    k: int = 20
    share: float = 0.1
    seed: int = 17

    def fit(self, interactions: csr_matrix, step: Callable[[str], None]) -> BlendScorer:
        """Fit the members, learn their weights, and fit them again.

        Raises
        ------
        NotEnoughDataError
            No user has enough items to hold one out: use one of the members.
        """
        fit, held_out = hold_out(interactions, self.share, self.seed)
        users = np.flatnonzero(np.diff(held_out.indptr))
        if not len(users):
            raise NotEnoughDataError("no user has enough items to hold one out: use one member of the blend.")
        step("blend: fitting the members without the held-out part")
        held = [member.fit(fit, step) for member in self.members]
        step("blend: learning the weights")
        weights, unit = learn_weights(held, fit, held_out[users], users, self.k)
        kept = [member for member, weight in zip(self.members, weights, strict=True) if weight > 0]
        return build_blend([member.fit(interactions, step) for member in kept], weights[weights > 0], unit)


def build_blend(scorers: Sequence[Scorer], weights: NDArray[np.float64], unit: Unit) -> BlendScorer:
    """Blend fitted recommenders of personal models, none of weight 0."""
    models = tuple(scorer.model for scorer in scorers if isinstance(scorer.model, Personal))
    return BlendScorer(Blend(models, weights, unit), tuple(scorers))


def learn_weights(
    scorers: Sequence[Scorer], fit: csr_matrix, relevant: csr_matrix, users: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], Unit]:
    """Choose weights and unit by NDCG@k, deterministically.

    From equal weights, w steps towards one member at a time, w + s (e_m - w), as in Frank & Wolfe, "An
    algorithm for quadratic programming" (1956): s is 0.03, 0.1 or 0.3, or what takes a member out. The best
    step is taken as long as it gains more than the standard error of the gain over users: no later test is
    drawn quite as the held-out part was, so an even blend stays until another is surely better. A member that
    alone is as good as the blend is taken alone.

    Parameters
    ----------
    scorers : sequence of Scorer
        Fitted on ``fit``.
    fit : csr_matrix float32 (n_users, n_items)
    relevant : csr_matrix (b, n_items)
        What each of ``users`` is to be recommended, held out from ``fit``; every row has an item.
    users : int64 (b,)
        Rows of ``fit``.
    k : int

    Returns
    -------
    float64 (n_members,), Unit
        Weights ≥ 0 that sum to 1; 0 for members that add nothing.
    """
    columns, values, reach = _candidates(scorers, fit, users, _DEPTH * k)

    def quality(scores: NDArray[np.float32]) -> NDArray[np.float64]:
        place = top_k(np.where(columns == NOTHING, -np.inf, scores), k)
        ranking = np.where(place == NOTHING, NOTHING, np.take_along_axis(columns, place, axis=1))
        return accuracy_of_users(ranking, relevant)["ndcg"]

    chosen = []
    for unit in Unit:
        scale = [shares(np.ones(1), each)[:, None].astype(np.float32) for each in reach[unit]]
        value, weights = _climb([each * by for each, by in zip(values, scale, strict=True)], quality)
        chosen.append((value, weights, unit))
    _, weights, unit = max(chosen, key=lambda entry: entry[0])
    return weights, unit


def _climb(
    values: list[NDArray[np.float32]], quality: Callable[[NDArray[np.float32]], NDArray[np.float64]]
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean quality that was reached, and its weights; ``quality`` is each user's."""
    vertices = np.eye(len(values))
    weights: NDArray[np.float64] = vertices.mean(axis=0)
    total = np.asarray(np.mean(values, axis=0), np.float32)
    reached = quality(total)
    for _ in range(_MAX_ROUNDS):
        steps = [(step, member) for step in _STEPS for member in range(len(values))]
        steps += [(-part / (1 - part), member) for member, part in enumerate(weights) if 0 < part < 1]
        found = [quality(total + np.float32(step) * (values[member] - total)) for step, member in steps]
        best = int(np.argmax([each.mean() for each in found]))
        gain = found[best] - reached
        if gain.mean() <= gain.std() / np.sqrt(len(gain)):
            break
        step, member = steps[best]
        reached, total = found[best], total + np.float32(step) * (values[member] - total)
        weights = np.maximum(weights + step * (vertices[member] - weights), 0)
        weights[member] *= step > 0  # taken out it is exactly 0
    alone = [float(quality(value).mean()) for value in values]
    if max(alone) >= reached.mean():
        return max(alone), vertices[int(np.argmax(alone))]
    return float(reached.mean()), weights


def _candidates(
    scorers: Sequence[Scorer], fit: csr_matrix, users: NDArray[np.int64], depth: int
) -> tuple[NDArray[np.int32], list[NDArray[np.float32]], dict[Unit, list[NDArray[np.float64]]]]:
    """Gather what any member puts among its first ``depth``.

    Returns
    -------
    int32 (b, width)
        Item indices, each once a row, ``NOTHING`` in the other places.
    list of float32 (b, width)
        What each member gives them.
    dict of Unit to list of float64 (b,)
        How far each member's scores reach.
    """
    batch = max(1, _BATCH_BYTES // (4 * fit.shape[1]))
    parts = [_gather(scorers, fit[users[at : at + batch]], depth) for at in range(0, len(users), batch)]
    members = range(len(scorers))
    columns = np.concatenate([columns for columns, _, _ in parts])
    width = int((columns != NOTHING).sum(axis=1).max())
    return (
        columns[:, :width],
        [np.concatenate([values[member][:, :width] for _, values, _ in parts]) for member in members],
        {
            unit: [np.concatenate([reach[unit][member] for _, _, reach in parts]) for member in members]
            for unit in Unit
        },
    )


def _gather(
    scorers: Sequence[Scorer], history: csr_matrix, depth: int
) -> tuple[NDArray[np.int32], list[NDArray[np.float32]], dict[Unit, list[NDArray[np.float64]]]]:
    seen = history.toarray() != 0
    scores = [scorer.scores(history) for scorer in scorers]
    tops = [top_k(np.where(seen, -np.inf, each).astype(np.float32), depth) for each in scores]
    columns = np.sort(np.concatenate(tops, axis=1), axis=1)
    columns[:, 1:][columns[:, 1:] == columns[:, :-1]] = NOTHING
    columns = np.sort(columns, axis=1)[:, ::-1]  # so that what stands for nothing comes last
    values = [np.take_along_axis(each, columns, axis=1) for each in scores]
    return columns, values, {unit: [units(each, seen, unit) for each in scores] for unit in Unit}
