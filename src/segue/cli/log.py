"""Says what a command is at: by a bullet on a terminal, by the time elsewhere, and in a file if asked."""

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
"""Seconds; shorter steps are not worth a word."""
_NUMBERED = re.compile(r":? \d+ of \d+.*")
"""Ends the name of a step that is repeated, as ``iALS sweep 3 of 15``: together they are one."""


class _Lines(logging.Handler):
    """Prints a record as one line, whatever its length, above the bars."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        style = {"WARNING": "yellow", "ERROR": "red"}.get(record.levelname)
        line = f"· {record.getMessage()}" if self._console.is_terminal else self.format(record)
        self._console.print(line, style=style, markup=False, soft_wrap=True)


def log_to(console: Console, name: str, level: str = "info", file: Path | None = None) -> logging.Logger:
    """Return a logger that prints to a console, and adds to a file if there is one.

    Raises
    ------
    BadParameter
        There is no such level.
    SourceUnavailableError
        The file cannot be written.
    """
    if level.lower() not in LEVELS:
        raise typer.BadParameter(f"{level!r} is none of {', '.join(LEVELS)}.", param_hint="--log-level")
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
    """Logs each step of a command as it begins, and at the end how many seconds each took."""

    def __init__(self, logger: logging.Logger, status: Status) -> None:
        self._logger = logger
        self._status = status
        self._begun: list[tuple[str, float]] = []

    def __call__(self, name: str) -> None:
        """Begin a step, which ends the one before."""
        self._begun.append((name, time.monotonic()))
        self._logger.info("%s", name)
        self._status.update(escape(name))

    def finish(self) -> None:
        """Log the seconds of all steps."""
        ends = [*(start_s for _, start_s in self._begun[1:]), time.monotonic()]
        took: dict[str, float] = defaultdict(float)  # members are fitted several times
        for (name, start_s), end_s in zip(self._begun, ends, strict=True):
            took[_NUMBERED.sub("", name)] += end_s - start_s
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in took.items() if seconds >= _LEAST_S)
        self._logger.info("took %.1f s: %s", sum(took.values()), told or "no step a moment")
