"""What was done to somebody's data before it was used: every row dropped and every cell blanked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

EXAMPLES = 3
_LONGEST = 60
"""Characters of a value that are shown."""


class Effect(StrEnum):
    """What became of what was found."""

    DROPPED = "row dropped"
    BLANKED = "cell blanked"
    EMPTY = "cell empty"
    MERGED = "row merged"
    CHANGED = "cell changed"
    KEPT = "kept"
    IGNORED = "column ignored"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, and how often it applied.

    Attributes
    ----------
    effect : Effect
    column : str
        As the source calls it; empty where whole rows are meant.
    reason : str
    count : int
        Rows, cells or columns.
    examples : tuple of str
        Up to three, with the row's number in the source, from 1 after the header.
    """

    effect: Effect
    column: str
    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What was read, what came of it, and every difference in between.

    Attributes
    ----------
    source : str
        File, folder or database; holds no password.
    rows_read : int
    result : str
        What came of them, as in "89741 tracks".
    findings : tuple of Finding
        In the order of the cleaning.
    """

    source: str
    rows_read: int
    result: str
    findings: tuple[Finding, ...]

    def count(self, effect: Effect) -> int:
        """Add up the findings of one effect."""
        return sum(finding.count for finding in self.findings if finding.effect is effect)


@dataclass(slots=True)
class Tally:
    """Collects findings while a table is cleaned; `account` closes it."""

    source: str
    rows_read: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, effect: Effect, column: str, reason: str, values: pd.Series) -> None:
        """Count some values, whose index says the rows; nothing is written for none."""
        if len(values):
            told = effect is not Effect.EMPTY
            cells = values.iloc[:EXAMPLES].items()
            shown = tuple(f"row {row}: {_short(cell)}" if told else f"row {row}" for row, cell in cells)
            self.findings.append(Finding(effect, column, reason, len(values), shown))

    def count(self, effect: Effect, reason: str, count: int, examples: Iterable[str] = ()) -> None:
        """Count what has no cell to show; nothing is written for none."""
        if count:
            shown = tuple(_short(example) for example in examples)
            self.findings.append(Finding(effect, "", reason, int(count), shown[:EXAMPLES]))

    def ignore(self, column: str, reason: str) -> None:
        """Name a column that is not read."""
        self.findings.append(Finding(Effect.IGNORED, _short(column) or "without a name", reason, 1))

    def account(self, result: str) -> Account:
        """Return everything that was found."""
        return Account(self.source, self.rows_read, result, tuple(self.findings))


def _short(value: object) -> str:
    text = str(value).replace("\x01", ";")
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
