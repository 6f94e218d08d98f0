"""Reads the rows of a JSON array, or of JSON lines, one at a time.

The decoder of the standard library reads one row at a time from a given place. So memory holds one piece of
the file, and a damaged row affects no other row.
"""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from segue.errors import SourceSchemaError
from segue.sources.export.left_out import Damaged
from segue.sources.export.row.text import LONGEST_LINE, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_ROW = 1 << 20
"""Maximum number of characters of a row; a longer row counts as damaged."""

MOST_DAMAGED = 1000
"""Number of damaged rows after which the rest of a file is not read: each takes as long as a whole piece."""

_DECODER = json.JSONDecoder()
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_ROW = re.compile(r",\s*(?=\{)")
_NEXT_OBJECT = re.compile(r"[\r\n]\s*(?=\{)")


def json_rows(pieces: Iterator[str], list_name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every row with its place, such as "row 3" or "line 3"; `Damaged` for a row that is not JSON.

    Parameters
    ----------
    pieces : iterator of str
        The text: a list, an object with the rows in its field ``list_name``, one object per line, or
        objects over several lines.

    Raises
    ------
    SourceSchemaError
        The file is empty, or begins with neither a list nor an object.
    """
    head = next((text for piece in pieces if (text := piece.lstrip())), "")
    if not head:
        raise SourceSchemaError("it is empty")
    if head[0] not in "[{":
        raise SourceSchemaError(f"it begins with {head[:20]!r} instead of a list or an object")
    if head[0] == "[":
        yield from _array(_Window(chain([head[1:]], pieces)))
        return
    while len(head) < LONGEST_LINE and (piece := next(pieces, "")):
        head += piece
    begin = re.search(rf'"{list_name}"\s*:\s*\[', head) if list_name else None
    if begin:
        yield from _array(_Window(chain([head[begin.end() :]], pieces)))
    elif _is_json(head.splitlines()[0]):
        yield from _lines(read_lines(chain([head], pieces)))
    else:
        yield from _array(_Window(chain([head], pieces)), listed=False)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(lines, 1):
        if len(line) >= LONGEST_LINE:
            yield f"line {number}", Damaged(f"the line has more than {LONGEST_LINE} characters")
        elif line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"line {number}", Damaged(_why(error))


class _Window:
    """The part of a text that is in memory: it grows at its end, and drops the text before ``at``."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self.text, self.at = "", 0

    def grow(self) -> bool:
        """Add a piece; return False if there is none."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self.text, self.at = self.text[self.at :] + piece, 0
        return True

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Move past a match at the current place."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    @property
    def ahead(self) -> int:
        """Number of characters after the current place."""
        return len(self.text) - self.at


def _array(window: _Window, *, listed: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield the values of a list after its opening bracket, or, if not ``listed``, values without a list."""
    number, damaged = 0, 0
    while True:
        window.skip(_BETWEEN)
        if not window.ahead:
            if window.grow():
                continue
            if listed:
                yield (
                    f"row {number + 1}",
                    Damaged("the file ends in the middle of its list: it was cut short"),
                )
            return
        if listed and window.text[window.at] == "]":
            return
        number += 1
        value = _next(window)
        damaged += isinstance(value, Damaged)
        if damaged > MOST_DAMAGED:
            raise SourceSchemaError(
                f"more than {MOST_DAMAGED} of its rows are damaged, and row {number} and later were not read"
            )
        if isinstance(value, Damaged) and not _recover(window, _NEXT_ROW if listed else _NEXT_OBJECT):
            yield (
                f"row {number}",
                Damaged(f"{value.why}, and no row is found after it: perhaps the file was cut short"),
            )
            return
        yield f"row {number}", value


def _next(window: _Window) -> Any:
    while True:
        try:
            value, window.at = _DECODER.raw_decode(window.text, window.at)
        except (ValueError, RecursionError) as error:
            if window.ahead < LONGEST_ROW and window.grow():
                continue
            return Damaged(_why(error))
        return value


def _recover(window: _Window, following: re.Pattern[str]) -> bool:
    """Move to the row after a damaged one; return False if there is none."""
    while (found := following.search(window.text, window.at + 1)) is None:
        window.at = max(window.at, len(window.text) - LONGEST_ROW)
        if not window.grow():
            return False
        if window.ahead > 2 * LONGEST_ROW:
            window.at = len(window.text) - LONGEST_ROW
    window.at = found.end()
    return True


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON: {error.msg}"
    return (
        "it is not JSON: nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
    )
