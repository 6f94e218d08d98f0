"""The ``segue`` command."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command, get_group

from segue import __version__
from segue.cli.options import TOO_LITTLE
from segue.errors import GateRejectedError, NotEnoughDataError, SegueError
from segue.serving.settings.environment import read_more_settings

_STATUS: dict[type[SegueError], int] = {GateRejectedError: 3, NotEnoughDataError: TOO_LITTLE}
"""Exit statuses of errors that a schedule may ignore; every other error has status 1, like a crash."""

_COMMANDS = {
    "recommend": ("ask.recommend:recommend", ""),
    "similar": ("ask.recommend:similar", ""),
    "explain": ("ask.recommend:explain", ""),
    "taste": ("ask.taste:taste", ""),
    "try": ("training.try_:try_models", ""),
    "prepare": ("training.prepare:prepare", ""),
    "evaluate": ("training.evaluate:evaluate", ""),
    "sample": ("data.sample:sample", ""),
    "ready": ("ready:ready", ""),
    "serve": ("ask.serve:serve", ""),
    "import": ("data.import_:app", "Import data sets and listeners' own histories."),
    "models": ("store.models:app", "List, compare, promote and roll back trained versions."),
    "train": ("training.train_all:app", "Train a family and publish it."),
    "history": ("data.history:app", "Listeners' events, as the functions read them."),
    "index": ("store.index:app", "The index that finds similar tracks of a large catalogue."),
    "events": ("data.events:app", "Feedback of callers: click-through rates."),
}
"""Module and attribute of each command, and the help of a group. A module is imported with its command."""


class _Commands(TyperGroup):
    """Imports only the module of the command that runs: all modules together take half a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_COMMANDS, *(name for name in super().list_commands(ctx) if name not in _COMMANDS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        is_known = cmd_name in {*_COMMANDS, *self.commands}
        # An unknown name needs all commands, to suggest the nearest one.
        wanted = {cmd_name} & _COMMANDS.keys() if is_known else _COMMANDS.keys()
        for name in wanted - self.commands.keys():
            self.commands[name] = _load(name)
        return super().get_command(ctx, cmd_name)


def _load(name: str) -> Any:
    place, group_help = _COMMANDS[name]
    path, attribute = place.split(":")
    module = import_module(f"segue.cli.{path}")
    command, alone = getattr(module, attribute), typer.Typer(rich_markup_mode=None)
    if isinstance(command, typer.Typer):
        alone.add_typer(command, name=name, help=group_help)
    else:
        alone.command(name, cls=getattr(module, "COMMAND", None))(command)
    return get_group(alone).commands[name]


app = typer.Typer(
    help="Segue: genre, recommendations and taste from small functions.",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def commands() -> None:
    """Segue: genre, recommendations and taste from small functions."""


@app.command("version")
def version() -> None:
    """Print the version."""
    Console().print(__version__, highlight=False)


def main() -> None:
    """Run the command; a `SegueError` becomes one line on standard error and an exit status."""
    try:
        for line in read_more_settings(Path(".env")):
            typer.echo(line, err=True)
        app()
    except SegueError as error:
        sys.exit(_report(error))


def run_command(arguments: list[str]) -> int:
    """Run one command in this process and return its exit status; a `SegueError` is printed as in `main`."""
    try:
        return get_command(app).main(arguments, prog_name="segue", standalone_mode=False) or 0
    except SegueError as error:
        return _report(error)


def _report(error: SegueError) -> int:
    Console(stderr=True).print(f"segue: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1)
