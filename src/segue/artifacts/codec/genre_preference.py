"""The files of a genre preference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.form import open_arrays, open_named, reading, save_arrays, save_named
from segue.artifacts.strict_json import number, texts
from segue.domain.genre_preference.features import DRIFT_HALF_LIVES, pair_feature_names
from segue.domain.genre_preference.preference import Answerer, CustomerForest, GenrePreference, PairForest
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.domain.genre_preference.preference import Classifier


def write_genre_preference(model: GenrePreference, forest_onnx: bytes, folder: Path) -> None:
    """Write ``forest.onnx``, ``genre_share.npy``, ``model.json``, and of a forest of pairs ``drift.npy``."""
    (folder / "forest.onnx").write_bytes(forest_onnx)
    save_arrays(folder, {"genre_share": model.genre_share})
    named = {"genres": model.genres, "answerer": model.answerer}
    if isinstance(model.forest, CustomerForest):
        save_named(folder, **named, classes=model.forest.classes)
        return
    save_arrays(folder, {"drift": model.forest.drift})
    save_named(folder, **named, features=pair_feature_names(), sharpness=model.forest.sharpness)


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
        genres = texts(named["genres"])
        if share.shape != (len(genres),):
            raise CorruptArtifactError(f"{len(genres)} genres, but the share has shape {share.shape}")
        read = _customer_forest if "classes" in named else _pair_forest  # the former is format 1
        forest = read(folder, named, genres, open_classifier(folder / "forest.onnx"))
        return GenrePreference(genres, share, Answerer(named["answerer"]), forest)


def _pair_forest(
    folder: Path, named: dict[str, Any], genres: tuple[str, ...], classifier: Classifier
) -> PairForest:
    (drift,) = open_arrays(folder, {"drift": (np.floating, 3)})
    n_genres, sharpness, features = len(genres), number(named["sharpness"]), pair_feature_names()
    if drift.shape != (len(DRIFT_HALF_LIVES), n_genres, n_genres):
        raise CorruptArtifactError(f"{n_genres} genres, but the drift has shape {drift.shape}")
    if not 0 < sharpness < np.inf:
        raise CorruptArtifactError(f"the sharpness is {sharpness}, expected a number above 0")
    if texts(named["features"]) != features:
        raise CorruptArtifactError("the forest reads other features than this version of Segue builds")
    _check_answer(classifier, len(features), 2)
    return PairForest(genres, drift, sharpness, classifier)


def _customer_forest(
    _: Path, named: dict[str, Any], genres: tuple[str, ...], classifier: Classifier
) -> CustomerForest:
    classes = texts(named["classes"])
    _check_answer(classifier, 2 + len(genres), len(classes))
    return CustomerForest(genres, classes, classifier)


def _check_answer(classifier: Classifier, n_features: int, n_classes: int) -> None:
    answer = classifier.probabilities(np.zeros((1, n_features), np.float32))
    if answer.shape != (1, n_classes):
        raise CorruptArtifactError(
            f"the classifier answers {answer.shape} to {n_features} features, expected (1, {n_classes})"
        )
