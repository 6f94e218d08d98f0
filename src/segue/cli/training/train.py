"""``segue train``: one command per trainer, from its data to a live version."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer
from rich.console import Console

from segue.artifacts.place.location import open_store
from segue.cli.data.account import print_account
from segue.cli.log import Steps, log_to
from segue.cli.options import ARTIFACTS, Artifacts, Data, Events, Force, LogFile, Promote, Reason, Store
from segue.cli.training.interrupt import trials_kept
from segue.serving.settings.environment import find_store, user_name
from training.release.trainer import Option, Order, Reads, StagedTrainer
from training.trainers import TRAINERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.release.lifecycle import Outcome

app = typer.Typer(no_args_is_help=True)


@app.callback()
def families() -> None:
    """Train a family and publish it."""


def train(
    trainer: StagedTrainer, options: Any, location: str, order: Order, log_file: Path | None = None
) -> Outcome[Any]:
    """Run a training, and print its stages and its result."""
    from training.release.lifecycle import run_training

    console, artifacts = Console(soft_wrap=True, highlight=False), open_store(location, setting="--artifacts")
    logger = log_to(console, "segue.train", file=log_file)
    minutes, trials = getattr(options, "budget_minutes", 0.0), getattr(options, "trials", None)
    with console.status("reading") as status, trials_kept(console, minutes, trials):
        progress = Steps(logger, status)
        outcome = run_training(
            trainer, options, artifacts, order, progress, lambda account: print_account(console, account)
        )
        if outcome.fitted is not None:
            progress.finish()
    _print(console, outcome)
    return outcome


_PLACES: dict[Reads, dict[str, tuple[Any, Any]]] = {
    Reads.STORE: {"store": (Store, "")},
    Reads.EVENTS: {"data": (Data, ""), "events": (Events, None)},
}
"""Options for the location of data, with annotation and default by name; the first one is needed."""

_ORDER: dict[str, tuple[Any, Any]] = {
    "location": (Artifacts, ARTIFACTS),
    "reason": (Reason, "trained"),
    "promote": (Promote, True),
    "force": (Force, False),
    "log_file": (LogFile, None),
}


def _own_options(trainer: StagedTrainer) -> dict[str, tuple[Any, Any]]:
    """Return the options that a trainer declares, as typer options."""
    hints, found = get_type_hints(trainer.options, include_extras=True), {}
    for each in fields(trainer.options):
        kind, *declared = get_args(hints[each.name]) or (None,)
        for option in declared:
            if isinstance(option, Option):
                flags = [option.flag] if option.flag else []
                asked = typer.Option(*flags, min=option.least, max=option.most, help=option.help)
                found[each.name] = (Annotated[kind, asked], each.default)
    return found


def command_of(trainer: StagedTrainer) -> Callable[..., None]:
    """Return the command of a trainer, with the signature that typer reads."""
    places, own = _PLACES[trainer.reads], _own_options(trainer)

    def run(**given: Any) -> None:
        first, *more = (given[name] for name in places)
        where = (find_store(first, given["location"]), *(place for each in more for place in each or ()))
        order = Order(user_name(), given["reason"], given["promote"], given["force"], where)
        options = trainer.options(**{name: given[name] for name in own})
        train(trainer, options, given["location"], order, given["log_file"])

    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, (annotation, default) in (places | own | _ORDER).items()
        ]
    )
    return run


def _print(console: Console, outcome: Outcome[Any]) -> None:
    manifest = outcome.manifest
    for warning in outcome.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    if outcome.fitted is None:
        console.print(f"{manifest.version} {outcome.verdict.reason}; --force trains again.", markup=False)
        return
    for each in outcome.fitted.summary():
        console.print(each, markup=False)
    state = "live" if outcome.alias else "published, not promoted"
    console.print(f"{manifest.version} is {state}. {outcome.verdict.reason}", markup=False)
    console.print(
        "Report: report.html next to the artifact; "
        f"figures: segue models show {manifest.family}@{manifest.version}"
    )


_STATUSES = "Exit status 3: the gate refused the published version; 4: there is too little data."

for _trainer in TRAINERS:
    if isinstance(_trainer, StagedTrainer):
        _, _name = _trainer.command.split()
        app.command(_name, help=f"{_trainer.about}\n\n{_STATUSES}")(command_of(_trainer))
