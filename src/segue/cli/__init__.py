"""The ``segue`` command."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import Console

from segue import __version__
from segue.cli.ask import recommend, serve, taste
from segue.cli.data import events, history, import_, sample
from segue.cli.options import TOO_LITTLE
from segue.cli.store import index, models
from segue.cli.training import evaluate, prepare, train, train_all, try_
from segue.cli.training.marker import MarkedCommand
from segue.errors import GateRejectedError, NotEnoughDataError, SegueError
from segue.serving.settings.environment import read_more_settings

_STATUS: dict[type[SegueError], int] = {GateRejectedError: 3, NotEnoughDataError: TOO_LITTLE}
"""Exit statuses of errors that a schedule may pass over; every other error is 1, as a crash is."""

app = typer.Typer(
    help="Segue: genre, recommendations and taste from small functions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(import_.app, name="import", help="Bring in data sets, and listeners' own histories.")
app.add_typer(models.app, name="models", help="List, compare, promote and roll back trained versions.")
train.app.command("all")(train_all.train_all)
app.add_typer(train.app, name="train", help="Train a family and publish it.")
app.add_typer(history.app, name="history", help="Listeners' events, as the functions read them.")
app.add_typer(index.app, name="index", help="The index that finds similar tracks of a large catalogue.")
app.add_typer(events.app, name="events", help="What callers sent back: click-through rates.")
app.command("recommend")(recommend.recommend)
app.command("similar")(recommend.similar)
app.command("explain")(recommend.explain)
app.command("taste")(taste.taste)
app.command("try")(try_.try_models)
app.command("prepare", cls=MarkedCommand)(prepare.prepare)
app.command("evaluate")(evaluate.evaluate)
app.command("sample")(sample.sample)
app.command("serve")(serve.serve)


@app.command("version")
def version() -> None:
    """Print the version."""
    Console().print(__version__, highlight=False)


def main() -> None:
    """Run the command; an error of ours is one line on standard error, and its exit status."""
    try:
        for line in read_more_settings(Path(".env")):
            typer.echo(line, err=True)
        app()
    except SegueError as error:
        Console(stderr=True).print(
            f"segue: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1))
