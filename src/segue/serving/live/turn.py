"""One at a time: who does what all callers need, while the others go on with what they have."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Turn:
    """Work that one thread does at a time.

    Parameters
    ----------
    in_background : bool
        Whether a caller may leave the work to a thread of its own.
    """

    def __init__(self, *, in_background: bool) -> None:
        self._in_background = in_background
        self._lock = threading.Lock()

    def wait_for(self, work: Callable[[], None]) -> None:
        """Do the work, after any other caller's."""
        with self._lock:
            work()

    def take(self, work: Callable[[], None]) -> None:
        """Do the work, or let a thread do it, unless it is being done: then go on without."""
        if not self._lock.acquire(blocking=False):
            return
        if self._in_background:
            threading.Thread(target=self._finish, args=(work,), daemon=True).start()
        else:
            self._finish(work)

    def _finish(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._lock.release()


class Latest(Generic[T]):
    """What was made last, and of what: made anew when that changes, while the last one goes on serving."""

    def __init__(self, *, in_background: bool) -> None:
        self._turn = Turn(in_background=in_background)
        self._latest: tuple[tuple[object, ...], T] | None = None  # one reference: nobody sees half a swap

    def of(self, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what ``make`` makes of these very parts, or in the background what it made before."""

        def renew() -> None:
            if not self._is_of(parts):
                self._latest = parts, make()

        if self._latest is None:
            self._turn.wait_for(renew)
        elif not self._is_of(parts):
            self._turn.take(renew)
        if self._latest is None:
            raise AssertionError("what was waited for is there")
        return self._latest[1]

    def _is_of(self, parts: tuple[object, ...]) -> bool:
        latest = self._latest
        return latest is not None and all(one is other for one, other in zip(latest[0], parts, strict=True))
