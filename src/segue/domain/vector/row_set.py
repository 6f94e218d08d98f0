"""Encodes a set of rows in few bytes: Elias–Fano coding, or a bitmap if that is smaller.

Each row is split into high and low bits. The low bits are written unchanged; the high bits, which ascend,
become one bit at high + position. A row takes about 2 + log₂(n_items / n) bits, half a bit more than the
minimum (Elias, "Efficient storage and retrieval by content and address of static files", 1974), and a set
takes at most one bit for every item of the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COUNT_BYTES = 4


def pack_rows(rows: NDArray[np.int32], n_items: int) -> bytes:
    """Encode rows, int32 (n,), ascending without repeats in 0 … n_items - 1; in O(n), or O(n_items) bits.

    Raises
    ------
    InvalidInputError
        The rows do not ascend, repeat, or are out of range.
    """
    if len(rows) and (rows[0] < 0 or rows[-1] >= n_items or (rows[1:] <= rows[:-1]).any()):
        raise InvalidInputError(f"the rows of a set ascend, without repeats, below {n_items}.")
    n_low, n_high = _layout(len(rows), n_items)
    high = np.zeros(n_high, bool)
    if n_low < 0:
        high[rows] = True
        bits = high
    else:
        high[(rows >> n_low) + np.arange(len(rows))] = True
        bits = np.concatenate([high, (rows[:, None] >> np.arange(n_low) & 1).astype(bool).ravel()])
    return len(rows).to_bytes(_COUNT_BYTES, "big") + np.packbits(bits).tobytes()


def unpack_rows(data: bytes, n_items: int) -> NDArray[np.int32]:
    """Decode the rows, int32 (n,), ascending.

    Raises
    ------
    InvalidInputError
        The bytes do not come from `pack_rows` with this ``n_items``.
    """
    n = int.from_bytes(data[:_COUNT_BYTES], "big")
    if n > n_items or len(data) != packed_bytes(n, n_items):
        raise InvalidInputError(f"{len(data)} bytes do not hold a set of {n} among {n_items} rows.")
    n_low, n_high = _layout(n, n_items)
    bits = np.unpackbits(np.frombuffer(data, np.uint8, offset=_COUNT_BYTES))
    high = np.flatnonzero(bits[:n_high]).astype(np.int32)
    if len(high) != n:
        raise InvalidInputError(f"the bytes hold {len(high)} rows instead of {n}.")
    if n_low < 0:
        return high
    low = bits[n_high : n_high + n * n_low].reshape(n, n_low).astype(np.int32) @ (1 << np.arange(n_low))
    rows: NDArray[np.int32] = (high - np.arange(n) << n_low | low).astype(np.int32)
    return rows


def packed_bytes(n: int, n_items: int) -> int:
    """Return the number of bytes that a set of n rows takes."""
    n_low, n_high = _layout(n, n_items)
    return _COUNT_BYTES + -(-(n_high + n * max(n_low, 0)) // 8)


def _layout(n: int, n_items: int) -> tuple[int, int]:
    """Return the number of low bits per row, -1 for a bitmap, and the size of the high part or bitmap."""
    if not n:
        return 0, 0
    n_low = (n_items // n).bit_length() - 1
    n_high = n + (n_items >> n_low) + 1
    return (n_low, n_high) if n_high + n * n_low < n_items else (-1, n_items)
