"""Moods, situations, and what they make of percentiles."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.listening.mood import FEATURES, MOODS, Mood, mood_weights
from segue.domain.listening.situation import (
    CIRCUMSTANCES,
    PRIOR,
    Activity,
    Day,
    Situation,
    TimeOfDay,
    Weather,
    circumstances_of,
    prior_shift,
)
from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.content.rules import MoodRules, mood_source
from segue.errors import InvalidInputError

LOUD, QUIET, MIDDLE = 0, 1, 2
PERCENTILE = np.full((3, len(FEATURES)), 0.5, np.float32)
for name, value in (("energy", 0.9), ("tempo", 0.8), ("loudness", 0.9), ("acousticness", 0.1)):
    PERCENTILE[LOUD, FEATURES.index(name)] = value
    PERCENTILE[QUIET, FEATURES.index(name)] = 1 - value


def rules(shift: np.ndarray | None = None) -> MoodRules:
    prior = np.stack([prior_shift(name) for name in CIRCUMSTANCES])
    return MoodRules(
        PERCENTILE,
        CIRCUMSTANCES,
        prior if shift is None else shift,
        np.zeros(len(CIRCUMSTANCES), np.int64),
    )


def test_every_mood_asks_for_features_there_are() -> None:
    assert set(MOODS) == set(Mood)
    assert {feature for asked in MOODS.values() for feature in asked} <= set(FEATURES) <= set(AUDIO_FEATURES)
    for mood in Mood:
        assert np.abs(mood_weights(mood)).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("mood", "first"),
    [
        (Mood.ENERGETIC, LOUD),
        (Mood.WORKOUT, LOUD),
        (Mood.PARTY, LOUD),
        (Mood.CHILL, QUIET),
        (Mood.ROMANTIC, QUIET),
    ],
)
def test_a_mood_puts_its_tracks_first(mood: Mood, first: int) -> None:
    assert mood_source(rules(), mood).best(3).tolist() == [first, MIDDLE, 1 - first]


@pytest.mark.parametrize("mood", Mood)
def test_a_track_in_the_middle_of_everything_scores_a_half(mood: Mood) -> None:
    assert mood_source(rules(), mood).scores(np.array([MIDDLE], np.int32)) == pytest.approx(0.5)


@given(st.sampled_from([None, *Mood]), st.integers(0, 2**32 - 1))
def test_scores_lie_between_nothing_and_all(mood: Mood | None, seed: int) -> None:
    extreme = np.random.default_rng(seed).choice([0, 1], (3, len(FEATURES))).astype(np.float32)
    given_rules = MoodRules(extreme, CIRCUMSTANCES, rules().shift, rules().n_events)
    source = mood_source(given_rules, mood, Situation(activity=Activity.PARTY, weather=Weather.RAINY))
    scores = source.scores(np.arange(3, dtype=np.int32))
    assert (scores >= -1e-6).all()
    assert (scores <= 1 + 1e-6).all()


def test_a_situation_shifts_what_a_mood_asks_for() -> None:
    row = np.array([LOUD, QUIET], np.int32)
    plain = mood_source(rules(), Mood.HAPPY).scores(row)
    sleeping = mood_source(rules(), Mood.HAPPY, Situation(activity=Activity.SLEEP)).scores(row)
    assert sleeping[1] - sleeping[0] > plain[1] - plain[0]


def test_a_situation_that_changes_little_tells_tracks_apart_a_little() -> None:
    shift = rules().shift
    row = np.array([LOUD, QUIET], np.int32)
    workout = Situation(activity=Activity.WORKOUT)
    much = np.ptp(mood_source(rules(shift), situation=workout).scores(row))
    little = np.ptp(mood_source(rules(shift / 10), situation=workout).scores(row))
    assert little == pytest.approx(much / 10, rel=1e-4)


def test_nothing_asked_is_nothing_found() -> None:
    source = mood_source(rules())
    assert source.best(3).tolist() == []
    assert source.scores(np.arange(3, dtype=np.int32)).tolist() == [0, 0, 0]
    assert not any(each.value.any() for each in source.reasons(np.arange(3, dtype=np.int32)))


def test_circumstances_that_the_table_does_not_have_change_nothing() -> None:
    short = MoodRules(PERCENTILE, ("night",), np.stack([prior_shift("night")]), np.zeros(1, np.int64))
    known = short.shift_of(Situation(time_of_day=TimeOfDay.NIGHT))
    assert (short.shift_of(Situation(TimeOfDay.NIGHT, activity=Activity.WORKOUT)) == known).all()
    assert known.any()
    assert not short.shift_of(Situation(activity=Activity.WORKOUT)).any()


def test_reasons_tell_mood_from_situation() -> None:
    source = mood_source(rules(), Mood.PARTY, Situation(activity=Activity.WORKOUT))
    told = source.reasons(np.array([LOUD, QUIET], np.int32))
    names = {
        (each.kind, each.names[about]) for each in told for about in each.about[each.value != 0].tolist()
    }
    assert {(ReasonKind.MOOD, "danceability"), (ReasonKind.CONTEXT, "tempo")} <= names
    assert all((each.value >= 0).all() for each in told)


@pytest.mark.parametrize(
    ("shift", "n_events"),
    [((2, len(FEATURES)), (1,)), ((1, 3), (1,)), ((1, len(FEATURES)), (2,))],
)
def test_arrays_that_do_not_fit_are_refused(shift: tuple[int, ...], n_events: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError):
        MoodRules(PERCENTILE, ("night",), np.zeros(shift, np.float32), np.zeros(n_events, np.int64))


# --- situations --------------------------------------------------------------------------------------


def test_every_circumstance_has_a_name_of_its_own_and_a_prior() -> None:
    assert len(set(CIRCUMSTANCES)) == len(CIRCUMSTANCES)
    assert set(PRIOR) == set(CIRCUMSTANCES)
    assert all(np.abs(prior_shift(name)).sum() > 0 for name in CIRCUMSTANCES)
    assert not prior_shift("doing handstands").any()


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (0, TimeOfDay.NIGHT), (4, TimeOfDay.NIGHT), (5, TimeOfDay.MORNING), (11, TimeOfDay.MORNING),
        (12, TimeOfDay.AFTERNOON), (17, TimeOfDay.AFTERNOON), (18, TimeOfDay.EVENING),
        (21, TimeOfDay.EVENING), (22, TimeOfDay.NIGHT), (23, TimeOfDay.NIGHT),
    ],
)  # fmt: skip
def test_the_parts_of_a_day(hour: int, part: TimeOfDay) -> None:
    rows = circumstances_of(np.array([datetime(2026, 11, 20, hour)], "datetime64[s]"))  # noqa: DTZ001
    assert CIRCUMSTANCES[rows[0, 0]] == part


def test_what_is_not_known_is_left_out() -> None:
    assert Situation().circumstances == ()
    assert Situation(activity=Activity.WORK, weather=Weather.SNOWY).circumstances == ("work", "snowy")


@given(st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_columns_of_times_are_read_as_single_ones(at: datetime) -> None:
    rows = circumstances_of(np.array([at, "NaT"], "datetime64[s]"))
    assert CIRCUMSTANCES[rows[0, 1]] == (Day.WEEKEND if at.weekday() >= 5 else Day.WORKDAY)
    assert rows[1].tolist() == [-1, -1]
