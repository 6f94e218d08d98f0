"""Titles and credits: what counts as one and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.name_key import LONGEST, Likeness, artist_key, artist_keys, title_key


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Déjà Vu", "deja vu", Likeness.SPELLING),
        ("Don't Stop Me Now", "Dont Stop Me Now", Likeness.SPELLING),
        ("Don’t Stop", "Don't Stop", Likeness.SPELLING),
        ("Rock & Roll", "Rock and Roll", Likeness.SPELLING),
        ("Smørrebrød", "Smorrebrod", Likeness.SPELLING),
        ("Song (Live)", "Song - Live", Likeness.SPELLING),
        ("Monsters (feat. Demi Lovato)", "Monsters", Likeness.CREDIT),
        ("Monsters [with Blackbear]", "Monsters", Likeness.CREDIT),
        ("Monsters feat. Blackbear", "Monsters", Likeness.CREDIT),
        ("The Sound of Silence", "Sound of Silence", Likeness.CREDIT),
        ("Bohemian Rhapsody - Remastered 2011", "Bohemian Rhapsody", Likeness.EDITION),
        ("Bohemian Rhapsody - 2011 Remaster", "Bohemian Rhapsody", Likeness.EDITION),
        ("Bohemian Rhapsody (Live Aid, live)", "Bohemian Rhapsody", Likeness.EDITION),
        ("Hallelujah (Live)", "Hallelujah - Radio Edit", Likeness.EDITION),
        ("Hurt [Single Version]", "Hurt", Likeness.EDITION),
        ("1979 – Remastered 2012", "1979", Likeness.EDITION),
        ("Song (feat. X) - Live at Wembley, 1986", "Song", Likeness.EDITION),
        ("Song (2009)", "Song", Likeness.EDITION),
    ],
)
def test_titles_are_one_from_a_likeness_on(one: str, other: str, likeness: Likeness) -> None:
    for level in Likeness:
        assert (title_key(one, level) == title_key(other, level)) == (level >= likeness), level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song (Deep House Remix)", "Song"),
        ("Song (Karaoke)", "Song"),
        ("Song, Pt. 1", "Song, Pt. 2"),
        ("Live and Let Die", "And Let Die"),
        ("!!!", "???"),
        ("東京", "京都"),
    ],
)
def test_other_titles_stay_others(one: str, other: str) -> None:
    assert title_key(one, Likeness.EDITION) != title_key(other, Likeness.EDITION)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Røyksopp", "Royksopp"),
        ("Myslovitz Łódź", "MYSLOVITZ LODZ"),
        ("Đorđe Balašević", "Dorde Balasevic"),
        ("Die Ärzte ß", "die arzte ss"),
        ("A$AP Rocky", "ASAP Rocky"),
        ("Sigur Rós & Þór", "sigur ros and thor"),
        ("Mœbius Æther", "Moebius Aether"),
    ],
)
def test_artists_and_titles_are_folded_alike(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other)
    assert title_key(one, Likeness.SPELLING) == title_key(other, Likeness.SPELLING)


@pytest.mark.parametrize("title", ["Live", "(Live)", "Remastered", "feat. me", "The", "!!!", "- Live"])
def test_no_title_has_an_empty_key(title: str) -> None:
    assert all(title_key(title, likeness) for likeness in Likeness)


@given(st.text(max_size=80))
def test_keys_do_not_depend_on_case_and_are_stable(title: str) -> None:
    for likeness in Likeness:
        key = title_key(title, likeness)
        assert title_key(f"  {title} ", Likeness.SPELLING) == title_key(title, Likeness.SPELLING)
        assert isinstance(key, str)
        assert bool(key) == bool(title.strip()), title


def test_a_title_of_any_length_costs_little() -> None:
    title_key("(" * 100_000 + "live", Likeness.EDITION)
    title_key(" - a" * 50_000, Likeness.EDITION)
    assert len(title_key("x" * 10_000, Likeness.SPELLING)) == LONGEST


def test_a_credit_is_looked_for_whole_then_by_its_first_artist() -> None:
    assert artist_keys("Simon & Garfunkel") == ("simonandgarfunkel", "simon")
    assert artist_keys("Rihanna, Drake") == ("rihannadrake", "rihanna")
    assert artist_keys("Rihanna feat. Drake") == ("rihanna",)
    assert artist_keys("AC/DC")[0] == "acdc"
    assert artist_keys("Queen") == ("queen",)
