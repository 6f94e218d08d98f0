"""Reads the cells of separated text a line at a time; what is quoted wrongly costs its own line only."""

from __future__ import annotations

import csv
from collections import Counter, deque
from typing import TYPE_CHECKING

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
        widths = Counter(len(cells(line, delimiter) or ()) for line in lines)
        return max((count for width, count in widths.items() if width >= 3), default=0)

    best = max(DELIMITERS, key=agreeing)
    return best if agreeing(best) else ","


def cells(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line; None where a quotation mark is open at its end."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if _OPEN in str(error):
            return None
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None


def csv_rows(lines: Iterable[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row with the number of its first line; empty lines are passed over."""
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
) -> list[str]:
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
    return next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
