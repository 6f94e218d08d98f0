"""Intervals and p-values, held to naive implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from training.genre_preference.evaluation import (
    WorstRecall,
    accuracy,
    better_than,
    calibration_error,
    macro_f1,
    worst_recall,
)
from training.measure.comparison import mean_of_differences

LABEL = np.arange(200) % 4


def test_accuracy_and_its_interval() -> None:
    answer = np.where(np.arange(200) < 150, LABEL, -2)
    estimate = accuracy(answer, LABEL)
    assert estimate.value == 0.75
    assert 0.68 < estimate.low < 0.75 < estimate.high < 0.81
    assert estimate.to_json("s") == {
        "value": 0.75,
        "ci95": [pytest.approx(estimate.low, abs=1e-6), pytest.approx(estimate.high, abs=1e-6)],
        "n": 200, "split": "s",
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(-2, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_macro_f1_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    answer, label = np.array(pairs, np.int64).T
    expected = f1_score(label, answer, average="macro", zero_division=0.0)
    assert macro_f1(answer, label, seed=1).value == pytest.approx(expected)


def test_the_interval_of_rare_genres_holds_the_estimate() -> None:
    label = np.concatenate([np.zeros(50, np.int64), np.arange(1, 51)])
    estimate = macro_f1(np.zeros(100, np.int64), label, seed=1)
    assert estimate.low <= estimate.value <= estimate.high


def test_intervals_are_of_95_percent() -> None:
    rng = np.random.default_rng(3)
    label = np.zeros(200, np.int64)
    inside = [0, 0]
    for _ in range(400):
        right = accuracy((rng.random(200) > 0.6).astype(int), label)
        inside[0] += right.low <= 0.6 <= right.high
        gain = mean_of_differences((rng.random(200) <= 0.6).astype(float) - (rng.random(200) <= 0.6))
        inside[1] += gain.low <= 0 <= gain.high
    assert all(0.92 < count / 400 < 0.98 for count in inside)


def test_macro_f1_weighs_genres_alike() -> None:
    label = np.array([0] * 90 + [1] * 10)
    estimate = macro_f1(np.zeros(100, np.int64), label, seed=1)
    assert estimate.value == pytest.approx((2 * 0.9 / 1.9) / 2)
    assert estimate.low <= estimate.value <= estimate.high


def test_a_difference_of_macro_f1_is_that_of_both_estimates_and_paired() -> None:
    rng = np.random.default_rng(5)
    label = rng.integers(4, size=300)
    answer, other = (np.where(rng.random(300) < share, label, 0) for share in (0.7, 0.5))
    gain = macro_f1(answer, label, seed=1, over=other)
    single = [macro_f1(rows, label, seed=1) for rows in (answer, other)]
    assert gain.value == pytest.approx(single[0].value - single[1].value)
    assert 0 < gain.low < gain.value < gain.high
    same = macro_f1(answer, label, seed=1, over=answer)
    assert (same.low, same.value, same.high) == (0, 0, 0)


def test_the_worst_recall_is_of_genres_with_ten_customers() -> None:
    label = np.array([0] * 20 + [1] * 10 + [2] * 9)
    answer = np.where(np.arange(39) < 27, label, 0)
    assert worst_recall(answer, label) == WorstRecall(index=1, recall=0.7, support=10)
    assert worst_recall(answer[-9:], label[-9:]) is None


def test_the_calibration_error_weighs_the_gap_of_each_tenth_by_its_customers() -> None:
    stated = np.array([0.55, 0.58, 0.91, 1.0])
    right = np.array([True, False, True, True])
    assert calibration_error(stated, right) == pytest.approx((0.13 + 0.09) / 4)
    rng = np.random.default_rng(2)
    stated = rng.random(20_000)
    assert calibration_error(stated, rng.random(20_000) < stated) < 0.02


@given(st.integers(0, 6), st.integers(0, 6))
def test_the_exact_p_value_is_that_of_all_permutations(wins: int, losses: int) -> None:
    label = np.zeros(30, np.int64)
    answer, baseline = label.copy(), label.copy()
    baseline[:wins] = 1
    answer[wins : wins + losses] = 1
    sums = np.zeros(1)
    for _ in range(wins + losses):  # each discordant customer swaps or not: the sum of ±1 over all ways
        sums = np.concatenate([sums - 1, sums + 1])
    expected = float((sums >= wins - losses).mean()) if wins + losses else 1.0
    assert better_than(answer, baseline, label) == pytest.approx(expected)


def test_noise_is_rarely_called_better() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 4, 300)
    p = [better_than(rng.integers(0, 4, 300), rng.integers(0, 4, 300), label) for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) < 0.09
