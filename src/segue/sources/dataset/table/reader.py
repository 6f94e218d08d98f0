"""Reads a table from a CSV file in any common spelling or from Parquet, with unchanged cells."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.account import EXAMPLES, Effect
from segue.sources.dataset.table.packing import unpack

if TYPE_CHECKING:
    import pandas as pd

    from segue.sources.dataset.account import Tally

LIST_MARK = "\x01"
"""Precedes each entry in a cell with a list, as in Parquet; it occurs in no text and is not a blank."""

_DELIMITERS = (",", ";", "\t", "|")
_TEXT = (".csv", ".tsv", ".txt", ".dat")
_PARQUET = (".parquet", ".pq")
SUFFIXES = (*_TEXT, *(f"{suffix}.gz" for suffix in _TEXT), *_PARQUET, ".zip")
_QUOTED = re.compile(rb'(?<![^,;\t|\n])"[^"]*(?:""[^"]*)*"')
_SEPARATOR_LINE = re.compile(rb'"?sep=([,;\t|])"?\n', re.IGNORECASE)
"""Matches the line before the header that names the delimiter for Excel."""

_BLOCK = 1 << 26
"""Maximum number of bytes of a row."""


def read_table(path: Path, tally: Tally) -> pd.DataFrame:
    """Read a file; the index counts its rows from 1.

    Raises
    ------
    SourceUnavailableError
        The file does not exist or cannot be opened.
    SourceSchemaError
        The file is empty, cut short, or has an unknown format; the message says what to do.
    """
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise SourceSchemaError(f"{path} has no known suffix: give one of {', '.join(SUFFIXES)}.")
    try:
        if name.endswith(_PARQUET):
            table = _read_parquet(path, path)
        else:
            name, body = unpack(path, (*_TEXT, *_PARQUET))
            is_parquet = name.endswith(_PARQUET)
            table = (
                _read_parquet(path, pa.BufferReader(body))
                if is_parquet
                else _read_text(path, name, body, tally)
            )
    except OSError as error:
        raise SourceUnavailableError(
            f"{path} cannot be read ({error.strerror or error}): give a readable file."
        ) from error
    return to_frame(table, tally)


def to_frame(table: pa.Table, tally: Tally) -> pd.DataFrame:
    """Turn an Arrow table into columns of text, integers, floats, booleans and times."""
    numbers = _row_numbers(table)
    kept, names = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name == _ROW:
            continue
        plain = None if name in names else _plain(column)
        if plain is None:
            reason = "repeats the name of a column before it" if name in names else f"holds {column.type}"
            tally.ignore(name, reason)
            continue
        kept.append(plain)
        names.append(name)
    frame = pa.table(kept, names).to_pandas(date_as_object=False, ignore_metadata=True)
    tally.rows_read += len(frame)
    return frame.set_axis(numbers)


_ROW = "\x01row"


def _row_numbers(table: pa.Table) -> np.ndarray:
    if _ROW in table.column_names:
        return np.asarray(table[_ROW])
    return np.arange(1, table.num_rows + 1)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column that pandas holds without Python objects; None if that is impossible."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        flat = not pa.types.is_nested(kind.value_type)
        return pa.chunked_array([_marked(chunk) for chunk in column.chunks], pa.string()) if flat else None
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_floating(kind):
        return column
    if (pa.types.is_integer(kind) or pa.types.is_boolean(kind)) and not column.null_count:
        return column
    # pandas would turn integers with gaps into floats, which changes long ids: convert them to text.
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _marked(lists: pa.Array) -> pa.Array:
    entries = lists.flatten().cast(pa.string()).fill_null("")
    marked = pc.binary_join_element_wise("", entries, LIST_MARK)
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(offsets, marked), "")


def _read_parquet(path: Path, source: Path | pa.BufferReader) -> pa.Table:
    try:
        table = pq.read_table(source)
        table.validate(full=True)  # otherwise text that is not UTF-8 fails later
        named = bool(table.column_names)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise SourceSchemaError(
            f"{path} is not a complete Parquet file ({_first_line(error)}): write or download it again."
        ) from error
    if not (named and table.num_rows):
        raise SourceSchemaError(f"{path} has no rows: give a file with at least one.")
    return table


def _read_text(path: Path, name: str, body: bytes, tally: Tally) -> pa.Table:
    # In .dat files quotation marks are letters: "Weird Al" Yankovic is a name.
    quotes = not name.endswith(".dat")
    body = _utf8(body, tally, quotes=quotes).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not body.strip():
        raise SourceSchemaError(f"{path} is empty: give a header line, then rows.")
    separator = _SEPARATOR_LINE.match(body)
    body = body[separator.end() :] if separator else body
    head, _, rest = body.partition(b"\n")
    line = head.decode()
    delimiter = "\t" if name.endswith(".tsv") else max(_DELIMITERS, key=line.count)
    if separator:
        delimiter = separator[1].decode()
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise SourceSchemaError(
            f"{path}: the header cannot be read ({error}): fix the first line."
        ) from error
    if not rest.strip():
        raise SourceSchemaError(f"{path} has a header and no rows: give a file with at least one.")
    if quotes and (line_number := _unclosed(rest, delimiter)):
        line_number += 2 if separator else 1
        raise SourceSchemaError(
            f"{path}, line {line_number}: a quotation mark begins a cell and none ends it. Add the second "
            'mark, or, if the mark is part of the text, write it as in """Heroes""".'
        )
    return _parse(path, rest, delimiter, names, tally, quotes=quotes)


def _unclosed(rest: bytes, delimiter: str) -> int:
    """Return the line, from 1, of a quotation mark that opens a cell and is never closed; 0 for none."""
    if rest.count(b'"') % 2 == 0:  # all marks are in pairs
        return 0
    cell = re.compile(rb'(?:^|(?<=[\n%b]))"[^"]*(?:""[^"]*)*("|\Z)' % re.escape(delimiter.encode()))
    starts = (match.start() for match in cell.finditer(rest) if not match[1])
    return next((rest.count(b"\n", 0, start) + 1 for start in starts), 0)


def _parse(
    path: Path, rest: bytes, delimiter: str, names: list[str], tally: Tally, *, quotes: bool
) -> pa.Table:
    bad: list[tuple[int, str]] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        bad.append(
            (row.number, f"row {row.number}: {row.actual_columns} cells for {row.expected_columns} columns")
        )
        return "skip"

    numbered = [str(place) for place in range(len(names))]  # names may repeat or be empty
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(rest),
            pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=numbered),
            pa_csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quotes else False,
                newlines_in_values=True,
                invalid_row_handler=skip,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceSchemaError(
            f"{path} is not a table of text ({_first_line(error)}): look for an unclosed quotation mark."
        ) from error
    tally.rows_read += len(bad)
    tally.count(
        Effect.DROPPED,
        "has more or fewer cells than the header",
        len(bad),
        [text for _, text in bad[:EXAMPLES]],
    )
    number = np.delete(np.arange(1, table.num_rows + len(bad) + 1), [row - 1 for row, _ in bad])
    return table.rename_columns(names).append_column(_ROW, pa.array(number))


def _utf8(body: bytes, tally: Tally, *, quotes: bool) -> bytes:
    """Return the text as UTF-8; lines that are not UTF-8 are read as Windows-1252."""
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return body.decode("utf-16", errors="replace").encode()
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        body.decode()
    except UnicodeDecodeError:
        lines, old, row, start = [], [], -1, 0
        # A line break within quotation marks does not end a row, and an empty line is not a row.
        flat = _QUOTED.sub(lambda cell: cell[0].replace(b"\n", b" "), body) if quotes else body
        for length in map(len, flat.split(b"\n")):
            line, start = body[start : start + length], start + length + 1
            row += bool(line.rstrip(b"\r"))
            try:
                line.decode()
            except UnicodeDecodeError:
                text = line.decode("cp1252", errors="replace")
                line = text.encode()
                old.append((row, text))
            lines.append(line)
        tally.count(
            Effect.CHANGED,
            "line is not UTF-8 and was read as Windows-1252",
            len(old),
            [f"row {row}: {text}" for row, text in old[:EXAMPLES]],
        )
        return b"\n".join(lines)
    return body


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
