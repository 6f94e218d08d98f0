"""The files of item factors."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.domain.item_factors import Confidence, ItemFactors, Objective
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {"item_factors": (np.floating, 2), "eigenvalues": (np.floating, 1)}
_LEADING: dict[str, Form] = {"leading": (np.floating, 2)}


def write_item_factors(model: ItemFactors, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_factors.npy``, ``eigenvalues.npy``, ``model.json``, and ``leading.npy`` if narrower."""
    save_arrays(folder, {"item_factors": model.factors, "eigenvalues": model.eigenvalues})
    if model.leading.shape != model.factors.shape:
        save_arrays(folder, {"leading": model.leading})
    save_named(folder, objective=asdict(model.objective), vocabulary=vocabulary.checksum)


def load_item_factors(folder: Path, vocabulary: Vocabulary) -> ItemFactors:
    """Load what `write_item_factors` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("item-factors"):
        objective = open_named_for(folder, vocabulary)["objective"]
        factors, eigenvalues = open_arrays(folder, _FORMS)
        leading = open_arrays(folder, _LEADING)[0] if (folder / "leading.npy").exists() else factors
        confidence = Confidence(objective["confidence"])
        model = ItemFactors(
            factors, eigenvalues, leading, Objective(**{**objective, "confidence": confidence})
        )
    n, d = len(vocabulary), len(eigenvalues)
    if factors.shape != (n, d) or len(leading) != n or not 1 <= leading.shape[1] <= d:
        raise CorruptArtifactError(
            f"item-factors: {n} items, but factors, eigenvalues and leading columns "
            f"have the shapes {factors.shape}, {eigenvalues.shape} and {leading.shape}"
        )
    return model
