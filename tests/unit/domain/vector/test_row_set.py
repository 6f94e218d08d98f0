"""Sets of rows as bytes: exact, and as small as promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.vector.row_set import pack_rows, packed_bytes, unpack_rows
from segue.errors import InvalidInputError


@st.composite
def sets(draw: st.DrawFn) -> tuple[list[int], int]:
    n_items = draw(st.integers(1, 3000))
    return sorted(draw(st.sets(st.integers(0, n_items - 1), max_size=n_items))), n_items


@given(sets())
def test_comes_back_and_is_never_larger_than_a_bitmap(case: tuple[list[int], int]) -> None:
    rows, n_items = case
    data = pack_rows(np.array(rows, np.int32), n_items)
    assert unpack_rows(data, n_items).tolist() == rows
    assert len(data) == packed_bytes(len(rows), n_items) <= 4 + -(-n_items // 8)


@pytest.mark.parametrize("n", [0, 1, 499, 500, 501, 999, 1000])
def test_every_part_of_a_catalogue(n: int, rng: np.random.Generator) -> None:
    rows = np.sort(rng.choice(1000, n, replace=False)).astype(np.int32)
    found = unpack_rows(pack_rows(rows, 1000), 1000)
    assert found.dtype == np.int32
    assert found.tolist() == rows.tolist()


@pytest.mark.parametrize("n", [100, 1000, 10_000])
def test_a_row_takes_two_bits_more_than_its_share_of_the_catalogue_needs(n: int) -> None:
    bits = 8 * (packed_bytes(n, 100_000) - 4) / n
    assert bits < 2.1 + np.log2(100_000 / n)


@pytest.mark.parametrize("rows", [[-1], [10], [3, 3], [4, 2]])
def test_an_invalid_set_is_refused(rows: list[int]) -> None:
    with pytest.raises(InvalidInputError, match="below 10"):
        pack_rows(np.array(rows, np.int32), 10)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0\1", pack_rows(np.array([3], np.int32), 10) + b"\0", b"\0\0\0\x0b\0\0", b"\0\0\0\3\0\0"],
)
def test_bytes_of_another_length_or_count_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        unpack_rows(data, 10)
