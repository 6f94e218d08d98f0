"""Tables of features: which columns are features, and how rows of one track become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.features import read_features

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_column_of_numbers_is_a_feature_under_any_name(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "filename,label,tempo,mfcc_1,comment,album_id",
        "b.au,blues,120,0.5,nice,7",
        "a.au,rock,,-1.5,,8",
        "a.au,rock,90,9,again,8",
        ",rock,1,1,nobody,9",
    )
    table, account = read_features(path)
    assert table.vocabulary.item_id.tolist() == ["a.au", "b.au"]
    assert table.columns == ("tempo", "mfcc_1")
    np.testing.assert_allclose(table.value, [[90, -1.5], [120, 0.5]])
    assert [table.genres.of(row) for row in range(2)] == [("rock",), ("blues",)]
    assert account.result == "2 features of 2 tracks"
    assert account.count(Effect.MERGED) == 1
    assert account.count(Effect.DROPPED) == 1
    ignored = [finding.column for finding in account.findings if finding.effect is Effect.IGNORED]
    assert ignored == ["comment", "album_id"]


def test_a_finding_of_hundreds_of_columns_is_reported_once(tmp_path: Path) -> None:
    columns = [f"f{n:03}" for n in range(200)]
    path = write(
        tmp_path / "f.csv",
        ",".join(["track_id", *columns]),
        ",".join(["a", *["1"] * 200]),
        ",".join(["b", *[""] * 200]),
    )
    _, account = read_features(path)
    assert [(each.column, each.count) for each in account.findings] == [("f000 and 199 other columns", 200)]


def test_a_table_without_features_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="nothing at"):
        read_features(tmp_path / "none.csv")
    with pytest.raises(SourceSchemaError, match="no column track_id"):
        read_features(write(tmp_path / "a.csv", "x,y", "1,2"))
    with pytest.raises(SourceSchemaError, match="no column of numbers"):
        read_features(write(tmp_path / "b.csv", "track_id,word", "1,two"))
