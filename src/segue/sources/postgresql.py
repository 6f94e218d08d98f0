"""Reads a PostgreSQL database in read-only transactions. Importing this module imports psycopg."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from segue.errors import SourceError, SourceSchemaError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg.abc import PQGen

    from segue.sources.store import Select

    Connection = psycopg.Connection[tuple[Any, ...]]

T = TypeVar("T")

MAX_CONNECTIONS = 8
"""Maximum number of reads at once; other threads wait, so that a burst cannot exhaust the server."""

CONNECT_TIMEOUT_S = 5

FROZEN_TIMEOUT_S = 300
"""Seconds without a statement after which the server ends a read: the function may be frozen or gone.

Reading a whole store into arrays takes only a few seconds.
"""

_GRACE_S = 1.0
"""Seconds that the server may exceed its own statement timeout; after that it counts as frozen."""

_CATALOGUE = """
SELECT array_position(current_schemas(false), table_schema::name), table_name::text, column_name::text
  FROM information_schema.columns
 WHERE table_schema = ANY (current_schemas(false))
"""

# Every setting ends with the transaction: a pooler gives the session to other clients without a reset.
# One string takes one round trip.
_BEGIN = """
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = {timeout_ms};
SET LOCAL idle_in_transaction_session_timeout = {frozen_ms};
SET LOCAL datestyle = 'ISO';
SET LOCAL timezone = 'UTC'
"""


class _Patient(psycopg.Connection[tuple[Any, ...]]):
    """Gives up on a frozen server: such a server neither applies its own timeouts nor disconnects."""

    patience_s: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait as psycopg does, but at most ``patience_s`` by default."""
        return super().wait(gen, interval, self.patience_s if timeout is None else timeout)


class PostgresqlReader:
    """A `Reader` of one PostgreSQL database, directly or behind a pooler such as PgBouncer.

    Each read is one read-only transaction: its statements see the same state of the database, and no setting
    or prepared statement stays in the session, so poolers may run in transaction mode.

    Idle connections are kept on a stack, and nothing runs in the background, because Lambda freezes a
    function between calls. A dead connection fails at its next use: the read is then repeated once on a new
    one.

    Parameters
    ----------
    location
        A ``postgresql://`` URL for libpq; its parameters override the defaults here.
    timeout_s
        Maximum seconds for one statement, and for waiting for a free connection.
    """

    catalogue = _CATALOGUE
    placeholder = "%s"

    def __init__(self, location: str, *, timeout_s: float) -> None:
        self._parameters = _parsed(location)
        host, port = (self._parameters.get(key, default) for key, default in (("host", ""), ("port", 5432)))
        self.name = f"postgresql://{host}:{port}/{self._parameters.get('dbname', '')}"
        self._timeout_s = timeout_s
        self._begin = _BEGIN.format(
            timeout_ms=round(timeout_s * 1000), frozen_ms=round(FROZEN_TIMEOUT_S * 1000)
        ).encode()
        self._idle: list[Connection] = []
        self._turns = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def run(self, job: Callable[[Select], T]) -> T:
        """See `Reader.run`."""
        with self._turn():
            connection = self._take()
            if connection is not None:
                try:
                    return self._use(connection, job)
                except psycopg.Error as error:
                    if not connection.closed:
                        raise self._translated(error) from error
                    self.close()  # a restart or a thaw killed the other idle connections too
            try:
                return self._use(self._connect(), job)
            except psycopg.Error as error:
                raise self._translated(error) from error

    def close(self) -> None:
        """Close the idle connections; a later read opens new ones. A snapshot hook can call this too."""
        while (connection := self._take()) is not None:
            connection.close()

    def _connect(self) -> Connection:
        # With autocommit psycopg starts no transaction before `_begin`.
        connection = _Patient.connect(autocommit=True, prepare_threshold=None, **self._parameters)
        connection.patience_s = self._timeout_s + _GRACE_S
        return connection

    def _use(self, connection: Connection, job: Callable[[Select], T]) -> T:
        def select(statement: str, parameters: tuple[int, ...] = ()) -> Iterator[tuple[Any, ...]]:
            return iter(connection.cursor(binary=True).execute(statement.encode(), parameters or None))

        try:
            connection.execute(self._begin)
            result = job(select)
            connection.commit()
            return result
        finally:
            self._put_back(connection)

    def _put_back(self, connection: Connection) -> None:
        if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            with suppress(psycopg.Error):  # the error of the read says more
                connection.rollback()
        if connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:  # dead, or interrupted in the middle of a statement
            connection.close()

    def _take(self) -> Connection | None:
        try:
            return self._idle.pop()  # atomic; the latest used connection is the least likely to be dead
        except IndexError:
            return None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._timeout_s):
            raise SourceUnavailableError(
                f"{self.name}: all {MAX_CONNECTIONS} connections stayed busy for {self._timeout_s:g} s: "
                "try again, or send fewer requests at once."
            )
        try:
            yield
        finally:
            self._turns.release()

    def _translated(self, error: psycopg.Error) -> SourceError:
        detail = " ".join(str(error).split())
        if isinstance(error, psycopg.errors.QueryCanceled):
            return SourceUnavailableError(
                f"{self.name} did not answer within {self._timeout_s:g} s: check that invoice.customer_id "
                "and invoice_line.invoice_id are indexed."
            )
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return SourceUnavailableError(f"{self.name}: {detail}. Grant this user SELECT on the store.")
        if isinstance(error, (psycopg.ProgrammingError, psycopg.DataError)):
            return SourceSchemaError(f"{self.name} cannot be read as a music store: {detail}")
        return SourceUnavailableError(
            f"{self.name} did not answer: {detail}. Check the address, user, password and network."
        )


def _parsed(location: str) -> dict[str, Any]:
    authority, _, path = location.partition("://")[2].partition("/")
    try:
        parameters = conninfo_to_dict(location)
    except psycopg.ProgrammingError:
        parameters = {"port": "unreadable"}
    ports = str(parameters.get("port", ""))
    # A password with an unencoded "@" or "/" ends up in the host, port or database, and libpq prints these
    # (and sometimes the whole URL). So the message shows no part of such a URL, and the error has no cause.
    if "@" in path.partition("?")[0] or authority.count("@") > 1 or not re.fullmatch(r"[\d,]*", ports):
        raise SourceUnavailableError(
            "the PostgreSQL URL cannot be read: write postgresql://user:password@host:port/database, with "
            "each special character in the password percent-encoded (@ as %40, / as %2F, % as %25)."
        ) from None
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        # After a thaw the server may be gone without closing the connection: time out instead of hanging.
        "tcp_user_timeout": CONNECT_TIMEOUT_S * 1000,
        "application_name": "segue",
        "client_encoding": "utf8",
    }
    return defaults | parameters
