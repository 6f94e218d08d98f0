"""Limits on the rows and the duration of an import."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError
from segue.serving.settings.environment import DEFAULT_IMPORT_ROWS, DEFAULT_IMPORT_SECONDS

if TYPE_CHECKING:
    from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Reading:
    """Time zone and limits of an import.

    Attributes
    ----------
    zone : tzinfo or None
        Zone of times without one, if the format does not define it; None is UTC.
    most_rows : int
        Maximum number of rows in all files together.
    most_seconds : float
        Maximum duration, so that the import ends before its function is stopped.
    """

    zone: tzinfo | None = None
    most_rows: int = DEFAULT_IMPORT_ROWS
    most_seconds: float = DEFAULT_IMPORT_SECONDS


class Budget:
    """Compares rows and time with the limits of a `Reading`."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._rows = reading, 0
        self._end = monotonic() + reading.most_seconds

    def spend(self, rows: int) -> None:
        """Count rows; raise InvalidInputError if they are too many or the time is over."""
        self._rows += rows
        if self._rows > self._reading.most_rows:
            raise InvalidInputError(
                f"The files have more than {self._reading.most_rows} rows: divide them into several imports, "
                "or set SEGUE_IMPORT_ROWS."
            )
        if monotonic() > self._end:
            raise InvalidInputError(
                f"The import took more than {self._reading.most_seconds:g} seconds: divide the files into "
                "several imports, or set SEGUE_IMPORT_SECONDS. Recorded events stay and count once."
            )
