"""Tables of files: encodings, separators, odd rows, and files that are none."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.account import Effect, Tally
from segue.sources.dataset.table.column import split_names
from segue.sources.dataset.table.reader import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read(path: Path, content: bytes | str) -> tuple[pd.DataFrame, Tally]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tally = Tally(path.name)
    return read_table(path, tally), tally


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,name\n1,Zoë\n2,b\n"),
        ("a.csv", "id;name\n1;Zoë\n2;b\n"),
        ("a.csv", "id|name\r\n1|Zoë\r\n2|b\r\n"),
        ("a.csv", "id,name\r1,Zoë\r2,b\r"),
        ("a.tsv", "id\tname\n1\tZoë\n2\tb"),
        ("a.csv", "id,name\n1,Zoë\n2,b\n".encode("utf-8-sig")),
        ("a.csv", "id,name\n1,Zoë\n2,b\n".encode("utf-16")),
        ("a.csv.gz", gzip.compress("id,name\n1,Zoë\n2,b\n".encode(), mtime=0)),
    ],
    ids=["comma", "semicolon", "bar and Windows lines", "lines of old Macs", "tab", "BOM", "UTF-16", "gzip"],
)
def test_every_common_spelling_is_read_and_needs_no_word(
    tmp_path: Path, name: str, content: bytes | str
) -> None:
    frame, tally = read(tmp_path / name, content)
    assert frame.to_dict("split") == {
        "index": [1, 2],
        "columns": ["id", "name"],
        "data": [["1", "Zoë"], ["2", "b"]],
    }
    assert (tally.rows_read, tally.findings) == (2, [])


def test_lines_of_another_encoding_are_read_and_counted(tmp_path: Path) -> None:
    content = b"\n".join([b"id,name", "1,Zoë".encode(), "2,Zoë €".encode("cp1252"), b""])
    frame, tally = read(tmp_path / "a.csv", content)
    assert frame["name"].tolist() == ["Zoë", "Zoë €"]
    assert [(found.effect, found.count, found.examples) for found in tally.findings] == [
        (Effect.CHANGED, 1, ("row 2: 2,Zoë €",))
    ]


@pytest.mark.parametrize(
    ("name", "before", "row"),
    [
        ("a.csv", '1,"two\nlines, ""and\nmore"""', 2),
        ("a.csv", '1,12" mix', 2),
        ("a.csv", "\n1,b\n", 2),
        ("a.dat", '1,"x\n2,y"', 3),
    ],
)
def test_a_line_of_another_encoding_is_numbered_as_its_row(
    tmp_path: Path, name: str, before: str, row: int
) -> None:
    frame, tally = read(tmp_path / name, f"id,name\n{before}\n9,Zoë\n".encode("cp1252"))
    assert tally.findings[0].examples == (f"row {row}: 9,Zoë",)
    assert frame["id"].to_dict()[row] == "9"


def test_rows_with_too_many_or_few_cells_are_dropped_and_the_others_keep_their_numbers(
    tmp_path: Path,
) -> None:
    frame, tally = read(tmp_path / "a.csv", 'id,name\n1,a\n2,b,c\n3\n4,"d\ne, f"\n')
    assert frame["name"].to_dict() == {1: "a", 4: "d\ne, f"}
    assert tally.rows_read == 4
    (found,) = tally.findings
    assert (found.effect, found.count) == (Effect.DROPPED, 2)
    assert found.examples == ("row 2: 3 cells for 2 columns", "row 3: 1 cells for 2 columns")


def test_a_repeated_column_is_named(tmp_path: Path) -> None:
    frame, tally = read(tmp_path / "a.csv", "id,id\n1,2\n")
    assert frame.to_dict("list") == {"id": ["1"]}
    assert [(found.effect, found.column) for found in tally.findings] == [(Effect.IGNORED, "id")]


def test_quotation_marks_of_dat_files_are_letters(tmp_path: Path) -> None:
    frame, _ = read(tmp_path / "artists.dat", 'id\tname\n1\t"Weird Al" Yankovic\n2\t"unclosed\n')
    assert frame["name"].tolist() == ['"Weird Al" Yankovic', '"unclosed']


def test_parquet_columns_of_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = {
        "id": pa.array([2**60 + 1, None, 3]),
        "kind": pa.array(["x", None, "y"]).dictionary_encode(),
        "artists": pa.array([["A;B", "C"], [], None]),
        "map": pa.array([{"a": 1}, None, None]),
        "nested": pa.array([[[1]], None, None]),
        "at": pa.array([0, 1, None], pa.timestamp("ms")),
    }
    pq.write_table(pa.table(table), path)
    tally = Tally("a")
    frame = read_table(path, tally)
    assert frame["id"].fillna("").tolist() == [str(2**60 + 1), "", "3"]  # as a float it would be another
    assert frame["kind"].fillna("").tolist() == ["x", "", "y"]
    assert [split_names(cell) for cell in frame["artists"].fillna("")] == [("A;B", "C"), (), ()]
    assert np.isnat(frame["at"].to_numpy()).tolist() == [False, False, True]
    assert {found.column for found in tally.findings} == {"map", "nested"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf \n", "empty"),
        ("a.csv", b"id,name\n\n", "a header and no rows"),
        ("a.csv.gz", b"no gzip", "not a complete .gz"),
        (
            "a.csv.gz",
            gzip.compress(b"id\n" + bytes(range(97, 123)) * 99, mtime=0)[:-12],
            "not a complete .gz",
        ),
        ("a.parquet", b"PAR1 cut short", "not a complete Parquet"),
        ("a.xlsx", b"PK", "no known suffix"),
        ("a.csv", b"x" * 200_000 + b"\n1\n", "the header cannot be read"),
    ],
)
def test_other_files_are_refused_with_a_remedy(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(SourceSchemaError, match=message) as caught:
        read(tmp_path / name, content)
    assert name in str(caught.value)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "a.parquet")
    with pytest.raises(SourceSchemaError, match="has no rows"):
        read_table(tmp_path / "a.parquet", Tally("a"))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": list(range(999))}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceSchemaError, match="write or download it again"):
        read_table(path, Tally("a"))


def test_parquet_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    broken = pa.StringArray.from_buffers(
        1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xff\xfe")
    )
    pq.write_table(pa.table({"id": broken}), path)
    with pytest.raises(SourceSchemaError, match="write or download it again"):
        read_table(path, Tally("a"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"none\.csv cannot be read"):
        read_table(tmp_path / "none.csv", Tally("a"))


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id,title\n"a,x\nb,y\n', 2),
        ('id,title\na,x\nb,"y\nc,z\n', 3),
        ('sep=;\nid;title\na;"x\ny"\nb;"z""\n', 5),
    ],
)
def test_a_quotation_mark_that_none_ends_is_named(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        SourceSchemaError, match=f"line {line}: a quotation mark begins a cell and none ends it"
    ):
        read_table(path, Tally("a"))


def test_a_quotation_mark_within_a_cell_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,title\na,12" mix\nb,x;"y\nc,"He said ""so"""\nd,7"\n', encoding="utf-8")
    assert read_table(path, Tally("a"))["title"].tolist() == ['12" mix', 'x;"y', 'He said "so"', '7"']


def test_the_delimiter_line_of_excel_is_not_a_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfsep=;\r\nid;title, and more, or less\r\na;x\r\n")
    assert read_table(path, Tally("a")).to_dict("list") == {"id": ["a"], "title, and more, or less": ["x"]}


@pytest.mark.parametrize("suffix", ["zip", "gz"])
def test_a_small_file_that_unpacks_to_a_huge_table_is_refused(tmp_path: Path, suffix: str) -> None:
    body = b"id,name\n" + b"1,aaaaaaaaaaaaaaaaaaaaaaa\n" * 700_000
    if suffix == "gz":
        path = tmp_path / "a.csv.gz"
        path.write_bytes(gzip.compress(body, mtime=0))
    else:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", body)
    with pytest.raises(SourceSchemaError, match="unpacks to more than the limit of 16777216"):
        read_table(path, Tally("a"))


def test_a_zip_with_one_table_is_read(tmp_path: Path) -> None:
    members = {
        "data/songs.tsv": "id\tname\n1\tZoë\n",
        "__MACOSX/data/._songs.tsv": "x",
        "licence.pdf": b"%PDF",
    }
    frame = read_table(zipped(tmp_path / "a.zip", **members), Tally("a.zip"))
    assert frame.to_dict("list") == {"id": ["1"], "name": ["Zoë"]}
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a.parquet")
    packed = zipped(tmp_path / "b.zip", **{"a.parquet": (tmp_path / "a.parquet").read_bytes()})
    assert read_table(packed, Tally("b.zip")).to_dict("list") == {"id": [1]}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.csv": "id\n1\n", "b.csv": "id\n2\n"}, r"holds 2 tables \(a.csv, b.csv\): unpack it"),
        ({"a.pdf": ""}, r"holds 0 tables \(a.pdf\): unpack it"),
        ({}, r"holds 0 tables \(nothing\): unpack it"),
    ],
)
def test_a_zip_without_exactly_one_table_is_refused(
    tmp_path: Path, members: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceSchemaError, match=message):
        read_table(zipped(tmp_path / "a.zip", **members), Tally("a.zip"))


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    content = zipped(tmp_path / "a.zip", **{"a.csv": "id\n" + "1\n" * 1000}).read_bytes()
    for damaged in (content[: len(content) // 2], content.replace(b"1\n1\n", b"2\n1\n", 1)):
        (tmp_path / "a.zip").write_bytes(damaged)
        with pytest.raises(SourceSchemaError, match=r"is not a complete \.zip file"):
            read_table(tmp_path / "a.zip", Tally("a.zip"))
