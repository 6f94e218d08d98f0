"""Every database a store may live in gives the same purchases, and can never be written."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from segue.errors import CustomerNotFoundError, SourceSchemaError, SourceUnavailableError
from segue.sources.postgresql import MAX_CONNECTIONS, PostgresqlReader
from segue.sources.sqlite import SqliteReader
from segue.sources.store import open_store
from tests.contract.store_database import (
    CUSTOMERS,
    SPELLINGS,
    assert_same,
    expected_purchases,
    sale_script,
    store_script,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that lives as long as the tests."""

    url: str

    def execute(self, script: str, **options: Any) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True, **options) as connection:
            cursor = connection.execute(script)
            return cursor.fetchall() if cursor.description else []

    def schema(self, script: str) -> str:
        """Run a script in a schema of its own and return the URL under which that is the default."""
        name = f"s{uuid.uuid4().hex}"
        self.execute(f"CREATE SCHEMA {name}; SET search_path = {name}; SET timezone = 'UTC'; {script}")
        return self.within(name)

    def within(self, search_path: str) -> str:
        return f"{self.url}&options={quote(f'-csearch_path={search_path}')}"

    def backends(self, application: str) -> list[int]:
        found = self.execute(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'")
        return [pid for (pid,) in found]


@dataclass(frozen=True)
class Case:
    """One store in one database: where it is, how it spells, and how its owner writes to it."""

    location: str
    spell: Callable[[str], str]
    write: Callable[[str], object]
    reader: SqliteReader | PostgresqlReader


@pytest.fixture(scope="session")
def server(postgresql: str) -> Server:
    return Server(postgresql)


def _sqlite_case(path: Path, spelling: str) -> Case:
    spell = SPELLINGS[spelling]

    def write(script: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    write(store_script(spell))
    return Case(str(path), spell, write, SqliteReader(path, timeout_s=1))


def _postgresql_case(server: Server, spelling: str) -> Case:
    spell = SPELLINGS[spelling]
    url = server.schema(store_script(spell))

    def write(script: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script)

    return Case(url, spell, write, PostgresqlReader(url, timeout_s=5))


@pytest.fixture(params=[f"{db} {spelling}" for db in ("sqlite", "postgresql") for spelling in SPELLINGS])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    database, spelling = request.param.split()
    if database == "sqlite":
        case = _sqlite_case(tmp_path / "store.sqlite", spelling)
    else:
        case = _postgresql_case(request.getfixturevalue("server"), spelling)
    yield case
    case.reader.close()


def test_every_database_and_spelling_gives_the_known_answer(case: Case) -> None:
    with open_store(case.location) as store:
        assert_same(store.read_purchases(), expected_purchases())
        for customer_id in CUSTOMERS:
            assert_same(store.read_purchases(customer_id), expected_purchases(customer_id))


@pytest.mark.parametrize("customer_id", [4, 0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400])
def test_an_unknown_customer_is_named(case: Case, customer_id: int) -> None:
    with open_store(case.location) as store, pytest.raises(CustomerNotFoundError) as caught:
        store.read_purchases(customer_id)
    assert str(caught.value) == f"Customer with ID {customer_id} not found."


def test_a_committed_purchase_counts_on_the_next_call(case: Case) -> None:
    with open_store(case.location) as store:
        assert store.read_purchases(3).spend.tolist() == []
        case.write(sale_script(case.spell))
        assert store.read_purchases(3).spend.tolist() == [15_000]


def test_a_store_of_no_one_is_empty_not_an_error(case: Case) -> None:
    for table in ("customer", "invoice", "invoice_line"):
        case.write(f'DELETE FROM "{case.spell(table)}"')
    with open_store(case.location) as store:
        found = store.read_purchases()
    assert (found.customers.size, found.customer_id.size, len(found.genres)) == (0, 0, 5)


def test_renamed_tables_are_found_again_without_reopening(case: Case) -> None:
    other = SPELLINGS["PascalCase" if case.spell is not SPELLINGS["PascalCase"] else "snake_case"]
    with open_store(case.location) as store:
        store.read_purchases()
        case.write(f'ALTER TABLE "{case.spell("invoice_line")}" RENAME TO "{other("invoice_line")}"')
        case.write(
            f'ALTER TABLE "{case.spell("track")}" RENAME COLUMN "{case.spell("genre_id")}" TO "GENREID"'
        )
        assert_same(store.read_purchases(), expected_purchases())


def test_tables_that_disappear_are_named_and_found_again(case: Case) -> None:
    genre = case.spell("genre")
    with open_store(case.location) as store:
        store.read_purchases()
        case.write(f'ALTER TABLE "{genre}" RENAME TO "kind"')
        with pytest.raises(SourceSchemaError, match=r"no table genre.*Tables found:.*kind"):
            store.read_purchases()
        case.write(f'ALTER TABLE "kind" RENAME TO "{genre}"')
        assert_same(store.read_purchases(), expected_purchases())


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM "{genre}"',
        'UPDATE "{genre}" SET "{name}" = \'x\'',
        'DROP TABLE "{genre}"',
        "CREATE TABLE n (i INT)",
    ],
)
def test_the_database_refuses_every_write(case: Case, statement: str) -> None:
    write = statement.format(genre=case.spell("genre"), name=case.spell("name"))
    with pytest.raises(SourceUnavailableError, match=r"(?i)read-?only"):
        case.reader.run(lambda select: list(select(write)))
    with open_store(case.location) as store:
        assert_same(store.read_purchases(), expected_purchases())


def test_sixteen_threads_read_the_same_as_one(case: Case) -> None:
    with open_store(case.location) as store, ThreadPoolExecutor(16) as threads:
        asked = [*CUSTOMERS, None] * 16
        for customer_id, found in zip(asked, threads.map(store.read_purchases, asked), strict=True):
            assert_same(found, expected_purchases(customer_id))


def test_postgresql_reads_other_types_of_money_and_time(server: Server) -> None:
    types = {"unit_price": "DOUBLE PRECISION", "invoice_date": "TIMESTAMPTZ", "customer_id": "BIGINT"}
    url = server.schema(store_script(types=types)) + quote(" -ctimezone=Asia/Tokyo -cdatestyle=German")
    with open_store(url) as store:
        assert_same(store.read_purchases(), expected_purchases())
        assert_same(store.read_purchases(1), expected_purchases(1))


def test_postgresql_reads_the_first_schema_of_the_search_path(server: Server) -> None:
    first = server.schema(store_script())
    second = server.schema(store_script(SPELLINGS["PascalCase"]) + 'DELETE FROM "Customer"')
    names = [url.rpartition("search_path%3D")[2] for url in (first, second)]
    with open_store(server.within(",".join(names))) as store:
        assert_same(store.read_purchases(), expected_purchases())
    with open_store(server.within(",".join(reversed(names)))) as store:
        assert store.read_purchases().customers.size == 0


@pytest.fixture
def session(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PostgresqlReader, Any]]:
    """A reader and its only connection, to which a pooler would give another client between reads."""
    url = server.schema(store_script())
    opened: list[psycopg.Connection[Any]] = []
    connect = PostgresqlReader._connect

    def recorded(reader: PostgresqlReader) -> psycopg.Connection[Any]:
        opened.append(connect(reader))
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlReader, "_connect", recorded)
        reader = PostgresqlReader(url, timeout_s=5)
        reader.run(lambda select: list(select("SELECT 1")))
    [connection] = opened
    yield reader, connection
    reader.close()
    assert connection.closed, "the reader must have kept its connection for the next read"


def _read_well(select: Any) -> None:
    list(select("SELECT * FROM genre"))


def _write(select: Any) -> None:
    list(select("SELECT * FROM genre"))
    list(select("DELETE FROM genre"))


def _fail_in_python(select: Any) -> None:
    list(select("SELECT * FROM genre"))
    raise SourceSchemaError("made up by the test")


@pytest.mark.parametrize(
    ("job", "failure"),
    [(_read_well, None), (_write, "(?i)read-?only"), (_fail_in_python, "made up by the test")],
)
def test_postgresql_leaves_nothing_in_the_session(
    session: tuple[PostgresqlReader, Any], server: Server, job: Callable[[Any], None], failure: str | None
) -> None:
    reader, connection = session
    if failure is None:
        reader.run(job)
    else:
        with pytest.raises((SourceUnavailableError, SourceSchemaError), match=failure):
            reader.run(job)
    pid = connection.info.backend_pid
    assert server.execute(f"SELECT state FROM pg_stat_activity WHERE pid = {pid}") == [("idle",)]
    assert connection.execute("SELECT name FROM pg_settings WHERE source = 'session'").fetchall() == []
    assert connection.execute("DELETE FROM genre").rowcount == 7
    assert reader.run(lambda select: list(select("SELECT count(*), pg_backend_pid() FROM genre"))) == [
        (0, pid)
    ]


def test_postgresql_bounds_a_read_by_settings_of_its_transaction(server: Server) -> None:
    reader = PostgresqlReader(f"{server.url}&options=-ctimezone%3DAsia/Tokyo", timeout_s=1.5)
    names = {
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
        "statement_timeout": "1500ms",
        "idle_in_transaction_session_timeout": "5min",
        "timezone": "UTC",
    }
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    assert reader.run(lambda select: list(select(f"SELECT {asked}"))) == [tuple(names.values())]
    reader.close()


def test_postgresql_prepares_no_statement(session: tuple[PostgresqlReader, Any]) -> None:
    reader, _ = session
    count = "SELECT count(*) FROM pg_prepared_statements WHERE %s = 1"
    for _ in range(8):  # psycopg would prepare a statement on its sixth use
        assert reader.run(lambda select: list(select(count, (1,)))) == [(0,)]


def test_postgresql_reads_one_moment(server: Server) -> None:
    url = server.schema(store_script())
    schema = url.rpartition("search_path%3D")[2]
    reader = PostgresqlReader(url, timeout_s=5)

    def lines(select: Any) -> int:
        [(count,)] = select("SELECT count(*) FROM invoice_line")
        return int(count)

    def around_a_sale(select: Any) -> tuple[int, int]:
        before = lines(select)
        server.execute(f"SET search_path = {schema}; {sale_script()}")
        return before, lines(select)

    assert reader.run(around_a_sale) == (12, 12)
    assert reader.run(lines) == 13
    reader.close()


def test_postgresql_ends_the_read_of_a_frozen_function(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.sources.postgresql.FROZEN_TIMEOUT_S", 0.05)
    reader = PostgresqlReader(f"{server.url}&application_name=frozen", timeout_s=5)

    def freeze(select: Any) -> None:
        list(select("SELECT 1"))
        for _ in range(100):
            if not server.backends("frozen"):
                break
            time.sleep(0.02)
        list(select("SELECT 1"))

    with pytest.raises(SourceUnavailableError, match="idle-in-transaction"):
        reader.run(freeze)
    assert reader.run(lambda select: list(select("SELECT 1"))) == [(1,)]
    reader.close()


def test_postgresql_replaces_connections_that_died(server: Server) -> None:
    url = server.schema(store_script()) + "&application_name=thaw"
    reader = PostgresqlReader(url, timeout_s=5)

    tried = []

    def one(select: Any) -> list[Any]:
        tried.append(1)
        return list(select("SELECT 1"))

    def both(select: Any) -> list[Any]:  # a read within a read: two connections at a time
        return [*select("SELECT 2"), *reader.run(one)]

    assert reader.run(both) == [(2,), (1,)]
    assert len(before := server.backends("thaw")) == 2
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'thaw'")
    tried.clear()
    assert reader.run(both) == [(2,), (1,)]
    assert len(tried) == 1, "the second dead connection was thrown away with the first"
    assert not set(before) & set(server.backends("thaw"))
    reader.close()


def test_postgresql_repeats_a_read_only_once(server: Server) -> None:
    reader = PostgresqlReader(server.url, timeout_s=5)
    reader.run(lambda select: list(select("SELECT 1")))
    calls = []

    def die(select: Any) -> None:
        calls.append("die")
        list(select("SELECT pg_terminate_backend(pg_backend_pid())"))

    def live(select: Any) -> list[Any]:
        calls.append("live")
        return list(select("SELECT 1"))

    with pytest.raises(SourceUnavailableError, match="terminating connection"):
        reader.run(die)
    assert reader.run(live) == [(1,)]
    assert calls == ["die", "die", "live"], "a dead connection must not be kept for the next read"
    reader.close()


def test_postgresql_reuses_few_connections_and_closes_them(server: Server) -> None:
    url = server.schema(store_script()) + "&application_name=few"
    with open_store(url) as store:
        with ThreadPoolExecutor(32) as threads:
            list(threads.map(store.read_purchases, [1] * 200))
        pids = server.backends("few")
        assert 1 <= len(pids) <= MAX_CONNECTIONS
        store.read_purchases(1)
        assert server.backends("few") == pids
    server.execute("SELECT pg_sleep(0.05)")  # the server notices a closed connection a moment later
    assert server.backends("few") == []


def test_postgresql_gives_up_when_all_connections_stay_busy(server: Server) -> None:
    reader = PostgresqlReader(server.url, timeout_s=0.2)
    busy, done = threading.Barrier(MAX_CONNECTIONS + 1), threading.Event()

    def hold(_: object) -> None:
        busy.wait(10)
        done.wait(10)

    with ThreadPoolExecutor(MAX_CONNECTIONS) as threads:
        held = [threads.submit(reader.run, hold) for _ in range(MAX_CONNECTIONS)]
        busy.wait(10)
        with pytest.raises(SourceUnavailableError, match="stayed busy"):
            reader.run(list)
        done.set()
        for future in held:
            future.result(10)
    reader.close()


def test_postgresql_does_not_wait_for_a_slow_answer(server: Server) -> None:
    reader = PostgresqlReader(server.url, timeout_s=0.1)
    with pytest.raises(SourceUnavailableError, match=r"did not answer within 0\.1 s"):
        reader.run(lambda select: list(select("SELECT pg_sleep(5)")))
    reader.close()


def test_postgresql_refuses_a_wrong_password_without_printing_it(server: Server) -> None:
    [(rules,)] = server.execute("SHOW hba_file")
    path = Path(rules)
    path.write_text(f"local all listener scram-sha-256\n{path.read_text()}")
    server.execute("CREATE ROLE listener LOGIN PASSWORD 'right'; SELECT pg_reload_conf(), pg_sleep(0.2)")
    public = server.url.replace("postgres:@", "listener:{}@")
    with (
        open_store(public.format("wr0ng")) as store,
        pytest.raises(SourceUnavailableError, match="password authentication failed") as caught,
    ):
        store.read_purchases()
    assert "wr0ng" not in f"{caught.value} {caught.value.__cause__} {store.name}"
    # The right password opens the door; the user may then read nothing there, and is told so.
    url = server.schema(store_script())
    schema = url.rpartition("search_path%3D")[2]
    private = url.replace("postgres:@", "listener:right@")
    with open_store(private) as store:
        with pytest.raises(SourceSchemaError, match="lets this user read"):
            store.read_purchases()
        server.execute(
            f"GRANT USAGE ON SCHEMA {schema} TO listener;"
            f"GRANT INSERT ON ALL TABLES IN SCHEMA {schema} TO listener"
        )
        with pytest.raises(SourceUnavailableError, match=r"permission denied.*Grant this user SELECT"):
            store.read_purchases()
        server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO listener")
        assert_same(store.read_purchases(), expected_purchases())


def test_postgresql_names_a_database_that_does_not_exist(server: Server) -> None:
    url = server.url.replace("/postgres?", "/nowhere?")
    with open_store(url) as store, pytest.raises(SourceUnavailableError, match='"nowhere" does not exist'):
        store.read_purchases()


def test_postgresql_columns_of_wrong_types_are_a_schema_error(server: Server) -> None:
    script = store_script(types={"unit_price": "TEXT"}) + "UPDATE invoice_line SET unit_price = 'cheap';"
    with open_store(server.schema(script)) as store, pytest.raises(SourceSchemaError, match="cheap"):
        store.read_purchases()


@pytest.mark.realdata
def test_chinook_is_the_same_on_both_databases(server: Server) -> None:
    folder = os.environ.get("SEGUE_DATA_DIR")
    if folder is None:
        pytest.skip("SEGUE_DATA_DIR does not name the folder of the public data sets")
    chinook = Path(folder) / "chinook"
    lines = (chinook / "Chinook_PostgreSql.sql").read_text(encoding="utf-8").splitlines()
    script = "\n".join(
        line for line in lines if not line.startswith(("DROP DATABASE", "CREATE DATABASE", "\\c"))
    )
    with (
        open_store(str(chinook / "Chinook_Sqlite.sqlite")) as sqlite,
        open_store(server.schema(script)) as postgresql,
    ):
        everyone = sqlite.read_purchases()
        assert (everyone.customers.size, everyone.quantity.sum(), everyone.spend.sum()) == (
            59,
            2240,
            23_286_000,
        )
        assert_same(postgresql.read_purchases(), everyone)
        for customer_id in everyone.customers.tolist():
            one = sqlite.read_purchases(customer_id)
            assert_same(postgresql.read_purchases(customer_id), one)
            assert one.spend.sum() == everyone.where(everyone.customer_id == customer_id).spend.sum()


@pytest.fixture
def frozen(server: Server) -> Iterator[tuple[str, threading.Event]]:
    """A way to the server that lets bytes through until the event is set, and then holds them."""
    held = threading.Event()
    parts = conninfo_to_dict(server.url)
    path = f"{parts['host']}/.s.PGSQL.{parts.get('port', 5432)}"

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if held.is_set():
                    return
                target.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(path)
                ends.extend((client, upstream))
                for pair in ((client, upstream), (upstream, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        port = listener.getsockname()[1]
        yield f"postgresql://{parts.get('user', 'postgres')}@127.0.0.1:{port}/{parts['dbname']}", held
        listener.shutdown(socket.SHUT_RDWR)
    for end in ends:
        end.close()


def test_postgresql_gives_up_on_a_server_that_says_nothing(frozen: tuple[str, threading.Event]) -> None:
    location, held = frozen
    url = f"{location}?connect_timeout=2&sslmode=disable&gssencmode=disable"
    reader = PostgresqlReader(url, timeout_s=0.5)
    assert reader.run(lambda select: list(select("SELECT 1"))) == [(1,)]
    held.set()
    started_s = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="did not answer"):
        reader.run(lambda select: list(select("SELECT 1")))
    assert time.monotonic() - started_s < 8
    reader.close()
