"""The path of one command through Segue: functions entered, modules, and returns between modules.

    python -m benchmarks.call_path [segue.artifacts.release:publish train genre-preference --store …]

The first argument is the function where the path ends. Without arguments a small store is trained. A function
counts where it is entered first. A return enters a module that the path left before. Lambdas do not count.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segue
from segue.cli import app
from segue.sources.sample.store import generate

if TYPE_CHECKING:
    from types import CodeType, FrameType

_SRC = Path(segue.__file__).parents[1]
_FOLDERS = (_SRC / "segue", _SRC.parent / "training", _SRC.parent / "functions")


def trace(end: str, *command: str) -> list[str]:
    """Run a command, and return ``module:function`` of each step until the function ``end`` is entered."""
    path: dict[CodeType, str] = {}

    def enter(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code not in path and end not in path.values():
            path[frame.f_code] = _name(frame.f_code)

    sys.setprofile(enter)
    app(command, standalone_mode=False)
    sys.setprofile(None)
    return [name for name in path.values() if name]


def _name(code: CodeType) -> str:
    """Name a function of Segue; empty for a lambda, the body of a class, and code of other packages."""
    file, is_function = Path(code.co_filename), code.co_flags & inspect.CO_OPTIMIZED
    for folder in _FOLDERS:
        if folder in file.parents and is_function and code.co_name[0] != "<":
            return f"{'.'.join(file.relative_to(folder.parent).with_suffix('').parts)}:{code.co_qualname}"
    return ""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        store = str(generate(Path(folder), customers=150, tracks=400))
        usual = ["train", "genre-preference", "--trees", "5", "--store", store, "--artifacts", folder + "/a"]
        steps = trace(*(sys.argv[1:] or ["segue.artifacts.release:publish", *usual]))
    print(*steps, sep="\n")
    opened = [module for module, _ in groupby(step.partition(":")[0] for step in steps)]
    print(f"{len(steps)} functions, {len(set(opened))} modules, {len(opened) - len(set(opened))} returns")
