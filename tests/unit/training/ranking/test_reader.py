"""Every form gives the same interactions, and what is wrong is named with its place."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix, save_npz

from segue.errors import SourceSchemaError, SourceUnavailableError
from training.ranking.reader import InteractionTable, read_interactions

PAIRS = [(0, 2), (0, 0), (2, 1)]


def pairs(table: InteractionTable) -> list[tuple[int, int]]:
    return sorted(zip(table.user.tolist(), table.item.tolist(), strict=True))


def write(path: Path) -> Path:
    users, items = zip(*PAIRS, strict=True)
    frame = pd.DataFrame({"user": users, "item": items})
    if path.suffix == ".npz":
        save_npz(path, csr_matrix((np.ones(3), (users, items)), shape=(4, 5)))
    elif path.suffix == ".txt":
        path.write_text("0 2 0\n1\n2 1\n\n", encoding="utf-8")
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index=False)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".txt", ".csv", ".tsv", ".parquet"])
def test_every_form_gives_the_same(suffix: str, tmp_path: Path) -> None:
    table = read_interactions(write(tmp_path / f"train{suffix}"))
    assert pairs(table) == sorted(PAIRS)
    assert table.weight.tolist() == [1, 1, 1]
    assert table.at is None
    assert table.shape == {".npz": (4, 5), ".txt": (3, 3)}.get(suffix)


def read_csv(tmp_path: Path, text: str) -> InteractionTable:
    path = tmp_path / "train.csv"
    path.write_text(text, encoding="utf-8-sig")
    return read_interactions(path)


def test_columns_are_known_by_their_usual_names(tmp_path: Path) -> None:
    table = read_csv(
        tmp_path, "Timestamp,artistID,userID,plays\n\n2024-01-01T00:00:01Z,a,007,3\n1970-01-01,b,x,.5\n"
    )
    assert (table.user.tolist(), table.item.tolist()) == (["007", "x"], ["a", "b"])
    assert (table.weight.tolist(), table.at.tolist()) == ([3, 0.5], [1704067201, 0])


def test_times_may_be_numbers_or_parquet_instants(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "user,item,at\n1,1,12.5\n").at.tolist() == [12.5]
    path = tmp_path / "train.parquet"
    frame = pd.DataFrame({"user": [1], "item": [1], "at": pd.to_datetime(["1970-01-02"])})
    frame.to_parquet(path)
    assert read_interactions(path).at.tolist() == [86400]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,item\n1,2\n\n3,\n4,\n", "train.csv, line 4: item is ''; give an id (2 such)"),
        ("user,item,weight\n1,2,1\n1,3,many\n", "line 3: weight is 'many'; give a finite number (1 such)"),
        ("user,item,weight\n1,2,inf\n", "line 2: weight is 'inf'"),
        ("user,item,weight\n1,2,-1\n", "weight is -1 (1 such): give weights above 0"),
        ("user,item,at\n1,2,5\n1,3,soon\n", "at is '5'; give numbers throughout, or ISO 8601 times"),
        ("user,thing\n1,2\n", "columns user, thing; one must be called item (or item_id"),
        ("user,item\n1,2\n1,2,3\n", "is no table"),
        ("", "is no table"),
        ("user,item\n", "holds no interaction"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError) as caught:
        read_csv(tmp_path, text)
    assert message in str(caught.value)


def test_lightgcn_text_names_line_and_value(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("0 1 2\n1 2 -3\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match=r"train.txt, line 2: '-3' is no index"):
        read_interactions(path)


def archive(**changed: np.ndarray) -> bytes:
    whole = {
        "indices": np.array([0, 1]),
        "indptr": np.array([0, 1, 2]),
        "data": np.ones(2),
        "shape": np.array([2, 2]),
    }
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in (whole | changed).items() if array is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a zip", "is no .npz of plain arrays"),
        (archive(data=np.array([{}, {}], object)), "is no .npz of plain arrays"),
        (archive(indptr=None), "a CSR file holds data, indices, indptr, shape"),
        (archive(indptr=np.array([0, 1])), "are no CSR matrix of 2 × 2"),
        (archive(indptr=np.array([0, 3, 2])), "are no CSR matrix of 2 × 2"),
        (archive(indices=np.array([0, 2])), "indices[1] is 2 of 2 columns"),
        (archive(data=np.array([1, np.nan])), "a weight is nan"),
    ],
)
def test_an_archive_that_is_no_csr_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "train.npz"
    path.write_bytes(content)
    with pytest.raises(SourceSchemaError) as caught:
        read_interactions(path)
    assert message in str(caught.value)


def test_a_file_of_another_kind_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match=r"\.doc is no known form; give \.csv"):
        read_interactions(tmp_path / "train.doc")
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        read_interactions(tmp_path / "train.csv")
    path = tmp_path / "train.parquet"
    path.write_bytes(b"PAR")
    with pytest.raises(SourceSchemaError, match="no Parquet file"):
        read_interactions(path)
