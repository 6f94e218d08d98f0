"""A rotated secret is read again, when the database refuses the one at hand, and only then."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from segue.errors import SourceUnavailableError
from segue.serving.api.http import http_api
from segue.serving.settings.database import LiveDatabase, follow_store
from tests.runtime.music_store import write_store


class Secret:
    """The store's address; counts how often it was read anew."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.fresh = 0

    def __call__(self, *, fresh: bool) -> str:
        self.fresh += fresh
        return self.location


def test_a_store_that_answers_is_not_looked_up_again(tmp_path) -> None:
    secret = Secret(str(write_store(tmp_path / "a.sqlite", 20)))
    database = LiveDatabase(secret)
    assert database.read_purchases(12).customers.tolist() == [12]
    assert secret.fresh == 0


def test_a_refused_address_is_looked_up_again(tmp_path) -> None:
    secret = Secret(str(tmp_path / "gone.sqlite"))
    database = LiveDatabase(secret)
    secret.location = str(write_store(tmp_path / "moved.sqlite", 20))
    assert database.read_purchases(12).customers.tolist() == [12]
    assert database.read_purchases(11).customers.tolist() == [11]
    assert secret.fresh == 1


def test_an_address_that_did_not_change_is_the_error_itself(tmp_path) -> None:
    database = LiveDatabase(Secret(str(tmp_path / "gone.sqlite")))
    with pytest.raises(SourceUnavailableError, match=r"gone\.sqlite"):
        database.read_purchases(12)


def test_a_service_without_a_store_says_so_to_its_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEGUE_STORE", "SEGUE_STORE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    api = http_api("test")

    @api.get("/x")
    def route() -> None:
        follow_store().read_purchases(12)

    answer = TestClient(api).get("/x")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_store")
    assert "this service has no store. Whoever runs it sets SEGUE_STORE" in answer.json()["detail"]
