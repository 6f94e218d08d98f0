"""``segue sample``: generates a realistic music store for trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from segue.cli.options import SAMPLE
from segue.errors import InvalidInputError


def sample(
    *,
    seed: Annotated[int, typer.Option(help="The same seed makes the same store, byte by byte.")] = 7,
    customers: Annotated[int, typer.Option(help="How many customers.")] = 2000,
    tracks: Annotated[int, typer.Option(help="How many tracks.")] = 4000,
    out: Annotated[Path, typer.Option(help="Folder for store.sqlite and the truth behind it.")] = SAMPLE,
) -> None:
    """Generate a music store: catalogue, listeners, plays and purchases, and the truth behind them."""
    from segue.sources.sample.info import describe

    console = Console()
    found = describe(out)
    if found and (found.seed, found.customers, found.tracks) == (seed, customers, tracks):
        console.print(
            f"{out / 'store.sqlite'} is there already (seed {seed}).", highlight=False, soft_wrap=True
        )
        return
    if (out / "store.sqlite").exists() and not (out / "truth" / "truth.json").exists():
        raise InvalidInputError(f"{out / 'store.sqlite'} is not a sample store: give another --out.")
    from segue.sources.sample.store import generate  # numpy and the generator: only for a new store

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("sample store", total=1.0)
        store = generate(
            out,
            seed=seed,
            customers=customers,
            tracks=tracks,
            progress=lambda stage, share: progress.update(task, description=stage, completed=share),
        )
    console.print(
        f"{store}: {customers} customers, {tracks} tracks, seed {seed}.", highlight=False, soft_wrap=True
    )
