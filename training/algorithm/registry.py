"""Every kind of recommender by its name: a module below this folder declares its own as ``KINDS``."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from training.algorithm.blend import KINDS as BLEND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.algorithm.kind import AlgorithmKind


def _find() -> Iterator[tuple[str, AlgorithmKind]]:
    import training.algorithm  # a namespace, whose folders are all looked through

    for place in training.algorithm.__path__:
        for folder in sorted(path for path in Path(place).iterdir() if path.is_dir()):
            for each in pkgutil.iter_modules([str(folder)]):
                module = import_module(f"training.algorithm.{folder.name}.{each.name}")
                yield from getattr(module, "KINDS", {}).items()
    yield from BLEND.items()


KINDS: dict[str, AlgorithmKind] = dict(sorted(_find(), key=lambda each: each[1].place))
"""Every kind that is measured, or that a training chooses from; manifests keep the names."""
