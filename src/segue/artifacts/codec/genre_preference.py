"""The files of a genre preference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import open_arrays, open_named, reading, save_arrays, save_named
from segue.artifacts.strict_json import texts
from segue.domain.genre_preference import Answerer, GenrePreference
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.domain.genre_preference import Classifier


def write_genre_preference(model: GenrePreference, forest_onnx: bytes, folder: Path) -> None:
    """Write ``forest.onnx``, ``genre_share.npy`` and ``model.json``."""
    (folder / "forest.onnx").write_bytes(forest_onnx)
    save_arrays(folder, {"genre_share": model.genre_share})
    save_named(folder, genres=model.genres, classes=model.classes, answerer=model.answerer)


def load_genre_preference(folder: Path, open_classifier: Callable[[Path], Classifier]) -> GenrePreference:
    """Load what `write_genre_preference` wrote, and have the classifier answer once.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other.
    """
    with reading("genre-preference"):
        named = open_named(folder)
        (share,) = open_arrays(folder, {"genre_share": (np.floating, 1)})
        model = GenrePreference(
            genres=texts(named["genres"]),
            classes=texts(named["classes"]),
            genre_share=share,
            answerer=Answerer(named["answerer"]),
            classifier=open_classifier(folder / "forest.onnx"),
        )
    answer = model.classifier.probabilities(np.zeros((1, 2 + len(model.genres)), np.float32))
    if answer.shape != (1, len(model.classes)) or model.genre_share.shape != (len(model.genres),):
        raise CorruptArtifactError(
            f"genre-preference: {len(model.genres)} genres and {len(model.classes)} classes, but the share "
            f"has shape {model.genre_share.shape} and the classifier answers {answer.shape}"
        )
    return model
