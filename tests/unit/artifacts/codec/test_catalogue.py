"""A catalogue's files: what is written is loaded, unknown values included, and damage is caught."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.codec.catalogue import load_catalogue, write_catalogue
from segue.artifacts.file_check import describe
from segue.artifacts.manifest import check_file_name
from segue.domain.vector.column import build_labels, build_text
from segue.errors import CorruptArtifactError
from segue.sources.dataset.extent import describe_catalogue
from tests.small_catalogue import small_catalogue

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = replace(
    small_catalogue(
        [["Zoë"], ["B", "Zoë"], []],
        genres=[["rock"], [], ["pop", "rock"]],
        audio={"tempo": [90, np.nan, 0]},
    ),
    album=build_text(["", "…", ""]),
    release_date=np.array(["2004-05-31", "NaT", "1960-01-01"], "datetime64[D]"),
    popularity=np.array([0, np.nan, 100], np.float32),
    explicit=np.array([1, 0, -1], np.int8),
    low_level_names=("mfcc_1", "mfcc_2"),
    low_level=np.array([[-1, np.nan], [0, 1], [np.nan, np.nan]], np.float32),
)
NOTHING = small_catalogue([[], []])


@pytest.mark.parametrize("catalogue", [CATALOGUE, NOTHING], ids=["much is known", "nothing is known"])
def test_what_is_written_is_loaded(tmp_path: Path, catalogue) -> None:
    write_catalogue(catalogue, tmp_path)
    loaded = load_catalogue(tmp_path)
    assert describe_catalogue(loaded) == describe_catalogue(catalogue)
    assert list(loaded.name) == list(catalogue.name)
    assert [loaded.artists.of(row) for row in range(len(loaded))] == [
        catalogue.artists.of(row) for row in range(len(loaded))
    ]
    assert loaded.low_level_names == catalogue.low_level_names
    np.testing.assert_array_equal(loaded.audio, catalogue.audio)
    np.testing.assert_array_equal(loaded.low_level, catalogue.low_level)
    assert loaded.audio.dtype == np.float32


def test_every_file_can_be_published(tmp_path: Path) -> None:
    write_catalogue(CATALOGUE, tmp_path)
    for path in tmp_path.iterdir():
        check_file_name(path.name)
        describe(path)  # raises for arrays with NaN or objects


@pytest.mark.parametrize(
    "name", ["item_id", "number", "known", "explicit", "release_date", "name.start", "genres.label_index"]
)
def test_files_of_two_catalogues_are_no_catalogue(tmp_path: Path, name: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, catalogue in (
        (one, CATALOGUE),
        (other, replace(NOTHING, genres=build_labels([["a"], ["b"]]))),
    ):
        folder.mkdir()
        write_catalogue(catalogue, folder)
    (other / f"{name}.npy").replace(one / f"{name}.npy")
    with pytest.raises(CorruptArtifactError, match="catalogue"):
        load_catalogue(one)


def test_a_missing_file_and_other_features_are_corrupt(tmp_path: Path) -> None:
    write_catalogue(CATALOGUE, tmp_path)
    text = (tmp_path / "model.json").read_text(encoding="utf-8")
    (tmp_path / "model.json").write_text(text.replace("valence", "joy"), encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="joy"):
        load_catalogue(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(CorruptArtifactError, match="FileNotFoundError"):
        load_catalogue(tmp_path)
