"""Describes an export format. Each service declares one; command line, API and docs are derived from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.sources.export.listen import Listen

if TYPE_CHECKING:
    import re
    from datetime import tzinfo

Rows = Iterator[tuple[str, Callable[[], Listen | None]]]
"""Place and reader of each row. The reader returns None for a row that is not a listen of music.

The reader raises InvalidInputError for a row that cannot be used.
"""

RowReader = Callable[[Iterator[str], "tzinfo | None"], Rows]
"""Yields the rows of a file, given its text in pieces and the zone of times without one, if known.

It raises SourceSchemaError if the file has another format.
"""


class Clock(StrEnum):
    """The instant of a listen that an export records.

    Exports with the same clock share event ids: a listen that is in two of them counts once.
    """

    BEGIN = "begin"
    END = "end"
    COUNT = "count"
    """The export only has the number of plays of a track, and the time of the last one."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """An export format.

    Attributes
    ----------
    name : str
        Name of the format on the command line and in the API.
    title : str
        Name of the service for people.
    files : str
        The files of such an export, in Markdown, for the documentation.
    wanted : str
        The files to give, for messages.
    suffixes : tuple of str
        Suffixes of the files that are read from a folder or zip.
    file_name : re.Pattern
        Matches the file names of the service's histories.
    clock : Clock
    rows : callable
        Reads the rows of a file: see `RowReader`.
    """

    name: str
    title: str
    files: str
    wanted: str
    suffixes: tuple[str, ...]
    file_name: re.Pattern[str]
    clock: Clock
    rows: RowReader
