"""A clustering survives its files, and files that do not agree are corrupt."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.clustering import load_clustering, write_clustering
from segue.domain.cluster.clustering import Clustering
from segue.errors import CorruptArtifactError
from tests.small_clustering import small_clustering, small_values

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("variant", ["naive_features", "pca_features"])
def test_what_was_written_is_loaded(tmp_path: Path, variant: str) -> None:
    written = small_clustering(variant)
    write_clustering(written, tmp_path, configuration={"params": {"variant": variant}, "metrics": {}})
    loaded = load_clustering(tmp_path)
    for part in fields(Clustering):
        ours, theirs = getattr(written, part.name), getattr(loaded, part.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(theirs, ours)
    assert (loaded.variant, loaded.title, loaded.space.columns) == (
        variant,
        written.title,
        written.space.columns,
    )
    assert [loaded.name[3], loaded.artists.of(3)] == ["song 3", ("artist 3",)]
    np.testing.assert_array_equal(loaded.tree.item_lambda, written.tree.item_lambda)
    assert json.loads((tmp_path / "configuration.json").read_bytes())["params"] == {"variant": variant}


def test_the_infinite_density_of_duplicates_survives(tmp_path: Path) -> None:
    value = small_values()
    value[::3] = value[0]
    written = small_clustering(value=np.nan_to_num(value, nan=100))
    assert np.isinf(written.tree.item_lambda).any()
    write_clustering(written, tmp_path, configuration={})
    np.testing.assert_array_equal(load_clustering(tmp_path).tree.item_lambda, written.tree.item_lambda)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("label", np.full(300, 99, np.int32)),
        ("neighbour", np.full((300, 10), 300, np.int32)),
        ("strength", np.zeros(299, np.float32)),
        ("embeddings", np.zeros((300, 4), np.float64)),
        ("tree.item_node", np.full(300, 9999, np.int32)),
        ("tree.node_parent", np.zeros(3, np.int32)),
        ("scale", np.zeros(4)),
    ],
)
def test_files_that_do_not_agree_are_corrupt(tmp_path: Path, name: str, array: np.ndarray) -> None:
    write_clustering(small_clustering(), tmp_path, configuration={})
    np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(CorruptArtifactError, match=name if name == "embeddings" else "clusters"):
        load_clustering(tmp_path)


def test_a_missing_file_is_corrupt(tmp_path: Path) -> None:
    write_clustering(small_clustering(), tmp_path, configuration={})
    (tmp_path / "embeddings.npy").unlink()
    with pytest.raises(CorruptArtifactError, match="No such file"):
        load_clustering(tmp_path)
