"""Reads exports whose rows are JSON objects: a list, one object per line, or a list within an object."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.left_out import Damaged
from segue.sources.export.row.json_array import json_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from segue.sources.export.format import RowReader, Rows
    from segue.sources.export.listen import Listen

    Reader = Callable[[Mapping[str, Any], tzinfo | None], Listen | None]

_SNIFFED = 20
"""Number of first rows of which at least one must be a listen."""


def object_rows(
    is_row: Callable[[Mapping[str, Any]], bool], read_row: Reader, list_name: str = ""
) -> RowReader:
    """Return a reader of JSON.

    Parameters
    ----------
    is_row : callable
        Returns whether an object is a row of this export; at least one of the first must be.
    read_row : callable
        Returns the listen of a row; the row is any object.
    list_name : str, optional
        Field with the list of rows, if the file is one object.
    """

    def rows(pieces: Iterator[str], zone: tzinfo | None) -> Rows:
        values = json_rows(pieces, list_name)
        head = list(islice(values, _SNIFFED))
        if head and not any(isinstance(row, dict) and is_row(row) for _, row in head):
            damage = next((f": {row.why}" for _, row in head if isinstance(row, Damaged)), "")
            raise SourceSchemaError(f"none of its first rows is a listen{damage}")
        for place, row in chain(head, values):
            yield place, partial(_read, row, read_row, zone)

    return rows


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _read(row: object, read_row: Reader, zone: tzinfo | None) -> Listen | None:
    if isinstance(row, Damaged):
        raise InvalidInputError(row.why)
    if not isinstance(row, dict):
        raise InvalidInputError("it is not an object")
    return read_row(row, zone)
