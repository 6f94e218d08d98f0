"""Prints the account of a cleaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from segue.sources.dataset import Account


def print_account(console: Console, account: Account) -> None:
    """Print one line for the source, and one for each finding."""
    rows = "row" if account.rows_read == 1 else "rows"
    line = f"{account.source}: {account.rows_read} {rows} read, {account.result}"
    console.print(line, markup=False, highlight=False)
    if not account.findings:
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("count", justify="right")
    table.add_column("what", no_wrap=True)
    table.add_column("why, and the first of them", overflow="fold")
    for finding in account.findings:
        why = Text(f"{finding.column}: {finding.reason}" if finding.column else finding.reason)
        if finding.examples:
            why.append("\n" + "; ".join(finding.examples), style="dim")
        table.add_row(str(finding.count), finding.effect, why)  # a Text: rich would read markup in data
    console.print(table)
