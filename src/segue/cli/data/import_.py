"""``segue import``: imports data sets into a dataset folder, and histories into the state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from segue.cli.data import import_history
from segue.cli.data.account import print_account

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.friends import Friends
    from segue.domain.listening.interactions import Interactions
    from segue.sources.dataset import Account

DATASET = Path("var/dataset")
LASTFM2K = Path("var/lastfm2k")

Location = Annotated[
    str,
    typer.Argument(
        help="A .csv, .tsv or .parquet file (also .gz, .zip), a dataset folder, an SQLite file, postgresql://..."
    ),
]
Locations = Annotated[
    list[str],
    typer.Argument(
        help="Files, a folder, an SQLite file or postgresql://...; several files are one catalogue."
    ),
]
Out = Annotated[Path, typer.Option(help="The dataset folder.")]

app = typer.Typer(no_args_is_help=True)
import_history.add_to(app)


@app.callback()
def kinds() -> None:
    """Import data into a dataset folder, or a listener's own history into the state."""


@app.command("catalogue")
def import_catalogue(locations: Locations, *, out: Out = DATASET) -> None:
    """Clean a catalogue of tracks and write catalogue.parquet; an existing one is replaced."""
    from segue.sources.dataset import read_catalogue  # pandas takes a second to import

    _write(read_catalogue(locations), out)


@app.command("interactions")
def import_interactions(location: Location, *, out: Out = DATASET) -> None:
    """Clean listeners' events, also from an event lake (a folder or s3://bucket/prefix), and write them."""
    from training.hybrid.data.event_source import read_events_at

    _write(read_events_at(location), out)


@app.command("friends")
def import_friends(location: Location, *, out: Out = DATASET) -> None:
    """Clean pairs of friends and write friends.parquet."""
    from segue.sources.dataset import read_friends

    _write(read_friends(location), out)


@app.command("lastfm2k")
def import_lastfm2k(
    *,
    data: Annotated[
        Path,
        typer.Option(envvar="SEGUE_DATA_DIR", help="Folder with lastfm_2k/ and spotify_tracks/."),
    ],
    out: Out = LASTFM2K,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of tracks.")] = 7,
    force: Annotated[bool, typer.Option("--force", help="Make an existing data set again.")] = False,
) -> None:
    """Join the listeners of Last.fm-2k with Spotify's tracks by artist: real tastes, real audio features."""
    from segue.sources.dataset.lastfm2k.join import find_files, import_joined, is_there

    console = Console(highlight=False, soft_wrap=True)
    files = find_files(data)
    if not force and is_there(out, files, seed):
        console.print(f"{out} already exists (seed {seed}); --force makes it again.", markup=False)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=1.0)
        accounts = import_joined(
            files, out, seed, lambda stage, share: bars.update(task, description=stage, completed=share)
        )
    for account in accounts:
        print_account(console, account)
    console.print(f"written to {out}", markup=False)


def _write(read: tuple[Catalogue | Interactions | Friends, Account], out: Path) -> None:
    from segue.sources.dataset.folder import write_part

    console = Console(highlight=False, soft_wrap=True)
    value, account = read
    print_account(console, account)
    path, before = write_part(value, out)
    replaced = "" if before is None else f"; it replaces the {before} rows that were there"
    console.print(f"written to {path}{replaced}", markup=False)
