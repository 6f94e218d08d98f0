"""Every form gives the same interactions, and what is wrong is named with its place."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, csr_matrix, save_npz

from segue.errors import SourceSchemaError, SourceUnavailableError
from training.evaluate.reader import InteractionTable, read_interactions

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
    assert table.shape == {".npz": (4, 5)}.get(suffix)
    assert table.notes == ()


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
        ("user,item,weight\n1,2,1\n1,3,many\n", "line 3: weight is 'many'; give a number above 0 (1 such)"),
        ("user,item,weight\n1,2,inf\n", "line 2: weight is 'inf'"),
        ("user,item,weight\n1,2,3\n1,2,3\n?,2,3\n1,2,0\n", "line 5: weight is '0'; give a number above 0"),
        ("user,item,weight\n1,2,-1\n", "line 2: weight is '-1'; give a number above 0"),
        ("user,item,at\n1,2,5\n1,3,soon\n", "timestamp is '5'; give numbers throughout, or ISO 8601 times"),
        ("user,thing\n1,2\n", "columns user, thing; one must be called item (or item_id"),
        ("wer,was\nu1,i1\nu2,i2\n", "columns wer, was; one must be called user (or user_id"),
        ("user,item\n1,2\n1,2,3\n", "line 3: more cells than columns"),
        ("user,item\n1,2,3,4\n1,2,3,4\n", "is no table (Skipping line 2"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("user,item\n", "holds no interaction"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError) as caught:
        read_csv(tmp_path, text)
    assert message in str(caught.value)


def test_rows_that_say_nothing_are_dropped_and_told(tmp_path: Path) -> None:
    table = read_csv(
        tmp_path,
        "user,item,plays,name\n"
        + "1,2,3,x\n" * 9
        + "?,2,1,y\n3,-1,?,z\n3,4,0,z\n3,4,-1,z\n3,4,1,z,a\n5,6,1,a,b,c\n",
    )
    assert pairs(table) == [(1, 2)] * 9
    assert table.weight.tolist() == [3] * 9
    assert table.notes == (
        "train.csv: 1 lines dropped for too many cells; the first: "
        "Skipping line 16: expected 5 fields, saw 6",
        "train.csv: columns not used: name",
        "train.csv: 1 of 14 rows dropped for want of an id; the first is line 11: user is '?'",
        "train.csv: 1 of 14 rows dropped for want of an id; the first is line 12: item is '-1'",
        "train.csv: 2 of 14 rows dropped for want of a number above 0; the first is line 13: weight is '0'",
        "train.csv: 1 of 14 rows dropped for want of as many cells as there are columns; "
        "the first is line 15: more cells than columns",
    )


def test_a_time_is_needed_only_by_those_who_ask_for_it(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("user,item,at\n1,2,\n1,3,\n2,3,5\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match="line 2: timestamp is ''"):
        read_interactions(path)
    table = read_interactions(path, timed=False)
    assert (len(table), table.at) == (3, None)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("1,7\n1,8\n", ["user", "item"]),
        ("1\t7\t2\n1\t8\t3\n", ["user", "item", "weight"]),
        ("1;7;881250949\n1;8;881250950\n", ["user", "item", "timestamp"]),
        ("1;7;2009-05-08\n1;8;2009-05-09\n", ["user", "item", "timestamp"]),
        ("1|7|4|881250949\n1|8|5|881250950\n", ["user", "item", "weight", "timestamp"]),
        ("u1,i7\nu1,i8\n", ["user", "item"]),
        ("ann,jazz\nann,rock\n", ["user", "item"]),
    ],
)
def test_a_table_without_a_header_is_read_by_place(text: str, columns: list[str], tmp_path: Path) -> None:
    table = read_csv(tmp_path, text)
    assert len(table) == 2
    assert len(set(table.user.tolist())) == 1
    assert len(set(table.item.tolist())) == 2
    assert (table.at is not None) == ("timestamp" in columns)
    assert (table.weight.tolist() != [1, 1]) == ("weight" in columns)
    assert table.notes == (f"train.csv: no header; the columns are read as {', '.join(columns)}",)


@pytest.mark.parametrize(
    "header",
    [
        "userId,movieId",
        "User ID;Item-ID",
        "user_id:token\titem_id:token",
        " UID | asin ",
        '"user","track_id"',
    ],
)
def test_headers_are_known_in_the_forms_that_are_about(header: str, tmp_path: Path) -> None:
    separator = next(sign for sign in ";\t|," if sign in header)
    table = read_csv(tmp_path, f"{header}\n4{separator}5\n")
    assert (pairs(table), table.notes) == ([(4, 5)], ())


def test_ids_are_the_same_however_they_were_saved(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "user,item\n3.0,1\n4,2.00\n").user.tolist() == [3, 4]
    assert read_csv(tmp_path, "user,item\n3.0,1\nx,2\n").user.tolist() == ["3.0", "x"]
    frame = pd.DataFrame({"user": pd.Categorical(["a", "b", "a"]), "item": [1.0, np.nan, 3.0]})
    frame.set_index("user").to_parquet(tmp_path / "train.parquet")
    table = read_interactions(tmp_path / "train.parquet")
    assert pairs(table) == [("a", 1), ("a", 3)]
    assert table.notes == (
        "train.parquet: 1 of 3 rows dropped for want of an id; the first is row 2: item is 'nan'",
    )


@pytest.mark.parametrize(
    ("encoding", "n_notes"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("latin-1", 1)]
)
def test_names_are_read_in_any_usual_encoding(encoding: str, n_notes: int, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes("user,item\r\n1,Björk\r\n".encode(encoding))
    table = read_interactions(path)
    assert table.item.tolist() == ["Björk"]
    assert len(table.notes) == n_notes


def read_text(tmp_path: Path, text: str) -> InteractionTable:
    path = tmp_path / "train.txt"
    path.write_text(text, encoding="utf-8")
    return read_interactions(path)


@pytest.mark.parametrize("great", [2**63 - 1, 2**63, 10**30])
def test_lightgcn_ids_of_any_length_are_read_as_in_a_table(tmp_path: Path, great: int) -> None:
    (tmp_path / "train.txt").write_text(f"0 1 {great}\n07 1\n7 2\n")
    table = read_interactions(tmp_path / "train.txt")
    assert table.item.tolist() == ["1", str(great), "1", "2"]
    assert table.user.tolist() == [0, 0, 7, 7]


def test_lightgcn_text_may_hold_names_but_no_mixture(tmp_path: Path) -> None:
    assert pairs(read_text(tmp_path, "bob i3 i1\nann i3\n")) == [("ann", "i3"), ("bob", "i1"), ("bob", "i3")]
    assert pairs(read_text(tmp_path, "7 i3 8\n")) == [(7, "8"), (7, "i3")]
    with pytest.raises(SourceSchemaError, match=r"train.txt, line 2: '-3' is no index"):
        read_text(tmp_path, "0 1 2\n1 2 -3\n")


@pytest.mark.parametrize("text", ["1 7 5\n1 8 4\n", "1\t7\t5\t99\n1\t8\t4\t99\n", "1,7\n2,7\n"])
def test_a_table_called_txt_is_not_taken_for_lists(text: str, tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match=r"holds no lines `user item item …`: rename"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("kind", [csr_matrix, csr_array])
def test_every_sparse_form_gives_the_same_rows_in_the_same_order(form: str, kind, tmp_path: Path) -> None:
    dense = np.array([[0, 2, 0], [0, 0, 0], [3, 0, 1]])
    save_npz(tmp_path / "train.npz", kind(dense).asformat(form))
    table = read_interactions(tmp_path / "train.npz")
    rows = list(zip(table.user.tolist(), table.item.tolist(), table.weight.tolist(), strict=True))
    assert rows == [(0, 1, 2), (2, 0, 3), (2, 2, 1)]
    assert table.shape == (3, 3)


def test_cells_of_a_matrix_that_are_no_interaction_are_told(tmp_path: Path) -> None:
    matrix = csr_matrix(np.ones((2, 3)))
    matrix.data[4] = 0
    save_npz(tmp_path / "train.npz", matrix)
    table = read_interactions(tmp_path / "train.npz")
    assert pairs(table) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]
    (note,) = table.notes
    assert note == (
        "train.npz: 1 of 6 entries dropped for want of a weight above 0; the weight of user 1, item 1 is 0"
    )


def test_movielens_own_separator_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_text("1::1193::5::978300760\n1::661::3::978302109\n", encoding="utf-8")
    table = read_interactions(path)
    assert (table.user.tolist(), table.item.tolist()) == ([1, 1], [1193, 661])
    assert (table.weight.tolist(), table.at.tolist()) == ([5, 3], [978300760, 978302109])


def test_two_colons_beside_a_separator_are_a_part_of_an_id(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("ann,spotify::1\nbob,spotify::2\n", encoding="utf-8")
    table = read_interactions(path)
    assert (table.user.tolist(), table.item.tolist()) == (["ann", "bob"], ["spotify::1", "spotify::2"])


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
        (b"not a zip", "is no .npz of a sparse matrix (it holds no arrays)"),
        (b"", "is no .npz of a sparse matrix"),
        (
            archive(
                data=np.ones(1), indices=np.array([1]), indptr=np.array([0, 1]), shape=np.array([1, 2**31])
            ),
            "is 1 × 2147483648: give at most 50000000 users and items, numbered from 0 without gaps",
        ),
        (archive(data=np.array([{}, {}], object)), "is no .npz of a sparse matrix"),
        (
            archive(indptr=None),
            "indptr is not a file in the archive; save a matrix with scipy.sparse.save_npz",
        ),
        (archive(indptr=np.array([0, 1])), "is no .npz of a sparse matrix"),
        (archive(indptr=np.array([0, 3, 2])), "is no .npz of a sparse matrix"),
        (archive(indices=np.array([0, 2])), "is no .npz of a sparse matrix"),
        (archive(format=np.array(b"xyz")), "is no .npz of a sparse matrix"),
        (archive(data=np.array([1, np.nan])), "the weight of user 1, item 1 is nan; give numbers above 0"),
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


@pytest.mark.parametrize("name", ["train.csv.gz", "archive.zip"])
def test_a_packed_table_is_read(tmp_path: Path, name: str) -> None:
    text = b"user,item\na,x\nb,y\n"
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(text))
    else:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("train.csv", text)
            archive.writestr("README.txt", "nothing")
    assert pairs(read_interactions(tmp_path / name)) == [("a", "x"), ("b", "y")]


def test_a_wide_table_is_refused_with_ten_of_its_columns(tmp_path: Path) -> None:
    names = ",".join(f"feature{column}" for column in range(285))
    cells = ",".join("1" * 286)
    with pytest.raises(SourceSchemaError, match=r"columns user, .*, feature8 and 276 more; one must"):
        read_csv(tmp_path, f"user,{names}\n{cells}\n")
