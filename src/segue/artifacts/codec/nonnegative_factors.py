"""The files of non-negative factors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codecs import check_vocabulary
from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.nonnegative_factors import NonnegativeFactors
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.vocabulary import Vocabulary


def write_nonnegative_factors(model: NonnegativeFactors, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_factors.npy``, ``gram.npy`` and ``model.json``."""
    np.save(folder / "item_factors.npy", model.factors, allow_pickle=False)
    np.save(folder / "gram.npy", model.gram, allow_pickle=False)
    named = {"regularization": model.regularization, "vocabulary": vocabulary.checksum}
    (folder / "model.json").write_bytes(canonical_json(named))


def load_nonnegative_factors(folder: Path, vocabulary: Vocabulary) -> NonnegativeFactors:
    """Load what `write_nonnegative_factors` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        check_vocabulary("nonnegative-factors", raw["vocabulary"], vocabulary)
        model = NonnegativeFactors(
            factors=open_array(folder / "item_factors.npy"),
            gram=open_array(folder / "gram.npy"),
            regularization=float(raw["regularization"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(f"nonnegative-factors: {error!r}") from error
    width = model.factors.shape[-1]
    if model.factors.shape != (len(vocabulary), width) or model.gram.shape != (width, width):
        raise CorruptArtifactError(
            f"nonnegative-factors: {len(vocabulary)} items, but factors and gram have the shapes "
            f"{model.factors.shape} and {model.gram.shape}"
        )
    return model
