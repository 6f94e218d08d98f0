"""Folding in to non-negative parts, beside scipy's and scikit-learn's solvers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from segue.domain.listening.history import History
from segue.domain.model.collaborative.nonnegative_factors import (
    NonnegativeFactors,
    build_nonnegative_factors,
    nonnegative_explain,
    nonnegative_fold_in,
)
from segue.errors import EmptyHistoryError, InvalidInputError


def random_model(seed: int, n_items: int, width: int, regularization: float) -> NonnegativeFactors:
    rng = np.random.default_rng(seed)
    factors = rng.random((n_items, width)) * (rng.random((n_items, width)) < 0.5)
    return build_nonnegative_factors(factors.astype(np.float32), regularization)


def random_history(seed: int, n_items: int) -> History:
    rng = np.random.default_rng(seed + 1)
    items = np.sort(rng.permutation(n_items)[: rng.integers(1, n_items + 1)]).astype(np.int32)
    return History(items, rng.uniform(0.5, 3, len(items)).astype(np.float32))


def dense(history: History, n_items: int) -> np.ndarray:
    row = np.zeros(n_items)
    row[history.item_index] = history.confidence
    return row


@given(st.integers(0, 2**32 - 2), st.integers(2, 40), st.integers(1, 12), st.sampled_from([0.0, 0.1, 5.0]))
def test_it_is_the_nonnegative_least_squares(
    seed: int, n_items: int, width: int, regularization: float
) -> None:
    model, history = random_model(seed, n_items, width, regularization), random_history(seed, n_items)
    parts = model.factors.astype(np.float64)
    ridge = np.sqrt(regularization) * np.eye(width)
    target = np.concatenate([dense(history, n_items), np.zeros(width)])
    _, expected = nnls(np.vstack([parts, ridge]), target)
    found = nonnegative_fold_in(model, history).astype(np.float64)
    assert (found >= 0).all()
    loss = np.linalg.norm(np.vstack([parts, ridge]) @ found - target)
    assert loss == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(st.integers(0, 2**32 - 2))
def test_shares_sum_to_every_score(seed: int) -> None:
    model, history = random_model(seed, 30, 6, 0.2), random_history(seed, 30)
    scores = model.factors @ nonnegative_fold_in(model, history)
    assert (nonnegative_explain(model, history) @ model.factors.T).sum(axis=0) == pytest.approx(
        scores, abs=1e-4
    )


@pytest.mark.parametrize("regularization", [0.0, 0.01])
def test_it_is_what_scikit_learn_transforms_to(regularization: float) -> None:
    from sklearn.decomposition import NMF

    rng = np.random.default_rng(2)
    plays = (rng.random((60, 40)) < 0.2).astype(np.float32)
    theirs = NMF(5, init="nndsvda", alpha_W=regularization, max_iter=1000, random_state=0).fit(plays)
    theirs.set_params(tol=0, max_iter=3000)  # so `transform` goes on until nothing moves
    model = build_nonnegative_factors(theirs.components_.T.astype(np.float32), regularization * 40)
    expected = theirs.transform(plays)
    for row, weights in zip(plays, expected, strict=True):
        items = np.flatnonzero(row).astype(np.int32)
        if len(items):
            found = nonnegative_fold_in(model, History(items, row[items]))
            assert found == pytest.approx(weights, abs=1e-4)


def test_a_dislike_speaks_against() -> None:
    model = build_nonnegative_factors(np.eye(3, dtype=np.float32), 0)
    history = History(np.array([0, 1], np.int32), np.array([1, -1], np.float32))
    assert nonnegative_fold_in(model, history) == pytest.approx([1, 0, 0])
    with pytest.raises(EmptyHistoryError):
        nonnegative_fold_in(model, History(np.array([1], np.int32), np.array([-1], np.float32)))


def test_a_part_that_no_item_has_is_no_trouble() -> None:
    factors = np.array([[1, 0], [2, 0]], np.float32)
    history = History(np.array([1], np.int32), np.array([1], np.float32))
    assert nonnegative_fold_in(build_nonnegative_factors(factors, 0), history) == pytest.approx([0.4, 0])


@pytest.mark.parametrize(("value", "regularization"), [(-1, 0), (np.nan, 0), (np.inf, 0), (1, -1)])
def test_what_cannot_be_parts_is_refused(value: float, regularization: float) -> None:
    with pytest.raises(InvalidInputError, match="must be finite and not negative"):
        build_nonnegative_factors(np.array([[value]], np.float32), regularization)
