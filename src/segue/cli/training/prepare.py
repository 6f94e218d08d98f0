"""``segue prepare``: builds the clusterings of the tracks that are missing or stale."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from segue.artifacts.place.location import open_store
from segue.cli.data.account import print_account
from segue.cli.log import LEVELS, log_to
from segue.cli.options import TOO_LITTLE, LogFile, Reason
from segue.cli.training.marker import OPTION, MarkedCommand, write_marker
from segue.errors import SourceError, SourceSchemaError
from segue.serving.settings.environment import DEFAULT_ARTIFACTS, find_store, user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.artifacts.place.object_store import ObjectStore
    from training.cluster.prepare import PrepareRequest, VariantOutcome
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import ClusterVariant

    Row = tuple[str, str, str, str]

COMMAND = MarkedCommand
"""Class of the command for Typer; the group of all commands reads it."""

LOGGER = "segue.prepare"
PARTIAL = 3
"""Exit status when some variants are ready and others failed or are stale."""

_LOG_WIDTH = 160
"""Width of a table in a log."""

_GIB = 1 << 30


def prepare(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    *,
    raw: Annotated[
        Path | None,
        typer.Option(
            "--raw-data",
            envvar="RAW_DATA_PATH",
            help="Folder with spotify_tracks.csv, low_level_audio_features.csv, lyrics_features.csv.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            envvar="DATA_PATH",
            help="Tracks without --raw-data: a dataset folder, file or database; "
            "else SEGUE_STORE or SEGUE_STORE_SECRET.",
        ),
    ] = None,
    low_level: Annotated[
        Path | None, typer.Option(help="File of low-level audio features; alone, its rows are the tracks.")
    ] = None,
    lyrics: Annotated[
        Path | None, typer.Option(help="File of lyrics features; alone, its rows are the tracks.")
    ] = None,
    location: Annotated[
        str,
        typer.Option(
            "--artifacts",
            envvar=["SEGUE_ARTIFACTS", "MODELS_PATH"],
            help="Store of versions: a folder or s3://bucket/prefix.",
        ),
    ] = DEFAULT_ARTIFACTS,
    work: Annotated[Path, typer.Option(help="Folder for unfinished builds.")] = Path("var/clusters"),
    variant: Annotated[
        list[str] | None, typer.Option(help="Prepare only this variant; repeatable. [default: all]")
    ] = None,
    min_cluster_size: Annotated[
        int | None, typer.Option(help="Fewest tracks of a cluster. [default: by search]")
    ] = None,
    min_samples: Annotated[
        int | None, typer.Option(help="Neighbours that make a region dense. [default: by search]")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Choice of clusters: eom (lasting ones) or leaf. [default: by search]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all random draws.")] = 17,
    memory_gb: Annotated[
        float | None,
        typer.Option(min=0.1, help="Memory for all builds together. [default: 60 % of the free memory]"),
    ] = None,
    components: Annotated[
        int | None,
        typer.Option(min=1, help="Principal components of the variants that use them. [default: 6 and 60]"),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Use only this many tracks, drawn by --seed. [default: all]")
    ] = None,
    log_level: Annotated[
        str, typer.Option(envvar="LOG_LEVEL", help=f"Least level to log: {', '.join(LEVELS)}.")
    ] = "info",
    log_file: LogFile = None,
    marker_dir: Annotated[
        Path | None,
        typer.Option(OPTION, help="Folder for a file `success` or `failure` with the result of the command."),
    ] = None,
    reason: Reason = "prepared",
    force: Annotated[
        bool, typer.Option("--force", envvar="FORCE_REGENERATE", help="Build up-to-date variants too.")
    ] = False,
    check_only: Annotated[
        bool,
        typer.Option(
            "--check-only", help="Only report the state of every variant, with the same exit status."
        ),
    ] = False,
) -> None:
    """Prepare the clusterings of the tracks.

    Exit status 0: every variant that has input is ready; 3: some are ready, others are not; 1: none is ready,
    and one failed; 4: none is ready, because there is too little data. Up-to-date variants are not built
    again, and an interrupted run is continued. --check-only builds nothing.
    """
    from training.cluster.data.source import find_source
    from training.cluster.memory import default_budget
    from training.cluster.prepare import PrepareRequest
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import choose_variants

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    log = log_to(console, LOGGER, log_level, log_file)
    variants = choose_variants(variant or [])
    settings = ClusterSettings(min_cluster_size, min_samples, method, seed, components)  # type: ignore[arg-type]  # it checks
    store = open_store(location, setting="--artifacts")
    if _is_flag(context, "data") and not _is_flag(context, "raw"):
        raw = None  # an option on the command line overrides an environment variable of another one
    if raw is not None and data is not None:
        log.info("%s is ignored: the raw tables in %s are read instead", data, raw)
    if not data and raw is None and low_level is None and lyrics is None:
        data = find_store("", location)
    where = {"raw": raw, "data": data, "low_level": low_level, "lyrics": lyrics}

    def request() -> PrepareRequest:
        memory = default_budget() if memory_gb is None else int(memory_gb * _GIB)
        source = replace(find_source(**where), sample=sample, seed=seed)  # type: ignore[arg-type]
        return PrepareRequest(source, variants, settings, work, user_name(), reason, memory, force)

    def run() -> tuple[int, list[Row]]:
        if check_only:
            return _check(console, store, request, variants, settings)
        outcomes = _prepare(console, store, request())
        return _status(outcomes, asked=bool(variant)), _rows(outcomes)

    status, rows = run()
    _mark(marker_dir, status, rows)
    raise typer.Exit(status)


def prepare_all(  # noqa: PLR0913 - one parameter per option
    console: Console,
    store: ObjectStore,
    data: str,
    *,
    work: Path,
    seed: int,
    reason: str,
    force: bool,
    log_file: Path | None,
) -> list[VariantOutcome]:
    """Prepare every variant of the tracks at ``data``, like the command; raises as its source does."""
    from training.cluster.data.source import find_source
    from training.cluster.memory import default_budget
    from training.cluster.prepare import PrepareRequest
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import choose_variants

    log_to(console, LOGGER, file=log_file)
    source, settings = find_source(raw=None, data=data), ClusterSettings(seed=seed)
    memory, variants = default_budget(), choose_variants([])
    request = PrepareRequest(source, variants, settings, work, user_name(), reason, memory, force)
    return _prepare(console, store, request)


def _is_flag(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check(
    console: Console,
    store: ObjectStore,
    request: Callable[[], PrepareRequest],
    variants: Sequence[ClusterVariant],
    settings: ClusterSettings,
) -> tuple[int, list[Row]]:
    from training.cluster.plan import State, Surveyed, assess, is_healthy
    from training.cluster.prepare import assess_all

    try:
        standings, _ = assess_all(store, request(), lambda _: None)
    except SourceError as error:  # a serving container has the versions, but may lack the tables
        missing = Surveyed(missing=str(error), is_broken=isinstance(error, SourceSchemaError))
        standings = [assess(store, each, missing, settings) for each in variants]
    rows = [(each.variant.name, str(each.state), each.version, each.reason) for each in standings]
    _print(console, "state", rows)
    ready = any(each.state is State.READY for each in standings)
    return 0 if is_healthy(standings) else PARTIAL if ready else 1, rows


def _prepare(console: Console, store: ObjectStore, request: PrepareRequest) -> list[VariantOutcome]:
    from training.cluster.prepare import prepare as prepare_variants
    from training.cluster.prepare import promote_missing

    columns = (
        TextColumn("{task.fields[variant]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {}

        def progress(name: str, stage: str, share: float) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(stage, total=1.0, variant=name)
            bars.update(tasks[name], description=stage, completed=share)

        outcomes = prepare_variants(store, request, tell=partial(print_account, console), watch=progress)
    promote_missing(store, outcomes, request.set_by)
    _print(console, "outcome", _rows(outcomes))
    return outcomes


def _rows(outcomes: Sequence[VariantOutcome]) -> list[Row]:
    return [(each.variant, str(each.status), each.version, each.why) for each in outcomes]


def _mark(folder: Path | None, status: int, rows: Sequence[Row]) -> None:
    if folder is not None:
        states = {
            name: {"state": state, "version": version, "why": why} for name, state, version, why in rows
        }
        write_marker(folder, status, {"variants": states})


def _print(console: Console, last: str, rows: Sequence[Row]) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("variant", last, "version"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold")
    for *first, why in rows:
        table.add_row(*first, Text(why))  # a Text: rich would read markup in file names
    console.print(table)
    if any(state == "input missing" for _, state, _, _ in rows):
        from training.cluster.variant import LEAST_TRACKS

        console.print(f"Every variant needs at least {LEAST_TRACKS} tracks that are in all of its tables.")


def _status(outcomes: Sequence[VariantOutcome], *, asked: bool) -> int:
    """Return 0 if every variant that has input is ready; named variants must have input.

    If none is ready only because of too little data, return `TOO_LITTLE`: nothing failed.
    """
    from training.cluster.prepare import Status

    ends = {each.status for each in outcomes}
    failed = Status.FAILED in ends or (asked and Status.NO_INPUT in ends)
    if not any(end.is_good for end in ends):
        return 1 if failed else TOO_LITTLE
    return PARTIAL if failed or Status.TOO_LITTLE in ends else 0
