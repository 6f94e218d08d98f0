"""Reads exports of separated text: finds the header, and names the cells of each row."""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.left_out import Damaged
from segue.sources.export.row.separated import find_delimiter, separated_rows
from segue.sources.export.row.text import LONGEST_LINE, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from segue.sources.export.format import RowReader, Rows
    from segue.sources.export.listen import Listen

    Reader = Callable[[Mapping[str, str], tzinfo | None], Listen | None]
    Guess = Callable[[Sequence[Sequence[str]]], dict[str, int]]

_SAMPLE = 200
_DEEPEST_HEADER = 10
"""Number of first lines in which a header is looked for: some exporters write a date and a user above it."""

_LONGEST_ROW = LONGEST_LINE // 2
"""Number of characters above which a row with missing cells counts as cut off."""

_PREAMBLE = re.compile(r"\s*(?:# |\+ACM- )")
_UTF7 = re.compile(r"\+[A-Za-z0-9+/]+-")
_LETTERS = re.compile(r"[\W_]+")


def table_rows(
    aliases: Mapping[str, tuple[str, ...]],
    needed: Sequence[str],
    read_row: Reader,
    guess: Guess | None = None,
) -> RowReader:
    """Return a reader of separated text.

    Parameters
    ----------
    aliases : mapping
        Possible names of each column, only letters and digits, the most reliable first.
    needed : sequence of str
        Columns that every row must have.
    read_row : callable
        Returns the listen of a row; its cells have the names in ``aliases``, and a missing cell is empty.
    guess : callable, optional
        Finds the columns from the rows if there is no header; by default a header is required.
    """

    def rows(pieces: Iterator[str], zone: tzinfo | None) -> Rows:
        numbered = enumerate(read_lines(pieces), 1)
        head = list(islice(numbered, _SAMPLE))
        if not any(line.strip() for _, line in head):
            raise SourceSchemaError("it is empty")
        utf7 = any(line.startswith("+ACM-") for _, line in head)
        delimiter = find_delimiter([line for _, line in head])
        sample = [(number, row) for number, row in separated_rows(head, delimiter) if isinstance(row, list)]
        titled = ((number, _from_header(row, aliases, needed)) for number, row in sample[:_DEEPEST_HEADER])
        header, columns = next(((number, places) for number, places in titled if places), (0, {}))
        if not columns:
            if guess is None:
                raise SourceSchemaError("none of its first lines is a header that names the columns")
            columns = guess([row for _, row in sample if not _PREAMBLE.match(row[0])])
        last = max(columns[role] for role in needed)
        for number, row in separated_rows(chain(head, numbered), delimiter):
            above = isinstance(row, list) and number <= _DEEPEST_HEADER and _PREAMBLE.match(row[0])
            if number > header and not (header == 0 and above):
                yield f"line {number}", partial(_read, row, columns, last, read_row, zone, utf7=utf7)

    return rows


def _from_header(
    names: Sequence[str], aliases: Mapping[str, tuple[str, ...]], needed: Sequence[str]
) -> dict[str, int]:
    letters = [_LETTERS.sub("", name.partition("#")[0].casefold()) for name in names]
    columns = {
        role: letters.index(name)
        for role, each in aliases.items()
        if (name := next((one for one in each if one in letters), None))
    }
    return columns if all(role in columns for role in needed) else {}


def _read(
    row: Sequence[str] | Damaged,
    columns: Mapping[str, int],
    last: int,
    read_row: Reader,
    zone: tzinfo | None,
    *,
    utf7: bool,
) -> Listen | None:
    if isinstance(row, Damaged):
        raise InvalidInputError(row.why)
    if len(row) <= last:
        if sum(map(len, row)) > _LONGEST_ROW:
            raise InvalidInputError(
                f"the line has more than {_LONGEST_ROW} characters: only its beginning was read"
            )
        raise InvalidInputError(f"it has {len(row)} cell{'s' if len(row) != 1 else ''}, too few")
    cells = {role: row[place] if place < len(row) else "" for role, place in columns.items()}
    if utf7:
        cells = {role: _UTF7.sub(_from_utf7, cell) for role, cell in cells.items()}
    return read_row(cells, zone)


def _from_utf7(found: re.Match[str]) -> str:
    # Libre.fm writes some exports in UTF-7; a name that only looks like UTF-7 is not changed.
    try:
        return found[0].encode().decode("utf-7")
    except UnicodeDecodeError:
        return found[0]
