"""The files of non-negative factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.artifacts.codec.inverted_file import load_cells, write_cells
from segue.artifacts.strict_json import number
from segue.domain.model.collaborative.nonnegative_factors import NonnegativeFactors
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {"item_factors": (np.floating, 2), "gram": (np.floating, 2)}


def write_nonnegative_factors(model: NonnegativeFactors, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_factors.npy``, ``gram.npy``, ``model.json``, and the cells if there are any."""
    save_arrays(folder, {"item_factors": model.factors, "gram": model.gram})
    cells = write_cells(model.cells, folder)
    save_named(folder, regularization=model.regularization, vocabulary=vocabulary.checksum, **cells)


def load_nonnegative_factors(folder: Path, vocabulary: Vocabulary) -> NonnegativeFactors:
    """Load what `write_nonnegative_factors` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("nonnegative-factors"):
        named = open_named_for(folder, vocabulary)
        factors, gram = open_arrays(folder, _FORMS)
        cells = load_cells(folder, named, factors.shape)
        model = NonnegativeFactors(factors, gram, number(named["regularization"]), cells)
    width = factors.shape[1]
    if factors.shape != (len(vocabulary), width) or gram.shape != (width, width):
        raise CorruptArtifactError(
            f"nonnegative-factors: {len(vocabulary)} items, but factors and gram have the shapes "
            f"{factors.shape} and {gram.shape}"
        )
    return model
