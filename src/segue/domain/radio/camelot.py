"""Keys on the Camelot wheel, where neighbouring keys mix well.

Mark Davis's wheel is the circle of fifths drawn as a clock. Each step is a fifth, and every hour has a minor
key (A) and its relative major (B). One step in either direction keeps all notes but one; a change of the
letter keeps all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HOURS = 12
MINOR, MAJOR = "A", "B"


def camelot_code(key: float, mode: float) -> str:
    """Return a key as DJs write it, such as "8B" for C major; empty if it is unknown."""
    hour = float(camelot_hour(key, mode))
    return "" if np.isnan(hour) else f"{hour:.0f}{MAJOR if mode == 1 else MINOR}"


def camelot_hour(key: ArrayLike, mode: ArrayLike) -> NDArray[np.float32]:
    """Return the hour on the wheel, float32 of the arguments' shape, 1 … 12, NaN where unknown.

    Parameters
    ----------
    key
        0 (C) … 11 (B); any other value is unknown, such as Spotify's -1.
    mode
        0 minor, 1 major; any other value is unknown.
    """
    key, mode = np.asarray(key, np.float32), np.asarray(mode, np.float32)
    known = (key >= 0) & (key < 12) & (key % 1 == 0) & ((mode == 0) | (mode == 1))
    major = np.where(mode == 1, key, key + 3)  # a minor key shares the hour of the major a minor third up
    return np.where(known, (7 + 7 * major) % HOURS + 1, np.nan).astype(np.float32)


def camelot_distance(
    hour: NDArray[np.float32], mode: NDArray[np.float32], other_hour: ArrayLike, other_mode: ArrayLike
) -> NDArray[np.float32]:
    """Return the steps between keys, float32, 0 … 7: hours the shorter way round, plus 1 if letters differ.

    The result is NaN where either hour is NaN. The mean over all pairs of keys is 3.5.
    """
    apart = np.abs(hour - np.asarray(other_hour, np.float32))
    steps = np.minimum(apart, HOURS - apart) + (mode != np.asarray(other_mode, np.float32))
    return np.asarray(steps, np.float32)
