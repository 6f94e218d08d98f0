"""Makes one row of many that tell of the same thing: the first that knows a value is believed."""

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
    """Which rows of a table are one.

    Attributes
    ----------
    group : int32 (n_rows,)
        The row of the result that each row of the table belongs to.
    size : int
        Rows of the result; each has at least one row of the table.
    tally : Tally
        Told of every value that another row contradicts.
    """

    group: NDArray[np.int32]
    size: int
    tally: Tally

    def first(self, known: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the place of each group's first row that knows, int64 (size,), -1 where none does."""
        rows = np.flatnonzero(known)[::-1]
        first = np.full(self.size, -1, np.int64)
        first[self.group[rows]] = rows  # of several, the last written stays, which is the first row
        return first

    def numbers(self, column: pd.Series) -> NDArray[np.float32]:
        """Return each group's number, float32 (size,), NaN where no row knows it."""
        values = column.to_numpy(np.float64)
        return self._believed(column, values, ~np.isnan(values), np.nan).astype(np.float32)

    def dates(self, column: pd.Series, values: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Return each group's date as ``values`` has it, NaT where no row knows it."""
        return self._believed(column, values, ~np.isnat(values), np.datetime64("NaT"))

    def texts(self, column: pd.Series) -> list[str]:
        """Return each group's text, empty where no row knows it."""
        values = column.to_numpy(object)
        found: list[str] = self._believed(column, values, values != "", "").tolist()
        return found

    def highest(self, column: pd.Series) -> NDArray[np.float32]:
        """Return each group's highest number, float32 (size,), NaN where no row knows it."""
        values, highest = column.to_numpy(np.float64), np.full(self.size, -np.inf)
        np.fmax.at(highest, self.group, values)
        self.tally.add(
            Effect.BLANKED, str(column.name), "another row has more", column[values < highest[self.group]]
        )
        return np.where(np.isfinite(highest), highest, np.nan).astype(np.float32)

    def _believed(
        self, column: pd.Series, values: NDArray[Any], known: NDArray[np.bool_], missing: Any
    ) -> NDArray[Any]:
        first = self.first(known)
        self.tell_others(column, values, known, first)
        return np.where(first >= 0, values[first], missing)

    def tell_others(
        self, column: pd.Series, values: NDArray[Any], known: NDArray[np.bool_], first: NDArray[np.int64]
    ) -> None:
        """Count the known values that differ from their group's first, which `first` found."""
        other = known & (values != values[first[self.group]])
        self.tally.add(Effect.BLANKED, str(column.name), "an earlier row says otherwise", column[other])
