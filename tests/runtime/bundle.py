"""What Lambda would unpack for a function, made for this machine's Python: bundle, layers, runtime client."""

from __future__ import annotations

import compileall
import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files
from pathlib import Path

from infra.template import FUNCTION, folder_of, layers_of, load, resources

ROOT = Path(__file__).parents[2]
HOST = ROOT / ".build" / f"host-{sys.implementation.cache_tag}"
_RUNTIME_CLIENT = ("awslambdaric", "snapshot-restore-py", "simplejson")
_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A function's own folder, its layers, and its variables as far as the template spells them out."""

    folder: Path
    layers: tuple[Path, ...]
    variables: dict[str, str]


def build_bundle(function: str, into: Path, like: Path | None = None) -> Bundle:
    """Run the make target that `sam build` runs, so that what is tested is never an older build.

    ``like`` is the folder of another function's: the package is the same, so its bytecode for this machine's
    Python is taken over, and compiled anew only where it does not fit the source.
    """
    logical_id = next(name for name, _ in resources(template(), FUNCTION) if folder_of(name) == function)
    command = ["make", "--silent", f"build-{logical_id}", f"ARTIFACTS_DIR={into}", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    for made in like.glob(f"segue/**/*.{sys.implementation.cache_tag}.pyc") if like else ():
        target = into / made.relative_to(like)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(made, target)
    compile_for_host(into)
    return Bundle(into, function_layers(function), function_variables(function))


@cache
def template() -> dict[str, object]:
    return load(ROOT / "template.yaml")


def function_properties(function: str) -> dict[str, object]:
    return next(found for name, found in resources(template(), FUNCTION) if folder_of(name) == function)


def function_layers(function: str) -> tuple[Path, ...]:
    return tuple(host_layer(folder_of(name)) for name in layers_of(function_properties(function)))


def function_variables(function: str) -> dict[str, str]:
    """Return the variables whose values are plain text in the template; a stack fills in the others."""
    common = template()["Globals"]["Function"]["Environment"]["Variables"]  # type: ignore[index]
    own = function_properties(function)["Environment"]["Variables"]  # type: ignore[index]
    return {name: value for name, value in (common | own).items() if isinstance(value, str)}


def host_layer(name: str) -> Path:
    """Install a layer's lock file for this Python, once per content."""
    lock = ROOT / "layers" / name / "requirements.txt"
    folder = HOST / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"

    def install(into: Path) -> None:
        uv = Path(sys.prefix, "bin", "uv")
        flags = ["--quiet", "--python", sys.executable, "--only-binary", ":all:", "--require-hashes"]
        command = [str(uv), "pip", "install", *flags, "--target", str(into), "--requirement", str(lock)]
        subprocess.run(command, check=True, timeout=300)

    return _made_once(folder, install)


def runtime_client() -> Path:
    """Copy the runtime client and its needs out of this environment: Lambda brings them, no layer does."""
    return _copied("runtime-client", _RUNTIME_CLIENT)


def runtime_sdk() -> Path:
    """Copy boto3 and its needs, which Lambda brings too. No function uses it; Powertools looks for it."""
    return _copied("runtime-sdk", _SDK)


def _copied(folder: str, distributions: tuple[str, ...]) -> Path:
    def copy(into: Path) -> None:
        for file in (file for name in distributions for file in files(name) or []):
            if ".." not in file.parts and file.suffix != ".pyc":
                target = into / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)

    return _made_once(HOST / folder, copy)


def compile_for_host(folder: Path) -> None:
    compileall.compile_dir(folder, quiet=2, workers=1)


def _made_once(folder: Path, make: object) -> Path:
    if not folder.exists():
        HOST.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=HOST, prefix="unfinished-"))
        make(unfinished)  # type: ignore[operator]
        compile_for_host(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:  # another test process was first
            shutil.rmtree(unfinished)
    return folder
