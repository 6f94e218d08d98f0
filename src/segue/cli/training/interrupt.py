"""Reports what is kept when a user stops a search of settings."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console


@contextmanager
def trials_kept(console: Console, budget_minutes: float, trials: Path | None) -> Iterator[None]:
    """On Ctrl+C, print whether the tried settings are kept, if the command searches any."""
    try:
        yield
    except KeyboardInterrupt:
        if budget_minutes and trials is None:
            console.print(
                "Stopped; the tried settings are lost: --trials FOLDER keeps them for the next run."
            )
        elif budget_minutes:
            kept = f"Stopped; {trials} keeps the tried settings: the same command continues from them."
            console.print(kept, markup=False)
        raise
