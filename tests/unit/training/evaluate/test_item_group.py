"""Items are compared by their genres, or else by who had them and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from segue.errors import SourceSchemaError, SourceUnavailableError
from training.evaluate.item_group import group_by_listening, read_item_groups
from training.evaluate.reader import InteractionTable
from training.evaluate.split import Protocol, Split, divide

if TYPE_CHECKING:
    from pathlib import Path


def split(items: list) -> Split:
    test = InteractionTable(np.array(["b"]), np.array(items[:1]), np.ones(1, np.float32))
    train = InteractionTable(np.full(len(items), "a"), np.array(items), np.ones(len(items), np.float32))
    return divide(train, test, Protocol.GIVEN, seed=1)


def test_popularity_parts_the_training_pairs_in_thirds() -> None:
    counts = [
        6,
        5,
        1,
        4,
        1,
        1,
        0,
    ]  # 18 pairs: the cuts are before the items that begin at 6 and at 12 or later
    dense = np.array([[user < count for count in counts] for user in range(6)], np.float32)
    groups = group_by_listening(csr_matrix(dense))
    assert groups.groups.toarray().argmax(axis=1).tolist() == [0, 1, 2, 1, 2, 2, 2]
    assert groups.groups.sum(axis=1).A1.tolist() == [1] * 7
    cosine = (groups.features @ groups.features.T).toarray()
    assert cosine[0, 1] == pytest.approx(5 / np.sqrt(30))
    assert np.diag(cosine) == pytest.approx([1, 1, 1, 1, 1, 1, 0])
    assert "no --items file" in groups.basis


def check(groups) -> None:
    """Of the items x, y, z: x is jazz and pop, y is pop, z is nothing."""
    assert groups.groups.toarray().tolist() == [[0.5, 0.5], [0, 1], [0, 0]]
    assert groups.features.toarray() == pytest.approx(np.array([[0.5**0.5] * 2, [0, 1], [0, 0]]))
    assert groups.basis.endswith("2 genres in items.csv, 2 of 3 items have one")


@pytest.mark.parametrize(
    "text",
    [
        "item,genre\nx,Pop; jazz\ny,pop\nunknown,ska\n",
        "track_id\tgenres\nx\tjazz|pop\ny\tPOP|?\nz\t\n",
        "genre,item_id,name\njazz,x,\n\npop,y,\npop,x,\npop,x,again\n",
    ],
)
def test_several_genres_are_in_a_cell_or_in_rows(text: str, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(text, encoding="utf-8")
    check(read_item_groups(path, split(["x", "y", "z"])))


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("genre_1,genre_2", "rock,pop"),
        ("genres_list", "\"['rock', 'pop']\""),
        ("main_genre,tags", "rock,pop"),
    ],
)
def test_columns_of_genres_are_known_by_the_rule_of_a_catalogue(
    tmp_path: Path, header: str, cells: str
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"item,{header}\nx,{cells}\n", encoding="utf-8")
    assert read_item_groups(path, split(["x", "y"])).groups.toarray().tolist() == [[0.5, 0.5], [0, 0]]


def test_rows_of_a_matrix_are_named_by_number(tmp_path: Path) -> None:
    pd.DataFrame({"item": [20.0, 7.0], "tag": [3, 4]}).to_parquet(tmp_path / "items.parquet")
    groups = read_item_groups(tmp_path / "items.parquet", split([7, 8, 20]))
    assert groups.groups.toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


def test_a_file_of_other_items_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item,genre\nu,pop\nx,?\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match=r"no item with a genre .* such as 'x'"):
        read_item_groups(path, split(["x", "y"]))
    path.write_text("item,name\nx,pop\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match="one must be called genre"):
        read_item_groups(path, split(["x", "y"]))
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        read_item_groups(tmp_path / "none.csv", split(["x", "y"]))


FLAGS = "|".join("0" * 17)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "u.item",
            f"1|Toy Story (1995)|01-Jan-1995||http://x?Toy%20Story|1|1|{FLAGS}\n"
            f"2|GoldenEye (1995)|01-Jan-1995||http://x?Golden|0|1|{FLAGS}\n"
            f"3|Four Rooms (1995)|01-Jan-1995||http://x?Four|1|0|{FLAGS}\n",
        ),
        (
            "movies.dat",
            "1::Toy Story (1995)::Animation|Comedy\n2::Heat (1995)::Comedy\n3::Casino (1995)::Animation\n",
        ),
        (
            "movies.csv",
            "movieId,title,genres\n1,Toy Story (1995),Animation|Comedy\n2,Heat,Comedy\n3,x,Animation\n",
        ),
        ("movies.csv", '1,Toy Story,"Animation, Comedy"\n2,Heat,Comedy\n3,Sudden Death,Animation\n'),
    ],
)
def test_titles_are_never_taken_for_genres(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    groups = read_item_groups(path, split([1, 2, 3]))
    assert groups.groups.toarray().tolist() == [[0.5, 0.5], [0, 1], [1, 0]]


def test_a_table_of_titles_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("".join(f"{row},Song {row}\n" for row in range(1, 40)), encoding="utf-8")
    with pytest.raises(SourceSchemaError, match="no column whose values repeat as genres do"):
        read_item_groups(path, split([1, 2, 3]))
