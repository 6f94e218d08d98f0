"""The wheel, beside its published drawing."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.radio.camelot import camelot_code, camelot_distance, camelot_hour

# Read off the wheel as DJs know it, in the order C, C♯, … B.
MAJOR = ("8B", "3B", "10B", "5B", "12B", "7B", "2B", "9B", "4B", "11B", "6B", "1B")
MINOR = ("5A", "12A", "7A", "2A", "9A", "4A", "11A", "6A", "1A", "8A", "3A", "10A")

HOURS = np.tile(np.arange(1, 13, dtype=np.float32), 2)
MODES = np.repeat(np.array([0, 1], np.float32), 12)


@pytest.mark.parametrize(("mode", "codes"), [(1, MAJOR), (0, MINOR)])
def test_every_key_has_its_place(mode: int, codes: tuple[str, ...]) -> None:
    assert tuple(camelot_code(key, mode) for key in range(12)) == codes


@pytest.mark.parametrize(("key", "mode"), [(-1, 1), (12, 1), (0.5, 1), (0, 2), (np.nan, 1), (0, np.nan)])
def test_what_is_no_key_is_unknown(key: float, mode: float) -> None:
    assert camelot_code(key, mode) == ""
    assert np.isnan(camelot_hour(key, mode))


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("8B", "8B", 0), ("8B", "8A", 1), ("12A", "1A", 1), ("8B", "9A", 2), ("1B", "7B", 6), ("1B", "7A", 7)],
)
def test_steps_go_the_shorter_way_round(one: str, other: str, steps: int) -> None:
    (hour, mode), (there, its_mode) = ((float(code[:-1]), float(code[-1] == "B")) for code in (one, other))
    assert camelot_distance(np.array([hour]), np.array([mode]), there, its_mode).tolist() == [steps]


def test_it_is_a_distance_with_the_documented_mean() -> None:
    table = camelot_distance(HOURS[:, None], MODES[:, None], HOURS, MODES)
    assert (table == table.T).all()
    assert (table[:, :, None] <= table[:, None] + table.T[None]).all()
    assert table.mean() == 3.5


def test_neighbours_share_all_notes_but_one_at_most() -> None:
    def notes(key: int, mode: int) -> set[int]:
        return {(key + step) % 12 for step in ((0, 2, 4, 5, 7, 9, 11) if mode else (0, 2, 3, 5, 7, 8, 10))}

    keys = [(key, mode) for key in range(12) for mode in (0, 1)]
    hour = camelot_hour(*np.array(keys).T)
    for place, (key, mode) in enumerate(keys):
        steps = camelot_distance(hour, np.array(keys)[:, 1], hour[place], mode)
        shared = [len(notes(key, mode) & notes(*other)) for other in keys]
        assert {bool(step <= 1) for step, n in zip(steps, shared, strict=True) if n < 6} == {False}
