"""The tables of docs/rules.md are those of the code."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from segue.domain.catalogue.broad_genre import _PHRASES, _WORDS, broad_genres
from segue.domain.listening.mood import MOODS
from segue.domain.listening.situation import PRIOR, PRIOR_SHIFT
from segue.sources.sample.world import genre as sample
from tests.architecture.test_docs import read, rows
from training.algorithm.content.rules import PRIOR_EVENTS
from training.algorithm.popularity.social import HALF_LIFE_S, MAX_LIKES

TEXT = read("docs/rules.md")
TABLE = {row[0].strip("`"): row[1:] for row in rows(TEXT) if len(row) in {2, 3, 4}}
SPACED = " ".join(TEXT.split())


def listed(weights: dict, sign: int) -> str:
    return ", ".join(f"{name} {abs(value):g}" for name, value in weights.items() if sign * value > 0)


@pytest.mark.parametrize("mood", MOODS)
def test_moods(mood: str) -> None:
    found = [row[1:3] for row in rows(TEXT) if len(row) == 4 and row[0] == f"`{mood}`"]
    assert found == [[listed(MOODS[mood], 1), listed(MOODS[mood], -1)]]


@pytest.mark.parametrize("circumstance", PRIOR)
def test_priors(circumstance: str) -> None:
    found = [row[1] for row in rows(TEXT) if len(row) == 3 and row[0] == f"`{circumstance}`"]
    assert found == [listed(PRIOR[circumstance], 1)]


def test_words_of_genres() -> None:
    assert {str(genre): ", ".join(words) for genre, words in _WORDS.items()}.items() <= {
        name: cells[0] for name, cells in TABLE.items()
    }.items()
    assert {name: TABLE[name][0] for name in _PHRASES} == {
        name: ", ".join(genres) for name, genres in _PHRASES.items()
    }


def test_constants() -> None:
    for said in (
        f"by {PRIOR_SHIFT:g} of the catalogue's range",
        f"as if that were {PRIOR_EVENTS} events",
        f"the newest {MAX_LIKES} are kept",
        f"every {HALF_LIFE_S / 86_400:g} days of age",
    ):
        assert said in SPACED


def unmapped_in_the_document() -> set[str]:
    _, _, rest = SPACED.partition("but not how: ")
    names, _, rest = rest.partition("; and ")
    return {*names.split(", "), rest.partition(",")[0]}


def test_the_samples_genres_are_mapped_or_said_not_to_be() -> None:
    assert {name.casefold() for name in sample.NAMES if not broad_genres(name)} <= unmapped_in_the_document()


@pytest.mark.realdata
def test_the_public_tables_genres_are_mapped_or_said_not_to_be() -> None:
    folder = os.environ.get("SEGUE_DATA_DIR", "")
    if not folder:
        pytest.skip("SEGUE_DATA_DIR names no folder of the public data sets")
    import pandas as pd

    names = set(pd.read_parquet(Path(folder) / "spotify_tracks" / "spotify_tracks.parquet").track_genre)
    store = sqlite3.connect(Path(folder) / "chinook" / "Chinook_Sqlite.sqlite")
    names |= {name for (name,) in store.execute("SELECT Name FROM Genre")}
    store.close()
    unmapped = {name.casefold() for name in names if not broad_genres(name)}
    assert len(names) > 130
    assert unmapped | {name.casefold() for name in sample.NAMES if not broad_genres(name)} == (
        unmapped_in_the_document()
    )
