"""Which files a value is, family by family. Serving and training load with the same functions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.genre_preference import Answerer, GenrePreference
from segue.domain.item_factors import Confidence, ItemFactors, Objective
from segue.domain.item_similarity import ItemSimilarity
from segue.domain.vocabulary import Vocabulary
from segue.errors import CorruptArtifactError, InvalidInputError

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


def write_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_id.npy``."""
    np.save(folder / "item_id.npy", vocabulary.item_id, allow_pickle=False)


def load_vocabulary(folder: Path) -> Vocabulary:
    """Load what `write_vocabulary` wrote.

    Raises
    ------
    CorruptArtifactError
        The ids repeat or are not in order.
    """
    try:
        return Vocabulary(open_array(folder / "item_id.npy"))
    except (OSError, InvalidInputError) as error:
        raise CorruptArtifactError(f"vocabulary: {error}") from error


def write_item_factors(model: ItemFactors, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_factors.npy``, ``eigenvalues.npy``, ``model.json``, and ``leading.npy`` if narrower."""
    np.save(folder / "item_factors.npy", model.factors, allow_pickle=False)
    np.save(folder / "eigenvalues.npy", model.eigenvalues, allow_pickle=False)
    if model.leading.shape != model.factors.shape:
        np.save(folder / "leading.npy", model.leading, allow_pickle=False)
    named = {"objective": asdict(model.objective), "vocabulary": vocabulary.checksum}
    (folder / "model.json").write_bytes(canonical_json(named))


def load_item_factors(folder: Path, vocabulary: Vocabulary) -> ItemFactors:
    """Load what `write_item_factors` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        check_vocabulary("item-factors", raw["vocabulary"], vocabulary)
        named = raw["objective"]
        factors = open_array(folder / "item_factors.npy")
        leading = folder / "leading.npy"
        model = ItemFactors(
            factors=factors,
            eigenvalues=open_array(folder / "eigenvalues.npy"),
            leading=open_array(leading) if leading.exists() else factors,
            objective=Objective(**{**named, "confidence": Confidence(named["confidence"])}),
        )
    except (OSError, ValueError, KeyError, TypeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"item-factors: {error!r}") from error
    shapes = (model.factors.shape, model.eigenvalues.shape, model.leading.shape)
    if (
        [len(shape) for shape in shapes] != [2, 1, 2]
        or shapes[0] != (len(vocabulary), *shapes[1])
        or shapes[2][0] != shapes[0][0]
        or not 1 <= shapes[2][1] <= shapes[0][1]
    ):
        raise CorruptArtifactError(
            f"item-factors: {len(vocabulary)} items, but factors, eigenvalues and leading columns "
            f"have the shapes {shapes}"
        )
    return model


def write_item_similarity(model: ItemSimilarity, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``start.npy``, ``item_index.npy``, ``weight.npy`` and ``model.json``."""
    np.save(folder / "start.npy", model.start, allow_pickle=False)
    np.save(folder / "item_index.npy", model.item_index, allow_pickle=False)
    np.save(folder / "weight.npy", model.weight, allow_pickle=False)
    (folder / "model.json").write_bytes(canonical_json({"vocabulary": vocabulary.checksum}))


def load_item_similarity(folder: Path, vocabulary: Vocabulary) -> ItemSimilarity:
    """Load what `write_item_similarity` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        check_vocabulary("item-similarity", raw["vocabulary"], vocabulary)
        names = ("start", "item_index", "weight")
        model = ItemSimilarity(*(open_array(folder / f"{name}.npy") for name in names))
    except (OSError, ValueError, KeyError, TypeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"item-similarity: {error!r}") from error
    if model.n_items != len(vocabulary):
        raise CorruptArtifactError(f"item-similarity: {model.n_items} rows for {len(vocabulary)} items")
    return model


def check_vocabulary(family: str, expected: str, vocabulary: Vocabulary) -> None:
    """Raise CorruptArtifactError unless a model was made for this vocabulary, given its checksum.

    Rows of another vocabulary would be answers about other tracks, and nothing else would notice.
    """
    if expected != vocabulary.checksum:
        raise CorruptArtifactError(
            f"{family}: made for the vocabulary {expected:.12}, opened with {vocabulary.checksum:.12}"
        )
