"""Titles of mixes."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.mix.title import mix_titles, ordinary_tone
from tests.small_catalogue import small_catalogue

ORDINARY = (0.5, 0.6)


def titles(
    artists: list[list[str]],
    genres: list[list[str]],
    group: list[int],
    tone: tuple[float, float] | None = None,
) -> list[str]:
    n = len(artists)
    audio = dict(zip(("valence", "energy"), tone, strict=True)) if tone else {}
    catalogue = small_catalogue(
        artists, genres=genres, audio={name: [value] * n for name, value in audio.items()}
    )
    return mix_titles(
        catalogue, np.arange(n, dtype=np.int32), np.arange(n, 0, -1.0), np.array(group), ORDINARY
    )


def test_genre_and_the_two_heaviest_artists_are_named() -> None:
    found = titles([["A"], ["B", "guest"], ["C"], ["B"]], [["indie"]] * 4, [0] * 4, (0.2, 0.3))
    assert found == ["Melancholic indie: A, B and more"]


@pytest.mark.parametrize(
    ("tone", "word"),
    [
        ((0.9, 0.9), "Upbeat indie"),
        ((0.9, 0.2), "Mellow indie"),
        ((0.1, 0.9), "Intense indie"),
        ((0.45, 0.1), "Indie"),
        (None, "Indie"),
    ],
)
def test_a_clear_tone_has_a_word(tone: tuple[float, float] | None, word: str) -> None:
    assert titles([["A"]], [["indie"]], [0], tone) == [f"{word}: A and more"]


def test_the_genre_is_what_tells_a_mix_from_the_others() -> None:
    """Rock is in all, and the most of each; each mix is named by what the other has less of."""
    genres = [["rock", "metal"]] * 4 + [["rock"]] + [["rock", "folk"]] * 4 + [["rock"]]
    found = titles([["A"]] * 5 + [["B"]] * 5, genres, [0] * 5 + [1] * 5)
    assert found == ["Metal: A and more", "Folk: B and more"]


def test_a_single_mix_is_named_by_its_commonest_genre() -> None:
    assert titles([["A"]] * 3, [["pop"], ["jazz"], ["jazz"]], [0] * 3) == ["Jazz: A and more"]
    assert titles([["A"]] * 3, [["pop"], ["jazz"], ["pop"]], [0] * 3) == ["Pop: A and more"]


def test_a_mix_is_called_by_what_is_common_in_it_however_rare_another_genre_is_elsewhere() -> None:
    """Five genres are in most of both mixes; Iranian music is in the first alone, but a fifth of it only."""
    usual = [["emo", "metal", "pop", "punk", "rock"]] * 12
    found = titles([["A"]] * 26, [["iranian"]] * 2 + usual * 2, [0] * 14 + [1] * 12)
    assert found[0] == "Emo: A and more"
    scattered = [[name] for name in "abcdefgh"] + [["rock"]] * 2
    assert titles([["A"]] * 10, scattered, [0] * 10) == ["A: A and more"]  # the commonest, by weight


def test_what_is_unknown_is_left_out_and_titles_still_differ() -> None:
    assert titles([[], [], []], [[], [], []], [0, 1, 2]) == ["Mix", "Mix (2)", "Mix (3)"]


def test_the_ordinary_is_the_median_of_what_is_known() -> None:
    audio = {"valence": [0.1, 0.4, np.nan, 0.9], "energy": [np.nan] * 4}
    assert ordinary_tone(small_catalogue([["A"]] * 4, audio=audio)) == pytest.approx((0.4, 0.5))
