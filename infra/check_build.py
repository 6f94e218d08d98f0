"""Print each function's unzipped size with its layers; fail when one is too large or for another CPU."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.template import FUNCTION, layers_of, load, resources

# Lambda refuses 250 MB unzipped; the difference is room for a release to grow in.
LIMIT_BYTES = 230_000_000
# ELF header, bytes 18-19: the machine the code is for.
MACHINES = {"x86_64": 62, "arm64": 183}


def folder_bytes(folder: Path) -> int:
    """Return the sum of the file sizes under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def foreign_libraries(folder: Path, architecture: str) -> list[Path]:
    """Return the shared libraries of a folder that another CPU must run."""
    wrong = []
    for library in sorted(folder.rglob("*.so*")):
        with library.open("rb") as file:
            header = file.read(20)
        if int.from_bytes(header[18:20], "little") != MACHINES[architecture]:
            wrong.append(library)
    return wrong


def function_sizes(build: Path, template: Path) -> dict[str, dict[str, int]]:
    """Return the bytes of each function's bundle and of each of its layers, by logical id."""
    found = {}
    for name, properties in resources(load(template), FUNCTION):
        found[name] = {part: folder_bytes(build / part) for part in (name, *layers_of(properties))}
    return found


def main() -> None:
    """Check the folder that `sam build` wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=sorted(MACHINES), required=True)
    parser.add_argument("--build", type=Path, default=Path(".aws-sam/build"))
    given = parser.parse_args()
    sizes = function_sizes(given.build, Path("template.yaml"))
    for parts in sizes.values():
        columns = "  ".join(f"{part} {size / 1e6:.1f}" for part, size in parts.items())
        sys.stdout.write(f"{sum(parts.values()) / 1e6:6.1f} MB of {LIMIT_BYTES / 1e6:.0f}  =  {columns}\n")
    too_large = [name for name, parts in sizes.items() if sum(parts.values()) > LIMIT_BYTES]
    if too_large:
        raise SystemExit(f"{too_large}: too large for Lambda; give them fewer layers or strip more.")
    if wrong := foreign_libraries(given.build, given.architecture):
        raise SystemExit(f"{wrong[0]} is not for {given.architecture}: run `make build ARCH=...` again.")


if __name__ == "__main__":
    main()
