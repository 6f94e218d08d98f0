"""The layers as Lambda gets them: complete, stripped, compiled, and importable by Lambda's own Python."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.build_layer import UNUSED, check_versions, strip
from infra.bytecode import RUNTIME, runtime_python
from infra.check_build import foreign_libraries
from infra.template import FUNCTION, LAYER, folder_of, layers_of, resources
from tests.runtime.bundle import ROOT, function_properties, template

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runtime.bundle import Bundle

FUNCTIONS = [folder_of(name) for name, _ in resources(template(), FUNCTION)]
LAYERS = [name for name, _ in resources(template(), LAYER)]
PYTHON = runtime_python()

pytestmark = pytest.mark.build
on_lambdas_python = pytest.mark.skipif(
    PYTHON is None or sys.platform != "linux" or platform.machine() != "x86_64",
    reason=f"needs a Python {RUNTIME} on x86-64 Linux, to import what was built for it",
)


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every layer for x86_64, by logical id, made by the target that SAM runs."""
    made = {}
    for name in LAYERS:
        made[name] = tmp_path_factory.mktemp(name)
        where = [f"ARTIFACTS_DIR={made[name]}", f"PYTHON={sys.executable}", f"UV={sys.prefix}/bin/uv"]
        subprocess.run(
            ["make", "--silent", f"build-{name}", "ARCH=x86_64", *where], cwd=ROOT, check=True, timeout=300
        )
    return made


def run_on_lambdas_python(code: str, path: list[Path], **variables: str) -> str:
    environment = {"PYTHONPATH": ":".join(map(str, path)), "PATH": "/usr/bin:/bin", **variables}
    command = [str(PYTHON), "-S", "-B", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@on_lambdas_python
@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_imports_with_its_layers_only(
    function: str, build: Callable[[str], Bundle], layers: dict[str, Path], tmp_path: Path
) -> None:
    mine = [layers[name] / "python" for name in layers_of(function_properties(function))]
    path = [build(function).folder, *mine]
    # The alias is missing: INIT finds no model and must not fail for it.
    names = ("SEGUE_ARTIFACTS", "SEGUE_STORE", "SEGUE_STATE", "SEGUE_LAKE", "SEGUE_UPLOADS")
    variables = {name: str(tmp_path / "none") for name in names}
    variables["SEGUE_CURSOR_KEYS"] = f"k:{'5e' * 32}"
    code = "import handler, sys; print(callable(handler.handler), sys.version_info[:2])"
    # What is missing is logged first.
    assert run_on_lambdas_python(code, path, **variables).endswith("True (3, 13)\n")


@on_lambdas_python
@pytest.mark.parametrize("function", ["import_upload", "import_worker"])
def test_zones_have_names_where_the_system_has_no_files_of_them(
    function: str, build: Callable[[str], Bundle], layers: dict[str, Path]
) -> None:
    mine = [layers[name] / "python" for name in layers_of(function_properties(function))]
    code = (
        "from datetime import datetime; from segue.sources.export.moment import read_zone; "
        "print(datetime(2026, 7, 1, tzinfo=read_zone('Europe/Berlin')).utcoffset())"
    )
    found = run_on_lambdas_python(code, [build(function).folder, *mine], PYTHONTZPATH="")
    assert found == "2:00:00\n"


@on_lambdas_python
def test_wheels_with_compiled_code_are_those_of_the_platform(layers: dict[str, Path]) -> None:
    # psycopg falls back to the system's libpq in silence, and Lambda has none.
    code = "import psycopg, numpy, onnxruntime; print(psycopg.pq.__impl__, numpy.ones(3).sum())"
    assert run_on_lambdas_python(code, [layer / "python" for layer in layers.values()]) == "binary 3.0\n"


@pytest.mark.skipif(PYTHON is None, reason=f"needs a Python {RUNTIME}, to compile with")
@pytest.mark.parametrize("name", LAYERS)
def test_every_module_is_compiled_for_lambdas_python(name: str, layers: dict[str, Path]) -> None:
    tag = f"cpython-{RUNTIME.replace('.', '')}"
    sources = list(layers[name].rglob("*.py"))
    missing = [s for s in sources if not (s.parent / "__pycache__" / f"{s.stem}.{tag}.pyc").exists()]
    assert sources
    assert missing == []


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_stripped_and_keeps_its_metadata(name: str, layers: dict[str, Path]) -> None:
    packages = layers[name] / "python"
    assert [path for pattern in UNUSED for path in packages.glob(pattern)] == []
    assert all((info / "METADATA").exists() for info in packages.glob("*.dist-info"))


@pytest.mark.parametrize("name", LAYERS)
def test_layer_names_no_folder_of_the_build_machine(name: str, layers: dict[str, Path]) -> None:
    here = str(layers[name]).encode()
    assert [path for path in layers[name].rglob("*.pyc") if here in path.read_bytes()] == []


def test_libraries_are_of_one_architecture(layers: dict[str, Path]) -> None:
    onnx = layers["OnnxLayer"]
    assert foreign_libraries(onnx, "x86_64") == []
    assert foreign_libraries(onnx, "arm64") != []


def installed(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:00
typing-extensions==4.16.0 ; python_full_version < '3.13' \\
    --hash=sha256:11
"""


def test_pinned_versions_are_accepted_and_a_pin_for_another_python_may_stay_away(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    installed(tmp_path / "python", "numpy", "2.4.6")
    check_versions(tmp_path / "lock", tmp_path / "python")


@pytest.mark.parametrize(
    "arrived",
    [
        {"numpy": "2.4.5"},
        {},
        {"numpy": "2.4.6", "six": "1.0"},
        {"numpy": "2.4.6", "typing_extensions": "4.0"},
    ],
)
def test_other_versions_than_the_pins_are_refused(arrived: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    for name, version in arrived.items():
        installed(tmp_path / "python", name, version)
    with pytest.raises(SystemExit, match="differ from the pins"):
        check_versions(tmp_path / "lock", tmp_path / "python")


def test_strip_leaves_what_is_imported(tmp_path: Path) -> None:
    for name in ("numpy/tests/test_x.py", "numpy/core.py", "numpy/core.pyi", "numpy/include/a.h", "bin/f2py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    strip(tmp_path)
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == ["numpy/core.py"]
