"""Dates and times: every spelling that is read, and every value that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from segue.sources.dataset.account import Effect, Tally
from segue.sources.dataset.table.moment import clean_dates, clean_times

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def column(*cells: object) -> pd.Series:
    return pd.Series(cells, range(1, len(cells) + 1), name="at")


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2004-05-31", "2004-05-31"),
        ("2004/5/3", "2004-05-03"),
        ("2004-05", "2004-05-01"),
        ("2004", "2004-01-01"),
        ("2004.0", "2004-01-01"),
        ("2004-00-00", "2004-01-01"),
        ("2004-05-31T23:59:59Z", "2004-05-31"),
        (2004, "2004-01-01"),
        (2004.0, "2004-01-01"),
        (pd.Timestamp("2004-05-31 01:00"), "2004-05-31"),
    ],
)
def test_dates_that_are_read(cell: object, date: str) -> None:
    tally = Tally("t")
    assert clean_dates(column(cell), tally, NOW).tolist() == [np.datetime64(date, "D").item()]
    assert tally.findings == []


@pytest.mark.parametrize(
    ("cell", "effect", "reason"),
    [
        ("", Effect.EMPTY, "no value"),
        ("?", Effect.BLANKED, "stands for missing"),
        ("0000", Effect.BLANKED, "before 1860"),
        ("0000-00-00", Effect.BLANKED, "before 1860"),
        ("2004-02-30", Effect.BLANKED, "is not a date"),
        ("May 2004", Effect.BLANKED, "is not a date"),
        ("1700", Effect.BLANKED, "before 1860"),
        ("2027", Effect.BLANKED, "in the future"),
    ],
)
def test_dates_that_are_not(cell: str, effect: Effect, reason: str) -> None:
    tally = Tally("t")
    assert np.isnat(clean_dates(column(cell, "2004"), tally, NOW)).tolist() == [True, False]
    (found,) = tally.findings
    assert (found.effect, found.count) == (effect, 1)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-31T10:20:30Z",
        "2024-01-31 10:20:30",
        "2024-01-31T11:20:30+01:00",
        "2024-01-31T10:20:30.999",
        "1706696430",
        "1706696430.5",
        "1706696430000",
        "1706696430000000",
        "1706696430000000000",
        1706696430,
        1706696430000.0,
        pd.Timestamp("2024-01-31 11:20:30", tz="Europe/Berlin"),
        pd.Timestamp("2024-01-31 10:20:30"),
    ],
)
def test_times_that_are_read(cell: object) -> None:
    tally = Tally("t")
    assert clean_times(column(cell), tally, NOW).tolist() == [datetime(2024, 1, 31, 10, 20, 30)]  # noqa: DTZ001
    assert tally.findings == []


@pytest.mark.parametrize(
    "cell", ["", "nan", "0", "yesterday", "0000-00-00", "20240131", "2027-01-01", "1e30"]
)
def test_times_that_are_not(cell: str) -> None:
    tally = Tally("t")
    read = clean_times(column(cell, "1706696430", "2024-01-31T10:20:30Z"), tally, NOW)
    assert np.isnat(read).tolist() == [True, False, False]
    assert [(found.count, found.column) for found in tally.findings] == [(1, "at")]


def test_a_clock_may_be_a_little_ahead() -> None:
    tally = Tally("t")
    assert not np.isnat(clean_times(column("2026-11-21T23:00:00"), tally, NOW)).any()
