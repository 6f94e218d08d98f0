"""Decides in which unit a whole column is, never a cell: shares or percent, seconds or milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import as_text, to_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from segue.sources.dataset.account import Tally

SHARES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")
"""Audio features from 0 to 1, which many tables have in percent."""

TYPING_ERRORS = 0.05
"""Share of numbers above 1 up to which a column is one of shares with errors."""

CLEARLY_PERCENT = 0.75
"""Share of numbers above 1 from which a column is one of percent with small values."""

LEAST_PERCENT = 10
"""Highest number below which a column that has fractions of 1 is one of shares with errors."""

_LONGEST_MEDIAN_S = 10_000
"""A greater median is one of milliseconds: no table is of tracks of three hours."""

_MIXED = "the column has shares and percent: write all from 0 to 1, or all from 0 to 100"
_CLOCK = r"^(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>\d{2}(?:\.\d+)?)$"


def share_factors(columns: Iterable[pd.Series], tally: Tally) -> dict[str, float]:
    """Return by column what turns its numbers into shares: 1, 0.01, or NaN where that cannot be told.

    A column that leaves it open follows those that do not: zeros and ones alone are percent among columns in
    percent, and numbers above 1 are errors among columns of shares.
    """
    found = {str(column.name): (column, _factor(column)) for column in columns}
    clear = {factor for _, factor in found.values()} & {0.01, 1.0}
    usual = clear.pop() if len(clear) == 1 else None
    factors = {
        name: (usual or _alone(column, factor)) if factor is None or np.isnan(factor) else factor
        for name, (column, factor) in found.items()
    }
    for name, (column, _) in found.items():
        numbers = column[np.isfinite(_numbers(column))]
        if factors[name] == 0.01:
            tally.add(Effect.CHANGED, name, "the column is in percent, and was divided by 100", numbers)
        elif np.isnan(factors[name]):
            tally.add(Effect.BLANKED, name, _MIXED, numbers)
    return factors


def _alone(column: pd.Series, factor: float | None) -> float:
    highest = np.max(_numbers(column), initial=0, where=np.isfinite(_numbers(column)))
    return 1.0 if factor is None or highest < LEAST_PERCENT else np.nan


def _factor(column: pd.Series) -> float | None:
    """Return what the column's own numbers say: 1, 0.01, None for nothing, or NaN for both."""
    number = _numbers(column)
    over = int(((number > 1) & (number <= 100)).sum())
    parts = int(((number > 0) & (number < 1)).sum())
    signed = _signed(column)[number > 0]
    if signed.any() and not signed.all():
        return np.nan
    is_named = any(word in str(column.name).lower() for word in ("%", "percent", "pct")) or signed.any()
    if not over + parts:
        return 0.01 if is_named else None
    share = over / (over + parts)
    if is_named and share == 0 and not signed.any():
        return np.nan
    if is_named or share >= CLEARLY_PERCENT:
        return 0.01
    return 1.0 if share <= TYPING_ERRORS else np.nan


def to_seconds(column: pd.Series) -> pd.Series:
    """Return a duration of unknown unit as seconds: ``3:45`` is 225, and large numbers are milliseconds."""
    if pd.api.types.is_numeric_dtype(column):
        number = pd.Series(column.to_numpy(np.float64), column.index, name=column.name)
    else:
        text = as_text(column)
        clock = text.str.extract(_CLOCK).apply(pd.to_numeric)
        if clock["s"].notna().any():
            seconds = clock["h"].fillna(0) * 3600 + clock["m"] * 60 + clock["s"]
            return column.where(seconds.isna(), seconds.map("{:g}".format))
        number = pd.Series(to_numbers(text), text.index, name=column.name)
    is_ms = number[number > 0].median() > _LONGEST_MEDIAN_S
    return number / 1000 if is_ms else column


def _signed(column: pd.Series) -> NDArray[np.bool_]:
    """Tell which cells have a percent sign."""
    if pd.api.types.is_numeric_dtype(column):
        return np.zeros(len(column), bool)
    return np.asarray(as_text(column).str.endswith("%"), bool)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.to_numpy(np.float64))
    return to_numbers(as_text(column))
