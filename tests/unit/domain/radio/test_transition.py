"""Changes of tempo, key and energy from one track to the next."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.radio.transition import (
    UNKNOWN_COST,
    Smoothness,
    TransitionSound,
    build_sound,
    energy_change,
    key_distance,
    tempo_change,
    transition_cost,
)

NAMES = ("tempo", "key", "mode", "energy")


def sound(*tracks: tuple[float, float, float, float]) -> TransitionSound:
    audio = np.full((len(tracks), len(AUDIO_FEATURES)), np.nan, np.float32)
    audio[:, [AUDIO_FEATURES.index(name) for name in NAMES]] = tracks
    return build_sound(audio)


@pytest.mark.parametrize(
    ("one", "other", "change"),
    [(100, 100, 0), (100, 110, 0.1), (110, 100, 0.1), (70, 140, 0), (150, 80, 1 / 15)],
)
def test_tempo_changes_relatively_and_folds_half_and_double_time(
    one: float, other: float, change: float
) -> None:
    found = tempo_change(sound((one, 0, 1, 0.5)), sound((other, 0, 1, 0.5)))
    np.testing.assert_allclose(found, [change], atol=1e-5)


def test_key_and_energy_change() -> None:
    c_major, e_flat_minor = sound((100, 0, 1, 0.25)), sound((100, 3, 0, 1.0))
    assert key_distance(c_major, e_flat_minor).tolist() == [7]
    assert energy_change(c_major, e_flat_minor).tolist() == [0.75]


def test_no_change_costs_nothing_and_the_greatest_costs_all_weights() -> None:
    weight = Smoothness(tempo=1, key=10, energy=100)
    start = sound((100, 0, 1, 0.0))
    after = sound((100, 0, 1, 0.0), (130, 3, 0, 1.0), (130, 0, 1, 0.0), (100, 3, 0, 0.0), (100, 0, 1, 0.25))
    np.testing.assert_allclose(transition_cost(start, after, weight), [0, 111, 1, 10, 50])


def test_a_large_change_of_tempo_costs_more_than_small_ones_that_add_up_to_it() -> None:
    start, after = sound((100, 0, 1, 0.5)), sound((105, 0, 1, 0.5), (110, 0, 1, 0.5), (120, 0, 1, 0.5))
    cost = transition_cost(start, after, Smoothness(tempo=16, key=0, energy=0))
    np.testing.assert_allclose(cost, [1, 4, 16], rtol=1e-4)


def test_no_key_makes_up_for_a_jump_of_the_tempo() -> None:
    start, after = sound((100, 0, 1, 0.5)), sound((120, 0, 1, 0.5), (102, 3, 0, 0.5))
    jump, clash = transition_cost(start, after, Smoothness()).tolist()
    assert jump > clash


def test_the_unknown_is_neutral() -> None:
    weight = Smoothness(tempo=1, key=10, energy=100)
    start = sound((0, -1, 0, np.nan))
    assert transition_cost(start, sound((100, 0, 1, 0.5)), weight).tolist() == [UNKNOWN_COST * 111]


known = st.tuples(st.floats(40, 250), st.integers(0, 11), st.integers(0, 1), st.floats(0, 1))


@given(known, known)
def test_there_costs_as_much_as_back_and_stays_within_the_weights(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> None:
    weight = Smoothness()
    there, back = (transition_cost(sound(a), sound(b), weight) for a, b in ((one, other), (other, one)))
    np.testing.assert_allclose(there, back, rtol=1e-5)
    assert 0 <= there[0] <= (weight.tempo + weight.key + weight.energy) * 1.000001
