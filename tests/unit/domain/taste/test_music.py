"""Genres, sound, moods, eras and popularity of listeners whose taste is known by hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.listening.event import EventKind
from segue.domain.listening.mood import Mood
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.part.audio import AudioProfile, MoodProfile, audio_profile, mood_profile
from segue.domain.taste.part.era import EraProfile, era_profile
from segue.domain.taste.part.genre import GenreProfile, entropy_nats, genre_profile
from segue.domain.taste.part.mainstream import Mainstream, mainstreamness
from tests.small_catalogue import small_catalogue
from tests.small_taste import BEGIN, JAZZ, ROCK, catalogue, event, played, plays, reference

REFERENCE = reference()


def genres_of(tracks: list[str]) -> GenreProfile:
    found = genre_profile(REFERENCE, played(plays(tracks)))
    assert isinstance(found, GenreProfile)
    return found


def test_one_genre_counts_as_one() -> None:
    found = genres_of(ROCK)
    assert (found.effective_number, found.entropy_nats) == (1.0, 0.0)
    (rock,) = found.shares
    assert (rock.name, rock.share, rock.catalogue_share) == ("rock", pytest.approx(1), pytest.approx(0.5))


def test_two_genres_played_alike_count_as_two() -> None:
    found = genres_of(ROCK[:6] + JAZZ[:6])
    assert found.effective_number == pytest.approx(2)
    assert found.entropy_nats == pytest.approx(np.log(2))


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=20))
def test_the_effective_number_lies_between_one_and_all(parts: list[float]) -> None:
    share = np.array(parts) / np.sum(parts)
    assert 1 - 1e-9 <= np.exp(entropy_nats(share)) <= len(parts) + 1e-9


def test_what_is_disliked_or_skipped_is_no_taste() -> None:
    against = [event(track, BEGIN + timedelta(days=1), EventKind.DISLIKE) for track in JAZZ[:10]]
    against += [event(track, BEGIN + timedelta(days=1), EventKind.SKIP) for track in JAZZ[10:]]
    found = genre_profile(REFERENCE, played(plays(ROCK) + plays(JAZZ[:10]) + against))
    assert isinstance(found, GenreProfile)
    assert [each.name for each in found.shares] == ["rock"]
    assert found.support.tracks == 20


def test_tracks_without_a_genre_are_left_aside() -> None:
    tracks = catalogue([["rock"]] * 4 + [[]] * 36)
    everything = played(plays(ROCK + JAZZ), tracks=tracks)
    found = genre_profile(reference(tracks), everything)
    assert isinstance(found, GenreProfile)
    assert (found.support.tracks, found.effective_number) == (4, 1.0)
    lack = genre_profile(reference(tracks), played(plays(JAZZ), tracks=tracks))
    assert lack == Lack("needs 3 tracks with a genre, there are 0", lack.support)


def test_energetic_music_is_above_the_middle_and_a_constant_in_it() -> None:
    found = audio_profile(REFERENCE, played(plays(ROCK)))
    assert isinstance(found, AudioProfile)
    by_name = {each.name: each for each in found.features}
    assert by_name.keys() == {"energy", "tempo"}  # of the others nothing is known
    assert by_name["energy"].percentile.mean == pytest.approx(0.75)
    assert by_name["energy"].percentile.differs_from(0.5)
    assert by_name["energy"].low < 0.75 < by_name["energy"].high
    tempo = by_name["tempo"]
    assert tempo.percentile.mean == pytest.approx(0.5)
    assert (tempo.low, tempo.high, tempo.value) == (0.5, 0.5, 120.0)
    assert not tempo.percentile.differs_from(0.5)


def test_moods_stand_out_against_the_catalogue() -> None:
    rock = mood_profile(REFERENCE, played(plays(ROCK)))
    jazz = mood_profile(REFERENCE, played(plays(JAZZ)))
    assert isinstance(rock, MoodProfile)
    assert isinstance(jazz, MoodProfile)
    assert {each.mood for each in rock.moods} == set(Mood)
    by_mood = {each.mood: each.difference for each in rock.moods}
    assert by_mood[Mood.ENERGETIC] > 0.5 > -0.5 > by_mood[Mood.CHILL]
    assert jazz.moods[0].difference > 0 > {each.mood: each.difference for each in jazz.moods}[Mood.WORKOUT]
    whole = mood_profile(REFERENCE, played(plays(ROCK + JAZZ)))
    assert isinstance(whole, MoodProfile)
    assert max(abs(each.difference) for each in whole.moods) < 1e-6


def test_decades_share_what_is_played() -> None:
    found = era_profile(REFERENCE, played(plays(ROCK[:15] + JAZZ[:5])))
    assert isinstance(found, EraProfile)
    assert [decade for decade, _ in found.decades] == [1980, 2010]
    assert [share for _, share in found.decades] == pytest.approx([0.75, 0.25])
    assert (found.median_year, found.low_year, found.high_year) == (1985, 1985, 1985)


def test_the_most_played_tracks_are_more_mainstream_than_everybodys() -> None:
    head = mainstreamness(REFERENCE, played(plays(ROCK[:5])))
    tail = mainstreamness(REFERENCE, played(plays(JAZZ[-5:])))
    assert isinstance(head, Mainstream)
    assert isinstance(tail, Mainstream)
    assert head.percentile.mean > head.usual > tail.percentile.mean
    assert head.percentile.differs_from(head.usual)


@pytest.mark.parametrize("part", [genre_profile, audio_profile, mood_profile, era_profile, mainstreamness])
def test_two_tracks_are_too_little_and_what_is_unknown_is_said(part) -> None:
    assert isinstance(part(REFERENCE, played(plays(ROCK[:2]))), Lack)
    bare = small_catalogue([[]] * 40)
    found = part(reference(bare, popularity=None), played(plays(ROCK), tracks=bare))
    assert isinstance(found, Lack)
    assert found.reason.endswith("there are 0")


def test_what_weighs_more_counts_more() -> None:
    likes = [event(track, kind=EventKind.LIKE) for track in JAZZ[:4]]
    found = genre_profile(REFERENCE, played(plays(ROCK[:12]) + likes))
    assert isinstance(found, GenreProfile)
    assert [each.share for each in found.shares] == pytest.approx([0.5, 0.5])
