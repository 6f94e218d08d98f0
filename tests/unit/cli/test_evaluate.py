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


def test_a_given_test_is_read_and_its_strangers_are_told(run, tmp_path: Path) -> None:
    done = run("--test", str(tmp_path / "test.csv"), "--models", "popularity")
    assert done.exception is None, done.output
    assert "strangers: 1 users and 0 items" in done.output


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
def test_what_is_asked_wrongly_is_said(arguments: tuple[str, ...], message: str, run) -> None:
    error = run(*arguments).exception
    assert isinstance(error, InvalidInputError)
    assert message in str(error)


def test_a_file_that_cannot_be_written_is_said(run, tmp_path: Path) -> None:
    arguments = ("--protocol", "temporal", "--models", "popularity", "--json", str(tmp_path))
    assert isinstance(run(*arguments).exception, SourceUnavailableError)
