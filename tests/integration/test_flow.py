"""A store's life: no model, training, answers, a purchase that counts at once, a rollback."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.artifacts.family import FAMILIES
from segue.cli import app
from tests.integration.server import call, segue, serving
from tests.runtime.music_store import NO_PURCHASES, write_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMER = {"customer_id": 12}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flow")
    write_store(folder / "store.sqlite", customers=300)
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(folder, "--store", "store.sqlite", "--refresh-ttl-s", "0") as url:
        yield url


TRAIN = ("train", "genre-preference", "--store", "store.sqlite")


def here(folder: Path, *arguments: str) -> str:
    """Run the command line in this process, which has imported what a new one would import again."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, arguments)
    assert done.exception is None, done.output
    return done.stdout


def champion(folder: Path) -> str:
    shown = here(folder, "models", "show", "genre-preference", "--json")
    return json.loads(shown)["manifest"]["version"]


def test_before_training_503_names_the_command(url: str) -> None:
    status, body, headers = call(f"{url}/api/model", CUSTOMER)
    assert (status, body["error"]) == (503, "Genre model not found")
    assert "segue train genre-preference" in body["detail"]
    assert int(headers["retry-after"]) > 0
    status, body, _ = call(f"{url}/health")
    assert (status, body["status"], body["models"]) == (200, "degraded", dict.fromkeys(FAMILIES))


def test_training_is_followed_without_a_restart(folder: Path, url: str) -> None:
    output = segue(*TRAIN, cwd=folder).stdout
    assert "own past favourite" in output
    status, body, _ = call(f"{url}/api/model", CUSTOMER)
    assert (status, body) == (200, {"Genre": "Rock"})
    health = call(f"{url}/health")[1]
    assert health["models"]["genre-preference"]["version"] == champion(folder)
    # Nobody has promoted a recommender: that is no fault.
    assert (health["status"], health["models"]["hybrid"]) == ("ok", None)


def test_training_again_on_the_same_data_does_nothing(folder: Path) -> None:
    before = champion(folder)
    assert "is live, of this data" in here(folder, *TRAIN)
    assert champion(folder) == before


def test_details_say_who_answered(folder: Path, url: str) -> None:
    _, body, _ = call(f"{url}/api/model?details=true", CUSTOMER)
    assert body["model_version"] == champion(folder)
    assert body["answered_by"] in {"forest", "own_past_favourite", "most_common_genre"}
    assert sum(body["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert max(body["probabilities"], key=body["probabilities"].get) == body["Genre"]


def test_a_customer_without_purchases_gets_the_most_common_genre(url: str) -> None:
    _, body, _ = call(f"{url}/api/model?details=true", {"customer_id": NO_PURCHASES})
    assert (body["Genre"], body["answered_by"]) == ("Rock", "most_common_genre")
    assert "no purchases" in body["because"]


def test_an_unknown_customer_is_404(url: str) -> None:
    status, body, _ = call(f"{url}/api/model", {"customer_id": 999})
    assert (status, body["error"]) == (404, "Customer with ID 999 not found.")


def test_the_latest_purchase_counts_in_the_next_answer(folder: Path, url: str) -> None:
    _, before, _ = call(f"{url}/api/model?details=true", CUSTOMER)
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite")) as database, database:
        cursor = database.execute(
            "INSERT INTO invoice (customer_id, invoice_date) VALUES (12, '2027-02-01 10:00:00')"
        )
        database.execute(  # track 2 is Jazz
            "INSERT INTO invoice_line (invoice_id, track_id, unit_price, quantity) VALUES (?, 2, 0.99, 500)",
            (cursor.lastrowid,),
        )
    _, after, _ = call(f"{url}/api/model?details=true", CUSTOMER)
    assert (before["Genre"], after["Genre"]) == ("Rock", "Jazz")
    assert after["model_version"] == before["model_version"]


def test_a_second_version_goes_live_and_a_rollback_takes_it_back(folder: Path, url: str) -> None:
    first = champion(folder)
    here(folder, *TRAIN, "--seed", "3", "--trees", "40")
    second = champion(folder)
    assert second != first
    assert call(f"{url}/api/model?details=true", CUSTOMER)[1]["model_version"] == second
    differing = json.loads(here(folder, "models", "diff", "genre-preference", "--json"))
    assert differing["params.n_estimators"] == [60, 40]
    here(folder, "models", "rollback", "genre-preference", "--reason", "a test")
    assert champion(folder) == first
    assert call(f"{url}/api/model?details=true", CUSTOMER)[1]["model_version"] == first
    assert call(f"{url}/health")[1]["models"]["genre-preference"]["version"] == first


def test_the_report_is_one_page_without_links_outside(folder: Path) -> None:
    page = next((folder / "var" / "artifacts").rglob("report.html")).read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "Macro F1" in page
    assert "past favourite" in page
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []


def test_the_documentation_works_offline(url: str) -> None:
    status, page, _ = call(f"{url}/docs")
    assert status == 200
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any(asset.endswith(".js") for asset in assets)
    for asset in assets:
        assert asset.startswith("/"), f"{asset} needs the internet"
        assert call(url + asset)[0] == 200
    _, described, _ = call(f"{url}/openapi.json")
    assert {"/api/model", "/health"} <= described["paths"].keys()


def test_a_taken_port_is_a_clear_error(folder: Path, url: str) -> None:
    port = url.rsplit(":", 1)[1]
    run = segue("serve", "--store", "store.sqlite", "--port", port, cwd=folder, check=False)
    assert run.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in run.stderr


def test_whoever_has_no_store_is_served_the_rest(tmp_path: Path) -> None:
    with serving(tmp_path, "--artifacts", "none") as url:
        assert call(f"{url}/health")[0] == 200
    run = segue("serve", "--store", "absent.sqlite", "--port", "0", cwd=tmp_path, check=False)
    assert run.returncode == 1
    assert "no file at absent.sqlite" in run.stderr


def test_a_store_that_is_not_there_is_a_clear_error(folder: Path) -> None:
    run = segue("train", "genre-preference", "--store", "absent.sqlite", cwd=folder, check=False)
    assert run.returncode == 1
    assert "absent.sqlite" in run.stderr
    assert "Traceback" not in run.stderr
