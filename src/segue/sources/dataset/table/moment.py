"""Reads whole columns of dates and times in common spellings."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.listening.moment import CLOCKS_DIFFER, EARLIEST, read_iso
from segue.errors import InvalidInputError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import as_text, is_missing, to_numbers

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from segue.sources.dataset.account import Tally

FIRST_RELEASE = np.datetime64("1860-01-01", "D")
"""Earliest valid release date: no recording is older."""

_AHEAD = np.timedelta64(CLOCKS_DIFFER)
_PLAIN_ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?"
"""Matches days and the commonest ISO times: whole columns of them are read at once, others by `read_iso`."""

_DATE = r"^(?P<year>\d{4})(?:\.0)?(?:[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2})(?:[T ].*)?)?)?$"


def clean_dates(column: pd.Series, tally: Tally, now: datetime) -> NDArray[np.datetime64]:
    """Return datetime64[D] of ISO dates, months and years (their first day); NaT if unknown."""
    if pd.api.types.is_datetime64_any_dtype(column):
        days = column.to_numpy("datetime64[s]").astype("datetime64[D]")
        missing = column.isna()
        tally.add(Effect.EMPTY, column.name, "no value", column[missing])
    else:
        text = as_text(column)
        missing = is_missing(text)
        tally.add(Effect.EMPTY, column.name, "no value", text[text == ""])
        tally.add(Effect.BLANKED, column.name, "stands for missing", text[missing & (text != "")])
        part = text.str.extract(_DATE).apply(pd.to_numeric)
        part["month"] = part["month"].replace(0, np.nan).fillna(1)  # 2004-00-00 is 2004
        part["day"] = part["day"].replace(0, np.nan).fillna(1)
        days = pd.to_datetime(part, errors="coerce").to_numpy("datetime64[s]").astype("datetime64[D]")
    unread = np.isnat(days) & ~missing.to_numpy()
    tally.add(
        Effect.BLANKED, column.name, "is not a date such as 2004-05-31, 2004-05 or 2004", column[unread]
    )
    last = np.datetime64(now.replace(tzinfo=None), "D") + _AHEAD
    return _within(days, column, tally, FIRST_RELEASE, last)


def clean_times(column: pd.Series, tally: Tally, now: datetime) -> NDArray[np.datetime64]:
    """Return datetime64[s] in UTC of ISO 8601 or Unix time (s, ms, µs or ns by its size); NaT if unknown."""
    if pd.api.types.is_datetime64_any_dtype(column):
        missing = column.isna()
        at = _utc(column)
        tally.add(Effect.EMPTY, column.name, "no value", column[missing])
    else:
        text = as_text(column)
        missing = is_missing(text) | (text == "0")
        tally.add(Effect.EMPTY, column.name, "no value", text[text == ""])
        tally.add(Effect.BLANKED, column.name, "stands for missing", text[missing & (text != "")])
        at = _read_times(text.where(~missing, ""))
    unread = np.isnat(at) & ~missing.to_numpy()
    tally.add(Effect.BLANKED, column.name, "is neither ISO 8601 nor Unix time", column[unread])
    last = np.datetime64(now.replace(tzinfo=None), "s") + _AHEAD
    return _within(at, column, tally, np.datetime64(EARLIEST.replace(tzinfo=None), "s"), last)


def _read_times(text: pd.Series) -> NDArray[np.datetime64]:
    number = to_numbers(text)
    is_number = np.isfinite(number)
    at = np.full(len(text), "NaT", "datetime64[s]")
    if not is_number.all():
        written = text[~is_number]
        plain = written.str.fullmatch(_PLAIN_ISO)
        seconds_of = {each: _seconds(each) for each in written[~plain].unique()}
        read = pd.to_datetime(written.where(plain, ""), errors="coerce", utc=True, format="ISO8601")
        at[~is_number] = np.where(plain, _utc(read), written.map(seconds_of).to_numpy("datetime64[s]"))
    seconds = number[is_number]
    for limit in (1e17, 1e14, 1e11):  # in seconds, 1e11 is the year 5138
        seconds = np.where(np.abs(seconds) >= limit, seconds / 1000, seconds)
    at[is_number] = np.clip(seconds, -1e11, 1e11).astype(np.int64).astype("datetime64[s]")
    return at


def _seconds(text: str) -> np.datetime64:
    try:
        return np.datetime64(read_iso(text, UTC).astimezone(UTC).replace(tzinfo=None), "s")
    except (InvalidInputError, OverflowError):
        return np.datetime64("NaT", "s")


def _utc(column: pd.Series) -> NDArray[np.datetime64]:
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
    return np.asarray(naive.to_numpy("datetime64[s]"))


def _within(
    at: NDArray[np.datetime64], column: pd.Series, tally: Tally, first: np.datetime64, last: np.datetime64
) -> NDArray[np.datetime64]:
    early, late = at < first, at > last
    tally.add(Effect.BLANKED, column.name, f"before {str(first)[:10]}", column[early])
    tally.add(Effect.BLANKED, column.name, "in the future", column[late])
    return np.where(early | late, np.datetime64("NaT"), at)
