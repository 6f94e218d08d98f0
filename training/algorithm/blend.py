"""Several recommenders as one, with weights learnt on a part of the training data that no member saw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from segue.domain.recommend.blend import Blend, Personal, Unit, shares, units
from segue.errors import NotEnoughDataError
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import LinkPropagation
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import BlendScorer
from training.evaluate.split import hold_out
from training.measure.metric import accuracy_of_users
from training.measure.order import NOTHING, top_k
from training.release.finite import fit_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.algorithm.kind import Algorithm, Scorer

_DEPTH = 5
"""Number of lists of k candidates that each member contributes to the learning."""
_LEAST_WEIGHT = 0.01
"""Least weight of a member that is kept. A smaller weight changes no list, but the member must be served."""
_STEPS = (0.03, 0.1, 0.3, 1.0)
_BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class BlendRecommender:
    """A weighted sum of members' scores, each in its unit of the listener.

    See `segue.domain.recommend.blend`.

    Members are fitted without a held-out part, `learn_weights` learns weights and unit from it, and the
    members that have a weight are fitted again on everything.

    Attributes
    ----------
    members : tuple of Algorithm
        Two of different kinds, factors and item-item weights, add more than two of one kind.
    k : int
        Length of the lists that the weights are learnt for.
    share : float
        Part of each user's items to hold out.
    seed : int
        Seed of the hold-out.
    """

    members: tuple[Algorithm, ...] = (LinkPropagation(), IalsRecommender())
    k: int = 20
    share: float = 0.1
    seed: int = 17

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> BlendScorer:
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
        progress("blend: fitting the members without the held-out part")
        held = [fit_finite(member, fit, progress) for member in self.members]
        progress("blend: learning the weights")
        weights, unit = learn_weights(held, fit, held_out[users], users, self.k)
        kept = [member for member, weight in zip(self.members, weights, strict=True) if weight > 0]
        return build_blend(
            [fit_finite(member, interactions, progress) for member in kept], weights[weights > 0], unit
        )


def build_blend(scorers: Sequence[Scorer], weights: NDArray[np.float64], unit: Unit) -> BlendScorer:
    """Blend fitted recommenders of personal models, none of weight 0."""
    models = tuple(scorer.model for scorer in scorers if isinstance(scorer.model, Personal))
    return BlendScorer(Blend(models, weights, unit), tuple(scorers))


def learn_weights(
    scorers: Sequence[Scorer], fit: csr_matrix, relevant: csr_matrix, users: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], Unit]:
    """Learn weights by likelihood and choose the unit by NDCG@k, deterministically.

    The model assumes that a user chooses an item with a probability in proportion to exp(Σ w s), the
    conditional logit of McFadden, "Conditional logit analysis of qualitative choice behavior" (1974). Its
    likelihood is concave, so it has one maximum. It depends on every candidate, and NDCG only on the first
    k, so its weights are better for other users. All members with a weight then get equal weights, unless
    the learnt weights gain more than the standard error of the gain over users: later tests differ from the
    held-out part, and equal weights suffer least from that (Clemen, "Combining forecasts", 1989). Then the
    weights move towards the member that helps most, by 3, 10, 30 or 100 % of the way (after Frank & Wolfe
    1956), as long as the gain is more than that error.

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
    known = columns != NOTHING
    user, n_items = np.arange(len(users)), relevant.shape[1]
    held_out = np.repeat(user, np.diff(relevant.indptr)) * n_items + relevant.indices
    chosen = np.isin(user[:, None] * n_items + columns, held_out)[known]

    def quality(weights: NDArray[np.float64], features: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        scores = sum(weight * each for weight, each in zip(weights.astype(np.float32), features, strict=True))
        place = top_k(np.where(known, scores, -np.inf), k)
        ranking = np.where(place == NOTHING, NOTHING, np.take_along_axis(columns, place, axis=1))
        return accuracy_of_users(ranking, relevant)["ndcg"]

    found = []
    for unit in Unit:
        scale = [shares(np.ones(1), each)[:, None].astype(np.float32) for each in reach[unit]]
        features = [each * by for each, by in zip(values, scale, strict=True)]
        likely = _most_likely(np.stack([each[known] for each in features]), chosen, known.sum(axis=1))
        together = (likely > 0) / np.count_nonzero(likely)
        reached = quality(together, features)
        gain = quality(likely, features) - reached
        if gain.mean() > gain.std() / np.sqrt(len(gain)):
            together, reached = likely, reached + gain
        while moved := _best_move(together, reached, partial(quality, features=features)):
            together, reached = moved
        found.append((reached.mean(), together, unit))
    _, weights, unit = max(found, key=lambda entry: entry[0])
    return weights, unit


def _best_move(
    weights: NDArray[np.float64],
    reached: NDArray[np.float64],
    quality: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the best of the steps towards one member with what it reaches, None if none is surely better."""
    best, best_gain = None, 0.0
    for member in np.eye(len(weights)):
        for step in _STEPS:
            moved = (1 - step) * weights + step * member
            gain = quality(moved) - reached
            if gain.mean() > max(best_gain, float(gain.std()) / len(gain) ** 0.5):
                best, best_gain = (moved, reached + gain), float(gain.mean())
    return best


def _most_likely(
    features: NDArray[np.float32], chosen: NDArray[np.bool_], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the weights ≥ 0, float64 (n_members,), that make the choices likeliest; they sum to 1.

    Parameters
    ----------
    features : float32 (n_members, n)
        Scores of all candidates, user by user.
    chosen : bool (n,)
    count : int64 (n_users,)
        Candidates of each user.
    """
    user = np.repeat(np.arange(len(count)), count)
    n_chosen = np.bincount(user, chosen, len(count))
    heard = (n_chosen > 0)[user]  # who chose no candidate says nothing of the weights
    features, chosen = features[:, heard], chosen[heard]
    count, n_chosen = count[n_chosen > 0], n_chosen[n_chosen > 0]
    even = np.full(len(features), 1 / len(features))
    if not len(count):
        return even
    begin, user = np.cumsum(count) - count, np.repeat(np.arange(len(count)), count)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = weights @ features
        score -= np.maximum.reduceat(score, begin)[user]
        odds = np.exp(score)
        total = np.add.reduceat(odds, begin)
        surprise = n_chosen @ np.log(total) - score[chosen].sum()
        slope = features @ (odds * (n_chosen / total)[user] - chosen)
        return surprise / len(count), slope / len(count)

    weights = minimize(loss, even, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(even)).x
    if not weights.any():
        return even
    weights = np.where(weights < _LEAST_WEIGHT * weights.sum(), 0, weights)
    return np.asarray(weights / weights.sum(), np.float64)


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


KINDS = {"blend": AlgorithmKind(BlendRecommender, 100, {}, blends=("link-propagation", "ials"))}
