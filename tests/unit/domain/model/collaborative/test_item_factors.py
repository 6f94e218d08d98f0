"""Folding in by the eigenbasis, beside the plain solve of the unrotated system."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_factors import (
    Confidence,
    Objective,
    explain,
    fold_in,
    rotate,
    top_items,
)
from segue.errors import EmptyHistoryError, InvalidInputError

N_ITEMS, D = 300, 24
LENGTHS = (1, 5, D - 1, D, 3 * D)
OBJECTIVES = [
    Objective(0.1, alpha=40, confidence=Confidence.REPLACES),
    Objective(0.1, alpha=0.5, confidence=Confidence.REPLACES),
    Objective(0.003, 1.0, 0.1, 1.0, Confidence.ADDS),
    Objective(0.02, 0.5, 0.0, 2.0, Confidence.ADDS),
]
each_case = pytest.mark.parametrize(("objective", "length"), [*itertools.product(OBJECTIVES, LENGTHS)])
RNG = np.random.default_rng(5)
RAW = (RNG.normal(size=(N_ITEMS, D)) * np.linspace(1, 0.05, D)).astype(np.float32)


def history(length: int, *, dislikes: bool = True) -> History:
    rng = np.random.default_rng(length)
    items = np.sort(rng.choice(N_ITEMS, length, replace=False)).astype(np.int32)
    confidence = rng.uniform(0.5, 4, length).astype(np.float32)
    if dislikes:
        confidence[2::4] *= -1
    return History(items, confidence)


def objective_terms(objective: Objective, given: History) -> tuple[np.ndarray, np.ndarray, float]:
    """Weight and target of every item, and λ_u, from the definition alone."""
    weight = np.full(N_ITEMS, objective.unobserved_weight)
    target = np.zeros(N_ITEMS)
    for item, r in zip(given.item_index, given.confidence.astype(np.float64), strict=True):
        c, p = objective.alpha * abs(r), float(r > 0)
        if objective.confidence is Confidence.REPLACES:
            weight[item], target[item] = c, p
        else:
            # c (p - s)² + α₀ s² has its minimum where (c + α₀)(s - c p / (c + α₀))² has it.
            weight[item] += c
            target[item] = c * p / weight[item]
    ridge = objective.regularization * (len(given) + objective.unobserved_weight * N_ITEMS) ** (
        objective.frequency_exponent
    )
    return weight, target, ridge


def plain_solve(objective: Objective, given: History) -> np.ndarray:
    weight, target, ridge = objective_terms(objective, given)
    factors = RAW.astype(np.float64)
    return np.linalg.solve((factors.T * weight) @ factors + ridge * np.eye(D), factors.T @ (weight * target))


@each_case
def test_scores_are_those_of_the_plain_solve(objective: Objective, length: int) -> None:
    model, given = rotate(RAW, objective), history(length)
    expected = RAW @ plain_solve(objective, given)
    found = model.factors @ fold_in(model, given)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@each_case
def test_gradient_is_zero_at_the_optimum(objective: Objective, length: int) -> None:
    model, given = rotate(RAW, objective), history(length)
    weight, target, ridge = objective_terms(objective, given)
    factors, user = model.factors.astype(np.float64), fold_in(model, given).astype(np.float64)
    pull = factors.T @ (weight * target)
    gradient = (factors.T * weight) @ (factors @ user) + ridge * user - pull
    assert np.abs(gradient).max() <= 1e-5 * np.abs(pull).max()


@each_case
def test_contributions_sum_to_the_score(objective: Objective, length: int) -> None:
    model, given = rotate(RAW, objective), history(length)
    scores = model.factors @ fold_in(model, given)
    for item in (int(scores.argmax()), int(scores.argmin()), int(given.item_index[0])):
        shares = explain(model, given) @ model.factors[item]
        assert shares.sum() == pytest.approx(scores[item], abs=1e-5 * float(np.abs(scores).max()))
        assert (shares[given.confidence < 0] == 0).all()


def test_a_contribution_is_what_its_item_says() -> None:
    """Eq. 7: with the system held, the score is linear in what each item asks for."""
    objective, given = OBJECTIVES[0], history(5, dislikes=False)
    weight, target, ridge = objective_terms(objective, given)
    factors = RAW.astype(np.float64)
    inverse = np.linalg.inv((factors.T * weight) @ factors + ridge * np.eye(D))
    expected = [
        factors[7] @ inverse @ factors[item] * weight[item] * target[item] for item in given.item_index
    ]
    assert explain(rotated := rotate(RAW, objective), given) @ rotated.factors[7] == pytest.approx(
        expected, rel=1e-4
    )


def test_rotation_keeps_every_product_and_orders_the_columns() -> None:
    model = rotate(RAW, OBJECTIVES[0])
    assert model.factors @ model.factors.T == pytest.approx(RAW @ RAW.T, abs=1e-5)
    gram = model.factors.T.astype(np.float64) @ model.factors
    assert gram == pytest.approx(np.diag(model.eigenvalues), abs=1e-6 * gram.max())
    assert (np.diff(model.eigenvalues) <= 0).all()
    assert model.factors.flags.c_contiguous


def test_factors_of_lower_rank_are_no_trouble() -> None:
    flat = RAW.copy()
    flat[:, 5:] = 0
    model = rotate(flat, OBJECTIVES[2])
    assert (model.eigenvalues >= 0).all()
    assert np.isfinite(fold_in(model, history(5))).all()


@pytest.mark.parametrize("confidence", [[], [-1, -2]])
def test_a_history_without_a_like_is_refused(confidence: list[float]) -> None:
    given = History(np.arange(len(confidence), dtype=np.int32), np.array(confidence, np.float32))
    for answer in (lambda m: fold_in(m, given), lambda m: explain(m, given)):
        with pytest.raises(EmptyHistoryError, match="popular"):
            answer(rotate(RAW, OBJECTIVES[0]))


def test_a_dislike_lowers_its_item() -> None:
    model = rotate(RAW, OBJECTIVES[0])
    liked = history(6, dislikes=False)
    best = int(top_items(model, fold_in(model, liked), 1, liked.item_index)[0][0])
    items = np.append(liked.item_index, np.int32(best))
    order = np.argsort(items)
    disliked = History(items[order], np.append(liked.confidence, np.float32(-3))[order])
    score = [float(model.factors[best] @ fold_in(model, given)) for given in (liked, disliked)]
    assert score[1] < 0.2 * score[0]


def test_top_items_are_those_of_a_full_sort_with_seen_ones_left_out() -> None:
    model, given = rotate(RAW, OBJECTIVES[0]), history(6)
    user = fold_in(model, given)
    scores = model.factors @ user
    scores[given.item_index] = -np.inf
    expected = np.argsort(-scores, kind="stable")[:20]
    rows, found = top_items(model, user, 20, given.item_index)
    assert rows.tolist() == expected.tolist()
    assert found.tolist() == scores[expected].tolist()


@pytest.mark.parametrize("wrong", [{"regularization": 0}, {"alpha": 0}, {"unobserved_weight": -1}])
def test_an_objective_without_a_minimum_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        replace(OBJECTIVES[0], **wrong)
