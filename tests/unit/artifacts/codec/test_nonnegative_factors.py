"""Non-negative factors come back as they were written, or as a corrupt artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.member import load_member, write_member
from segue.domain.catalogue.vocabulary import Vocabulary, build_vocabulary
from segue.domain.model.collaborative.nonnegative_factors import build_nonnegative_factors
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

VOCABULARY = build_vocabulary(f"track {row}" for row in range(6))
MODEL = build_nonnegative_factors(np.random.default_rng(0).random((6, 3), np.float32), 0.25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_member("nonnegative-factors", MODEL, VOCABULARY, tmp_path)
    return tmp_path


def test_what_was_written_is_loaded(folder: Path) -> None:
    loaded = load_member("nonnegative-factors", folder, VOCABULARY)
    assert (loaded.factors == MODEL.factors).all()
    assert (loaded.gram == MODEL.gram).all()
    assert loaded.regularization == 0.25


@pytest.mark.parametrize("name", ["item_factors.npy", "gram.npy", "model.json"])
def test_a_file_that_is_missing_or_something_else_is_corrupt(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"{}")
    with pytest.raises(CorruptArtifactError):
        load_member("nonnegative-factors", folder, VOCABULARY)
    (folder / name).unlink()
    with pytest.raises(CorruptArtifactError):
        load_member("nonnegative-factors", folder, VOCABULARY)


@pytest.mark.parametrize(
    ("name", "shape"), [("item_factors.npy", (5, 3)), ("item_factors.npy", (6,)), ("gram.npy", (2, 2))]
)
def test_shapes_that_do_not_agree_are_corrupt(name: str, shape: tuple[int, ...], folder: Path) -> None:
    np.save(folder / name, np.ones(shape, np.float32))
    with pytest.raises(CorruptArtifactError, match=r"item_factors\.npy|have the shapes"):
        load_member("nonnegative-factors", folder, VOCABULARY)


def test_another_vocabulary_is_corrupt(folder: Path) -> None:
    other = Vocabulary(np.array(["a", "b", "c", "d", "e", "f"]))
    with pytest.raises(CorruptArtifactError, match="made for the vocabulary"):
        load_member("nonnegative-factors", folder, other)
