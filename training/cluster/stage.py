"""Keeps what a stage of a build made, so that an interrupted build goes on where it was."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.release import provenance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Made = tuple[Mapping[str, NDArray[Any]], Any]

_EFFORT, _VALUES = "effort.json", "values.json"


def keep(folder: Path, stage: str, make: Callable[[], Made]) -> Made:
    """Return the arrays and JSON values that ``make`` returns, from disk if an earlier run got so far."""

    def write(partial: Path) -> None:
        arrays, values = make()
        for name, array in arrays.items():
            np.save(partial / f"{name}.npy", array, allow_pickle=False)
        (partial / _VALUES).write_text(json.dumps(values), encoding="utf-8")

    place = keep_files(folder, stage, write)
    arrays = {path.stem: np.load(path, allow_pickle=False) for path in sorted(place.glob("*.npy"))}
    return arrays, json.loads((place / _VALUES).read_bytes())


def keep_files(folder: Path, stage: str, write: Callable[[Path], None]) -> Path:
    """Return the folder that ``write`` filled, now or in an earlier run: there whole, or not at all."""
    place = folder / stage
    if not place.is_dir():
        started_s = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{stage}-") as name:
            partial = Path(name) / stage
            partial.mkdir()
            write(partial)
            keep_effort(folder, stage, started_s)
            partial.rename(place)
    return place


def keep_effort(folder: Path, stage: str, started_s: float) -> None:
    """Note the seconds since ``started_s`` (of `time.monotonic`) and the peak memory of a stage."""
    (folder / f"{stage}.{_EFFORT}").write_text(json.dumps(provenance.effort(started_s)))


def effort_of(folder: Path) -> dict[str, Any]:
    """Return the seconds of the finished stages, together and one by one, and their peak memory in bytes."""
    found = {
        path.name.removesuffix(f".{_EFFORT}"): json.loads(path.read_bytes())
        for path in sorted(folder.glob(f"*.{_EFFORT}"))
    }
    return {
        "seconds": round(sum(each["seconds"] for each in found.values()), 3),
        "peak_memory_bytes": max((each["peak_memory_bytes"] for each in found.values()), default=0),
        "stages": {name: each["seconds"] for name, each in found.items()},
    }
