"""Make one layer: its locked wheels for the Lambda platform, checked, stripped and compiled."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from infra.bytecode import RUNTIME, compile_tree

# Lambda's name of an architecture -> the wheels'. uv lets the older manylinux tags match too; pip does not.
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
# Nothing here is imported at run time. METADATA and entry_points.txt stay: packages read them.
UNUSED = (
    "bin",
    "**/tests",
    "**/*.pyi",
    "**/*.pxd",
    "**/*.h",
    "**/*.a",
    "**/*.dist-info/sboms",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/datasets",
)
_PIN = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(?P<marker>\s*;)?", re.MULTILINE
)


def install(lock: Path, architecture: str, target: Path, uv: Path) -> None:
    """Install a lock file's wheels for Lambda's platform, whatever machine this is."""
    platform = ["--python-platform", PLATFORMS[architecture], "--python-version", RUNTIME]
    flags = ["--only-binary", ":all:", "--require-hashes", "--quiet"]
    command = [uv, "pip", "install", *platform, *flags, "--target", target, "--requirement", lock]
    subprocess.run([str(word) for word in command], check=True)  # noqa: S603


def check_versions(lock: Path, target: Path) -> None:
    """Raise SystemExit unless exactly the pinned versions arrived.

    An installer may fall back to an older release that fits the interpreter it runs on, and exit 0.
    """
    pins = {_normal(pin["name"]): pin for pin in _PIN.finditer(lock.read_text(encoding="utf-8"))}
    arrived = {_normal(d.metadata["Name"]): d.version for d in distributions(path=[str(target)])}
    # A pin with a marker may rightly stay away; one without may not.
    expected = {name: pin["version"] for name, pin in pins.items() if name in arrived or not pin["marker"]}
    if arrived != expected:
        wrong = sorted(dict(arrived.items() ^ expected.items()))
        raise SystemExit(
            f"{target}: {wrong} differ from the pins of {lock}: run `make lock` and build again."
        )


def strip(target: Path) -> None:
    """Remove what no function imports; the limit is 250 MB unzipped with everything."""
    for pattern in UNUSED:
        for path in list(target.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def build_layer(name: str, architecture: str, into: Path, uv: Path) -> None:
    """Write the layer of `layers/<name>` into a folder, as Lambda unpacks it under /opt."""
    lock, target = Path("layers", name, "requirements.txt"), into / "python"
    install(lock, architecture, target, uv)
    check_versions(lock, target)
    strip(target)
    compile_tree(target, "/opt/python")
    sys.stdout.write(f"layer {name} for {architecture}: {len(list(target.glob('*.dist-info')))} packages\n")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Build the layer named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="a folder of layers/")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--uv", type=Path, required=True)
    given = parser.parse_args()
    build_layer(given.name, given.architecture, given.into, given.uv)


if __name__ == "__main__":
    main()
