"""The described API as a client sees it: what generators need, and two of them that make whole clients."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "docs" / "openapi.json"
DESCRIBED: dict[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
SCHEMAS = DESCRIBED["components"]["schemas"]
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method} {path}": operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}
PYTHON = ROOT / ".venv-openapi" / "bin" / "python"
NODE = ROOT / ".build" / "node" / "node_modules" / ".bin"

each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_schemas_have_names_of_their_own() -> None:
    assert [name for name in SCHEMAS if "__" in name] == []


@each_operation
def test_errors_are_described_as_they_come(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert {"4XX", "5XX"} <= responses.keys()
    for status in ("4XX", "5XX"):
        assert list(responses[status]["content"]) == ["application/problem+json"]


@each_operation
def test_a_key_is_asked_for_but_for_health(name: str) -> None:
    asked = [] if name == "get /health" else [{"key": []}]
    assert OPERATIONS[name]["security"] == asked
    scheme = DESCRIBED["components"]["securitySchemes"]["key"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "x-api-key")


@each_operation
def test_what_is_sent_has_a_body(name: str) -> None:
    assert ("requestBody" in OPERATIONS[name]) is name.startswith(("post", "put"))


def test_servers_are_named() -> None:
    own, aws = DESCRIBED["servers"]
    assert own["url"] == "/"
    assert set(re.findall(r"{(\w+)}", aws["url"])) == set(aws["variables"])


@pytest.mark.parametrize(
    ("schema", "field"),
    [("RecommendRequest", "user_id"), ("FeedbackEvent", "track_id"), ("SimilarRequest", "track_id")],
)
def test_an_id_may_be_a_number(schema: str, field: str) -> None:
    assert {"integer", "string"} <= types_of(SCHEMAS[schema]["properties"][field])


def types_of(schema: dict[str, Any]) -> set[str]:
    found = {schema["type"]} if "type" in schema else set()
    return found.union(*map(types_of, schema.get("anyOf", ())))


def test_a_python_client_is_made_whole(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("openapi-python-client is not installed: `make test` does so")
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\n", encoding="utf-8")
    client = tmp_path / "segue_client"
    command = ["generate", "--path", str(SNAPSHOT), "--output-path", str(client), "--config", str(config)]
    run(str(PYTHON), "-m", "openapi_python_client", *command, "--meta", "none", "--fail-on-warning")
    made = {path.stem for path in (client / "api").glob("*/*.py")} - {"__init__"}
    assert made == {operation["operationId"] for operation in OPERATIONS.values()}
    program = (
        "from segue_client.models import RecommendRequest as R; print(R(user_id=12).to_dict()['user_id'])"
    )
    assert run(str(PYTHON), "-c", program, cwd=tmp_path).strip() == "12"


def test_a_typescript_client_is_made_whole(tmp_path: Path) -> None:
    if not (NODE / "openapi-typescript").exists():
        pytest.skip("openapi-typescript is not installed: `make test` does so where npm is")
    types = tmp_path / "segue.ts"
    # Else a field with a default may not be left out.
    options = ("--default-non-nullable", "false")
    run(str(NODE / "openapi-typescript"), str(SNAPSHOT), "--output", str(types), *options)
    text = types.read_text(encoding="utf-8").partition("export interface operations {")[2]
    named = set(re.findall(r"^    (\w+): \{$", text, re.MULTILINE))
    assert named == {operation["operationId"] for operation in OPERATIONS.values()}
    use = tmp_path / "use.ts"
    use.write_text(
        'import type { components } from "./segue";\n'
        'const asked: components["schemas"]["RecommendRequest"] = { user_id: 12, mood: "chill" };\n'
        'const problem: components["schemas"]["Problem"]["detail"] = String(asked.user_id);\n'
        "export { problem };\n",
        encoding="utf-8",
    )
    run(str(NODE / "tsc"), "--noEmit", "--strict", "--skipLibCheck", str(use))


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout
