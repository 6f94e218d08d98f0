"""Intervals beside scipy's, and shares that no small sample makes sure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm, t

from segue.domain.taste.weighted_mean import (
    SURE_Z,
    USUAL_Z,
    estimate,
    estimate_share,
    n_effective,
    quantile_chi_square,
    quantile_t,
    weighted_quantiles,
)


@pytest.mark.parametrize("z", [USUAL_Z, SURE_Z])
@pytest.mark.parametrize("freedom", [3, 5, 10, 30, 200])
def test_students_t_is_as_scipys(z: float, freedom: int) -> None:
    assert quantile_t(z, freedom) == pytest.approx(
        t.ppf(norm.cdf(z), freedom), rel=0.12 if freedom < 5 else 0.04
    )


@pytest.mark.parametrize("freedom", [1, 2, 6, 12, 40])
def test_chi_square_is_as_scipys(freedom: int) -> None:
    assert quantile_chi_square(2.326, freedom) == pytest.approx(chi2.ppf(norm.cdf(2.326), freedom), rel=0.03)


def test_equal_weights_are_the_plain_mean_and_its_error(rng: np.random.Generator) -> None:
    value = rng.normal(3, 2, 50)
    found = estimate(value, np.full(50, 7.0))
    assert found.mean == pytest.approx(value.mean())
    assert found.error == pytest.approx(value.std(ddof=1) / math.sqrt(50))
    assert found.n_effective == pytest.approx(50)
    low, high = found.interval() or (0, 0)
    assert low < found.mean < high


def test_one_track_says_nothing_for_sure() -> None:
    found = estimate(np.array([0.9]), np.array([5.0]))
    assert (found.mean, found.interval()) == (0.9, None)
    assert not found.differs_from(0.1)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30))
def test_effective_number_lies_between_one_and_all(weights: list[float]) -> None:
    assert 1 - 1e-9 <= n_effective(np.array(weights)) <= len(weights) + 1e-9


def test_a_few_of_a_few_are_no_sure_share() -> None:
    assert not estimate_share(1.0, 3).differs_from(0.5)
    assert estimate_share(1.0, 60).differs_from(0.5)
    assert not estimate_share(0.5, 60).differs_from(0.5)


def test_quantiles_count_by_weight() -> None:
    assert weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0]), (0.05, 0.5, 1.0)) == [
        1,
        2,
        3,
    ]
