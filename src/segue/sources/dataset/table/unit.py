"""Finds the unit of a whole column, never of a single cell: shares or percent, seconds or milliseconds."""

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
"""Audio features from 0 to 1; many tables have them in percent."""

TYPING_ERRORS = 0.05
"""Up to this share of numbers above 1, a column holds shares, and these numbers are errors."""

CLEARLY_PERCENT = 0.75
"""From this share of numbers above 1 on, a column is in percent, and the others are small values."""

LEAST_PERCENT = 10
"""If a column with fractions of 1 has no number from here on, it holds shares with errors."""

_LONGEST_MEDIAN_S = 10_000
"""A greater median means milliseconds: tracks of a table do not last three hours."""

_MIXED = "the column has shares and percent: write all from 0 to 1, or all from 0 to 100"
_CLOCK = r"^(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>\d{2}(?:\.\d+)?)$"


def share_factors(columns: Iterable[pd.Series], tally: Tally) -> dict[str, float]:
    """Return the factor that turns each column's numbers into shares: 1, 0.01, or NaN if it is unclear.

    An unclear column follows the clear ones: zeros and ones are percent if the other columns are in percent,
    and numbers above 1 are errors if the other columns hold shares.
    """
    by_name = {str(column.name): (column, _factor(column)) for column in columns}
    clear = {factor for _, factor in by_name.values()} & {0.01, 1.0}
    usual = clear.pop() if len(clear) == 1 else None
    factors = {
        name: (usual or _alone(column, factor)) if factor is None or np.isnan(factor) else factor
        for name, (column, factor) in by_name.items()
    }
    for name, (column, _) in by_name.items():
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
    """Return the factor by the column's own numbers: 1, 0.01, None if it is open, NaN if both fit."""
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
    """Return which cells have a percent sign."""
    if pd.api.types.is_numeric_dtype(column):
        return np.zeros(len(column), bool)
    return np.asarray(as_text(column).str.endswith("%"), bool)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.to_numpy(np.float64))
    return to_numbers(as_text(column))
