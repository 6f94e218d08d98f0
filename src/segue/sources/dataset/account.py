"""The account of a cleaning: every dropped row and every blanked cell, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.sources.export.left_out import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

EXAMPLES = 3
"""Number of examples in a finding."""
_LONGEST = 60
"""Number of characters of a value that are shown."""


class Effect(StrEnum):
    """What the cleaning did to a row, cell or column."""

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
        Name in the source; empty if whole rows are meant.
    reason : str
    count : int
        Number of rows, cells or columns.
    examples : tuple of str
        Up to three values, with the number of the row in the source, from 1 after the header.
    """

    effect: Effect
    column: str
    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What was read, what it became, and everything that the cleaning changed.

    Attributes
    ----------
    source : str
        File, folder or database, without a password.
    rows_read : int
    result : str
        What the rows became, such as "89741 tracks".
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
        """Add a finding for values, whose index numbers the rows; add nothing for no values."""
        if len(values):
            has_value = effect is not Effect.EMPTY
            cells = values.iloc[:EXAMPLES].items()
            shown = tuple(f"row {row}: {_short(cell)}" if has_value else f"row {row}" for row, cell in cells)
            self.findings.append(Finding(effect, column, reason, len(values), shown))

    def count(self, effect: Effect, reason: str, count: int, examples: Iterable[str] = ()) -> None:
        """Add a finding without cells; add nothing for a count of 0."""
        if count:
            shown = tuple(_short(example) for example in examples)
            self.findings.append(Finding(effect, "", reason, int(count), shown[:EXAMPLES]))

    def ignore(self, column: str, reason: str) -> None:
        """Add a finding for a column that is not read."""
        self.findings.append(Finding(Effect.IGNORED, _short(column) or "without a name", reason, 1))

    def account(self, result: str) -> Account:
        """Return the account with all findings."""
        return Account(self.source, self.rows_read, result, tuple(self.findings))


def _short(value: object) -> str:
    shown = printable(str(value).replace("\x01", ";"))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
