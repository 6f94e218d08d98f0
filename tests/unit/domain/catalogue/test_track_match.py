"""Matching: by id before name, the closest spelling first, and what is ambiguous is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.domain.catalogue.track_match import (
    AMBIGUOUS,
    CONFIDENCE,
    FoundBy,
    Match,
    TrackIndex,
    Wanted,
    build_track_index,
    match_all,
)
from segue.domain.vector.column import build_text
from tests.small_catalogue import small_catalogue

NAMES = [
    "Under Pressure",  # t000
    "Under Pressure - Remastered 2011",  # t001
    "Monsters (feat. Demi Lovato)",  # t002
    "Halo",  # t003, Beyoncé
    "Halo",  # t004, another length
    "Halo",  # t005, the length of t003
    "Home",  # t006
    "Home",  # t007, popular, another length
    "",  # t008
]
ARTISTS = [
    ["Queen", "David Bowie"],
    ["Queen", "David Bowie"],
    ["All Time Low"],
    ["Beyoncé"],
    ["Texas"],
    ["Beyoncé"],
    ["The Foos"],
    ["Foos"],
    ["Nobody"],
]


@pytest.fixture(scope="module")
def index() -> TrackIndex:
    catalogue = small_catalogue(ARTISTS, names=NAMES)
    return build_track_index(
        replace(
            catalogue,
            album=build_text(["Hot Space", "Hot Space", "", "I Am", "", "Live", "One", "Two", ""]),
            duration_s=np.array([240, 245, 180, 260, 200, 261, 100, 300, 50], np.float32),
            popularity=np.array([50, 60, 10, 30, 90, 70, 20, 80, 0], np.float32),
        )
    )


def find(index: TrackIndex, artist: str, title: str, album: str = "", *ids: str) -> Match | None:
    return match_all(index, [Wanted(artist, title, album, ids)])[0]


@pytest.mark.parametrize(
    ("artist", "title", "row", "found_by"),
    [
        ("QUEEN", "under pressure", 0, FoundBy.NAME),
        ("David Bowie", "Under Pressure", 0, FoundBy.NAME),
        ("Queen, David Bowie", "Under Pressure", 0, FoundBy.NAME),
        ("Queen & David Bowie", "Under Pressure!", 0, FoundBy.NAME),
        ("Queen", "Under Pressure - Remastered 2011", 1, FoundBy.NAME),
        ("All Time Low", "Monsters", 2, FoundBy.CREDIT),
        ("All Time Low feat. Demi Lovato", "Monsters (feat. blackbear)", 2, FoundBy.CREDIT),
        ("All Time Low", "Monsters - Live", 2, FoundBy.EDITION),
        ("Beyonce", "HALO", 5, FoundBy.NAME),
        ("Texas", "Halo", 4, FoundBy.NAME),
    ],
)
def test_the_closest_spelling_is_found(
    index: TrackIndex, artist: str, title: str, row: int, found_by: FoundBy
) -> None:
    assert find(index, artist, title) == Match(row, found_by)


def test_an_id_comes_before_any_name(index: TrackIndex) -> None:
    assert find(index, "Queen", "Under Pressure", "", "nope", "t006") == Match(6, FoundBy.ID)
    assert find(index, "", "", "", "t006") == Match(6, FoundBy.ID)
    assert find(index, "Queen", "Under Pressure", "", "nope") == Match(0, FoundBy.NAME)


def test_releases_of_one_length_are_one_recording_and_the_popular_one_is_taken(index: TrackIndex) -> None:
    assert find(index, "Beyoncé", "Halo") == Match(5, FoundBy.NAME, candidates=1)
    assert find(index, "Beyoncé", "Halo", "I Am") == Match(3, FoundBy.NAME, candidates=1)


def test_recordings_that_fit_equally_are_ambiguous_unless_the_album_tells(index: TrackIndex) -> None:
    found = find(index, "Foos", "Home")
    assert found == Match(7, FoundBy.NAME, candidates=2)
    assert found.confidence == pytest.approx(CONFIDENCE[FoundBy.NAME] * AMBIGUOUS)
    assert find(index, "Foos", "Home", "One (Deluxe Edition)") == Match(6, FoundBy.NAME)
    live = find(index, "Queen", "Under Pressure (Live at Wembley)")
    assert live == Match(1, FoundBy.EDITION, candidates=2)


def test_what_the_catalogue_lacks_is_none(index: TrackIndex) -> None:
    for artist, title in (("Queen", "Home"), ("", "Home"), ("Foos", ""), ("Nobody", ""), ("", "")):
        assert find(index, artist, title) is None


def test_without_lengths_and_popularity_several_fit() -> None:
    index = build_track_index(small_catalogue([["A"], ["A"]], names=["x", "x"]))
    assert find(index, "a", "x") == Match(0, FoundBy.NAME, candidates=2)


def test_confidence_falls_with_every_step() -> None:
    sure = [CONFIDENCE[found_by] for found_by in FoundBy]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] == 1.0
    assert CONFIDENCE[FoundBy.EDITION] * AMBIGUOUS > 0.5
