"""`segue evaluate`: every figure on the screen and in the file, and one line for what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import InvalidInputError, SourceUnavailableError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = [(user, user % 2 * 10 + item) for user in range(40) for item in rng.permutation(10)[:6]]
    text = "".join(f"u{user},i{item},{order}\n" for order, (user, item) in enumerate(rows))
    (tmp_path / "train.csv").write_text("user,item,timestamp\n" + text, encoding="utf-8")
    (tmp_path / "test.csv").write_text("user,item\nu0,i19\nnew,i1\n", encoding="utf-8")

    def invoke(*arguments: str):
        given = ["evaluate", "--train", str(tmp_path / "train.csv"), "--k", "5", *arguments]
        return CliRunner().invoke(app, given, env={"COLUMNS": "60"})

    return invoke


def test_a_division_is_accounted_for_measured_and_compared(run, tmp_path: Path) -> None:
    file = tmp_path / "figures" / "out.json"
    done = run("--protocol", "leave-last", "--models", "popularity, item-knn", "--json", str(file))
    assert done.exception is None, done.output
    for words in (
        "leak: 0 test pairs",
        "40 users are tested",
        "recall@5",
        "±0.",
        "peak memory",
        "model size",
    ):
        assert words in done.output
    assert "item-knn over popularity: NDCG@5 +" in done.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert [model["name"] for model in figures["models"]] == ["item-knn", "popularity"]
    assert figures["models"][0]["metrics"]["ndcg"]["split"] == "leave-last: train.csv"
    assert (figures["k"], figures["seed"], figures["weights"], figures["split"]["users_tested"]) == (
        5, 17, "binary", 40,
    )  # fmt: skip


def test_a_given_test_is_read_and_its_unknown_users_are_reported(run, tmp_path: Path) -> None:
    done = run("--test", str(tmp_path / "test.csv"), "--models", "popularity")
    assert done.exception is None, done.output
    assert "strangers: 1 users and 0 items" in done.output


def test_items_and_negatives_add_figures_and_say_what_they_are(run, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        "item,genre\n" + "".join(f"i{item},{'rock' if item < 10 else 'pop;disco'}\n" for item in range(20)),
        encoding="utf-8",
    )
    (tmp_path / "negatives.txt").write_text("u0 i1 i2 i3\n", encoding="utf-8")
    file, test = tmp_path / "out.json", tmp_path / "held.tsv"
    test.write_text("u0\ti19\nu1\ti1\n", encoding="utf-8")
    shared = ("--test", str(test), "--models", "item-knn", "--k", "3", "--json", str(file))
    done = run(*shared)
    assert done.exception is None, done.output
    assert "calibration by thirds of popularity (no --items file)" in done.output
    assert "sampled" not in done.output
    files = ("--items", str(tmp_path / "items.csv"), "--negatives", str(tmp_path / "negatives.txt"))
    done = run(*shared, *files)
    assert done.exception is None, done.output
    assert "by genre: 3 genres in items.csv, 20 of 20 items have one" in done.output
    assert "sampled: 3 items for each of 1 tested users in negatives.txt" in done.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    metrics = figures["models"][0]["metrics"]
    assert metrics["diversity"]["value"] == 0
    assert metrics["calibration"]["value"] == pytest.approx(0, abs=1e-6)
    assert (metrics["sampled_hit_rate"]["n"], metrics["hit_rate"]["n"]) == (1, 2)
    assert any(note.startswith("sampled: 3 items") for note in figures["notes"])


def test_a_metric_that_means_nothing_for_one_model_has_a_dash_there(run, tmp_path: Path) -> None:
    """Genres are known of two items of one block: popularity's list of two, the same for all, lacks them."""
    train, test, items = (tmp_path / name for name in ("t.csv", "e.csv", "i.csv"))
    pairs = [(user, item) for user in range(30) for item in (range(4) if user < 8 else range(10, 14))]
    pairs = [pair for pair in pairs if pair not in {(0, 2), (0, 3)}]
    train.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in pairs), encoding="utf-8")
    test.write_text("user,item\n0,2\n0,3\n", encoding="utf-8")
    items.write_text("item,genre\n2,rock\n3,pop\n", encoding="utf-8")
    done = run(
        *("--train", str(train), "--test", str(test), "--items", str(items), "--k", "2"),
        *("--models", "popularity,item-knn"),
    )
    assert done.exception is None, done.output
    (row,) = (line.split() for line in done.output.splitlines() if "diversity@2" in line)
    assert row == ["diversity@2", "1.0000", "–"]


def test_dropped_rows_are_reported_before_any_fit(run, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("".join(f"u{user},i{item}\n" for user in range(9) for item in range(4)) + "?,i1\n")
    done = run("--train", str(path), "--protocol", "random-8-1-1", "--models", "popularity")
    assert done.exception is None, done.output
    told = ("no header; the columns are read as user, item", "1 of 37 rows dropped", "popularity: fitting")
    places = [done.output.index(words) for words in told]
    assert places == sorted(places)


def test_a_search_is_kept_and_gone_on_with(run, tmp_path: Path) -> None:
    arguments = ("--protocol", "random-8-1-1", "--models", "item-knn", "--trials", str(tmp_path / "trials"))
    first = run(*arguments, "--budget-minutes", "0.000001")
    assert first.exception is None, first.output
    journal = tmp_path / "trials" / "item-knn.jsonl"
    assert len(journal.read_text(encoding="utf-8").splitlines()) == 2
    again = run(*arguments, "--budget-minutes", "0.005")
    assert again.exception is None, again.output
    assert len(journal.read_text(encoding="utf-8").splitlines()) > 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--protocol", "guess"), "--protocol is 'guess': choose one of given, temporal, leave-last"),
        (("--weights", "heavy"), "--weights is 'heavy': choose one of binary, log, raw"),
        (("--models", "popularity,gnn"), "model 'gnn' is unknown; choose from popularity"),
        ((), "protocol given needs a test file"),
    ],
)
def test_wrong_options_are_reported(arguments: tuple[str, ...], message: str, run) -> None:
    error = run(*arguments).exception
    assert isinstance(error, InvalidInputError)
    assert message in str(error)


def test_an_unwritable_file_is_reported_before_any_fit(run, tmp_path: Path) -> None:
    done = run("--protocol", "temporal", "--models", "popularity", "--json", str(tmp_path))
    assert isinstance(done.exception, SourceUnavailableError)
    assert "fitting" not in done.output


def test_a_model_that_was_named_and_cannot_be_fitted_ends_with_1(run, tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("user,item\n" + "".join(f"{u},{u}\n" for u in range(30)), encoding="utf-8")
    test.write_text("user,item\n0,1\n", encoding="utf-8")
    files, figures = ("--train", str(train), "--test", str(test)), tmp_path / "f.json"
    done = run(*files, "--models", "popularity,blend", "--json", str(figures), "--k", "40")
    assert done.exit_code == 1
    assert "blend was not fitted" in done.output
    assert "--k is 40, and there are 30 items" in done.output
    assert [model["name"] for model in json.loads(figures.read_text())["models"]] == ["popularity"]
