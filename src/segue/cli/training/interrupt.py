"""What a command that searches settings says if it is stopped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console


@contextmanager
def trials_kept(console: Console, budget_minutes: float, trials: Path | None) -> Iterator[None]:
    """Say on Ctrl+C what becomes of the settings that were tried, if any are tried at all."""
    try:
        yield
    except KeyboardInterrupt:
        if budget_minutes and trials is None:
            console.print("Stopped; what was tried is lost: --trials FOLDER keeps it for the next run.")
        elif budget_minutes:
            told = f"Stopped; {trials} keeps what was tried: the same command goes on from there."
            console.print(told, markup=False)
        raise
