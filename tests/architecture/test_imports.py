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
    "importlib", "itertools", "math", "operator", "pkgutil", "re", "typing", "unicodedata", "weakref",
    "numpy", "segue.domain", "segue.errors",
}  # fmt: skip
"""What the domain may import: nothing here opens a file or a socket; nobody asks for the time."""

READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
TOO_HEAVY = {
    "boto3", "botocore", "sklearn", "scipy", "pandas", "matplotlib", "skl2onnx", "jinja2", "torch", "typer",
    "rich", "uvicorn", "training", "segue.cli", "segue.aws.profile", "psycopg", "faiss",
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
    """Besides it one hands AWS's own variables to the client of AWS, which every command and function has."""
    readers = {name_of(path) for path in modules("src", "training", "functions") if reads_environment(path)}
    assert readers == {"src/segue/serving/settings/environment.py", "src/segue/aws/environment.py"}


def reads_environment(path: Path) -> bool:
    attributes = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
    return bool((attributes | {name.removeprefix("os.") for name in imports(path)}) & READS_ENVIRONMENT)


def test_botocore_is_known_to_who_reads_a_profile() -> None:
    boto = {"boto3", "botocore"}
    users = {
        name_of(path): {name.split(".")[0] for name in imports(path)} & boto
        for path in modules("src", "training", "functions")
    }
    assert {name: used for name, used in users.items() if used} == {"src/segue/aws/profile.py": {"botocore"}}


def test_functions_and_training_are_namespaces() -> None:
    """With some `__init__.py` under `functions/`, import-linter would read only those folders."""
    assert [name_of(path) for path in modules("functions", "training") if path.name == "__init__.py"] == []


IMPORTS = """
import os, sys
import segue.serving.api.http  # every function does, so that one process can begin for all of them
for module in sys.argv[1:]:
    if not os.fork():
        __import__(module)
        print(module, *sys.modules, flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{module} cannot be imported")
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What has been imported when a function is ready, by the name of its module."""
    folder = tmp_path_factory.mktemp("functions")
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("SEGUE_", "AWS_"))}
    given = {
        "SEGUE_ARTIFACTS": str(folder / "artifacts"),
        "SEGUE_STORE": str(folder / "store.sqlite"),
        "SEGUE_CACHE_DIR": str(folder / "cache"),
        "SEGUE_STATE": str(folder / "state.sqlite"),
        "SEGUE_LAKE": str(folder / "lake"),
        "SEGUE_UPLOADS": str(folder / "uploads"),
        "SEGUE_CURSOR_KEYS": f"k:{'5e' * 32}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    command = [sys.executable, "-c", IMPORTS, *map(module_of, HANDLERS)]
    done = subprocess.run(
        command, cwd=folder, env=keep | given, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {line.split()[0]: set(line.split()[1:]) for line in done.stdout.splitlines()}


def module_of(handler: Path) -> str:
    return f"functions.{handler.parent.name}.handler"


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_function_imports_only_what_it_needs(path: Path, loaded: dict[str, set[str]]) -> None:
    # Powertools imports the bare package botocore, 1 ms, to see whether there is one.
    names = loaded[module_of(path)] - {"botocore"}
    assert module_of(path) in names
    heavy = tuple(f"{name}." for name in TOO_HEAVY)
    assert [name for name in sorted(names) if f"{name}.".startswith(heavy)] == []
