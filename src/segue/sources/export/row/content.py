"""Chooses between JSON and separated text by the beginning of a file, for services that export both."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from segue.sources.export.row.separated import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from segue.sources.export.format import RowReader, Rows


def either(json: RowReader, table: RowReader) -> RowReader:
    """Return a reader that uses ``table`` if the file begins with cells, and ``json`` otherwise."""

    def rows(pieces: Iterator[str], zone: tzinfo | None) -> Rows:
        first = next((piece for piece in pieces if piece.strip()), "")
        is_table = first.lstrip()[:1] not in {"[", "{"} and any(each in first for each in DELIMITERS)
        reader = table if is_table else json
        return reader(chain([first], pieces), zone)

    return rows
