"""Catalogues: messy rows become one clean row per track, and every change is in the account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.errors import SourceSchemaError
from segue.sources.dataset import Effect, read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.tracks import Catalogue
    from segue.sources.dataset import Account

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read(folder: Path, text: str) -> tuple[Catalogue, Account]:
    path = folder / "tracks.csv"
    path.write_text(text, encoding="utf-8")
    return read_catalogue(path, now=NOW)


def audio(catalogue: Catalogue, name: str) -> list[float | None]:
    column = catalogue.audio[:, AUDIO_FEATURES.index(name)].tolist()
    return [None if np.isnan(value) else round(value, 4) for value in column]


def told(account: Account, effect: Effect) -> dict[tuple[str, str], int]:
    return {(found.column, found.reason): found.count for found in account.findings if found.effect is effect}


def test_rows_of_one_track_become_one(tmp_path: Path) -> None:
    catalogue, account = read(
        tmp_path,
        "track_id,artists,track_name,popularity,tempo,track_genre\n"
        "b,A;B,Song,40,?,rock\n"
        "a,['C'],Other,1,90,jazz\n"
        "b,A;B,Song,41,120,pop\n"
        "b,Z;B,Song,?,130,rock\n"
        "b,A;B,Song,40,?,rock\n",
    )
    assert catalogue.vocabulary.item_id.tolist() == ["a", "b"]
    assert list(catalogue.name) == ["Other", "Song"]
    assert [catalogue.artists.of(row) for row in range(2)] == [("C",), ("A", "B")]
    assert [catalogue.genres.of(row) for row in range(2)] == [("jazz",), ("rock", "pop")]
    assert catalogue.popularity.tolist() == [1, 41]
    assert audio(catalogue, "tempo") == [90, 120]
    assert told(account, Effect.DROPPED) == {("", "repeats another row in every cell that is read"): 1}
    assert told(account, Effect.MERGED) == {("track_id", "another row has the track too"): 2}
    assert told(account, Effect.BLANKED) == {
        ("popularity", "stands for missing"): 1,
        ("tempo", "stands for missing"): 1,
        ("tempo", "an earlier row says otherwise"): 1,
        ("artists", "an earlier row says otherwise"): 1,
        ("popularity", "another row has more"): 1,
    }
    assert (account.rows_read, account.result) == (5, "2 tracks")


def test_a_table_of_another_program_is_read_without_options(tmp_path: Path) -> None:
    """Names, keys in letters, "?" and -1, as in the table that many genre tutorials start from."""
    catalogue, account = read(
        tmp_path,
        "instance_id,artist_name,track_name,popularity,acousticness,danceability,duration_ms,energy,key,mode,"
        "tempo,obtained_date,music_genre\n"
        "32894,Röyksopp,Röyksopp's Night Out,27,0.00468,0.652,-1,0.941,A#,Minor,100.889,4-Apr,Electronic\n"
        "46652,empty_field,Jiga Low Going,34,0.0119,7,218293,0.89,D,Major,?,4-Apr,Electronic\n"
        ",,,,,,,,,,,,\n",
    )
    assert catalogue.vocabulary.item_id.tolist() == ["32894", "46652"]
    assert [catalogue.artists.of(row) for row in range(2)] == [("Röyksopp",), ()]
    assert catalogue.genres.of(0) == ("Electronic",)
    assert audio(catalogue, "key") == [10, 2]
    assert audio(catalogue, "mode") == [0, 1]
    assert audio(catalogue, "tempo") == [100.889, None]
    assert audio(catalogue, "danceability") == [0.652, None]
    assert audio(catalogue, "valence") == [None, None]
    assert catalogue.duration_s[1] == pytest.approx(218.293)
    assert np.isnan(catalogue.duration_s[0])
    assert told(account, Effect.DROPPED) == {("instance_id", "no id, and not both artist and title"): 1}
    assert told(account, Effect.BLANKED) == {
        ("artist_name", "stands for missing"): 1,
        ("duration_ms", "-1 stands for missing"): 1,
        ("tempo", "stands for missing"): 1,
        ("danceability", "outside 0 … 1"): 1,
    }
    assert told(account, Effect.IGNORED) == {("obtained_date", "unknown, and does not hold numbers"): 1}


def test_other_columns_of_numbers_are_features_and_the_rest_is_named(tmp_path: Path) -> None:
    catalogue, account = read(
        tmp_path,
        ",id,title,mfcc_1,mood,year,release_date,album_id,empty\n"
        "0,a,x,-1,happy,2001,2004-05-31,7,\n1,b,y,2.5,sad,2002,2099,8,?\n2,c,z,?,,2003,,9,\n",
    )
    assert catalogue.low_level_names == ("mfcc_1",)
    assert catalogue.low_level[:2, 0].tolist() == [-1, 2.5]
    assert np.isnan(catalogue.low_level[2, 0])
    assert catalogue.release_date.astype(str).tolist() == ["2004-05-31", "NaT", "NaT"]
    assert told(account, Effect.IGNORED) == {
        ("without a name", "numbers or names the rows"): 1,
        ("album_id", "numbers or names the rows"): 1,
        ("mood", "unknown, and does not hold numbers"): 1,
        ("empty", "unknown, and does not hold numbers"): 1,
        ("year", "another column has this value"): 1,
    }


def test_values_without_a_column_are_unknown(tmp_path: Path) -> None:
    catalogue, account = read(tmp_path, "track\na\n")
    assert account.findings == ()
    assert np.isnan(catalogue.audio).all()
    assert np.isnan(catalogue.popularity).all()
    assert np.isnan(catalogue.duration_s).all()
    assert np.isnat(catalogue.release_date).all()
    assert catalogue.explicit.tolist() == [-1]
    assert (catalogue.name[0], catalogue.artists.of(0), catalogue.genres.of(0)) == ("", (), ())


@pytest.mark.parametrize(
    ("cell", "value"), [("True", 1), ("0", 0), ("no", 0), ("1", 1), ("maybe", -1), ("2", -1)]
)
def test_explicit_is_yes_no_or_unknown(tmp_path: Path, cell: str, value: int) -> None:
    catalogue, account = read(tmp_path, f"id,explicit\na,{cell}\n")
    assert catalogue.explicit.tolist() == [value]
    assert account.count(Effect.BLANKED) == (value == -1)


def test_seconds_go_before_milliseconds(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "id,duration_s,duration_ms\na,10,99000\nb,,20000\nc,0,0\n")
    assert catalogue.duration_s[:2].tolist() == [10, 20]
    assert np.isnan(catalogue.duration_s[2])


@pytest.mark.parametrize(
    ("text", "message"),
    [("name,genre\nx,y\n", "has no column track_id"), ("id,name\n?,x\n,y\n", "no row has an id")],
)
def test_a_table_without_ids_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceSchemaError, match=message):
        read(tmp_path, text)


NO_FEATURE = (
    *("liked", "downloads", "target", "success", "on_billboard", "y", "cluster", "genre_code", "streams"),
    *("bitrate", "Unnamed: 0.1", "lyrics_length", "danceability_confidence"),
)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("mfcc_1", "mfcc_1"),
        ("MFCC3_mean", "MFCC3_mean"),
        ("spectralCentroidStd", "spectralCentroidStd"),
        ("zero_crossing_rate_var", "zero_crossing_rate_var"),
        ("chroma_stft_mean", "chroma_stft_mean"),
        ("low_level_sheen", "sheen"),
        *[(name, "") for name in NO_FEATURE],
    ],
)
def test_a_column_of_numbers_is_a_feature_if_its_name_says_so(tmp_path: Path, name: str, taken: str) -> None:
    catalogue, account = read(tmp_path, f"id,name,{name}\na,A,0.5\nb,B,1.5\n")
    assert catalogue.low_level_names == ((taken,) if taken else ())
    told = [finding.reason for finding in account.findings if finding.column == name]
    assert told == ([] if taken else [f"not known as an audio feature: name it low_level_{name} to use it"])


def test_a_table_of_a_thousand_features_is_read(tmp_path: Path) -> None:
    header = ",".join(f"mfcc_{place}" for place in range(1000))
    rows = "".join(f"{row},{','.join(str(row + place / 4) for place in range(1000))}\n" for row in range(3))
    catalogue, account = read(tmp_path, f"id,{header}\n{rows}")
    assert len(catalogue.low_level_names) == 1000
    assert catalogue.low_level[1].tolist() == [1 + place / 4 for place in range(1000)]
    assert account.findings == ()
