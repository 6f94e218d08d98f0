"""Cells beside the factors that they are of: written, loaded, and refused where they do not fit."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.member import load_member, write_member
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.model.collaborative.item_factors import Objective, rotate
from segue.domain.model.collaborative.nonnegative_factors import build_nonnegative_factors
from segue.domain.vector.inverted_file import build_cells
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

N, D = 40, 6
RNG = np.random.default_rng(0)
VOCABULARY = build_vocabulary([f"t{row:02}" for row in range(N)])
FACTORS = rotate(RNG.normal(size=(N, D)).astype(np.float32), Objective(1.0))
PARTS = build_nonnegative_factors(RNG.random((N, D)).astype(np.float32), 0.1)
CELL = (np.arange(N) % 5).astype(np.int32)
FAMILIES = {"item-factors": FACTORS, "nonnegative-factors": PARTS}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest):
    model = FAMILIES[request.param]
    cells = replace(build_cells(model.factors, model.factors[:5], CELL, 0.4), recall=0.97)
    write, load = (partial(each, request.param) for each in (write_member, load_member))
    return replace(model, cells=cells), write, load


def test_cells_come_back_as_they_were(family, tmp_path: Path) -> None:
    model, write, load = family
    write(model, VOCABULARY, tmp_path)
    found = load(tmp_path, VOCABULARY).cells
    for field in fields(found):
        assert np.array_equal(getattr(found, field.name), getattr(model.cells, field.name)), field.name


def test_without_cells_there_are_none(family, tmp_path: Path) -> None:
    model, write, load = family
    write(replace(model, cells=None), VOCABULARY, tmp_path)
    assert load(tmp_path, VOCABULARY).cells is None
    assert not list(tmp_path.glob("cell_*"))


@pytest.mark.parametrize("name", ["cell_code", "cell_row", "cell_centre"])
def test_a_file_that_is_missing_or_of_another_model_is_corrupt(family, name: str, tmp_path: Path) -> None:
    model, write, load = family
    write(model, VOCABULARY, tmp_path)
    whole = np.load(tmp_path / f"{name}.npy")
    np.save(tmp_path / f"{name}.npy", whole[:-1])
    with pytest.raises(CorruptArtifactError, match="cells"):
        load(tmp_path, VOCABULARY)
    (tmp_path / f"{name}.npy").unlink()
    with pytest.raises(CorruptArtifactError, match="No such file"):
        load(tmp_path, VOCABULARY)


def test_cells_of_fewer_tracks_are_corrupt(family, tmp_path: Path) -> None:
    model, write, load = family
    few = build_cells(model.factors[:30], model.factors[:5], CELL[:30], 0.4)
    write(replace(model, cells=few), VOCABULARY, tmp_path)
    with pytest.raises(CorruptArtifactError, match="do not fit a matrix"):
        load(tmp_path, VOCABULARY)
