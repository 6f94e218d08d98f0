"""Merges rows of the same track into one: the first known value counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.sources.dataset.account import Effect

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from segue.sources.dataset.account import Tally


@dataclass(frozen=True, slots=True)
class Merge:
    """Groups of rows that become one row.

    Attributes
    ----------
    group : int32 (n_rows,)
        Row of the result for each row of the table.
    size : int
        Number of rows of the result; each has at least one row of the table.
    tally : Tally
        Collects the values that differ from the one that counts.
    """

    group: NDArray[np.int32]
    size: int
    tally: Tally

    def first(self, known: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the place of each group's first known row, int64 (size,); -1 if none is known."""
        rows = np.flatnonzero(known)[::-1]
        first = np.full(self.size, -1, np.int64)
        first[self.group[rows]] = rows  # the rows descend, and the last write wins: the first row stays
        return first

    def numbers(self, column: pd.Series) -> NDArray[np.float32]:
        """Return each group's number, float32 (size,), NaN if unknown."""
        values = column.to_numpy(np.float64)
        return self._first_values(column, values, ~np.isnan(values), np.nan).astype(np.float32)

    def dates(self, column: pd.Series, values: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Return each group's date from ``values``, NaT if unknown."""
        return self._first_values(column, values, ~np.isnat(values), np.datetime64("NaT"))

    def texts(self, column: pd.Series) -> list[str]:
        """Return each group's text, empty if unknown."""
        values = column.to_numpy(object)
        texts: list[str] = self._first_values(column, values, values != "", "").tolist()
        return texts

    def highest(self, column: pd.Series) -> NDArray[np.float32]:
        """Return each group's highest number, float32 (size,), NaN if unknown."""
        values, highest = column.to_numpy(np.float64), np.full(self.size, -np.inf)
        np.fmax.at(highest, self.group, values)
        self.tally.add(
            Effect.BLANKED, str(column.name), "another row has more", column[values < highest[self.group]]
        )
        return np.where(np.isfinite(highest), highest, np.nan).astype(np.float32)

    def _first_values(
        self, column: pd.Series, values: NDArray[Any], known: NDArray[np.bool_], missing: Any
    ) -> NDArray[Any]:
        first = self.first(known)
        self.report_others(column, values, known, first)
        return np.where(first >= 0, values[first], missing)

    def report_others(
        self, column: pd.Series, values: NDArray[Any], known: NDArray[np.bool_], first: NDArray[np.int64]
    ) -> None:
        """Report the known values that differ from the first one of their group."""
        other = known & (values != values[first[self.group]])
        self.tally.add(Effect.BLANKED, str(column.name), "an earlier row says otherwise", column[other])
