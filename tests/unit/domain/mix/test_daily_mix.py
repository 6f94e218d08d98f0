"""Mixes of a listener with two tastes, planted in a small catalogue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.catalogue.recording import recordings
from segue.domain.listening.history import History
from segue.domain.mix.daily_mix import Mix, MixFor, MixRules, daily_mixes
from segue.domain.vector.seeded_draw import draw_seed
from segue.errors import EmptyHistoryError
from tests.small_catalogue import small_catalogue

N, N_HEARD = 400, 40
RULES = MixRules(n_tracks=10)
TASTE = np.arange(N) % 2  # even rows are jazz, odd ones metal
GENRES = np.array(["jazz", "metal"])[TASTE]

CATALOGUE = small_catalogue([[f"{GENRES[row]} {row % 46}"] for row in range(N)], genres=[[g] for g in GENRES])
RECORDING = recordings(CATALOGUE)


def vectors() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (np.eye(16)[TASTE] * 2 + 0.3 * rng.normal(size=(N, 16))).astype(np.float32)


def listener(n_heard: int = N_HEARD, day: str = "2026-01-31", dislikes: int = 0) -> MixFor:
    """Heard the first rows, the later the less; the recommender proposes the rest in a random order."""
    confidence = np.linspace(9, 1, n_heard, dtype=np.float32)
    confidence[:dislikes] *= -1
    history = History(np.arange(n_heard, dtype=np.int32), confidence)
    candidates = np.random.default_rng(1).permutation(np.arange(N, dtype=np.int32))
    return MixFor(history, candidates, draw_seed("u", day))


def mixes(given: MixFor, rules: MixRules = RULES) -> list[Mix]:
    return daily_mixes(CATALOGUE, vectors(), RECORDING, given, rules)


def rows(mix: Mix) -> list[int]:
    return [track.item_index for track in mix.tracks]


def test_each_taste_has_its_mix_with_a_title() -> None:
    found = mixes(listener())
    assert [mix.title.split(":")[0] for mix in found] == ["Jazz", "Metal"]
    for taste, mix in enumerate(found):
        assert set(TASTE[rows(mix)]) == set(TASTE[list(mix.representative)]) == {taste}
        assert set(mix.representative) <= set(range(N_HEARD))


def test_familiar_and_new_are_blended_and_spread() -> None:
    for mix in mixes(listener()):
        familiar = [track.is_familiar for track in mix.tracks]
        assert (len(familiar), sum(familiar)) == (10, 4)
        assert familiar == [row < N_HEARD for row in rows(mix)]
        assert familiar[0]
        assert sum(familiar[:5]) == 2


def test_a_new_track_names_the_nearest_one_of_its_taste() -> None:
    unit = vectors() / np.linalg.norm(vectors(), axis=1, keepdims=True)
    for taste, mix in enumerate(mixes(listener())):
        heard = np.flatnonzero(TASTE[:N_HEARD] == taste)
        for track in mix.tracks:
            alike = unit[heard] @ unit[track.item_index]
            assert track.near_index == heard[alike.argmax()]
            assert track.nearness == pytest.approx(alike.max(), abs=1e-5)


def test_the_day_is_stable_and_the_next_one_differs() -> None:
    one, again, next_day = (mixes(listener(day=day)) for day in ("2026-01-31", "2026-01-31", "2026-02-01"))
    assert one == again
    assert [mix.title for mix in one] == [mix.title for mix in next_day]
    for today, tomorrow in zip(one, next_day, strict=True):
        shared = set(rows(today)) & set(rows(tomorrow))
        assert len(shared) < 8


def test_the_likeliest_come_most_often() -> None:
    """Over many days the best new tracks and the most played familiar ones are drawn more than the others."""
    drawn = np.zeros(N)
    for day in range(60):
        for mix in mixes(listener(day=str(day))):
            drawn[rows(mix)] += 1
    jazz = drawn[:N_HEARD:2]
    assert jazz[:10].sum() > 1.3 * jazz[10:].sum()
    assert (drawn[N_HEARD:] == 0).any()


@settings(max_examples=30)
@given(
    n_heard=st.integers(1, 60),
    dislikes=st.integers(0, 10),
    n_candidates=st.integers(0, N),
    rules=st.builds(
        MixRules,
        max_mixes=st.integers(1, 6),
        n_tracks=st.integers(1, 30),
        familiar=st.floats(0, 1),
        max_per_artist=st.integers(1, 4),
    ),
)
def test_no_track_twice_no_dislike_and_no_artist_too_often(
    n_heard: int, dislikes: int, n_candidates: int, rules: MixRules
) -> None:
    who = listener(n_heard, dislikes=min(dislikes, n_heard - 1))
    found = mixes(replace(who, candidates=who.candidates[:n_candidates]), rules)
    every = [row for mix in found for row in rows(mix)]
    assert len(set(every)) == len(every)
    assert not set(every) & set(range(min(dislikes, n_heard - 1)))
    assert 1 <= len(found) <= rules.max_mixes
    assert len({mix.title for mix in found}) == len(found)
    for mix in found:
        assert 1 <= len(mix.tracks) <= rules.n_tracks
        artists = [CATALOGUE.artists.of(row)[0] for row in rows(mix)]
        assert max(artists.count(artist) for artist in artists) <= rules.max_per_artist


def test_what_one_side_lacks_the_other_fills() -> None:
    little = listener(3)
    assert [len(mix.tracks) for mix in mixes(little)] == [10]
    assert sum(track.is_familiar for track in mixes(little)[0].tracks) == 3
    alone = replace(listener(), candidates=np.empty(0, np.int32))
    assert [sum(track.is_familiar for track in mix.tracks) for mix in mixes(alone)] == [10, 10]


def test_a_recording_with_two_ids_comes_once() -> None:
    same = np.arange(N, dtype=np.int32)
    same[N_HEARD:] = np.arange(N_HEARD, N) % N_HEARD  # every candidate is a heard recording
    found = daily_mixes(CATALOGUE, vectors(), same, listener(), RULES)
    assert all(track.is_familiar for mix in found for track in mix.tracks)


def test_what_was_heard_today_changes_no_draw_of_the_others() -> None:
    """A candidate that goes leaves the others' chances as they are: at most its own place is filled anew."""
    before = mixes(listener())
    gone = next(track.item_index for track in before[0].tracks if not track.is_familiar)
    who = listener()
    after = mixes(replace(who, candidates=who.candidates[who.candidates != gone]))
    assert len(set(rows(before[0])) - set(rows(after[0]))) <= 3


def test_nobody_liked_nothing() -> None:
    with pytest.raises(EmptyHistoryError):
        mixes(listener(3, dislikes=3))
    empty = History(np.empty(0, np.int32), np.empty(0, np.float32))
    with pytest.raises(EmptyHistoryError):
        mixes(replace(listener(), history=empty))
