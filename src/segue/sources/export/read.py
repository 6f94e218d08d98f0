"""Reads a file of an export: every row becomes a listen, `NoMusic`, or a `BadRow` with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING

from segue.domain.listening.moment import CLOCKS_DIFFER, EARLIEST
from segue.errors import InvalidInputError, SourceError, SourceSchemaError
from segue.sources.export.left_out import BadRow
from segue.sources.export.row.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import tzinfo

    from segue.sources.export.format import ExportFormat
    from segue.sources.export.listen import Listen
    from segue.sources.export.part import OpenedZip, Part


@dataclass(frozen=True, slots=True)
class NoMusic:
    """A row that is not a listen of music: a podcast, an audiobook, a video, or a row without a name."""


def read_part(
    part: Part,
    form: ExportFormat,
    progress: Callable[[int], None],
    *,
    zone: tzinfo | None = None,
    now: datetime | None = None,
    opened: OpenedZip | None = None,
) -> Iterator[Listen | NoMusic | BadRow]:
    """Yield the result of each row; nothing for a file of a folder or zip that holds no listens.

    Parameters
    ----------
    progress : callable
        Called with the number of bytes of every piece that is read.
    zone : tzinfo, optional
        Zone of times without one, if the format does not define it.
    now : datetime, optional
        Current time in UTC; later listens are bad rows.

    Raises
    ------
    SourceSchemaError
        The file has another format, holds no row, or is cut short; the rows yielded before still count.
    SourceUnavailableError
        The file cannot be opened.
    """
    latest_s = int(((now or datetime.now(UTC)) + CLOCKS_DIFFER).timestamp())
    named = part.given or form.file_name.fullmatch(PurePath(part.name).name) is not None
    with part.open(opened) as read:

        def counted(size: int) -> bytes:
            piece = read(size)
            progress(len(piece))
            return piece

        try:
            rows = form.rows(read_text(counted), zone)
            if (first := next(rows, None)) is None:
                raise SourceSchemaError("it holds no listens")
        except SourceSchemaError as error:
            if named:
                raise SourceSchemaError(f"{error}: give {form.wanted}") from error
            return
        for place, make in chain([first], rows):
            try:
                yield _music(make(), latest_s)
            except InvalidInputError as error:
                yield BadRow(part.name, place, str(error))


def recognise(part: Part, formats: Iterable[ExportFormat]) -> Iterator[ExportFormat]:
    """Yield the formats that can read the first row of a file."""
    for form in formats:
        try:
            with part.open() as read:
                first = next(form.rows(read_text(read), UTC), None)
                if first is not None:
                    first[1]()
        except (SourceError, InvalidInputError):
            continue
        if first is not None:
            yield form


def _music(listen: Listen | None, latest_s: int) -> Listen | NoMusic:
    if listen is None:
        return NoMusic()
    if listen.at_s < EARLIEST.timestamp():
        raise InvalidInputError(f"the time is before {EARLIEST:%Y}: the clock was not set")
    if listen.at_s > latest_s:
        raise InvalidInputError("the time is in the future")
    return listen
