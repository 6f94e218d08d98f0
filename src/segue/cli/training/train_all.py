"""``segue train all``: every family that has data, in order, and what came of each in one line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from segue.artifacts.family import CLUSTERS, GENRE_PREFERENCE, HYBRID
from segue.artifacts.place.location import open_store
from segue.artifacts.release import resolve_if_any
from segue.cli.options import ARTIFACTS, TOO_LITTLE, Artifacts, Data, LogFile, Reason, Store
from segue.cli.training import prepare, train
from segue.errors import GateRejectedError, NotEnoughDataError, SegueError, TableMissingError
from segue.serving.settings.environment import find_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.artifacts.place.object_store import ObjectStore
    from training.cluster.prepare import VariantOutcome

REFUSED = 3
"""Exit status where nothing failed, and the gate refused a version."""


class _End(StrEnum):
    """How the training of one family ends."""

    READY = "ready"
    NO_DATA = "no data"
    REFUSED = "refused by the gate"
    FAILED = "failed"


def train_all(  # noqa: PLR0913 - one parameter an option
    *,
    store: Store = "",
    data: Data = "",
    events: Annotated[
        list[str] | None, typer.Option(help="More events, as of the lake that feedback fills; repeatable.")
    ] = None,
    location: Artifacts = ARTIFACTS,
    work: Annotated[Path, typer.Option(help="Where unfinished clusters are kept.")] = Path("var/clusters"),
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of every draw.")] = 17,
    reason: Reason = "trained",
    promote: Annotated[bool, typer.Option(help="Make versions live if the gate agrees.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Train on unchanged data; overrule the gate.")
    ] = False,
    log_file: LogFile = None,
) -> None:
    """Train every family that has data: genre preference, the recommender, clusters.

    Genre preference learns from the purchases of --store, the others from --data; each stands in where the
    other is not given. Exit status 0: every family that has data is live or as it was; 3: the gate refused
    one; 4: none has data; 1: one failed.
    """
    from segue.sources.dataset.location import is_database  # pandas takes a second to import

    console = Console(soft_wrap=True, highlight=False)
    store = (
        store or (data if data and is_database(data) else "") or ("" if data else find_store("", location))
    )
    data = data or store
    opened = open_store(location, setting="--artifacts")
    given: dict[str, Any] = {
        "location": location,
        "seed": seed,
        "reason": reason,
        "promote": promote,
        "force": force,
        "log_file": log_file,
    }

    def genre_preference() -> None:
        if not store:
            raise TableMissingError(f"{data} is no store's database: --store names one.")
        train.genre_preference(store=store, **given)

    def recommender() -> None:
        train.recommend(data=data, events=events, **given)

    def clusters() -> tuple[_End, str]:
        asked: dict[str, Any] = {
            "work": work,
            "seed": seed,
            "reason": reason,
            "force": force,
            "log_file": log_file,
        }
        return _told(prepare.prepare_all(console, opened, data, **asked))

    ends = []
    for family, run in ((GENRE_PREFERENCE, genre_preference), (HYBRID, recommender), (CLUSTERS, clusters)):
        console.rule(family, align="left", style="dim")
        ends.append((family, *_run(opened, family, run)))
    console.rule(style="dim")
    for family, end, why in ends:
        console.print(f"{family}: {end}, {why}", style="red" if end is _End.FAILED else None, markup=False)
    raise typer.Exit(_status([end for _, end, _ in ends]))


def _run(store: ObjectStore, family: str, run: Callable[[], tuple[_End, str] | None]) -> tuple[_End, str]:
    """Run one training; an error that nobody foresees ends the command."""
    try:
        before = resolve_if_any(store, family)
        told = run()
        after = resolve_if_any(store, family)
    except (NotEnoughDataError, TableMissingError) as error:
        return _End.NO_DATA, str(error)
    except GateRejectedError as error:
        return _End.REFUSED, str(error)
    except SegueError as error:
        return _End.FAILED, str(error)
    if told is not None:
        return told
    if after is None:
        return _End.READY, "published and not promoted"
    return _End.READY, f"{after.alias.target.version} is live{', as before' if after == before else ''}"


def _told(outcomes: Sequence[VariantOutcome]) -> tuple[_End, str]:
    """Sum up what became of the variants."""
    from training.cluster.prepare import Status

    of: dict[Status, list[str]] = {}
    for each in outcomes:
        of.setdefault(each.status, []).append(each.variant)
    told = "; ".join(f"{status}: {', '.join(names)}" for status, names in of.items())
    if Status.FAILED in of:
        return _End.FAILED, told
    if any(status.is_good for status in of):
        return _End.READY, told
    return _End.NO_DATA, f"{told} ({outcomes[0].why})"


def _status(ends: list[_End]) -> int:
    if _End.FAILED in ends:
        return 1
    if set(ends) == {_End.NO_DATA}:
        return TOO_LITTLE
    return REFUSED if _End.REFUSED in ends else 0
