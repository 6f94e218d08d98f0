"""Ids and rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM, Vocabulary, build_vocabulary
from segue.errors import InvalidInputError

ids = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.sets(ids))
def test_every_id_is_found_in_its_row(known: set[str]) -> None:
    vocabulary = build_vocabulary(known)
    asked = list(known)
    assert vocabulary.item_id[vocabulary.index_of(asked)].tolist() == asked
    assert len(vocabulary) == len(known)


@given(st.sets(ids), ids)
def test_an_id_is_known_exactly_if_it_was_given(known: set[str], asked: str) -> None:
    (row,) = build_vocabulary(known).index_of([asked])
    assert (row != UNKNOWN_ITEM) == (asked in known)


@pytest.mark.parametrize("stranger", ["", "b", "aa", "a\0", "\0", "~", "c" * 10_000_000])
def test_a_stranger_is_unknown_and_costs_nothing(stranger: str) -> None:
    vocabulary = build_vocabulary(["a", "c"])
    assert vocabulary.index_of([stranger, "c"]).tolist() == [UNKNOWN_ITEM, 1]


def test_an_empty_vocabulary_knows_nothing() -> None:
    assert build_vocabulary([]).index_of(["a"]).tolist() == [UNKNOWN_ITEM]


def test_checksum_is_of_ids_in_their_order_however_wide_the_array() -> None:
    one = build_vocabulary(["ab", "c", "d"])
    assert one.checksum == Vocabulary(one.item_id.astype("U40")).checksum
    others = [["a", "bc", "d"], ["ab", "c"], ["ab", "c", "d", "e"], ["ab", "cd"]]
    assert len({one.checksum, *(build_vocabulary(other).checksum for other in others)}) == 5


@pytest.mark.parametrize("wrong", [["b", "a"], ["a", "a"], [["a"]], [1, 2]])
def test_an_invalid_vocabulary_is_refused(wrong: list[object]) -> None:
    with pytest.raises(InvalidInputError):
        Vocabulary(np.array(wrong))


@pytest.mark.parametrize("unfit", ["", "a\0"])
def test_an_id_that_numpy_cannot_hold_is_refused(unfit: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be an item id"):
        build_vocabulary(["a", unfit])


@pytest.mark.parametrize("kept", ["7lmeHLHBe4nmXzuXc0HDjk", "spotify:track:7lmeHLHBe4nmXzuXc0HDjk"])
def test_a_track_of_spotify_is_found_in_the_spelling_of_an_earlier_release(kept: str) -> None:
    vocabulary = build_vocabulary(["1", kept, "z"])
    asked = ["z", "spotify:track:7lmeHLHBe4nmXzuXc0HDjk", "no", "7lmeHLHBe4nmXzuXc0HDjk", "x" * 22]
    row = vocabulary.item_id.tolist().index(kept)
    assert vocabulary.index_of(asked).tolist() == [2, row, UNKNOWN_ITEM, row, UNKNOWN_ITEM]
