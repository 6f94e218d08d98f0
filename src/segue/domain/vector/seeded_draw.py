"""Random draws that depend on a seed and a row alone, so that other rows coming or going changes none."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def draw_seed(*parts: str) -> int:
    """Return a seed of 64 bits for some words, as a listener's id and a day: the same on every machine."""
    text = "".join(f"{len(part)}:{part}" for part in parts)  # ("ab", "c") is not ("a", "bc")
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big")


def uniform(seed: int, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Draw for each row, float64 (n,), between 0 and 1 exclusively.

    The mixing function of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
    generators", 2014). A generator of numpy's would give a row another number when one before it is
    gone, and may change with numpy's version.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    z = np.uint64(seed % 2**64) + (rows.astype(np.uint64) + np.uint64(1)) * golden
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def weighted_order(seed: int, rows: NDArray[np.int32], weight: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return positions in the order of a draw without replacement, where a weight > 0 is a chance.

    Keys are u^(1/w), greatest first (Efraimidis & Spirakis, "Weighted random sampling with a reservoir",
    2006), here as log(u) / w.
    """
    return np.argsort(-np.log(uniform(seed, rows)) / weight, kind="stable")
