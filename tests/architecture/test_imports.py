"""Who may import whom, and what a function drags in."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import grimp
import pytest
from importlinter.application import use_cases
from importlinter.configuration import configure

from tests.architecture.tree import HANDLERS, ROOT, imports, modules, name_of, parse

if TYPE_CHECKING:
    from pathlib import Path

PURE = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "heapq",
    "itertools", "math", "operator", "re", "typing", "unicodedata", "weakref", "numpy", "segue.domain",
    "segue.errors",
}  # fmt: skip
"""What the domain may import: nothing here opens a file or a socket; nobody asks for the time."""

READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
TOO_HEAVY = {
    "boto3", "botocore", "sklearn", "scipy", "pandas", "matplotlib", "skl2onnx", "jinja2", "torch", "typer",
    "rich", "uvicorn", "training", "segue.cli", "psycopg", "faiss",
}  # fmt: skip
"""What no function may have imported when it is ready to answer from SQLite and a local folder."""


def test_import_rules_hold(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    kept = use_cases.lint_imports(str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


def test_import_rules_see_every_module() -> None:
    """An `__init__.py` in the wrong place makes import-linter read fewer files, and report success."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert set(settings["root_packages"]) == {"segue", "training", "functions"}
    seen = grimp.build_graph(*settings["root_packages"], cache_dir=None).modules
    on_disk = {dotted(path, "src") for path in modules("src")}
    on_disk |= {dotted(path, "") for path in modules("training", "functions")}
    assert "functions.genre_preference.handler" in on_disk
    assert on_disk - seen == set()


def dotted(path: Path, below: str) -> str:
    name = ".".join(path.relative_to(ROOT / below).with_suffix("").parts)
    return name.removesuffix(".__init__")


@pytest.mark.parametrize("path", modules("src/segue/domain"), ids=lambda path: path.stem)
def test_domain_is_numpy_and_the_standard_library(path: Path) -> None:
    strange = [name for name in imports(path) if not any(f"{name}.".startswith(f"{pure}.") for pure in PURE)]
    assert strange == []


def test_domain_does_not_know_what_time_it_is() -> None:
    asked = {
        f"{name_of(path)}:{node.lineno}"
        for path in modules("src/segue/domain")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
    }
    assert asked == set()


def test_one_module_reads_the_environment() -> None:
    readers = {name_of(path) for path in modules("src", "training", "functions") if reads_environment(path)}
    assert readers == {"src/segue/serving/settings.py"}


def reads_environment(path: Path) -> bool:
    attributes = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
    return bool((attributes | {name.removeprefix("os.") for name in imports(path)}) & READS_ENVIRONMENT)


def test_boto3_is_known_where_s3_and_dynamodb_are() -> None:
    users = [path for path in modules("src", "training", "functions") if boto_names(path)]
    # The secret's reader takes its time limits in botocore's own words.
    known = ["src/segue/artifacts/s3.py", "src/segue/serving/secret.py", "src/segue/state/dynamodb.py"]
    assert [name_of(path) for path in users] == known
    assert boto_names(ROOT / "src/segue/serving/secret.py") == {"botocore"}


def boto_names(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & {"boto3", "botocore"}


def test_functions_and_training_are_namespaces() -> None:
    """With some `__init__.py` under `functions/`, import-linter would read only those folders."""
    assert [name_of(path) for path in modules("functions", "training") if path.name == "__init__.py"] == []


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_function_imports_only_what_it_needs(path: Path, tmp_path: Path) -> None:
    module = f"functions.{path.parent.name}.handler"
    code = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("SEGUE_", "AWS_"))}
    given = {
        "SEGUE_ARTIFACTS": str(tmp_path / "artifacts"),
        "SEGUE_STORE": str(tmp_path / "store.sqlite"),
        "SEGUE_CACHE_DIR": str(tmp_path / "cache"),
        "SEGUE_STATE": str(tmp_path / "state.sqlite"),
        "SEGUE_LAKE": str(tmp_path / "lake"),
        "SEGUE_UPLOADS": str(tmp_path / "uploads"),
        "SEGUE_CURSOR_KEYS": f"k:{'5e' * 32}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=keep | given, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert module in loaded
    loaded.discard("botocore")  # Powertools imports the bare package, 1 ms, to see whether there is one
    heavy = tuple(f"{name}." for name in TOO_HEAVY)
    assert [name for name in sorted(loaded) if f"{name}.".startswith(heavy)] == []
