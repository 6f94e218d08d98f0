"""The files of item factors."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.artifacts.codec.inverted_file import load_cells, write_cells
from segue.artifacts.strict_json import number
from segue.domain.model.collaborative.item_factors import Confidence, ItemFactors, Objective
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {"item_factors": (np.floating, 2), "eigenvalues": (np.floating, 1)}


def write_item_factors(model: ItemFactors, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_factors.npy``, ``eigenvalues.npy``, ``model.json``, and the cells if there are any."""
    save_arrays(folder, {"item_factors": model.factors, "eigenvalues": model.eigenvalues})
    cells = write_cells(model.cells, folder)
    save_named(folder, objective=asdict(model.objective), vocabulary=vocabulary.checksum, **cells)


def load_item_factors(folder: Path, vocabulary: Vocabulary) -> ItemFactors:
    """Load what `write_item_factors` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("item-factors"):
        named = open_named_for(folder, vocabulary)
        said = dict(named["objective"])
        confidence = Confidence(said.pop("confidence"))
        objective = Objective(**{name: number(value) for name, value in said.items()}, confidence=confidence)
        factors, eigenvalues = open_arrays(folder, _FORMS)
        cells = load_cells(folder, named, factors.shape)
        model = ItemFactors(factors, eigenvalues, objective, cells)
    if factors.shape != (len(vocabulary), len(eigenvalues)):
        raise CorruptArtifactError(
            f"item-factors: {len(vocabulary)} items, but factors and eigenvalues have the shapes "
            f"{factors.shape} and {eigenvalues.shape}"
        )
    return model
