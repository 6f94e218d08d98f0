"""Make one function's bundle: its handler, our package, and a digest of the layers.

The digest is there because a change of a layer alone publishes no new function version
(`AutoPublishAlias` looks at the function's code only): an upgraded wheel must change the code too.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path

from infra.bytecode import compile_tree

DIGEST = "LAYERS.sha256"
# The command line and the sample store's generator never run in a function.
LEFT_OUT = ("__pycache__", "*.pyc", "cli", "sample", "sample.py", "py.typed")


def layers_digest(layers: Path) -> str:
    """Return the SHA-256 of every layer's lock file, by name, as 64 hex digits."""
    digest = hashlib.sha256()
    for lock in sorted(layers.glob("*/requirements.txt")):
        digest.update(lock.parent.name.encode() + b"\0" + lock.read_bytes())
    return digest.hexdigest()


def build_function(root: Path, name: str, into: Path) -> None:
    """Write the bundle of `functions/<name>` into a folder."""
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / "functions" / name / "handler.py", into / "handler.py")
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(root / "src" / "segue", into / "segue", ignore=ignore, dirs_exist_ok=True)
    (into / DIGEST).write_text(layers_digest(root / "layers") + "\n", encoding="ascii")
    compile_tree(into, "/var/task")


def main() -> None:
    """Build the function named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="a folder of functions/")
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    build_function(Path(), given.name, given.into)


if __name__ == "__main__":
    main()
