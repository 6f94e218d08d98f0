"""``segue train all``: trains every family that has data, and prints one line for each result."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from segue.artifacts.place.location import open_store
from segue.artifacts.release import resolve_if_any
from segue.cli.options import (
    ARTIFACTS,
    TOO_LITTLE,
    Artifacts,
    Data,
    Events,
    Force,
    LogFile,
    Promote,
    Reason,
    Store,
)
from segue.cli.training.train import app, train
from segue.errors import GateRejectedError, NotEnoughDataError, SegueError, TableMissingError
from segue.serving.settings.environment import find_store, user_name
from training.release.trainer import Order, Reads, StagedTrainer
from training.trainers import TRAINERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.artifacts.place.object_store import ObjectStore
    from training.cluster.prepare import VariantOutcome
    from training.release.trainer import Trainer

REFUSED = 3
"""Exit status if nothing failed but the gate refused a version."""


class _End(StrEnum):
    """How the training of one family ends."""

    READY = "ready"
    NO_DATA = "no data"
    REFUSED = "refused by the gate"
    FAILED = "failed"


@app.command("all")
def train_all(  # noqa: PLR0913 - one parameter per option
    *,
    store: Store = "",
    data: Data = "",
    events: Events = None,
    location: Artifacts = ARTIFACTS,
    work: Annotated[Path, typer.Option(help="Folder for unfinished clusters.")] = Path("var/clusters"),
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all random draws.")] = 17,
    reason: Reason = "trained",
    promote: Promote = True,
    force: Force = False,
    log_file: LogFile = None,
) -> None:
    """Train every family that has data: genre preference, the recommender, clusters.

    Genre preference learns from the purchases of --store, the others from --data; if one of them is missing,
    the other is used instead. Exit status 0: every family that has data is live or unchanged; 3: the gate
    refused one; 4: none has data; 1: one failed.
    """
    from segue.sources.dataset.location import is_database  # pandas takes a second to import

    console = Console(soft_wrap=True, highlight=False)
    store = (
        store or (data if data and is_database(data) else "") or ("" if data else find_store("", location))
    )
    data = data or store
    opened = open_store(location, setting="--artifacts")

    def run(trainer: Trainer) -> tuple[_End, str] | None:
        if not isinstance(trainer, StagedTrainer):
            from segue.cli.training.prepare import prepare_all  # bars of progress: a single training has none

            asked: dict[str, Any] = {"seed": seed, "reason": reason, "force": force, "log_file": log_file}
            return _summary(prepare_all(console, opened, data, work=work, **asked))
        if trainer.reads is Reads.STORE and not store:
            raise TableMissingError(f"{data} is not a store's database: name one with --store.")
        places = (store,) if trainer.reads is Reads.STORE else (data, *(events or []))
        order = Order(user_name(), reason, promote, force, places)
        train(trainer, trainer.options(seed=seed), location, order, log_file)
        return None

    ends = []
    for trainer in TRAINERS:
        console.rule(trainer.family, align="left", style="dim")
        ends.append((trainer.family, *_run(opened, trainer.family, partial(run, trainer))))
    console.rule(style="dim")
    for family, end, why in ends:
        console.print(f"{family}: {end}, {why}", style="red" if end is _End.FAILED else None, markup=False)
    raise typer.Exit(_status([end for _, end, _ in ends]))


def _run(store: ObjectStore, family: str, run: Callable[[], tuple[_End, str] | None]) -> tuple[_End, str]:
    """Run one training; an unexpected error ends the command."""
    try:
        before = resolve_if_any(store, family)
        result = run()
        after = resolve_if_any(store, family)
    except (NotEnoughDataError, TableMissingError) as error:
        return _End.NO_DATA, str(error)
    except GateRejectedError as error:
        return _End.REFUSED, str(error)
    except SegueError as error:
        return _End.FAILED, str(error)
    if result is not None:
        return result
    if after is None:
        return _End.READY, "published and not promoted"
    return _End.READY, f"{after.alias.target.version} is live{', as before' if after == before else ''}"


def _summary(outcomes: Sequence[VariantOutcome]) -> tuple[_End, str]:
    """Summarise the outcomes of the variants."""
    from training.cluster.prepare import Status

    of: dict[Status, list[str]] = {}
    for each in outcomes:
        of.setdefault(each.status, []).append(each.variant)
    summary = "; ".join(f"{status}: {', '.join(names)}" for status, names in of.items())
    if Status.FAILED in of:
        return _End.FAILED, summary
    if any(status.is_good for status in of):
        return _End.READY, summary
    return _End.NO_DATA, f"{summary} ({outcomes[0].why})"


def _status(ends: list[_End]) -> int:
    if _End.FAILED in ends:
        return 1
    if set(ends) == {_End.NO_DATA}:
        return TOO_LITTLE
    return REFUSED if _End.REFUSED in ends else 0
