"""Random draws that depend only on a seed and a row: adding or removing other rows does not change them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def draw_seed(*parts: str) -> int:
    """Return a 64-bit seed for words such as a listener's id and a day; it is the same on every machine."""
    text = "".join(f"{len(part)}:{part}" for part in parts)  # ("ab", "c") is not ("a", "bc")
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big")


def uniform(seed: int, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Draw a number for each row, float64 (n,), greater than 0 and less than 1.

    It uses the mixing function of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
    generators", 2014). With a numpy generator, a removed row or another numpy version would change the
    numbers of other rows.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    z = np.uint64(seed % 2**64) + (rows.astype(np.uint64) + np.uint64(1)) * golden
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def weighted_order(seed: int, rows: NDArray[np.int32], weight: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return positions in the order of a weighted draw without replacement; weights are > 0.

    The keys are u^(1/w), greatest first (Efraimidis & Spirakis, "Weighted random sampling with a reservoir",
    2006), computed as log(u) / w.
    """
    return np.argsort(-np.log(uniform(seed, rows)) / weight, kind="stable")
