"""The events of all listeners, in columns."""

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
"""``ms_played`` of an event for which it is unknown."""


@dataclass(frozen=True, slots=True)
class Interactions:
    """One event per row, sorted by user, then time, then item.

    Attributes
    ----------
    users, items : Vocabulary
        The users and tracks that occur; the tracks need not be in any catalogue.
    user_index, item_index : int32 (n,)
        Rows of ``users`` and ``items``.
    kind : int8 (n,)
        Positions in `segue.domain.listening.event.EVENT_KINDS`.
    at : datetime64[s] (n,)
        UTC; NaT if unknown.
    count : float32 (n,)
        Number of equal events that the row represents, more than 0 and at most `MOST_PLAYS`: some
        sources only count plays.
    ms_played : int32 (n,)
        Milliseconds heard, `UNKNOWN_MS` if unknown.
    context : int16 (n,)
        Positions in ``contexts``.
    contexts : tuple of str
        The source's names for situations ("morning", "workout"); the first is empty and means unknown.
    exclusions : tuple of Exclusion
        Statements of listeners, in any order; `segue.domain.listening.excluded` applies them.

    Raises
    ------
    InvalidInputError
        The columns differ in length, or an index or count is out of range.
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
                f"the count of an event must be more than 0 and at most {MOST_PLAYS:.0f}: leave others out."
            )

    def __len__(self) -> int:
        return len(self.user_index)
