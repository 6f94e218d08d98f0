"""Columns of text and labels. A memory-mapped column opens without building any string."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.vector.top_n import spans
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Text:
    """One string per row, joined as UTF-8: a numpy string array would be as wide as its longest title.

    Attributes
    ----------
    start : int64 (n + 1,)
        Row i is ``data[start[i] : start[i + 1]]``.
    data : uint8 (n_bytes,)

    Raises
    ------
    InvalidInputError
        The rows do not ascend from 0 to the end of the data: use `build_text`.
    """

    start: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check_rows(self.start, len(self.data), "bytes of text")

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, row: int) -> str:
        if row < 0:
            raise IndexError(row)  # row -1 would be read from the end to the beginning
        return self.data[self.start[row] : self.start[row + 1]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))


@dataclass(frozen=True, slots=True)
class Labels:
    """Any number of names per row, in order, such as the artists or genres of tracks.

    Attributes
    ----------
    names : Text (n_labels,)
        Ascending without repeats.
    start : int64 (n + 1,)
        Row i has the labels ``label_index[start[i] : start[i + 1]]``, without repeats.
    label_index : int32 (n_memberships,)
        Rows of ``names``.

    Raises
    ------
    InvalidInputError
        The arrays do not fit each other: use `build_labels`.
    """

    names: Text
    start: NDArray[np.int64]
    label_index: NDArray[np.int32]

    def __post_init__(self) -> None:
        index = self.label_index
        _check_rows(self.start, len(index), "memberships")
        if len(index) and not 0 <= index.min() <= index.max() < len(self.names):
            raise InvalidInputError(f"a label lies outside the {len(self.names)} names.")

    def __len__(self) -> int:
        return len(self.start) - 1

    def index_of(self, row: int) -> NDArray[np.int32]:
        """Return the labels of a row, int32 (n,), rows of ``names``."""
        return self.label_index[self.start[row] : self.start[row + 1]]

    def index_of_all(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the labels of several rows, joined, int32 (m,), and the row of each label.

        The row is a position in ``rows``, int64 (m,), ascending.
        """
        place, by = self.places_of(rows)
        return self.label_index.take(place), by

    def of(self, row: int) -> tuple[str, ...]:
        """Return the names of a row's labels."""
        return tuple(self.names[label] for label in self.index_of(row).tolist())

    def places_of(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places in ``label_index`` of several rows, int64 (m,), and the row of each place.

        The row is a position in ``rows``, int64 (m,), ascending.
        """
        start = self.start.take(rows)
        return spans(start, self.start.take(rows.astype(np.int64) + 1) - start)

    def first(self) -> NDArray[np.int32]:
        """Return the first label of each row, int32 (n,); -1 if it has none."""
        labelled = np.diff(self.start) > 0
        first = np.full(len(self), -1, np.int32)
        first[labelled] = self.label_index[self.start[:-1][labelled]]
        return first

    def members(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the rows by label, int32 (n_memberships,), and each label's start, int64 (n_labels + 1,)."""
        row = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))
        count = np.bincount(self.label_index, minlength=len(self.names))
        order = np.argsort(self.label_index, kind="stable")
        return row[order], np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def build_text(values: Iterable[str]) -> Text:
    """Join strings; lone surrogates, which UTF-8 cannot encode, become question marks."""
    encoded = [value.encode(errors="replace") for value in values]
    start = np.concatenate([[0], np.cumsum([len(each) for each in encoded])]).astype(np.int64)
    return Text(start, np.frombuffer(b"".join(encoded), np.uint8))


def build_labels(rows: Sequence[Sequence[str]]) -> Labels:
    """Sort and number the names; a row's empty and repeated names are dropped."""
    kept = [tuple(dict.fromkeys(name for name in row if name)) for row in rows]
    names = sorted({name for row in kept for name in row})
    number = {name: place for place, name in enumerate(names)}
    start = np.concatenate([[0], np.cumsum([len(row) for row in kept])]).astype(np.int64)
    index = np.fromiter((number[name] for row in kept for name in row), np.int32, int(start[-1]))
    return Labels(build_text(names), start, index)


def _check_rows(start: NDArray[np.int64], end: int, what: str) -> None:
    if not len(start) or start[0] != 0 or start[-1] != end or (np.diff(start) < 0).any():
        raise InvalidInputError(f"the rows of {end} {what} must ascend from 0 to {end}.")
