"""Reads any file of an export: every row comes to a listen, to no music, or to a bad row that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from segue.domain.moment import CLOCKS_DIFFER, EARLIEST
from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export import lastfm, listenbrainz, spotify
from segue.sources.export.json_row import json_rows
from segue.sources.export.left_out import BadRow, Damaged
from segue.sources.export.listen import Format, Listen
from segue.sources.export.text import read_lines, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segue.sources.export.part import Part

SUFFIXES = {
    Format.SPOTIFY: spotify.SUFFIXES,
    Format.LASTFM: lastfm.SUFFIXES,
    Format.LISTENBRAINZ: listenbrainz.SUFFIXES,
}
"""Of the files that are looked at in a folder or zip."""

WANTED = {
    Format.SPOTIFY: spotify.WANTED,
    Format.LASTFM: lastfm.WANTED,
    Format.LISTENBRAINZ: listenbrainz.WANTED,
}
"""What to give, for people."""

_JSON = {Format.SPOTIFY: spotify, Format.LISTENBRAINZ: listenbrainz}
_SNIFFED = 20
"""Rows among which a file must show that it holds listens."""


@dataclass(frozen=True, slots=True)
class NoMusic:
    """A row about a podcast or audiobook, or about nothing that has a name."""


def read_part(
    part: Part, form: Format, advance: Callable[[int], None], now: datetime | None = None
) -> Iterator[Listen | NoMusic | BadRow]:
    """Yield what each row of a file comes to; nothing for a found file that holds no listens.

    Parameters
    ----------
    advance : callable
        Told of every piece that is read, in bytes.
    now : datetime, optional
        When the future begins, in UTC; the present unless given.

    Raises
    ------
    SourceSchemaError
        The file is no such export, holds no row, or breaks off; what was yielded before counts all the same.
    SourceUnavailableError
        It cannot be opened.
    """
    latest_s = int(((now or datetime.now(UTC)) + CLOCKS_DIFFER).timestamp())
    kind = lastfm if form is Format.LASTFM else _JSON[form]
    named = part.given or kind.FILE_NAME.fullmatch(PurePath(part.name).name) is not None
    with part.open() as read:

        def counted(size: int) -> bytes:
            piece = read(size)
            advance(len(piece))
            return piece

        try:
            rows = _rows(read_text(counted), form)
        except SourceSchemaError as error:
            if named:
                raise SourceSchemaError(f"{error}: give {WANTED[form]}") from error
            return
        for place, make in rows:
            try:
                listen = make()
                if listen is not None:
                    _check_time(listen.at_s, latest_s)
            except InvalidInputError as error:
                yield BadRow(part.name, place, str(error))
            else:
                yield listen or NoMusic()


def _rows(pieces: Iterator[str], form: Format) -> Iterator[tuple[str, Callable[[], Listen | None]]]:
    rows = _scrobbles(pieces) if form is Format.LASTFM else _objects(pieces, _JSON[form])
    first = next(rows, None)
    if first is None:
        raise SourceSchemaError("it holds no listens")
    return chain([first], rows)


def _check_time(at_s: int, latest_s: int) -> None:
    if at_s < EARLIEST.timestamp():
        raise InvalidInputError(f"the time is before {EARLIEST:%Y}: the clock was not set")
    if at_s > latest_s:
        raise InvalidInputError("the time is in the future")


def _objects(pieces: Iterator[str], kind: Any) -> Iterator[tuple[str, Callable[[], Listen | None]]]:
    rows = json_rows(pieces)
    head = list(islice(rows, _SNIFFED))
    if head and not any(isinstance(row, dict) and kind.is_row(row) for _, row in head):
        damage = next((f": {row.why}" for _, row in head if isinstance(row, Damaged)), "")
        raise SourceSchemaError(f"none of its first rows is a listen{damage}")
    for place, row in chain(head, rows):
        yield place, partial(_read_object, row, kind)


def _read_object(row: object, kind: Any) -> Listen | None:
    if isinstance(row, Damaged):
        raise InvalidInputError(row.why)
    if not isinstance(row, dict):
        raise InvalidInputError("it is no object")
    listen: Listen | None = kind.read_row(row)
    return listen


def _scrobbles(pieces: Iterator[str]) -> Iterator[tuple[str, Callable[[], Listen | None]]]:
    for place, cells, columns in lastfm.read_rows(read_lines(pieces)):
        yield place, partial(lastfm.read_row, cells, columns)
