"""What Segue knows of a form of export; each service has one, and everything else is derived from it."""

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
"""Place and reader of each row. The reader returns None for a row that is no listen of music.

It raises InvalidInputError for a row that cannot be used.
"""

RowReader = Callable[[Iterator[str], "tzinfo | None"], Rows]
"""Yields the rows of a file's text, given in pieces, with the zone of its times that name none, if known.

It raises SourceSchemaError for a file that is no such export.
"""


class Clock(StrEnum):
    """Which instant of a listen an export counts.

    Exports that count the same instant share the ids of their events: a listen that two services hold counts
    once.
    """

    BEGIN = "begin"
    END = "end"
    COUNT = "count"
    """No instant: the export says how often a track was played, and when last."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A form of export.

    Attributes
    ----------
    name : str
        What the command line and the API call it.
    title : str
        What people call it.
    files : str
        The files of such an export, in Markdown, for the documentation.
    wanted : str
        What to give, for messages.
    suffixes : tuple of str
        Endings of the files that are looked at in a folder or zip.
    file_name : re.Pattern
        Matches the names that the service gives its histories.
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
