"""The path of one command through Segue: functions entered, modules, and returns between modules.

    python -m benchmarks.call_path [segue.artifacts.release:publish train genre-preference --store …]

The first word is where the path ends. A function counts where it is entered first, so that a loop adds
nothing. A return is a step into a module that the path left before: the reader opens that file again.
Lambdas and imports do not count. Without a command it trains the genre preference of a small store.
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

_SOURCES = Path(segue.__file__).parents[1]
_ROOTS = {"segue": _SOURCES, "training": _SOURCES.parent, "functions": _SOURCES.parent}


def trace(end: str, command: list[str]) -> list[tuple[str, str]]:
    """Run a command, and return module and function of each step until the function ``end`` is entered."""
    seen: set[CodeType] = set()
    path: list[tuple[str, str]] = []

    def enter(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in seen and (not path or ":".join(path[-1]) != end):
            seen.add(code)
            if (module := _module_of(code)) and not code.co_name.startswith("<"):
                path.append((module, code.co_qualname))

    sys.setprofile(enter)
    app(command, standalone_mode=False)
    sys.setprofile(None)
    return path


def _module_of(code: CodeType) -> str:
    """Name the module of a function of Segue; empty for bodies of classes, and for code of others."""
    is_function, file = code.co_flags & inspect.CO_OPTIMIZED, Path(code.co_filename)
    roots = [folder for root, folder in _ROOTS.items() if folder / root in file.parents]
    return ".".join(file.relative_to(roots[0]).with_suffix("").parts) if roots and is_function else ""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        store = str(generate(Path(folder), customers=150, tracks=400))
        usual = ["train", "genre-preference", "--trees", "5", "--store", store, "--artifacts", folder + "/a"]
        steps = trace(
            *([sys.argv[1], sys.argv[2:]] if sys.argv[1:] else ["segue.artifacts.release:publish", usual])
        )
    print(*map(":".join, steps), sep="\n")
    opened = [module for module, _ in groupby(module for module, _ in steps)]
    print(f"{len(steps)} functions, {len(set(opened))} modules, {len(opened) - len(set(opened))} returns")
