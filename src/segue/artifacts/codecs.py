"""Which files a value is, family by family. Serving and training load with the same functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.genre_preference import Answerer, GenrePreference
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.domain.genre_preference import Classifier


def write_genre_preference(model: GenrePreference, forest_onnx: bytes, folder: Path) -> None:
    """Write ``forest.onnx``, ``genre_share.npy`` and ``model.json``."""
    (folder / "forest.onnx").write_bytes(forest_onnx)
    np.save(folder / "genre_share.npy", model.genre_share, allow_pickle=False)
    names = {"genres": model.genres, "classes": model.classes, "answerer": model.answerer}
    (folder / "model.json").write_bytes(canonical_json(names))


def load_genre_preference(folder: Path, open_classifier: Callable[[Path], Classifier]) -> GenrePreference:
    """Load what `write_genre_preference` wrote, and have the classifier answer once.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        model = GenrePreference(
            genres=tuple(raw["genres"]),
            classes=tuple(raw["classes"]),
            genre_share=open_array(folder / "genre_share.npy"),
            answerer=Answerer(raw["answerer"]),
            classifier=open_classifier(folder / "forest.onnx"),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(f"genre-preference: {error!r}") from error
    answer = model.classifier.probabilities(np.zeros((1, 2 + len(model.genres)), np.float32))
    if answer.shape != (1, len(model.classes)) or model.genre_share.shape != (len(model.genres),):
        raise CorruptArtifactError(
            f"genre-preference: {len(model.genres)} genres and {len(model.classes)} classes, but the share "
            f"has shape {model.genre_share.shape} and the classifier answers {answer.shape}"
        )
    return model
