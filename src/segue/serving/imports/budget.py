"""How much an import may read, and how long it may take."""

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
    """How files are read.

    Attributes
    ----------
    zone : tzinfo or None
        Of times that name none, where the format does not settle it; UTC unless given.
    most_rows : int
        Rows of all files together.
    most_seconds : float
        Duration of the import, so that a function ends before it is stopped.
    """

    zone: tzinfo | None = None
    most_rows: int = DEFAULT_IMPORT_ROWS
    most_seconds: float = DEFAULT_IMPORT_SECONDS


class Budget:
    """Counts rows and time against what a `Reading` allows."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._rows = reading, 0
        self._end = monotonic() + reading.most_seconds

    def spend(self, rows: int) -> None:
        """Count rows; raises InvalidInputError once there are too many, or the time is over."""
        self._rows += rows
        if self._rows > self._reading.most_rows:
            raise InvalidInputError(
                f"The files hold more than {self._reading.most_rows} rows: divide them into several imports, "
                "or set SEGUE_IMPORT_ROWS."
            )
        if monotonic() > self._end:
            raise InvalidInputError(
                f"The import took more than {self._reading.most_seconds:g} seconds: divide the files into "
                "several imports, or set SEGUE_IMPORT_SECONDS. What was recorded stays, and counts once."
            )
