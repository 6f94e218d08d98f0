"""Reads the cells of separated text a line at a time. A wrong quotation mark costs its own line only."""

from __future__ import annotations

import csv
from collections import Counter, deque
from typing import TYPE_CHECKING, Literal

from segue.sources.export.left_out import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DELIMITERS = ("\t", ";", "|", ",")
_OPEN = "unexpected end of data"
"""What the standard library says of a quotation mark that is open at the end."""

_MOST_LINES = 4
"""Of one row: no title has more line breaks, and a quotation mark that is never closed must end somewhere."""


def find_delimiter(lines: Sequence[str]) -> str:
    """Return what separates the cells of most lines into one same number of cells, of at least three."""

    def agreeing(delimiter: str) -> int:
        rows = (cells(line, delimiter) for line in lines)
        widths = Counter(len(row) for row in rows if isinstance(row, list))
        return max((count for width, count in widths.items() if width >= 3), default=0)

    best = max(DELIMITERS, key=agreeing)
    return best if agreeing(best) else ","


def cells(line: str, delimiter: str) -> list[str] | Damaged | None:
    """Return the cells of a line; None if a quotation mark is open at its end."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if _OPEN in str(error):
            return None
    return _leniently(line, delimiter, csv.QUOTE_MINIMAL)


def _leniently(line: str, delimiter: str, quoting: Literal[0, 3]) -> list[str] | Damaged:
    try:
        return next(csv.reader([line], delimiter=delimiter, quoting=quoting), [])
    except csv.Error:  # without strictness nothing else is an error
        return Damaged("a carriage return stands in the middle of the line: end every row in the same way")


def separated_rows(
    lines: Iterable[tuple[int, str]], delimiter: str
) -> Iterator[tuple[int, list[str] | Damaged]]:
    """Yield the cells of each row with the number of its first line. Empty lines are passed over."""
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
    """Join a row with the lines that a quoted cell goes on in, or read its quotation mark as a letter."""
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
            break  # the mark is closed in the middle of a cell: it was none that opens one
        for _ in range(place + 1):
            waiting.popleft()
        return row
    return _leniently(line, delimiter, csv.QUOTE_NONE)
