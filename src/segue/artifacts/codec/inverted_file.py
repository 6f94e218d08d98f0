"""The files of a matrix's cells, which lie next to the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.form import open_arrays, save_arrays
from segue.artifacts.strict_json import number
from segue.domain.vector.inverted_file import Cells
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segue.domain.model.member import ArrayForm

_FORMS: dict[str, ArrayForm] = {
    "cell_code": (np.int8, 2),
    "cell_scale": (np.float32, 1),
    "cell_row": (np.int32, 1),
    "cell_start": (np.int64, 1),
    "cell_centre": (np.float32, 2),
    "cell_spread": (np.float32, 1),
}


def write_cells(cells: Cells | None, folder: Path) -> dict[str, Any]:
    """Write ``cell_*.npy``, if there are any, and return what ``model.json`` must say of them."""
    if cells is None:
        return {}
    arrays = (cells.code, cells.scale, cells.row, cells.start, cells.centre, cells.spread)
    save_arrays(folder, dict(zip(_FORMS, arrays, strict=True)))
    return {"cells": {"share": cells.share, "recall": cells.recall}}


def load_cells(folder: Path, named: Mapping[str, Any], shape: tuple[int, ...]) -> Cells | None:
    """Load what `write_cells` wrote, given ``model.json`` and the shape of the matrix; None if it wrote none.

    Raises
    ------
    InvalidInputError, OSError, KeyError
        The files do not agree with each other or the matrix: `segue.artifacts.codec.form.reading` says whose.
    """
    if "cells" not in named:
        return None
    said = named["cells"]
    code, scale, row, start, centre, spread = open_arrays(folder, _FORMS)
    cells = Cells(code, scale, row, start, centre, spread, number(said["share"]), number(said["recall"]))
    if len(cells.row) != shape[0] or not 1 <= cells.code.shape[1] <= shape[1]:
        raise InvalidInputError(f"cells of {cells.code.shape} numbers do not fit a matrix of {shape}.")
    return cells
