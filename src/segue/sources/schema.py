"""Finds the Chinook tables in a database's catalogue, and writes the SQL statements that read them.

Chinook is published as ``InvoiceLine.UnitPrice`` for SQLite and as ``invoice_line.unit_price`` for
PostgreSQL, and users rename tables. Names are therefore compared by their lower-case letters. Each table
enters the statements as a derived table with the names used here, so one SQL text serves every spelling
and both databases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError, TableMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLES = {
    "customer": ("customer_id",),
    "invoice": ("invoice_id", "customer_id", "invoice_date"),
    "invoice_line": ("invoice_id", "track_id", "unit_price", "quantity"),
    "track": ("track_id", "genre_id"),
    "genre": ("genre_id", "name"),
}
"""The tables and columns that are read; a database may hold any others."""

_OTHER_TABLES = {"invoice_line": ("invoice_item",)}
_OTHER_COLUMNS = {
    ("genre", "name"): ("genre_name", "description", "title", "genre"),
    ("invoice", "invoice_date"): ("date", "created_at", "purchased_at"),
    ("invoice_line", "unit_price"): ("price",),
}
"""Other names of columns, the most reliable first."""

_SHOWN = 10
"""Maximum number of tables or columns in one message."""

_PURCHASES = """
SELECT customer.customer_id,
       COALESCE(invoice.invoice_id, 0),
       COALESCE(SUBSTR(CAST(invoice.invoice_date AS TEXT), 1, 19), ''),
       track.genre_id,
       CAST(COALESCE(SUM(CAST(ROUND(CAST(invoice_line.unit_price AS NUMERIC) * 10000) AS BIGINT)
                         * CAST(invoice_line.quantity AS BIGINT)), 0) AS BIGINT),
       CAST(COALESCE(SUM(CAST(invoice_line.quantity AS BIGINT)), 0) AS BIGINT),
       COUNT(invoice_line.quantity)
  FROM {customer}
  LEFT JOIN {invoice} ON invoice.customer_id = customer.customer_id
  LEFT JOIN {invoice_line} ON invoice_line.invoice_id = invoice.invoice_id
  LEFT JOIN {track} ON track.track_id = invoice_line.track_id
 {where}
 GROUP BY customer.customer_id, invoice.invoice_id, invoice.invoice_date, track.genre_id
"""

_GENRES = "SELECT genre.genre_id, CAST(genre.name AS TEXT) FROM {genre} WHERE genre.name IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL statements in one store's spelling of the Chinook names.

    Attributes
    ----------
    all_purchases, one_purchases : str
        Rows (customer_id, invoice_id, date text cut to seconds, genre_id or NULL, spend in 1/10000 of
        the currency, quantity, lines), of all customers, or of the one whose id is the only parameter.
        A customer without purchases has one row, with 0 lines.
    genres : str
        Rows (genre_id, name) of genres with a name.
    """

    all_purchases: str
    one_purchases: str
    genres: str


def plain(name: str) -> str:
    """Return the letters by which names are compared: ``InvoiceLine`` and ``invoice_line`` are the same."""
    return name.lower().replace("_", "")


def spellings(table: str) -> tuple[str, ...]:
    """Return the possible names of a table as letters, the surest first: Chinook's name, then its plural."""
    return tuple(
        plain(f"{name}{end}") for name in (table, *_OTHER_TABLES.get(table, ())) for end in ("", "s")
    )


def columns_of(table: str, column: str) -> tuple[str, ...]:
    """Return the possible names of a column, the most reliable first; a table's key may be just ``id``."""
    own = ("id",) if column == f"{table}_id" else ()
    return (column, *own, *_OTHER_COLUMNS.get((table, column), ()))


def listed(names: Iterable[object]) -> str:
    """Return names for a message: the first ten, and the number of the others."""
    every = [str(name) for name in names]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def build_statements(
    catalogue: Iterable[tuple[int, str, str | None]], placeholder: str, source: str
) -> Statements:
    """Write the statements in the spelling of the database.

    Parameters
    ----------
    catalogue
        (rank, table, column) of the whole database. If several schemas have a table of one name, the one
        with the lowest rank is read, as the database itself does. The column may be None for tables that
        are not read.
    placeholder
        The driver's placeholder for a parameter.
    source
        Name of the database in messages.

    Raises
    ------
    SourceSchemaError
        Tables or columns are missing, or two have the same letters. The message lists all of them and
        the tables that exist: name another database, or provide views with Chinook's names.
    """
    found: dict[tuple[int, str], list[str]] = {}
    for rank, table, column in catalogue:
        found.setdefault((rank, table), []).extend([] if column is None else [column])
    problems: list[str] = []
    derived = {table: _derive(table, found, problems) for table in TABLES}
    if problems:
        tables = listed(sorted({name for _, name in found})) or "none"
        lacks = any(problem.startswith("no table") for problem in problems)
        raise (TableMissingError if lacks else SourceSchemaError)(
            f"{source} is not readable as a music store with the Chinook schema: {'; '.join(problems)}. "
            f"Tables found: {tables}. Name a database that has them and lets this user read them, or add "
            "views with these names."
        )
    return Statements(
        all_purchases=_PURCHASES.format(**derived, where=""),
        one_purchases=_PURCHASES.format(**derived, where=f"WHERE customer.customer_id = {placeholder}"),
        genres=_GENRES.format(**derived),
    )


def _derive(table: str, found: dict[tuple[int, str], list[str]], problems: list[str]) -> str:
    known = spellings(table)
    candidates = [(rank, known.index(plain(name)), name) for rank, name in found if plain(name) in known]
    best = min((each[:2] for each in candidates), default=(0, 0))
    name = _only(f"table {table}", [name for *place, name in candidates if tuple(place) == best], problems)
    if name is None:
        return ""
    columns = found[best[0], name]
    pairs = []
    for column in TABLES[table]:
        words = [plain(word) for word in columns_of(table, column)]
        if plain(name) == plain(table):
            words = [word for word in words if word != "id"]  # a table with Chinook's name has Chinook's key
        alike = [[each for each in columns if plain(each) == word] for word in words]
        wanted = f"column {column} in {name} ({listed(columns)})"
        present = _only(wanted, next(filter(None, alike), []), problems)
        pairs.append(f"{quoted(present or '')} AS {column}")
    return f"(SELECT {', '.join(pairs)} FROM {quoted(name)}) AS {table}"


def _only(wanted: str, names: list[str], problems: list[str]) -> str | None:
    if len(names) == 1:
        return names[0]
    problems.append(f"{' and '.join(names)} could each be {wanted}" if names else f"no {wanted}")
    return None


def quoted(name: str) -> str:
    """Return a name quoted for SQL; it may contain any character."""
    return '"' + name.replace('"', '""') + '"'
