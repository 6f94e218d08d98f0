"""Draws by seed and row."""

from __future__ import annotations

import numpy as np

from segue.domain.vector.seeded_draw import draw_seed, uniform, weighted_order

ROWS = np.arange(20_000, dtype=np.int32)


def test_a_row_keeps_its_number_among_any_other_rows() -> None:
    assert uniform(7, ROWS)[[5, 900]].tolist() == uniform(7, np.array([5, 900], np.int32)).tolist()


def test_numbers_never_change() -> None:
    """SplitMix64 from 0, as its reference program prints it: a station would change its course."""
    published = np.array([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], np.uint64)
    assert uniform(0, ROWS[:3]).tolist() == (((published >> np.uint64(11)) + 0.5) / 2**53).tolist()
    assert draw_seed("u1", "2026-01-31") == 0x321E6A2FAC328B56


def test_numbers_are_even_and_seeds_differ() -> None:
    one, other = uniform(1, ROWS), uniform(2**64 - 1, ROWS)
    assert 0 < one.min() < one.max() < 1
    counts = np.bincount((one * 10).astype(int), minlength=10)
    assert abs(counts / len(ROWS) - 0.1).max() < 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_words_do_not_run_together() -> None:
    assert draw_seed("ab", "c") != draw_seed("a", "bc")
    assert draw_seed("\ud800") >= 0


def test_weights_are_chances() -> None:
    """Of two rows, one three times as heavy comes first in three of four draws."""
    pair, weight = np.array([3, 8], np.int32), np.array([3.0, 1.0])
    first = [int(weighted_order(seed, pair, weight)[0]) for seed in range(4000)]
    assert abs(np.mean(first) - 0.25) < 0.03
