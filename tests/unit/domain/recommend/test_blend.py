"""A blend is a weighted sum in the members' units, and explains itself as they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_factors import Objective, rotate
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.collaborative.nonnegative_factors import build_nonnegative_factors
from segue.domain.recommend.blend import (
    Blend,
    Unit,
    shares,
    units,
)
from segue.errors import EmptyHistoryError, InvalidInputError
from tests.one_history import blend_reasons, blend_scores, personal_scores

N_ITEMS = 12
HISTORY = History(np.array([1, 4, 7], np.int32), np.array([1, 2, 1], np.float32))
UNSEEN = np.setdiff1d(np.arange(N_ITEMS), HISTORY.item_index)


def similarity(dense: np.ndarray) -> ItemSimilarity:
    row, column = np.nonzero(dense)
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(dense)))])
    return ItemSimilarity(start, column.astype(np.int32), dense[row, column].astype(np.float32))


def members(seed: int = 5) -> tuple:
    rng = np.random.default_rng(seed)
    return (
        rotate(rng.normal(size=(N_ITEMS, 3)).astype(np.float32), Objective(0.5)),
        similarity(rng.normal(size=(N_ITEMS, N_ITEMS)) * 1000),
        build_nonnegative_factors(rng.random((N_ITEMS, 4), np.float32), 0.1),
    )


@pytest.mark.parametrize(("unit", "measure"), [(Unit.DEVIATION, np.std), (Unit.GREATEST, np.max)])
def test_scores_are_the_sum_in_units_of_what_is_unseen(unit: Unit, measure) -> None:
    weights = np.array([0.5, 0.2, 0.3])
    expected = np.zeros(N_ITEMS)
    for member, weight in zip(members(), weights, strict=True):
        scores = personal_scores(member, HISTORY).astype(np.float64)
        expected += weight * scores / measure(scores[UNSEEN])
    assert blend_scores(Blend(members(), weights, unit), HISTORY) == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Unit)))
def test_reasons_sum_to_the_score(seed: int, unit: Unit) -> None:
    blend = Blend(members(seed), np.array([0.25, 0.25, 0.5]), unit)
    scores = blend_scores(blend, HISTORY)
    for item in range(N_ITEMS):
        assert blend_reasons(blend, HISTORY, item).sum() == pytest.approx(float(scores[item]), abs=1e-4)


def test_a_member_in_other_units_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((N_ITEMS, N_ITEMS))
    other = members()[0]
    plain, scaled = (
        blend_scores(
            Blend((similarity(dense * factor), other), np.array([0.4, 0.6]), Unit.DEVIATION), HISTORY
        )
        for factor in (1, 1e6)
    )
    assert scaled == pytest.approx(plain, rel=1e-4)


def test_a_member_that_says_nothing_counts_nothing() -> None:
    silent = similarity(np.zeros((N_ITEMS, N_ITEMS)))
    other = members()[0]
    for unit in Unit:
        both = blend_scores(Blend((silent, other), np.array([0.9, 0.1]), unit), HISTORY)
        alone = blend_scores(Blend((other,), np.array([1.0]), unit), HISTORY)
        assert both == pytest.approx(0.1 * alone, rel=1e-5)


def test_units_by_hand() -> None:
    scores = np.array([[9, 1, 3, 5], [9, -1, -1, -1]], np.float32)
    seen = np.array([True, False, False, False])
    assert units(scores, seen, Unit.GREATEST).tolist() == [5, 0]
    assert units(scores, seen, Unit.DEVIATION) == pytest.approx([np.sqrt(8 / 3), 0])
    assert shares(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist() == [0.25, 0]


def test_nobody_known_is_refused() -> None:
    blend = Blend(members(), np.array([1.0, 0, 0]), Unit.GREATEST)
    with pytest.raises(EmptyHistoryError):
        blend_scores(blend, History(np.empty(0, np.int32), np.empty(0, np.float32)))


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.5, 0.5], [1.5, -0.5, 0.0]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="3 members need as many weights"):
        Blend(members(), np.array(weights), Unit.DEVIATION)
