"""Run shared work in one thread at a time, while other callers use the previous result."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Turn:
    """Runs work in one thread at a time.

    Parameters
    ----------
    in_background : bool
        Whether `take` runs the work in a new thread.
    """

    def __init__(self, *, in_background: bool) -> None:
        self._in_background = in_background
        self._lock = threading.Lock()

    def wait_for(self, work: Callable[[], None]) -> None:
        """Run the work, after that of other callers."""
        with self._lock:
            work()

    def take(self, work: Callable[[], None]) -> None:
        """Run the work, here or in a thread, unless another caller's work is running."""
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
    """The latest value made from some parts; it is made again when they change, while the old one serves."""

    def __init__(self, *, in_background: bool) -> None:
        self._turn = Turn(in_background=in_background)
        self._latest: tuple[tuple[object, ...], T] | None = None  # one reference, so that a swap is atomic

    def of(self, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return the value of ``make`` for these parts, or the previous value while it is made."""

        def renew() -> None:
            if not self._is_of(parts):
                self._latest = parts, make()

        if self._latest is None:
            self._turn.wait_for(renew)
        elif not self._is_of(parts):
            self._turn.take(renew)
        if self._latest is None:
            raise AssertionError("the first call waits for a value")
        return self._latest[1]

    def _is_of(self, parts: tuple[object, ...]) -> bool:
        latest = self._latest
        return latest is not None and all(one is other for one, other in zip(latest[0], parts, strict=True))
