"""Finds the rows of a matrix with the greatest products without reading all of them.

The rows are grouped into cells around centres, and a query reads only the most promising cells (an inverted
file: Sivic & Zisserman, "Video Google", 2003). It multiplies codes of 8 bits, and only the leading columns
if the matrix is wide. Few rows are missed, and the rows that are found are scored exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.vector.top_n import spans, top_n
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REACH = 2.0
"""How far a cell's rows may reach towards the query, in root mean square distances divided by √d. Half or
twice this value finds fewer of the best rows."""

_MOST_CODE = 127
_MORE, _MORE_BY_LEADING, _FEW = 1.3, 10, 20
"""Rows chosen by code: 1.3 per wanted row if the code has all columns, 10 if only some, plus 20."""

_PIECE = 2048
"""Number of rows decoded at a time: they fit in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The rows of a matrix, float32 (n, d), sorted by cell; built by `build_cells`.

    Attributes
    ----------
    code : int8 (n, 1 … d)
        The leading columns divided by ``scale`` and rounded, one row per place.
    scale : float32 (n,)
    row : int32 (n,)
        The matrix row at each place.
    start : int64 (n_cells + 1,)
        Cell c has the places ``start[c] : start[c + 1]``.
    centre : float32 (n_cells, 1 … d)
    spread : float32 (n_cells,)
        Root mean square distance of a cell's rows from its centre.
    share : float
        Share of all rows that a query reads, in (0, 1].
    recall : float
        Measured share of the best rows that queries find; 0 if not measured.

    Raises
    ------
    InvalidInputError
        The arrays do not fit each other: use `build_cells`.
    """

    code: NDArray[np.int8]
    scale: NDArray[np.float32]
    row: NDArray[np.int32]
    start: NDArray[np.int64]
    centre: NDArray[np.float32]
    spread: NDArray[np.float32]
    share: float
    recall: float = 0.0

    def __post_init__(self) -> None:
        n, n_cells = len(self.row), len(self.centre)
        if not (
            self.code.shape == (n, self.centre.shape[1])
            and self.scale.shape == (n,)
            and self.start.shape == (n_cells + 1,)
            and self.spread.shape == (n_cells,)
            and self.start[0] == 0
            and self.start[-1] == n
            and (np.diff(self.start) >= 0).all()
            and (np.bincount(self.row, minlength=n) == 1).all()
            and 0 < self.share <= 1
        ):
            raise InvalidInputError(f"{n_cells} cells of {n} rows do not fit their codes, starts or centres.")

    def candidates(self, query: NDArray[np.float32], n: int) -> NDArray[np.int32]:
        """Return rows that include most of the ``n`` with the greatest products, int32 (≥ n,), ascending.

        Parameters
        ----------
        query : float32 (d,)
        n : int
        """
        width = self.code.shape[1]
        n_found = _FEW + int(n * (_MORE if width == len(query) else _MORE_BY_LEADING))
        query = query[:width]
        n_read = max(n_found, self.share * len(self.row))
        place = self._near(query, n_read) if n_read < len(self.row) else None
        product = np.empty(len(self.row) if place is None else len(place), np.float32)
        for first in range(0, len(product), _PIECE):
            piece = slice(first, first + _PIECE)
            code = self.code[piece] if place is None else self.code.take(place[piece], axis=0)
            np.dot(code.astype(np.float32), query, out=product[piece])
        product *= self.scale if place is None else self.scale.take(place)
        best = top_n(product, n_found)
        rows = self.row.take(best if place is None else place.take(best))
        rows.sort()
        return rows

    def _near(self, query: NDArray[np.float32], least: float) -> NDArray[np.int64]:
        """Return the places of the most promising cells with at least ``least`` rows together."""
        reach = _REACH * np.sqrt(query @ query / len(query))
        order = (self.centre @ query + reach * self.spread).argsort()[::-1]
        start, end = self.start.take(order), self.start.take(order + 1)
        size = end - start
        enough = int(size.cumsum().searchsorted(least)) + 1
        return spans(start[:enough], size[:enough])[0]


def build_cells(
    matrix: NDArray[np.float32], centre: NDArray[np.float32], cell: NDArray[np.int32], share: float
) -> Cells:
    """Sort the leading columns of a matrix by cell, and code them.

    Parameters
    ----------
    matrix : float32 (n, 1 … d)
    centre : float32 (n_cells, 1 … d)
        Centres of the cells, for example from k-means.
    cell : int32 (n,)
        Cell of each row, as a row of ``centre``.
    share : float
        See `Cells`.
    """
    row = np.argsort(cell, kind="stable").astype(np.int32)
    size = np.bincount(cell, minlength=len(centre))
    distance = np.square(matrix - centre[cell]).sum(axis=1)
    spread = np.sqrt(np.bincount(cell, distance, minlength=len(centre)) / np.maximum(size, 1))
    scale = (np.abs(matrix).max(axis=1) / _MOST_CODE).astype(np.float32)
    scale[scale == 0] = 1  # the row holds only zeros, or numbers so small that the scale becomes 0
    return Cells(
        code=np.rint(matrix[row] / scale[row, None]).astype(np.int8),
        scale=scale[row],
        row=row,
        start=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        centre=centre.astype(np.float32),
        spread=spread.astype(np.float32),
        share=share,
    )


def best_rows(
    matrix: NDArray[np.float32],
    cells: Cells | None,
    query: NDArray[np.float32],
    n: int,
    exclude: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the ``n`` rows with the greatest products with a query, and their products.

    Parameters
    ----------
    matrix : float32 (n_rows, d)
    cells : Cells, optional
        Cells of the matrix; without them every row is scored. What they miss is measured, because no useful
        bound exists: by Cauchy-Schwarz nearly every row of real factors may be among the best.
    query : float32 (d,)
    n : int
        Number of rows, ≥ 0.
    exclude : int32 (any,), optional
        Rows never returned.

    Returns
    -------
    int32 (≤ n,), float32 (≤ n,)
        Best first; for equal products the lower row first. The products are exact, with or without cells.
    """
    if cells is None:
        products = matrix @ query
        best = top_n(products, n, exclude)
        return best, products[best]
    rows = cells.candidates(query, n if exclude is None else n + len(exclude))
    if exclude is not None:
        rows = rows[np.isin(rows, exclude, invert=True)]
    products = matrix.take(rows, axis=0) @ query  # `take` needs 0.6 of the time of indexing
    best = top_n(products, n)
    return rows.take(best), products.take(best)
