"""The published tables of FMA and GTZAN: a table of features with its labels and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from segue.domain.cluster.clustering import embed
from training.cluster.build.choice import choose
from training.cluster.build.neighbours import find_neighbours
from training.cluster.build.quality import genre_metrics
from training.cluster.build.space import fit_space
from training.cluster.data.reading import input_of, read_inputs
from training.cluster.data.source import find_source
from training.cluster.settings import ClusterSettings
from training.cluster.variant import VARIANTS

DATA = os.environ.get("SEGUE_DATA_DIR")

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(DATA is None, reason="SEGUE_DATA_DIR names no folder of the public data sets"),
]


@pytest.mark.parametrize(
    ("file", "n_tracks", "n_columns"),
    [("fma/fma_features.parquet", 1990, 140), ("gtzan_features/features_30_sec.parquet", 1000, 58)],
)
@pytest.mark.parametrize("name", ["llav_features", "llav_pca"])
def test_near_tracks_share_a_genre_far_more_often_than_chance(
    file: str, n_tracks: int, n_columns: int, name: str
) -> None:
    inputs = read_inputs(find_source(raw=None, data=None, low_level=Path(DATA or "") / file))
    data = input_of(VARIANTS[name], inputs)
    assert not isinstance(data, str)
    assert (len(data), len(data.columns)) == (n_tracks, n_columns)
    vectors = embed(fit_space(VARIANTS[name], data.columns, data.value), data.value)
    assert np.isfinite(vectors).all()
    graph = find_neighbours(vectors, 50)
    choice = choose(vectors, graph, ClusterSettings())
    assert choice.best.n_clusters >= 4
    found = genre_metrics(choice.cut.label, graph, data.genres, 17)
    assert found["neighbour_genre"]["value"] > 1.8 * found["neighbour_genre"]["chance"]
    assert found["genre_purity"]["value"] > found["genre_purity"]["chance"]
    for variant in ("naive_features", "combined_features"):
        assert input_of(VARIANTS[variant], inputs) == "no table of tracks"
