"""How smooth stations are on real tracks: a change that makes them rough has broken something."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.radio import LENGTH, changes, close_pairs, content_vectors, play
from segue.domain.catalogue.recording import recordings
from segue.domain.radio.station import Station
from segue.domain.vector.top_n import top_n
from segue.sources.dataset import read_catalogue

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        "SEGUE_DATA_DIR" not in os.environ,
        reason="SEGUE_DATA_DIR does not name the folder of the public data sets",
    ),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    folder = Path(os.environ["SEGUE_DATA_DIR"]) / "spotify_tracks"
    return read_catalogue(folder / "spotify_tracks.parquet")[0]


def test_stations_are_far_smoother_than_their_scores(catalogue: Catalogue) -> None:
    vectors, recording = content_vectors(catalogue), recordings(catalogue)
    figures = []
    for seed in np.random.default_rng(8).choice(len(catalogue), 12, replace=False).tolist():
        scores = vectors @ vectors[seed]
        rows = play(Station(catalogue, scores, recording, seed), seed, LENGTH)
        best = top_n(scores, LENGTH, np.array([seed], np.int32)).tolist()
        assert len(set(recording[[seed, *rows]])) == LENGTH + 1
        assert close_pairs(catalogue, [seed, *rows]) == 0
        figures.append([changes(catalogue, [seed, *rows]), changes(catalogue, [seed, *best])])
    (steps, near, tempo, jumps, energy), (its_steps, _, its_tempo, _, its_energy) = np.mean(figures, axis=0)
    assert (steps < 1.1, near > 0.75, tempo < 0.045, jumps < 0.03) == (True, True, True, True)
    assert (steps < its_steps / 2, tempo < its_tempo / 2, energy < its_energy) == (True, True, True)
