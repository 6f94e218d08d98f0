"""Intervals hold the truth as often as they say; corrected tests rarely cry wolf."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.measure.comparison import Estimate, compare_pairs, correct_by_holm, estimate_means


def test_intervals_hold_the_true_mean_nineteen_times_of_twenty() -> None:
    rng = np.random.default_rng(1)
    holds = []
    for trial in range(60):
        estimate = estimate_means({"recall": rng.beta(0.5, 2, 150)}, seed=trial)["recall"]
        holds.append(estimate.low < 0.2 < estimate.high)
        assert estimate.n == 150
    assert 0.85 <= np.mean(holds) <= 1.0
    width = estimate.high - estimate.low
    wide = estimate_means({"recall": rng.beta(0.5, 2, 15)}, seed=0)["recall"]
    assert wide.high - wide.low > 2 * width


def test_the_same_seed_gives_the_same_interval() -> None:
    values = {"a": np.arange(50.0), "b": np.arange(50.0) * 2}
    first = estimate_means(values, 3)
    assert first == estimate_means(values, 3) != estimate_means(values, 4)
    assert first["b"].low == pytest.approx(2 * first["a"].low)


def test_users_for_whom_a_metric_means_nothing_are_left_out_of_it() -> None:
    some = np.where(np.arange(200) % 4 == 0, np.nan, np.arange(200.0))
    rare = np.where(np.arange(200) == 7, 3.0, np.nan)
    values = {"all": np.arange(200.0), "some": some, "rare": rare, "none": np.full(200, np.nan)}
    estimates = estimate_means(values, seed=1)
    assert estimates.keys() == {"all", "some", "rare"}
    assert (estimates["some"].n, estimates["some"].value) == (150, pytest.approx(np.nanmean(some)))
    assert estimates["some"].low < np.nanmean(some) < estimates["some"].high
    assert estimates["rare"] == Estimate(3, 3, 3, 1)
    assert estimates["all"] == estimate_means({"all": values["all"]}, seed=1)["all"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_its_definition(p_values: list[float]) -> None:
    ordered, m = sorted(p_values), len(p_values)
    expected = {p: min(1.0, max((m - j) * ordered[j] for j in range(ordered.index(p) + 1))) for p in p_values}
    corrected = correct_by_holm(np.array(p_values))
    # Equal p-values may be stepped through in any order: the greatest of theirs bounds them all.
    assert all(value >= expected[p] - 1e-12 for p, value in zip(p_values, corrected, strict=True))
    assert (np.diff(corrected[np.argsort(p_values, kind="stable")]) >= 0).all()
    if len(set(p_values)) == m:
        assert corrected.tolist() == pytest.approx([expected[p] for p in p_values])


def test_a_real_difference_is_found_and_named_by_its_winner() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(400)
    tests = compare_pairs({"weak": base, "same": base.copy(), "strong": base + rng.normal(0.05, 0.1, 400)})
    assert [(test.better, test.worse) for test in tests][2] == ("weak", "same")
    assert tests[2].p_value == 1.0
    assert {(test.better, test.worse) for test in tests[:2]} == {("strong", "weak"), ("strong", "same")}
    assert all(test.p_holm < 1e-6 and test.difference > 0 for test in tests[:2])
    assert tests[0].p_holm == pytest.approx(3 * tests[0].p_value)


def test_a_difference_that_never_varies_is_sure_and_one_user_proves_nothing() -> None:
    (sure,) = compare_pairs({"a": np.full(10, 0.5), "b": np.full(10, 0.25)})
    assert (sure.better, sure.p_value, sure.difference) == ("a", 0.0, 0.25)
    (lone,) = compare_pairs({"a": np.array([0.5]), "b": np.array([0.25])})
    assert lone.p_value == 1.0


def test_equal_models_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(100):
        values = {name: rng.random(60) for name in "abc"}
        found += compare_pairs(values)[0].p_holm < 0.05
    assert found <= 12
