"""SQLite stores, locations and schemas; what every database shares is in tests/contract."""

from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.domain.genre_preference.purchase import NO_GENRE
from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.sqlite import SqliteReader
from segue.sources.store import fingerprint, open_store
from tests.contract.store_database import (
    SPELLINGS,
    assert_same,
    expected_purchases,
    sale_script,
    store_script,
)
from tests.runtime.music_store import write_store


def write(path: Path, *scripts: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "store.sqlite", store_script())


@pytest.mark.parametrize("name", ["a b.db", "a?mode=rw.db", "a#b.db", "100%25.db", "späti.db", "a&b=c'\".db"])
def test_any_file_name_can_be_opened(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, store_script())
    for location in (str(path), f"sqlite:///{path}"):
        assert_same(open_store(location).read_purchases(), expected_purchases())
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_relative_url_starts_at_the_working_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert_same(open_store("sqlite:///store.sqlite").read_purchases(), expected_purchases())


def test_a_missing_file_is_named_and_not_created(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    with pytest.raises(SourceUnavailableError, match=r"no file at .*none\.sqlite"):
        open_store(str(path)).read_purchases()
    assert not path.exists()


def test_a_folder_is_not_a_store(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="is a folder"):
        open_store(str(tmp_path)).read_purchases()


def test_a_file_of_another_kind_is_not_a_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("customer,invoice\n" * 100)
    with pytest.raises(SourceUnavailableError, match="not an SQLite database"):
        open_store(str(path)).read_purchases()


def test_a_damaged_file_says_so(path: Path) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(SourceUnavailableError, match="integrity_check"):
        open_store(str(path)).read_purchases()


def test_a_locked_file_is_waited_for_then_reported(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceUnavailableError, match=r"locked by a writer for 0\.05 s"):
            open_store(str(path), timeout_s=0.05).read_purchases()
        writer.execute("ROLLBACK")
    assert_same(open_store(str(path), timeout_s=0.05).read_purchases(), expected_purchases())


def test_an_open_write_ahead_log_is_read(path: Path) -> None:
    store = open_store(str(path))
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.executescript(sale_script())
        writer.execute("DELETE FROM invoice_line")  # not committed, so not to be seen
        assert store.read_purchases(3).spend.tolist() == [15_000]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_replaced_by_rename_is_read_at_once(path: Path, tmp_path: Path, spelling: str) -> None:
    store = open_store(str(path))
    assert store.read_purchases(3).spend.tolist() == []
    spell = SPELLINGS[spelling]
    write(tmp_path / "new", store_script(spell), sale_script(spell)).replace(path)
    assert store.read_purchases(3).spend.tolist() == [15_000]


def test_the_connection_refuses_writes_for_every_file_mode(path: Path) -> None:
    reader = SqliteReader(path, timeout_s=1)
    assert reader.run(lambda select: list(select("PRAGMA query_only"))) == [(1,)]
    with pytest.raises(SourceUnavailableError, match="readonly"):
        reader.run(lambda select: list(select("PRAGMA user_version = 7")))
    with pytest.raises(SourceUnavailableError, match="readonly"):  # by mode=ro alone
        reader.run(lambda select: [*select("PRAGMA query_only = OFF"), *select("DELETE FROM genre")])


def test_no_file_handle_stays_open(path: Path) -> None:
    store = open_store(str(path))
    store.read_purchases()
    held = Path("/proc/self/fd")
    if not held.is_dir():
        pytest.skip("this system does not list a process's open files")
    assert str(path) not in [str(handle.readlink()) for handle in held.iterdir() if handle.is_symlink()]


def test_an_empty_file_lists_every_missing_table(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    with pytest.raises(SourceSchemaError) as caught:
        open_store(str(path)).read_purchases()
    for table in ("customer", "invoice", "invoice_line", "track", "genre"):
        assert f"no table {table}" in str(caught.value)
    assert "Tables found: none" in str(caught.value)


def test_all_that_is_missing_is_named_at_once(path: Path) -> None:
    write(
        path,
        "ALTER TABLE genre RENAME TO style; ALTER TABLE invoice_line RENAME COLUMN quantity TO amount;"
        "ALTER TABLE customer RENAME COLUMN customer_id TO id",
    )
    with pytest.raises(SourceSchemaError) as caught:
        open_store(str(path)).read_purchases()
    message = str(caught.value)
    assert "no table genre" in message
    assert (
        "no column quantity in invoice_line (invoice_line_id, invoice_id, track_id, unit_price, amount)"
        in message
    )
    assert "no column customer_id in customer (id, first_name)" in message
    assert "Tables found: customer, invoice, invoice_line, style, track" in message


def test_two_tables_of_one_name_are_not_guessed_between(path: Path) -> None:
    write(path, "CREATE TABLE InvoiceLine (InvoiceId, TrackId, UnitPrice, Quantity)")
    with pytest.raises(
        SourceSchemaError, match="invoice_line and InvoiceLine could each be table invoice_line"
    ):
        open_store(str(path)).read_purchases()


def test_views_may_provide_the_names(path: Path) -> None:
    write(
        path,
        """ALTER TABLE genre RENAME TO "style ""of"" music";
        CREATE VIEW Genre AS SELECT genre_id AS "GenreID", name AS "Name" FROM "style ""of"" music";
        CREATE VIEW unrelated AS SELECT * FROM a_table_long_gone""",
    )
    assert_same(open_store(str(path)).read_purchases(), expected_purchases())


@pytest.mark.parametrize(
    "date", ["'yesterday'", "1609459200", "2459215.5", "NULL", "'21-01-01'", "'01.02.2021'", "''"]
)
def test_a_date_that_is_none_is_refused(path: Path, date: str) -> None:
    write(path, f"UPDATE invoice SET invoice_date = {date} WHERE invoice_id = 13")
    store = open_store(str(path))
    with pytest.raises(SourceSchemaError, match="dates must be ISO 8601"):
        store.read_purchases()
    assert_same(store.read_purchases(1), expected_purchases(1))


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("2021-05-06", "2021-05-06T00:00:00"),
        ("2021-05-06T07:08:09Z", "2021-05-06T07:08:09"),
        ("2021-05-06 07:08", "2021-05-06T07:08:00"),
        ("2021-05-06 07:08:09.999999+02:00", "2021-05-06T07:08:09"),
    ],
)
def test_dates_are_cut_to_seconds(path: Path, date: str, seconds: str) -> None:
    write(path, f"UPDATE invoice SET invoice_date = '{date}' WHERE invoice_id = 12")
    assert np.datetime64(seconds) in open_store(str(path)).read_purchases(1).at


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE customer SET customer_id = 'C-1' WHERE customer_id = 3",
        "UPDATE invoice SET invoice_id = 'I-1' WHERE invoice_id = 14",
    ],
)
def test_ids_that_are_not_numbers_are_refused(path: Path, damage: str) -> None:
    write(path, damage)
    with pytest.raises(SourceSchemaError):
        open_store(str(path)).read_purchases()


def test_a_line_without_price_counts_its_tracks(path: Path) -> None:
    write(path, "UPDATE invoice_line SET unit_price = NULL WHERE invoice_line_id = 3")
    found = open_store(str(path)).read_purchases(1)
    assert (found.spend[0], found.quantity[0]) == (0, 1)


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("mysql://u:hush@h/db", "mysql://"),
        ("jdbc:postgresql://u:hush@h/db", "give a path"),
        ("", "does not name a file"),
        (":memory:", "does not name a file"),
        ("sqlite://", "does not name a file"),
        ("sqlite:///", "does not name a file"),
        ("host=h password=hush dbname=d", "postgresql://user:password@host:port/database"),
        ("postgresql://u:hush@sesame@h/db", "percent-encoded"),
        ("postgresql://u:hu/sh@h/db", "percent-encoded"),
        ("postgresql://u:12/hush@h/db", "percent-encoded"),
        ("postgresql://u:hush?x@sesame@h/db", "percent-encoded"),
        ("postgresql://u:hush%zz@h/db", "percent-encoded"),
        ("postgresql://u:hush@h:port/db", "percent-encoded"),
        ("postgresql://h/db?password=hush&nonsense=1", "percent-encoded"),
    ],
)
def test_a_location_that_cannot_be_read_keeps_its_secret(location: str, hint: str) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        open_store(location)
    assert hint in str(caught.value)
    assert "hu" not in f"{caught.value} {caught.value.__cause__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_server_that_is_not_there_is_named_without_its_password(scheme: str) -> None:
    store = open_store(f"{scheme}://u:hush@127.0.0.1:1/music?connect_timeout=2")
    with store, pytest.raises(SourceUnavailableError, match="did not answer") as caught:
        store.read_purchases()
    assert store.name == "postgresql://127.0.0.1:1/music"
    assert store.name in str(caught.value)
    assert "hush" not in f"{caught.value} {caught.value.__cause__} {store!r}"


def test_reading_sqlite_imports_nothing_heavy(path: Path) -> None:
    program = (
        "import sys; from segue.sources.store import open_store; open_store(sys.argv[1]).read_purchases(1);"
        "print([m for m in ('psycopg', 'pandas', 'sqlalchemy', 'numpy.ma') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "src"},
    )
    assert printed.stdout.strip() == "[]"


LINES = st.lists(
    st.tuples(
        st.integers(1, 4),  # customer
        st.integers(0, 3),  # which of the customer's invoices
        st.sampled_from([None, 1, 2, 3, 4, 5]),  # genre
        st.integers(-99_999, 99_999),  # price in 1/10000
        st.integers(-3, 12),
    ),
    max_size=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=LINES, names=st.lists(st.none() | st.sampled_from(["a", "B", "é", ""]), min_size=5, max_size=5))
def test_sums_equal_a_plain_loop(
    tmp_path: Path, lines: list[tuple[int, int, int | None, int, int]], names: list[str | None]
) -> None:
    path = tmp_path / "random.sqlite"
    path.unlink(missing_ok=True)
    write(
        path,
        store_script(),
        *(f"DELETE FROM {t};" for t in ("customer", "invoice", "invoice_line", "track", "genre")),
    )
    expected: dict[tuple[int, int, str | None], list[int]] = defaultdict(lambda: [0, 0])
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO customer VALUES (?, '')", [(i,) for i in range(5)])
        db.executemany("INSERT INTO genre VALUES (?, ?)", list(enumerate(names, start=1)))
        for number, (customer, nth, genre, price, quantity) in enumerate(lines):
            invoice = customer * 10 + nth
            row = (invoice, customer, f"2021-01-{invoice % 28 + 1:02}")
            db.execute(
                "INSERT INTO invoice SELECT ?, ?, ? WHERE ? NOT IN (SELECT invoice_id FROM invoice)",
                (*row, invoice),
            )
            db.execute("INSERT INTO track VALUES (?, ?, 0)", (number, genre))
            db.execute(
                "INSERT INTO invoice_line VALUES (?, ?, ?, ?, ?)",
                (number, invoice, number, price / 10_000, quantity),
            )
            total = expected[customer, invoice, None if genre is None else names[genre - 1]]
            total[0] += price * quantity
            total[1] += quantity
    found = open_store(str(path)).read_purchases()
    named = [None if i == NO_GENRE else found.genres[i] for i in found.genre_index]
    got = sorted(
        zip(
            found.customer_id.tolist(),
            map(str, named),
            found.spend.tolist(),
            found.quantity.tolist(),
            strict=True,
        )
    )
    want = sorted((customer, str(genre), *total) for (customer, _, genre), total in expected.items())
    assert got == want
    assert found.customers.tolist() == [0, 1, 2, 3, 4]
    assert list(found.genres) == sorted({name for name in names if name is not None})


def test_the_fingerprint_changes_with_every_column() -> None:
    purchases = expected_purchases()
    seen = {
        fingerprint(purchases),
        fingerprint(dataclasses.replace(purchases, genres=("x", *purchases.genres))),
    }
    for column in ("customers", "customer_id", "at", "genre_index", "spend", "quantity"):
        changed = getattr(purchases, column).copy()
        changed[-1] += 1
        seen.add(fingerprint(dataclasses.replace(purchases, **{column: changed})))
    assert len(seen) == 8


def test_the_fingerprint_is_the_same_on_every_machine() -> None:
    known = "sha256:c2c9a5186b74353140231a4e82a42dc9502239426c87c0a3b444d45c27c11557"
    assert fingerprint(expected_purchases()) == known
    big_endian = dataclasses.replace(expected_purchases(), spend=expected_purchases().spend.astype(">i8"))
    assert fingerprint(big_endian) == fingerprint(expected_purchases())


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "segue.sources.postgresql", raising=False)
    monkeypatch.delattr("segue.sources.postgresql", raising=False)
    with pytest.raises(SourceUnavailableError, match=r"install segue\[serving\]"):
        open_store("postgresql://h/db")


def test_a_bad_date_far_down_a_large_store_is_refused(tmp_path: Path) -> None:
    """numpy 2.4 ends the process when it parses bytes and meets such a date beyond the 500th row."""
    store = write_store(tmp_path / "large.sqlite")
    write(store, "UPDATE invoice SET invoice_date = '05/05/2024' WHERE invoice_id = 1700")
    with pytest.raises(SourceSchemaError, match=r"dates must be ISO 8601"):
        open_store(str(store)).read_purchases()
