"""Reads purchases from a music store's database: the same columns from SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np

from segue.domain.genre_preference.purchase import NO_GENRE, Purchases
from segue.errors import CustomerNotFoundError, SourceSchemaError, SourceUnavailableError
from segue.sources.schema import Statements, build_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

T = TypeVar("T")

_ROW = np.dtype(
    [
        ("customer_id", np.int64),
        ("invoice_id", np.int64),
        ("at", "S19"),
        ("genre_id", object),
        ("spend", np.int64),
        ("quantity", np.int64),
        ("lines", np.int64),
    ]
)


class Select(Protocol):
    """Runs one statement and returns its rows."""

    def __call__(self, statement: str, parameters: tuple[int, ...] = (), /) -> Iterable[tuple[Any, ...]]:
        """Return the rows of ``statement``."""


class Reader(Protocol):
    """Reads a database and never writes to it.

    Attributes
    ----------
    name : str
        Name for messages, without a password.
    catalogue : str
        Statement with rows (rank, table, column), see `build_statements`.
    placeholder : str
        Placeholder for a parameter in statements.
    """

    name: str
    catalogue: str
    placeholder: str

    def run(self, job: Callable[[Select], T]) -> T:
        """Return the result of ``job``, which may be called twice if a connection is dead.

        Raises
        ------
        SourceUnavailableError
            The database cannot be opened, is locked or did not answer.
        SourceSchemaError
            The database does not know a name, or a value does not fit the statement.
        """

    def close(self) -> None:
        """Close open connections."""


def open_store(location: str, *, timeout_s: float = 10.0) -> StoreDatabase:
    """Return the store at a location; the first read connects. See `open_reader`."""
    return StoreDatabase(open_reader(location, timeout_s=timeout_s))


def open_reader(location: str, *, timeout_s: float) -> Reader:
    """Return a reader of the database at a location, without connecting.

    Parameters
    ----------
    location
        A path to an SQLite file, ``sqlite:///path``, or ``postgresql://user:password@host:port/database``.
    timeout_s
        Maximum seconds to wait for a lock (SQLite) or for the answer to a statement (PostgreSQL).

    Raises
    ------
    SourceUnavailableError
        The location is none of these; the message never repeats a password.
    """
    scheme, separator, rest = location.partition("://")
    if separator and scheme in {"postgresql", "postgres"}:
        try:
            from segue.sources.postgresql import PostgresqlReader
        except ImportError as error:
            raise SourceUnavailableError("PostgreSQL needs psycopg: install segue[serving].") from error
        return PostgresqlReader(location, timeout_s=timeout_s)
    if separator and scheme != "sqlite":
        raise SourceUnavailableError(
            f"a store cannot be read over {scheme}://: give a path, sqlite:///path, or postgresql://..."
        )
    if re.search(r"\bpassword\s*=", location):  # libpq's other notation: a message would print it as a path
        raise SourceUnavailableError("write the connection as postgresql://user:password@host:port/database")
    path = rest.removeprefix("/") if separator else location
    if path in {"", ":memory:"}:
        raise SourceUnavailableError(f"{location!r} does not name a file: give a path, or sqlite:///path.")
    from segue.sources.sqlite import SqliteReader

    return SqliteReader(Path(path), timeout_s=timeout_s)


def fingerprint(purchases: Purchases) -> str:
    """Return ``sha256:`` and 64 hex digits, the same for the same purchases on every platform."""
    columns = [
        column.astype("<i8").tobytes()
        for column in (
            purchases.customers,
            purchases.customer_id,
            purchases.at.astype("datetime64[s]"),
            purchases.genre_index,
            purchases.spend,
            purchases.quantity,
        )
    ]
    # The lengths come first: without them a value could move to the next column and change nothing.
    head = json.dumps([purchases.genres, [len(column) for column in columns]]).encode()
    return f"sha256:{hashlib.sha256(b''.join([head, *columns])).hexdigest()}"


class StoreDatabase:
    """A music store with the Chinook schema; any number of threads may read at once.

    Attributes
    ----------
    name : str
        Name for messages and manifests, without a password.
    """

    def __init__(self, reader: Reader) -> None:
        self.name = reader.name
        self._reader = reader
        self._statements: Statements | None = None

    def read_purchases(self, customer_id: int | None = None) -> Purchases:
        """Return the committed purchases of one customer, or of all.

        Rows are sorted by customer, time, invoice and genre. The spend of a line is its unit price times
        its quantity, rounded to 1/`SPEND_UNIT` of the currency. Times with a zone are in UTC (PostgreSQL)
        or as written (SQLite). Tracks without a genre, or whose genre has no name, count as `NO_GENRE`;
        genres of the same name are one genre.

        In a store of 10 000 customers one takes about a millisecond, all take a few seconds.

        Raises
        ------
        CustomerNotFoundError
            There is no such customer.
        SourceUnavailableError
            The database cannot be opened, is locked or did not answer; the message says which.
        SourceSchemaError
            Tables or columns are missing, or their values do not fit the schema.
        """
        if customer_id is not None and not -(2**63) <= customer_id < 2**63:
            raise CustomerNotFoundError(customer_id)
        known = self._statements
        try:
            rows, genres = self._reader.run(lambda select: self._fetch(select, known, customer_id))
        except SourceSchemaError:
            if known is None:
                raise
            # The tables were renamed, or the file was replaced by one with another spelling: look again.
            rows, genres = self._reader.run(lambda select: self._fetch(select, None, customer_id))
        if customer_id is not None and not rows.size:
            raise CustomerNotFoundError(customer_id)
        return self._assembled(rows, genres)

    def close(self) -> None:
        """Close idle connections; the store stays usable."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(
        self, select: Select, statements: Statements | None, customer_id: int | None
    ) -> tuple[NDArray[np.void], dict[object, str]]:
        if statements is None:
            statements = build_statements(
                select(self._reader.catalogue), self._reader.placeholder, self._reader.name
            )
            self._statements = statements
        purchases = (
            select(statements.all_purchases)
            if customer_id is None
            else select(statements.one_purchases, (customer_id,))
        )
        try:
            rows = np.fromiter(purchases, _ROW)
        except (TypeError, ValueError, OverflowError) as error:
            raise SourceSchemaError(
                f"{self.name}: ids, prices and quantities must be numbers of 64 bits: {error}."
            ) from error
        # Genres are read after purchases: a genre that is added in between is then known.
        return rows, dict(select(statements.genres))

    def _assembled(self, rows: NDArray[np.void], names: dict[object, str]) -> Purchases:
        genres = tuple(sorted(set(names.values())))  # by code point, because the databases' collations differ
        row_of = {name: row for row, name in enumerate(genres)}
        index_of = {genre_id: row_of[name] for genre_id, name in names.items()}
        bought = rows[rows["lines"] > 0]
        at = self._times(bought)
        genre_index = np.fromiter((index_of.get(i, NO_GENRE) for i in bought["genre_id"]), np.int32, len(at))
        order = np.lexsort((genre_index, bought["invoice_id"], at, bought["customer_id"]))
        bought, at, genre_index = bought[order], at[order], genre_index[order]
        # Add up rows that are now equal: genres of one name, and tracks without a genre or a genre's name.
        first = np.ones(len(at), bool)
        first[1:] = (np.diff(bought["invoice_id"]) != 0) | (np.diff(genre_index) != 0)
        starts = np.flatnonzero(first)
        # np.unique imports numpy.ma, which delays a function's first answer by 50 ms.
        customers = np.array(sorted(set(rows["customer_id"].tolist())), np.int64)
        return Purchases(
            customers=customers,
            genres=genres,
            customer_id=bought["customer_id"][starts],
            at=at[starts],
            genre_index=genre_index[starts],
            spend=np.add.reduceat(bought["spend"], starts),
            quantity=np.add.reduceat(bought["quantity"], starts),
        )

    def _times(self, rows: NDArray[np.void]) -> NDArray[np.datetime64]:
        try:
            # Convert to str first: from bytes, numpy 2.4 crashes at a bad date beyond the 500th row.
            at = rows["at"].astype("U19").astype("datetime64[s]")
        except (ValueError, UnicodeDecodeError) as error:
            raise SourceSchemaError(f"{self.name}: invoice dates must be ISO 8601: {error}.") from error
        wrong = np.isnat(at) | (at >= np.datetime64("9999-12-31")) | (at < np.datetime64("1000-01-01"))
        if wrong.any():
            row = rows[wrong][0]
            raise SourceSchemaError(
                f"{self.name}: invoice {row['invoice_id']} has the date {row['at'].decode()!r}: "
                "dates must be ISO 8601, as in 2021-01-31 12:00:00."
            )
        return at
