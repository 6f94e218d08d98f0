"""Where things are and what they are called."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.architecture.tree import CODE, HANDLERS, ROOT, committed, imports, modules, name_of, parse

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINES = 300
MAX_MODULES = 12
PACKAGES = ("src", "training", "functions", "infra")
MAX_HANDLER_LINES = 45
VAGUE = {"utils", "util", "helpers", "helper", "common", "shared", "manager", "managers", "misc"}
RUNS_CODE_WHEN_LOADED = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

HOSTS = {
    "pypi": "org",
    "pythonhosted": "org",
    "npmjs": "org",
    "yarnpkg": "com",
    "anaconda": "org",
    "crates": "io",
}
REGISTRY = re.compile("|".join(rf"\b{name}\.{tld}\b" for name, tld in HOSTS.items()))
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|workspace|private|mnt)/\w|\b[A-Z]:\\+Users\b")


def lines(text: str) -> int:
    return len(text.splitlines())


def test_a_function_is_one_file() -> None:
    folders = [path for path in (ROOT / "functions").iterdir() if path.name != "__pycache__"]
    assert [path.parent for path in HANDLERS] == sorted(folders)
    found = [path for path in (ROOT / "functions").rglob("*") if "__pycache__" not in path.parts]
    assert sorted(path for path in found if path.is_file()) == HANDLERS


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_is_short_and_says_what_it_answers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert lines(text) <= MAX_HANDLER_LINES
    assert re.match(r'"""(GET|POST|PUT|PATCH|DELETE) /|"""On ', text), "the first line names route or trigger"


def test_no_module_is_too_long_to_read() -> None:
    sizes = {name_of(path): lines(path.read_text(encoding="utf-8")) for path in modules(*CODE)}
    assert {name: size for name, size in sizes.items() if size > MAX_LINES} == {}


def test_no_folder_has_more_modules_than_can_be_seen_at_once() -> None:
    found = Counter(path.parent for path in modules(*PACKAGES) if path.name != "__init__.py")
    assert {name_of(folder): count for folder, count in found.items() if count > MAX_MODULES} == {}


def test_no_class_has_the_name_of_another() -> None:
    found = Counter(
        node.name
        for path in modules(*PACKAGES)
        for node in parse(path).body
        if isinstance(node, ast.ClassDef)
    )
    assert {name: count for name, count in found.items() if count > 1} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {
        name_of(path): {*path.relative_to(ROOT).parent.parts, path.stem} for path in modules(*CODE, "tests")
    }
    assert {name for name, words in parts.items() if words & VAGUE} == set()


def test_nothing_is_loaded_that_runs_code() -> None:
    """Benchmarks may: joblib is the peer there."""
    users = [
        name_of(path)
        for path in modules("src", "training", "functions", "infra")
        if {name.split(".")[0] for name in imports(path)} & RUNS_CODE_WHEN_LOADED
    ]
    assert users == []


def test_numpy_is_never_allowed_to_unpickle() -> None:
    """`allow_pickle=True` is the back door of `.npy`."""
    opened = [
        f"{name_of(path)}:{node.value.lineno}"
        for path in modules("src", "training", "functions", "infra")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
        if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert opened == []


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE], ids=["package registry", "path of a machine"])
def test_no_committed_file_names_a(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in committed()
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]
    assert found == []
