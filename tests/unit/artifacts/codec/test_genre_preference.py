"""Files that do not agree with each other are a corrupt artifact, never a crash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.genre_preference import load_genre_preference, write_genre_preference
from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference.preference import Answerer
from segue.errors import CorruptArtifactError
from tests.purchases import random_store
from training.genre_preference.examples import split_by_time
from training.genre_preference.fit import fit_genre_preference
from training.genre_preference.trainer import ForestParams

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def trained():
    split = split_by_time(random_store(60, learnable=True))
    return fit_genre_preference(split, ForestParams(n_estimators=5), OnnxClassifier)


@pytest.fixture
def folder(trained, tmp_path: Path) -> Path:
    write_genre_preference(trained.model, trained.forest.onnx, tmp_path)
    return tmp_path


def test_what_was_written_is_loaded(trained, folder) -> None:
    loaded = load_genre_preference(folder, OnnxClassifier)
    assert loaded.genres == trained.model.genres
    assert loaded.forest.sharpness == trained.forest.served.sharpness
    assert np.array_equal(loaded.forest.drift, trained.forest.served.drift)
    assert loaded.answerer is Answerer(trained.model.answerer)
    assert np.array_equal(loaded.genre_share, trained.model.genre_share)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("genres", lambda names: [*names, "Zouk"]),
        ("genres", lambda names: names[:-1]),
        ("features", lambda names: names[:-1]),
        ("sharpness", lambda _: 0.0),
        ("sharpness", lambda _: "a lot"),
        ("answerer", lambda _: "an oracle"),
    ],
)
def test_names_that_do_not_fit_the_graph_are_corrupt(folder, field, change) -> None:
    raw = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    raw[field] = change(raw[field])
    (folder / "model.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(CorruptArtifactError):
        load_genre_preference(folder, OnnxClassifier)


@pytest.mark.parametrize("name", ["forest.onnx", "model.json", "genre_share.npy", "drift.npy"])
def test_a_file_of_something_else_is_corrupt(folder, name: str) -> None:
    (folder / name).write_bytes(b"something else")
    with pytest.raises(CorruptArtifactError):
        load_genre_preference(folder, OnnxClassifier)


def test_a_file_that_is_not_there_is_corrupt(folder) -> None:
    (folder / "forest.onnx").unlink()
    with pytest.raises(CorruptArtifactError):
        load_genre_preference(folder, OnnxClassifier)


def test_a_forest_of_pairs_is_not_taken_for_one_of_format_1(folder) -> None:
    raw = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps(raw | {"classes": raw["genres"]}), encoding="utf-8")
    with pytest.raises(CorruptArtifactError):
        load_genre_preference(folder, OnnxClassifier)
