"""``segue events``: click-through rates from the event lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from segue.cli.options import Json  # noqa: TC001  # typer reads the annotation
from segue.errors import InvalidInputError
from segue.serving.settings.environment import DEFAULT_LAKE

if TYPE_CHECKING:
    from segue.serving.feedback.click_through import ClickThrough

_HEADS = {"clicks_without_impression": "unseen\nclicks"}
"""Shorter column heads, for a terminal of 80 columns."""

app = typer.Typer(no_args_is_help=True)


@app.callback()
def commands() -> None:
    """Evaluate the feedback of callers."""


@app.command("ctr")
def ctr(
    *,
    lake: Annotated[
        str, typer.Option(envvar="SEGUE_LAKE", help="The event lake: a folder or s3://bucket/prefix.")
    ] = DEFAULT_LAKE,
    as_json: Json = False,
) -> None:
    """Print the click-through rate of every version on every surface, with its 95 % interval."""
    from segue.artifacts.listing import read_all
    from segue.artifacts.place.location import open_store
    from segue.serving.feedback.click_through import click_through
    from segue.sources.lake import LAKE_PREFIX, LakeAccount, read_feedback

    account = LakeAccount()
    store = open_store(lake, setting="SEGUE_LAKE")
    found = [_row(each) for each in click_through(read_feedback(read_all(store, LAKE_PREFIX), account))]
    console = Console(soft_wrap=True, highlight=False)
    if as_json:
        console.print_json(data=found)
        return
    if not found:
        raise InvalidInputError(
            f"{lake} holds no impression and no click: send both to POST /feedback with the request_id of "
            "the answer."
        )
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for name in found[0]:
        # Users copy versions into other commands: they are never wrapped.
        whole = max(len(str(row[name])) for row in found) if name == "version" else None
        table.add_column(_HEADS.get(name, name), min_width=whole, no_wrap=name != "interval")
    for row in found:
        table.add_row(*(_shown(value) for value in row.values()))
    console.print(table)
    if account.damaged:
        console.print(f"{len(account.damaged)} lines are not events and were skipped.", markup=False)


def _row(rate: ClickThrough) -> dict[str, object]:
    share: float | None = None
    interval: list[float] = []
    if rate.impressions:
        from training.measure.comparison import share_of

        estimate = share_of(rate.clicks, rate.impressions)
        share, interval = estimate.value, [estimate.low, estimate.high]
    return {
        "surface": rate.surface,
        "version": rate.version,
        "impressions": rate.impressions,
        "clicks": rate.clicks,
        "ctr": share,
        "interval": interval,
        "clicks_without_impression": rate.unseen,
    }


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(f"{bound:.2%}" for bound in value)
    return "" if value is None else f"{value:.2%}" if isinstance(value, float) else str(value)
