"""Content, rules and social as files: what is written is loaded, and what does not fit is corrupt."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.member import load_member, write_member
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.errors import CorruptArtifactError
from tests.contract.test_sources import CATALOGUE, N, content, rules, social

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = {"content": content, "rules": rules, "social": social}
ARRAYS = {
    "content": ["vectors", "start", "item_index", "weight"],
    "rules": ["percentile", "shift", "n_events"],
    "social": ["user_id", "friend_start", "friend_index", "like_start", "item_index", "weight"],
}
EACH_ARRAY = [(family, name) for family, names in ARRAYS.items() for name in names]


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


def written(family: str, folder: Path):
    write_member(family, FAMILIES[family](), CATALOGUE.vocabulary, folder)
    return lambda: load_member(family, folder, CATALOGUE.vocabulary)


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return one == other


def test_what_was_written_is_loaded(family: str, tmp_path: Path) -> None:
    assert same(written(family, tmp_path)(), FAMILIES[family]())


def test_another_vocabulary_is_refused(family: str, tmp_path: Path) -> None:
    written(family, tmp_path)
    other = build_vocabulary(f"u{row:03}" for row in range(N))
    with pytest.raises(CorruptArtifactError, match="vocabulary"):
        load_member(family, tmp_path, other)


@pytest.mark.parametrize(("family", "name"), EACH_ARRAY)
@pytest.mark.parametrize("change", [lambda a: a[:-1], lambda a: a[..., None], lambda a: a[:0]])
def test_an_array_of_another_shape_is_corrupt(family: str, name: str, change, tmp_path: Path) -> None:
    load, path = written(family, tmp_path), tmp_path / f"{name}.npy"
    np.save(path, change(np.load(path)), allow_pickle=False)
    with pytest.raises(CorruptArtifactError):
        load()


@pytest.mark.parametrize(("family", "name"), EACH_ARRAY)
def test_a_file_of_something_else_or_none_is_corrupt(family: str, name: str, tmp_path: Path) -> None:
    load, path = written(family, tmp_path), tmp_path / f"{name}.npy"
    path.write_bytes(b"something else")
    with pytest.raises(CorruptArtifactError):
        load()
    path.unlink()
    with pytest.raises(CorruptArtifactError):
        load()


@pytest.mark.parametrize(("family", "field", "value"), [
    ("content", "n_text", 99), ("content", "n_text", "many"), ("content", "audio_columns", ["energy"] * 20),
    ("rules", "circumstances", ["night"]), ("rules", "features", ["energy"]), ("social", "vocabulary", None),
])  # fmt: skip
def test_names_that_do_not_fit_are_corrupt(family: str, field: str, value, tmp_path: Path) -> None:
    load, path = written(family, tmp_path), tmp_path / "model.json"
    raw = json.loads(path.read_bytes()) | {field: value}
    for broken in (json.dumps(raw), json.dumps({k: v for k, v in raw.items() if k != field}), "{", "[]"):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(CorruptArtifactError):
            load()
