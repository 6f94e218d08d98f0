"""Arrays of a family, each held to the type and number of dimensions that it must have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.content import open_array
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

Form = tuple[type[np.generic], int]
"""Type and number of dimensions."""


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write each array to a file of its name."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def open_arrays(folder: Path, forms: Mapping[str, Form]) -> list[NDArray[Any]]:
    """Map the files of some names, in that order.

    Raises
    ------
    CorruptArtifactError
        A file is missing, no array, or of another form: a value built of it would fail far from here.
    """
    arrays = []
    for name, (kind, n_dimensions) in forms.items():
        try:
            array = open_array(folder / f"{name}.npy")
        except OSError as error:
            raise CorruptArtifactError(f"{name}.npy cannot be opened: {error}") from error
        if not np.issubdtype(array.dtype, kind) or array.ndim != n_dimensions:
            raise CorruptArtifactError(
                f"{name}.npy is {array.dtype.name} {array.shape}: expected {kind.__name__} in {n_dimensions} "
                "dimensions"
            )
        arrays.append(array)
    return arrays
