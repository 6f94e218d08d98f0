"""Reads the cells of separated text line by line. A wrong quotation mark affects only its own line."""

from __future__ import annotations

import csv
from collections import Counter, deque
from typing import TYPE_CHECKING, Literal

from segue.sources.export.left_out import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DELIMITERS = ("\t", ";", "|", ",")
_OPEN = "unexpected end of data"
"""Message of the standard library for a quotation mark that is not closed."""

_MOST_LINES = 4
"""Maximum number of lines of one row: no title has more, and the search for a closing mark must end."""


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that gives most lines the same number of cells, which is at least three."""

    def agreeing(delimiter: str) -> int:
        rows = (cells(line, delimiter) for line in lines)
        widths = Counter(len(row) for row in rows if isinstance(row, list))
        return max((count for width, count in widths.items() if width >= 3), default=0)

    best = max(DELIMITERS, key=agreeing)
    return best if agreeing(best) else ","


def cells(line: str, delimiter: str) -> list[str] | Damaged | None:
    """Return the cells of a line; None if a quotation mark is not closed."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if _OPEN in str(error):
            return None
    return _leniently(line, delimiter, csv.QUOTE_MINIMAL)


def _leniently(line: str, delimiter: str, quoting: Literal[0, 3]) -> list[str] | Damaged:
    try:
        return next(csv.reader([line], delimiter=delimiter, quoting=quoting), [])
    except csv.Error:  # if not strict, csv reports no other error
        return Damaged("the line contains a carriage return: end every row in the same way")


def separated_rows(
    lines: Iterable[tuple[int, str]], delimiter: str
) -> Iterator[tuple[int, list[str] | Damaged]]:
    """Yield the cells of each row with the number of its first line; skip empty lines."""
    source = iter(lines)
    waiting: deque[tuple[int, str]] = deque()
    while (following := waiting.popleft() if waiting else next(source, None)) is not None:
        number, line = following
        if not line.strip():
            continue
        row = cells(line, delimiter)
        if row is None:
            row = _continued(line, delimiter, source, waiting)
        yield number, row


def _continued(
    line: str, delimiter: str, source: Iterator[tuple[int, str]], waiting: deque[tuple[int, str]]
) -> list[str] | Damaged:
    """Join a row with the next lines of its quoted cell, or read the quotation mark as a letter."""
    while len(waiting) < _MOST_LINES - 1 and (further := next(source, None)) is not None:
        waiting.append(further)
    joined = line
    for place in range(len(waiting)):
        joined = f"{joined}\n{waiting[place][1]}"
        try:
            row = next(csv.reader([joined], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            if _OPEN in str(error):
                continue
            break  # the mark closes in the middle of a cell: it does not open a quoted cell
        for _ in range(place + 1):
            waiting.popleft()
        return row
    return _leniently(line, delimiter, csv.QUOTE_NONE)
