"""Every event through its function, as built, under the real runtime client and with its layers only."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from infra.build_function import DIGEST, layers_digest
from tests.runtime.bundle import ROOT, Bundle, function_layers
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import EVENTS, EXPECTED, check_answer, read_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runtime.conftest import Published

pytestmark = pytest.mark.build

ASYNCHRONOUS = {"import_worker"}
"""Functions whose events get no answer: test_import.py looks at what they do."""
CASES = sorted(
    f"{path.parent.name}/{path.stem}"
    for path in EVENTS.glob("*/*.json")
    if path.parent.name not in ASYNCHRONOUS
)

PROBE = """
import importlib.util, os, sys

def handler(event, context):
    if event.get("raise"):
        raise ValueError("on purpose")
    found = [name for name in event["modules"] if importlib.util.find_spec(name)]
    return {"found": found, "pid": os.getpid(), "path": sys.path, "names": sorted(os.environ)}
"""


@pytest.fixture
def probe(tmp_path: Path) -> Bundle:
    folder = tmp_path / "probe"
    folder.mkdir()
    (folder / "handler.py").write_text(PROBE, encoding="utf-8")
    return Bundle(folder, function_layers("genre_preference"), {})


def test_every_event_has_an_expectation_and_every_expectation_an_event() -> None:
    assert sorted(EXPECTED) == CASES


@pytest.mark.parametrize("case", CASES)
def test_event_is_answered_as_expected(
    case: str, running: Callable[[str], Emulator], published_model: Published
) -> None:
    emulator = running(case.split("/", maxsplit=1)[0])
    answer = emulator.invoke(read_event(case))
    assert "statusCode" in answer, f"{answer}\n{emulator.log}"
    body = check_answer(case, answer)
    if "model_version" in body:
        assert body["model_version"] in published_model.versions


def test_a_station_goes_on_from_its_cursor(running: Callable[[str], Emulator]) -> None:
    event = read_event("radio_generate/user")
    first = json.loads(running("radio_generate").invoke(event)["body"])
    body = json.dumps({"cursor": first["cursor"]})
    answer = running("radio_generate").invoke(event | {"body": body})
    assert answer["statusCode"] == 200, answer
    assert not {track["track_id"] for track in json.loads(answer["body"])["tracks"]} & {
        track["track_id"] for track in first["tracks"]
    }


@pytest.mark.parametrize("function", sorted({case.split("/", maxsplit=1)[0] for case in CASES}))
def test_bundle_is_the_handler_our_package_and_a_digest_of_the_layers(
    function: str, build: Callable[[str], Bundle]
) -> None:
    folder = build(function).folder
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == {"handler.py", "segue", DIGEST}
    assert (folder / DIGEST).read_text().strip() == layers_digest(ROOT / "layers")
    names = {path.relative_to(folder / "segue").parts[0] for path in folder.glob("segue/**/*.py")}
    assert {"domain", "artifacts", "serving"} <= names
    assert [path for path in folder.rglob("*") if path.stem in {"cli", "sample"}] == []


def test_function_says_which_model_is_missing(
    build: Callable[[str], Bundle], published_model: Published, tmp_path: Path
) -> None:
    nothing = {"SEGUE_ARTIFACTS": f"{published_model.variables['SEGUE_ARTIFACTS']}/empty"}
    with Emulator(
        build("genre_preference"), published_model.variables | nothing, tmp_path / "log"
    ) as emulator:
        answer = emulator.invoke(read_event("genre_preference/ok"))
    assert answer["statusCode"] == 503
    assert '"error":"Genre model not found"' in answer["body"]


def test_only_the_bundle_its_layers_and_the_runtime_client_are_importable(
    probe: Bundle, tmp_path: Path
) -> None:
    inside = ["fastapi", "numpy", "onnxruntime", "psycopg_binary", "awslambdaric", "handler"]
    outside = ["boto3", "sklearn", "scipy", "typer", "rich", "pytest", "moto", "uvicorn", "segue", "training"]
    with Emulator(probe, {}, tmp_path / "log") as emulator:
        answer = emulator.invoke({"modules": inside + outside})
    assert answer["found"] == inside
    assert not [entry for entry in answer["path"] if "site-packages" in entry]


def test_function_sees_no_variable_of_the_caller(
    probe: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_LEAK", "1")
    with Emulator(probe, {"SEGUE_GIVEN": "1"}, tmp_path / "log") as emulator:
        names = emulator.invoke({"modules": []})["names"]
    assert "SEGUE_GIVEN" in names
    assert not {"SEGUE_LEAK", "HOME", "VIRTUAL_ENV"} & set(names)


def test_error_is_returned_as_lambda_does(probe: Bundle, tmp_path: Path) -> None:
    with Emulator(probe, {}, tmp_path / "log") as emulator:
        answer = emulator.invoke({"raise": True})
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "on purpose")


def test_nothing_is_left_running(probe: Bundle, tmp_path: Path) -> None:
    with Emulator(probe, {}, tmp_path / "log") as emulator:
        pid = emulator.invoke({"modules": []})["pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
