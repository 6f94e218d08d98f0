"""Intervals and p-values, held to naive implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation import accuracy, better_than, macro_f1

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


def test_macro_f1_weighs_genres_alike() -> None:
    label = np.array([0] * 90 + [1] * 10)
    estimate = macro_f1(np.zeros(100, np.int64), label, seed=1)
    assert estimate.value == pytest.approx((2 * 0.9 / 1.9) / 2)
    assert estimate.low <= estimate.value <= estimate.high


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
