"""Logs the progress of a command: bullets on a terminal, times elsewhere, and in a file if one is named."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from segue.cli.writing import writing_to

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.status import Status

LEVELS = ("debug", "info", "warning", "error")
_LEAST_S = 0.05
"""Minimum seconds of a step in the summary."""
_NUMBERED = re.compile(r":? \d+ of \d+.*")
"""Matches the end of a repeated step's name, such as ``iALS sweep 3 of 15``; the repetitions are added up."""


class _Lines(logging.Handler):
    """Prints each record as one unwrapped line above the progress bars."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        style = {"WARNING": "yellow", "ERROR": "red"}.get(record.levelname)
        line = f"· {record.getMessage()}" if self._console.is_terminal else self.format(record)
        self._console.print(line, style=style, markup=False, soft_wrap=True)


def log_to(console: Console, name: str, level: str = "info", file: Path | None = None) -> logging.Logger:
    """Return a logger that prints to a console, and appends to a file if one is named.

    Raises
    ------
    BadParameter
        The level is unknown.
    SourceUnavailableError
        The file cannot be written.
    """
    if level.lower() not in LEVELS:
        raise typer.BadParameter(
            f"{level!r} is unknown: give one of {', '.join(LEVELS)}.", param_hint="--log-level"
        )
    handlers: list[logging.Handler] = [_Lines(console)]
    if file is not None:
        with writing_to(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(file, encoding="utf-8"))
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    logger = logging.getLogger(name)
    for old in logger.handlers:
        old.close()
    for handler in handlers:
        handler.setFormatter(form)
    logger.handlers, logger.propagate = handlers, False
    logger.setLevel(level.upper())
    return logger


class Steps:
    """Logs each step of a command when it begins, and the seconds of all steps at the end."""

    def __init__(self, logger: logging.Logger, status: Status) -> None:
        self._logger = logger
        self._status = status
        self._begun: list[tuple[str, float]] = []

    def __call__(self, name: str) -> None:
        """Begin a step, and end the one before."""
        self._begun.append((name, time.monotonic()))
        self._logger.info("%s", name)
        self._status.update(escape(name))

    def finish(self) -> None:
        """Log the seconds of all steps."""
        ends = [*(start_s for _, start_s in self._begun[1:]), time.monotonic()]
        took: dict[str, float] = defaultdict(float)  # members are fitted several times
        for (name, start_s), end_s in zip(self._begun, ends, strict=True):
            took[_NUMBERED.sub("", name)] += end_s - start_s
        steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in took.items() if seconds >= _LEAST_S)
        self._logger.info("took %.1f s: %s", sum(took.values()), steps or "every step was short")
