"""A ranker and popularity come back as they were written, or as corrupt artifacts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.member import load_member, write_member
from segue.artifacts.codec.ranker import load_ranker, write_ranker
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.model.popularity.popularity import Membership, build_popularity
from segue.domain.recommend.ranker import Ranker
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

RANKER = Ranker(
    ("a", "b"), ("free", "pro"), np.array([[1, 0], [0.25, 2]], np.float32), 0.2, 0.1, 0.5, "too few listeners"
)
ITEMS = build_vocabulary("abcd")
POPULARITY = build_popularity(
    np.array([4, 3, 2, 1], np.float32),
    np.array([0, 0, 1, 2], np.float32),
    Membership(np.array([3, 0, 1], np.int32), np.array([1, 0, 1], np.int32)),
)


def test_a_ranker_comes_back(tmp_path: Path) -> None:
    write_ranker(RANKER, tmp_path)
    loaded = load_ranker(tmp_path)
    assert (loaded.weight == RANKER.weight).all()
    assert loaded.weights_of("pro") == RANKER.weights_of("pro")
    assert loaded.order == (0.2, 0.1, 0.5)
    assert loaded.why_popular == "too few listeners"


def test_an_older_ranker_holds_artists_back_as_it_did(tmp_path: Path) -> None:
    write_ranker(RANKER, tmp_path)
    path = tmp_path / "ranker.json"
    old = json.loads(path.read_text())
    del old["artist_share"], old["why_popular"]
    path.write_text(json.dumps(old))
    assert load_ranker(tmp_path).order == (0.2, 0.1, 0.2)


@pytest.mark.parametrize("damage", [{"weight": [[1, 0]]}, {"weight": [[1, 0], [-1, 2]]}, {"tiers": None}])
def test_a_ranker_that_does_not_fit_itself_is_corrupt(tmp_path: Path, damage: dict) -> None:
    write_ranker(RANKER, tmp_path)
    path = tmp_path / "ranker.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    with pytest.raises(CorruptArtifactError, match="ranker"):
        load_ranker(tmp_path)


def test_popularity_comes_back(tmp_path: Path) -> None:
    write_member("popularity", POPULARITY, ITEMS, tmp_path)
    loaded = load_member("popularity", tmp_path, ITEMS)
    for name in ("all_time", "trending", "genre_start", "genre_item"):
        assert (getattr(loaded, name) == getattr(POPULARITY, name)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("all_time", np.ones(3, np.float32)),
        ("trending", np.ones((4, 1), np.float32)),
        ("genre_start", np.array([0, 5], np.int64)),
        ("genre_start", np.array([0, 2, 1, 3], np.int64)),
        ("genre_item", np.array([0, 1, 4], np.int32)),
    ],
)
def test_popularity_that_does_not_fit_itself_is_corrupt(tmp_path: Path, name: str, value: np.ndarray) -> None:
    write_member("popularity", POPULARITY, ITEMS, tmp_path)
    np.save(tmp_path / f"{name}.npy", value)
    with pytest.raises(CorruptArtifactError, match="popularity"):
        load_member("popularity", tmp_path, ITEMS)


def test_popularity_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    write_member("popularity", POPULARITY, ITEMS, tmp_path)
    with pytest.raises(CorruptArtifactError, match="vocabulary"):
        load_member("popularity", tmp_path, build_vocabulary("abce"))
