"""Tells JSON from separated text by how a file begins, for services that export both."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from segue.sources.export.row.separated import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from segue.sources.export.format import RowReader, Rows


def either(json: RowReader, table: RowReader) -> RowReader:
    """Return a reader that reads a file as a table if it begins with cells, and else as JSON."""

    def rows(pieces: Iterator[str], zone: tzinfo | None) -> Rows:
        first = next((piece for piece in pieces if piece.strip()), "")
        is_table = first.lstrip()[:1] not in {"[", "{"} and any(each in first for each in DELIMITERS)
        reader = table if is_table else json
        return reader(chain([first], pieces), zone)

    return rows
