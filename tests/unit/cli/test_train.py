"""`segue train`: what it asks of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from segue.cli import app, train
from segue.errors import SourceUnavailableError

if TYPE_CHECKING:
    import pytest


def test_a_whole_store_may_take_longer_to_read_than_one_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def open_store(location: str, *, timeout_s: float = 10.0) -> None:
        asked.append(timeout_s)
        raise SourceUnavailableError(location)

    monkeypatch.setattr(train, "open_store", open_store)
    result = CliRunner().invoke(app, ["train", "genre-preference", "--store", "large.sqlite"])
    assert isinstance(result.exception, SourceUnavailableError)
    assert asked[0] > 60
