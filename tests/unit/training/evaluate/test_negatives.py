"""What was sampled is ranked against what was found, as the older tables did, and its faults are counted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, save_npz

from segue.errors import SourceSchemaError, SourceUnavailableError
from training.evaluate.negatives import Negatives, read_negatives, sampled_accuracy
from training.evaluate.reader import InteractionTable, read_interactions
from training.evaluate.split import Protocol, Split, divide

DATA = os.environ.get("SEGUE_DATA_DIR")
SAMPLED = [[0, 2, 6], [1, 3, 7], [0, 1, 6]]
"""User 0 had 6 and 7 and is tested on 1; user 1 had 7 and is tested on 3; user 2 had 5, is not tested."""


def split() -> Split:
    def table(rows: list[tuple[int, int]]) -> InteractionTable:
        user, item = np.array(rows).T
        return InteractionTable(user, item, np.ones(len(user), np.float32), shape=(3, 8))

    return divide(table([(0, 6), (0, 7), (1, 7), (2, 5)]), table([(0, 1), (1, 3)]), Protocol.GIVEN, seed=1)


def write(path: Path) -> Path:
    if path.name == "arrays.npz":
        np.savez(path, user=np.arange(3), pos=np.array([1, 3, 4]), neg=np.array(SAMPLED))
    elif path.suffix == ".npz":
        users = np.repeat(np.arange(3), 3)
        save_npz(path, csr_matrix((np.ones(9), (users, np.ravel(SAMPLED))), shape=(3, 8)))
    else:
        lines = [" ".join(map(str, items)) for items in SAMPLED]
        form = "({},1)\t{}\n" if path.suffix == ".negative" else "{} {}\n"
        path.write_text("".join(form.format(user, line) for user, line in enumerate(lines)), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["arrays.npz", "matrix.npz", "lists.txt", "test.negative"])
def test_every_form_gives_the_same_and_says_what_is_wrong_with_it(name: str, tmp_path: Path) -> None:
    negatives = read_negatives(write(tmp_path / name), split())
    assert [negatives.items[user].indices.tolist() for user in range(3)] == [[0, 2, 6], [1, 7], [0, 1, 6]]
    assert negatives.basis == (
        f"sampled: 2 to 3 items for each of 2 tested users in {name}; 2 pairs are in training too and stay, "
        "as published; 1 in the test too and 0 of unknown users or items are left out"
    )


@dataclass(frozen=True, slots=True)
class Given:
    """Scores every item by a row of numbers."""

    row: tuple[float, ...]
    model = None

    def scores(self, histories: csr_matrix) -> np.ndarray:
        return np.tile(np.array(self.row, np.float32), (histories.shape[0], 1))


def test_only_sampled_items_stand_against_the_one_that_was_found(tmp_path: Path) -> None:
    negatives = read_negatives(write(tmp_path / "arrays.npz"), split())
    # Of user 0: 6, which was had and stays, then 1; items 3, 4, 5 and 7 are not sampled. Of user 1: 3 first.
    scorer = Given((0.1, 0.5, 0.2, 0.6, 0.9, 0.9, 0.7, 0.4))
    (first, second), (third, _) = (
        sampled_accuracy(scorer, split(), negatives, k)["sampled_ndcg"] for k in (2, 1)
    )
    assert (first, second, third) == (pytest.approx(1 / np.log2(3)), 1, 0)
    assert sampled_accuracy(scorer, split(), negatives, 1)["sampled_hit_rate"].tolist() == [0, 1]


def test_users_without_sampled_items_have_no_figure() -> None:
    items = csr_matrix((np.ones(1, np.float32), ([1], [0])), shape=(3, 8))
    values = sampled_accuracy(Given((0.0,) * 8), split(), Negatives(items, ""), 2)
    assert values["sampled_hit_rate"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)


def test_what_is_no_sample_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.negative"
    path.write_text("(0,1)\t3 4\n1 5 6\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match=r"line 2: '1 5 6' is not `\(user,item\) sampled"):
        read_negatives(path, split())
    path.write_text("(2,1)\t3 4\n", encoding="utf-8")
    with pytest.raises(SourceSchemaError, match="it samples no item for a user who is tested"):
        read_negatives(path, split())
    np.savez(tmp_path / "flat.npz", user=np.arange(3), neg=np.arange(3))
    with pytest.raises(SourceSchemaError, match=r"neg \(3,\); give a row of neg a user"):
        read_negatives(tmp_path / "flat.npz", split())
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(SourceSchemaError, match=r"broken\.npz holds no samples"):
        read_negatives(tmp_path / "broken.npz", split())
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        read_negatives(tmp_path / "none.negative", split())


@pytest.mark.realdata
@pytest.mark.skipif(DATA is None, reason="SEGUE_DATA_DIR names no folder of the public data sets")
def test_the_published_sample_holds_2520_items_that_its_users_had() -> None:
    folder = Path(DATA or "") / "ncf_lastfm"
    train, test = (read_interactions(folder / f"lastfm_{part}.npz") for part in ("train", "test"))
    basis = read_negatives(
        folder / "lastfm_test_negative.npz", divide(train, test, Protocol.GIVEN, seed=1)
    ).basis
    assert "for each of 1741 tested users" in basis
    assert "2434 pairs are in training too and stay" in basis
    assert "86 in the test too and 0 of unknown" in basis
