"""Text and JSON rows in pieces: any cut, any encoding, any damage."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SourceSchemaError
from segue.sources.export.left_out import Damaged
from segue.sources.export.row import json_array
from segue.sources.export.row.json_array import LONGEST_ROW, json_rows
from segue.sources.export.row.text import LONGEST_LINE, read_lines, read_text


def pieces(text: str, size: int) -> Any:
    return (text[start : start + size] for start in range(0, len(text), size))


def values(text: str, size: int = 7) -> list[Any]:
    return [value for _, value in json_rows(pieces(text, size))]


@pytest.mark.parametrize(
    "body",
    [
        "Beyoncé\n".encode(),
        "\ufeffBeyoncé\n".encode(),
        "Beyoncé\n".encode("utf-16"),
        "Beyoncé\n".encode("utf-16-le"),
        "Beyoncé\n".encode("utf-16-be"),
        "Beyoncé\n".encode("cp1252"),
    ],
)
def test_text_is_read_in_any_common_encoding(body: bytes) -> None:
    assert "".join(read_text(io.BytesIO(body).read)) == "Beyoncé\n"


def test_a_packed_file_asks_to_be_unpacked() -> None:
    with pytest.raises(SourceSchemaError, match="packed with gzip: unpack it first"):
        list(read_text(io.BytesIO(gzip.compress(b"[]")).read))


def test_a_line_that_is_too_long_says_so_and_the_next_is_read() -> None:
    first, second, third = values('{"a": 0}\n{"a": "' + "x" * LONGEST_LINE + '"}\n{"a": 2}', 1 << 16)
    assert (first, third) == ({"a": 0}, {"a": 2})
    assert second == Damaged(f"the line has more than {LONGEST_LINE} characters")


def test_lines_end_as_on_any_system_and_none_is_endless() -> None:
    assert list(read_lines(pieces("a\nb\r\n\r\nc", 2))) == ["a", "b", "", "c"]
    assert list(read_lines(pieces("a\rb\r\rc\r", 2))) == ["a", "b", "", "c"]
    assert list(read_lines(pieces("a\nb\rc\r\r\nd", 2))) == ["a", "b\rc", "d"]
    (line, last) = read_lines(pieces("x" * (3 * LONGEST_LINE) + "\nend", 1 << 16))
    assert (len(line), last) == (LONGEST_LINE, "end")


rows = st.lists(
    st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=20), max_size=4),
    max_size=8,
)


@given(rows, st.integers(1, 40), st.sampled_from([None, 2]))
def test_an_array_is_read_however_it_is_cut(
    found: list[dict[str, Any]], size: int, indent: int | None
) -> None:
    assert values(json.dumps(found, indent=indent), size) == found
    assert values(json.dumps(found, ensure_ascii=False), size) == found


@given(rows, st.integers(1, 40))
def test_lines_are_read_however_they_are_cut(found: list[dict[str, Any]], size: int) -> None:
    if found:
        assert values("\n".join(map(json.dumps, found)), size) == found


def test_a_damaged_row_costs_that_row_only() -> None:
    places = list(
        json_rows(
            pieces('[{"a": 1}, {"a": oops, "b": 2},\n {"a": 3}, {"a": 1' + "0" * 5000 + '}, {"a": 5}]', 9)
        )
    )
    assert [place for place, _ in places] == [f"row {number}" for number in range(1, 6)]
    found = [value for _, value in places]
    assert [value for value in found if not isinstance(value, Damaged)] == [{"a": 1}, {"a": 3}, {"a": 5}]
    assert found[1] == Damaged("it is not JSON: Expecting value")
    assert found[3] == Damaged("a number is too long")
    assert values('{"a": 1}\n{"a": \n{"a": 3}')[0::2] == [{"a": 1}, {"a": 3}]


def test_a_file_that_was_cut_short_keeps_what_is_there() -> None:
    first, second = values('[{"a": 1}, {"a": "x')
    assert first == {"a": 1}
    assert "cut short" in second.why
    first, second = values('[{"a": 1}, ')
    assert (first, second) == ({"a": 1}, Damaged("the file ends in the middle of its list: it was cut short"))


def test_nesting_of_any_depth_is_refused_and_the_next_row_read() -> None:
    deep, after = values("[" + '{"a":' * 200_000 + "1" + "}" * 200_000 + ', {"b": 1}]', 1 << 16)
    assert deep == Damaged("it is not JSON: nested too deeply")
    assert after == {"b": 1}


def test_a_row_of_any_length_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Watched(json_array._Window):
        def grow(self) -> bool:
            done = super().grow()
            seen.append(len(self.text))
            return done

    monkeypatch.setattr(json_array, "_Window", Watched)
    found = values('[{"a": "' + "x" * (10 * LONGEST_ROW) + '"}, {"b": 1}]', 1 << 16)
    assert found[1:] == [{"b": 1}]
    assert isinstance(found[0], Damaged)
    assert max(seen) < 3 * LONGEST_ROW


@pytest.mark.parametrize(("text", "words"), [("", "empty"), (" \n ", "empty"), ("<html>", "'<html>'")])
def test_other_text_is_not_json(text: str, words: str) -> None:
    with pytest.raises(SourceSchemaError, match=words):
        values(text)
