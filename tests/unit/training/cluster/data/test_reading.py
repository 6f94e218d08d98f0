"""Which tables a variant is made of, wherever they are, and what is said of those that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.account import Effect
from segue.sources.sample.store import generate
from tests.raw_data import raw_folder
from training.cluster.data.input import load_input, write_input
from training.cluster.data.reading import input_of, read_inputs
from training.cluster.data.source import find_source
from training.cluster.variant import VARIANTS, FeatureSource

if TYPE_CHECKING:
    from pathlib import Path


def inputs_of(**where: object):
    return read_inputs(find_source(**({"raw": None, "data": None} | where)))  # type: ignore[arg-type]


def test_a_raw_folder_gives_every_variant_its_columns(tmp_path: Path) -> None:
    inputs = inputs_of(raw=raw_folder(tmp_path, lyrics=True))
    width = {name: input_of(variant, inputs) for name, variant in VARIANTS.items()}
    assert {name: (len(each), len(each.columns)) for name, each in width.items()} == {
        "naive_features": (150, 12),
        "pca_features": (150, 12),
        "combined_features": (140, 20),
        "llav_features": (140, 8),
        "llav_pca": (140, 8),
        "lyrics_features": (150, 6),
    }
    combined = width["combined_features"]
    assert combined.columns[0] == "danceability"
    assert combined.columns[-1] == "mfcc_7"
    assert combined.vocabulary.item_id[0] == "t0010"
    assert combined.name[0] == "song 10"
    assert combined.artists.of(0) == ("artist 10",)
    assert combined.genres.of(1) == ("genre 1",)


def test_a_raw_folder_without_tracks_says_what_is_required(tmp_path: Path) -> None:
    raw_folder(tmp_path)
    (tmp_path / "spotify_tracks.csv").unlink()
    with pytest.raises(SourceUnavailableError, match=r"no spotify_tracks.csv .* required.*--low-level"):
        find_source(raw=tmp_path, data=None)
    with pytest.raises(SourceUnavailableError, match="no folder"):
        find_source(raw=tmp_path / "none", data=None)
    with pytest.raises(SourceSchemaError, match="nothing to read"):
        find_source(raw=None, data=None)


def test_parquet_is_taken_as_well_but_not_twice(tmp_path: Path) -> None:
    raw_folder(tmp_path, low_level=False)
    frame = pd.read_csv(tmp_path / "spotify_tracks.csv")
    frame.to_parquet(tmp_path / "spotify_tracks.parquet")
    with pytest.raises(SourceSchemaError, match="keep one of them"):
        find_source(raw=tmp_path, data=None)
    (tmp_path / "spotify_tracks.csv").unlink()
    assert len(inputs_of(data=str(tmp_path)).vocabulary) == 150  # a folder with it is a raw-data folder


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    inputs = inputs_of(raw=raw_folder(tmp_path, low_level=False))
    assert input_of(VARIANTS["lyrics_features"], inputs) == (
        f"no lyrics features, no lyrics_features.csv in {tmp_path} (--lyrics FILE)"
    )
    assert "no low_level_audio_features.csv" in str(input_of(VARIANTS["combined_features"], inputs))


def test_tracks_that_the_catalogue_lacks_are_told_and_repeats_merged(tmp_path: Path) -> None:
    raw_folder(tmp_path)
    path = tmp_path / "low_level_audio_features.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    strange = lines[1].replace("t0010", "stranger")
    path.write_text("\n".join([*lines, strange, lines[1]]), encoding="utf-8")
    account = inputs_of(raw=tmp_path).accounts[1]
    assert account.count(Effect.MERGED) == 1
    dropped = [each for each in account.findings if each.effect is Effect.DROPPED]
    assert [(each.reason, each.count, each.examples) for each in dropped] == [
        ("track is not in the catalogue", 1, ("stranger",))
    ]
    assert account.result.endswith("140 of them in the catalogue")


def test_a_table_of_features_alone_is_its_own_catalogue(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    table["filename"] = [f"{row:02}.au" for row in range(60)]
    table["label"] = ["blues", "rock"] * 30
    table.loc[3, list("abcd")] = np.nan
    table.to_parquet(tmp_path / "features.parquet")
    inputs = inputs_of(low_level=tmp_path / "features.parquet")
    found = input_of(VARIANTS["llav_features"], inputs)
    assert (len(found), found.columns) == (59, tuple("abcd"))  # nothing is known of one
    assert found.genres.of(0) == ("blues",)
    assert input_of(VARIANTS["naive_features"], inputs) == "no table of tracks"


def test_a_store_has_the_audio_features_of_its_catalogue(tmp_path: Path) -> None:
    store = generate(tmp_path / "store", customers=20, tracks=200)
    inputs = inputs_of(data=str(store))
    assert len(input_of(VARIANTS["naive_features"], inputs)) == 200
    assert FeatureSource.LOW_LEVEL in inputs.missing


def test_too_few_tracks_are_no_input(tmp_path: Path) -> None:
    inputs = inputs_of(raw=raw_folder(tmp_path, 12, low_level=False))
    assert input_of(VARIANTS["naive_features"], inputs) == (
        "12 tracks have audio features: at least 20 are needed"
    )


def test_tracks_without_audio_features_are_told_which_columns_they_lack(tmp_path: Path) -> None:
    raw_folder(tmp_path, low_level=False)
    path = tmp_path / "spotify_tracks.csv"
    pd.read_csv(path)[["track_id", "track_name", "artists", "track_genre"]].to_csv(path, index=False)
    assert str(input_of(VARIANTS["naive_features"], inputs_of(raw=tmp_path))).startswith(
        "0 tracks have audio features (danceability, energy, "
    )


def test_an_input_survives_the_disk_and_its_fingerprint_knows_every_part(tmp_path: Path) -> None:
    one = input_of(VARIANTS["naive_features"], inputs_of(raw=raw_folder(tmp_path / "a")))
    write_input(one, tmp_path / "kept")
    assert load_input(tmp_path / "kept").fingerprint == one.fingerprint
    frame = pd.read_csv(tmp_path / "a" / "spotify_tracks.csv")
    for column, value in (
        ("energy", 0.123),
        ("track_name", "another"),
        ("track_genre", "new"),
        ("popularity", 3),
    ):
        changed = frame.copy()
        if column in changed:
            changed[column] = changed[column].astype(object)
        changed.loc[5, column] = value
        (tmp_path / "b").mkdir(exist_ok=True)
        changed.to_csv(tmp_path / "b" / "spotify_tracks.csv", index=False)
        other = input_of(VARIANTS["naive_features"], inputs_of(raw=tmp_path / "b"))
        assert (other.fingerprint == one.fingerprint) == (column == "popularity")  # no build depends on it
