"""What listeners did with tracks, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.domain.listening.event import MOST_PLAYS
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.exclusion import Exclusion

UNKNOWN_MS = -1
"""``ms_played`` of an event that does not say."""


@dataclass(frozen=True, slots=True)
class Interactions:
    """One event per row, by user, then time, then item.

    Attributes
    ----------
    users, items : Vocabulary
        Every user and track that occurs, and no other; the tracks need not be in any catalogue.
    user_index, item_index : int32 (n,)
        Rows of those.
    kind : int8 (n,)
        Positions in `segue.domain.listening.event.EVENT_KINDS`.
    at : datetime64[s] (n,)
        UTC; NaT where unknown.
    count : float32 (n,)
        How many such events the row stands for, more than 0 and `MOST_PLAYS` at most. Sources
        that count plays do not tell them apart.
    ms_played : int32 (n,)
        Milliseconds heard, `UNKNOWN_MS` where unknown.
    context : int16 (n,)
        Positions in ``contexts``.
    contexts : tuple of str
        What the source calls the situation ("morning", "workout"); the first is empty, for unknown.
    exclusions : tuple of Exclusion
        What listeners said to exclude, in any order; `segue.domain.listening.excluded` applies it.

    Raises
    ------
    InvalidInputError
        A column has another length, or an index lies outside its table.
    """

    users: Vocabulary
    items: Vocabulary
    user_index: NDArray[np.int32]
    item_index: NDArray[np.int32]
    kind: NDArray[np.int8]
    at: NDArray[np.datetime64]
    count: NDArray[np.float32]
    ms_played: NDArray[np.int32]
    context: NDArray[np.int16]
    contexts: tuple[str, ...] = ("",)
    exclusions: tuple[Exclusion, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.user_index)
        for name in ("item_index", "kind", "at", "count", "ms_played", "context"):
            if len(getattr(self, name)) != n:
                raise InvalidInputError(f"{name} has {len(getattr(self, name))} rows for {n} events.")
        for name, size in (
            ("user_index", len(self.users)),
            ("item_index", len(self.items)),
            ("context", len(self.contexts)),
        ):
            column = getattr(self, name)
            if n and not 0 <= column.min() <= column.max() < size:
                raise InvalidInputError(f"{name} lies outside its {size} rows.")
        if not ((self.count > 0) & (self.count <= MOST_PLAYS)).all():
            raise InvalidInputError(
                f"an event counts more than 0 times and {MOST_PLAYS:.0f} times at most: leave the others out."
            )

    def __len__(self) -> int:
        return len(self.user_index)
