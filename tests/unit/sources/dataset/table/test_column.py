"""Cells: what is missing, what is mended, what is out of range; and that the account has all of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SourceSchemaError
from segue.sources.dataset.account import Effect, Tally
from segue.sources.dataset.table.column import (
    as_text,
    clean_ids,
    clean_numbers,
    clean_text,
    plain_numbers,
    split_names,
    to_numbers,
)
from segue.sources.dataset.table.known_column import find_columns, need


def column(*cells: object) -> pd.Series:
    kind = "str" if all(isinstance(cell, str | None) for cell in cells) else None
    return pd.Series(cells, range(1, len(cells) + 1), kind, name="c")


def told(tally: Tally) -> list[tuple[Effect, str, int]]:
    return [(found.effect, found.reason, found.count) for found in tally.findings]


def test_columns_are_found_by_their_letters_and_serve_once() -> None:
    names = ["Track ID", "trackName", "GENRE", "x"]
    found = find_columns(
        names, {"id": ("track_id", "track"), "name": ("track_id", "track_name"), "z": ("zz",)}
    )
    assert found == {"id": "Track ID", "name": "trackName"}
    with pytest.raises(SourceSchemaError, match=r"file has no column z \(or y\)"):
        need(found, {"id": (), "z": ("z", "y")}, ["id", "z"], "file")


def test_whole_numbers_that_came_as_floats_are_ids_without_a_point() -> None:
    assert as_text(column(1.0, 2.5, np.nan)).tolist() == ["1", "2.5", ""]
    assert as_text(column(7, 8)).tolist() == ["7", "8"]


def test_rows_without_an_id_are_dropped() -> None:
    tally = Tally("t")
    ids = clean_ids(column(" a ", "", "?", "-1", "NaN", "x" * 201, "a\0", None), tally)
    assert ids.to_dict() == {1: "a"}
    assert told(tally) == [
        (Effect.DROPPED, "no id", 5),
        (Effect.DROPPED, "an id must have 200 characters or fewer", 1),
        (Effect.DROPPED, "an id must not hold a control character", 1),
    ]
    assert tally.findings[0].examples == ("row 2: ", "row 3: ?", "row 4: -1")


def test_titles_of_known_artists_are_taken_at_their_word() -> None:
    tally = Tally("t")
    cells = column("NA", "NA", "", " a \t b ")
    known = pd.Series([True, False, True, True], cells.index)
    assert clean_text(cells, tally, known).tolist() == ["NA", "", "", "a b"]
    assert [(effect, count) for effect, _, count in told(tally)] == [
        (Effect.KEPT, 1),
        (Effect.EMPTY, 1),
        (Effect.BLANKED, 1),
    ]


@pytest.mark.parametrize("text", ["Beyoncé", "“Heroes”", "日本", "Ålesund – live"])
def test_a_wrong_decoding_is_undone_and_a_right_one_left_alone(text: str) -> None:
    tally = Tally("t")
    wrong = "".join(
        bytes([byte]).decode("cp1252") if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else chr(byte)
        for byte in text.encode()
    )
    assert clean_text(column(wrong, text), tally).tolist() == [text, text]
    assert [(effect, count) for effect, _, count in told(tally)] == [(Effect.CHANGED, 1)]


@pytest.mark.parametrize("text", ["UCLÃ", "SÃO PAULO", "Ã©€ã"])
def test_letters_that_only_look_wrong_stay(text: str) -> None:
    tally = Tally("t")
    assert clean_text(column(text), tally).tolist() == [text]
    assert tally.findings == []


def test_lost_letters_are_counted() -> None:
    tally = Tally("t")
    assert clean_text(column("Beyonc\ufffd"), tally).tolist() == ["Beyonc\ufffd"]
    assert told(tally)[0][0] is Effect.KEPT


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("A;B; A ;", ("A", "B")),
        ("['A', \"B's\"]", ("A", "B's")),
        ('["A"]', ("A",)),
        ("[]", ()),
        ("[Alexandros]", ("[Alexandros]",)),
        ("['broken]", ("['broken]",)),
        ("?;nan", ()),
        ("AC/DC", ("AC/DC",)),
        ("\x01A;B\x01C", ("A;B", "C")),
    ],
)
def test_cells_with_several_names(cell: str, names: tuple[str, ...]) -> None:
    assert split_names(cell) == names


def test_numbers_out_of_range_are_blanked_and_counted_by_reason() -> None:
    tally = Tally("t")
    cells = column("0.5", "?", "", "-1", "7", "high", "inf", "1e-1", " 1 ")
    numbers = clean_numbers(cells, tally, 0, 1)
    assert numbers.dropna().to_dict() == {1: 0.5, 8: 0.1, 9: 1.0}
    assert told(tally) == [
        (Effect.EMPTY, "no value", 1),
        (Effect.BLANKED, "stands for missing", 1),
        (Effect.BLANKED, "is not a number", 2),
        (Effect.BLANKED, "-1 stands for missing", 1),
        (Effect.BLANKED, "outside 0 … 1", 1),
    ]


def test_minus_one_is_a_number_where_numbers_may_be_negative() -> None:
    tally = Tally("t")
    assert clean_numbers(column("-1", "-1.0"), tally, -80, 20).tolist() == [-1, -1]
    assert clean_numbers(column(-1, 3), tally, -80, 20).tolist() == [-1, 3]
    assert tally.findings == []


def test_the_lowest_value_may_be_outside() -> None:
    tally = Tally("t")
    assert clean_numbers(column(0.0, 5.0), tally, 0, 9, open_low=True).dropna().tolist() == [5]
    assert told(tally) == [(Effect.BLANKED, "0, or outside 0 … 9", 1)]


def test_words_and_truth_values_for_numbers() -> None:
    tally = Tally("t")
    assert clean_numbers(column("C#", "2"), tally, 0, 11, names={"c#": 1}).tolist() == [1, 2]
    assert clean_numbers(column(True, False), tally, 0, 1).tolist() == [1, 0]
    assert tally.findings == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_every_written_number_is_read(values: list[float]) -> None:
    text = pd.Series([repr(value) for value in values], dtype="str")
    assert to_numbers(text).tolist() == values


def test_a_list_is_not_an_id_and_is_counted() -> None:
    tally = Tally("t")
    assert clean_ids(column("\x01a", "\x01a\x01b", "b"), tally).tolist() == ["b"]
    assert told(tally) == [(Effect.DROPPED, "a list of ids, not one", 2)]


def test_nul_is_taken_out_of_text_and_counted() -> None:
    tally = Tally("t")
    assert clean_text(column("a\0b", "c", "\0"), tally).tolist() == ["ab", "c", ""]
    assert told(tally)[0] == (Effect.CHANGED, "holds NUL, which was removed", 2)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "-2.5", ".5", "1e3"], [1, -2.5, 0.5, 1000]),
        (["1", ""], [1, np.nan]),
        (["1", "nan"], None),
        (["1", "inf"], None),
        (["1", "1e999"], None),
        (["1", "x1"], None),
        (["1", "0,5"], None),
        (["1", "2\n"], None),
        ([1, 2], [1, 2]),
        ([1.5, np.nan], [1.5, np.nan]),
        ([True, False], None),
    ],
)
def test_a_column_of_only_numbers_is_recognised(cells: list[object], numbers: list[float] | None) -> None:
    dtype = "str" if isinstance(cells[0], str) else None
    found = plain_numbers(pd.Series(cells, dtype=dtype))
    assert (found is None) == (numbers is None)
    if found is not None:
        np.testing.assert_array_equal(found, numbers)
