"""``segue history``: fills the state of listeners from the interactions of the training data."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from segue.cli.options import Data, State  # noqa: TC001  # Typer reads the annotations
from segue.serving.settings.environment import DEFAULT_STATE, find_store
from segue.state.listening import RECENT, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.domain.listening.feedback import Feedback

_RECIPE = 1
"""Version of the code that reads events. Raise it if a change of the code changes the loaded events."""

_BATCH = 20_000

app = typer.Typer(no_args_is_help=True)


@app.callback()
def commands() -> None:
    """Fill the state of listeners, from which the functions answer."""


@app.command("load")
def load(
    *,
    data: Data = "",
    state: State = DEFAULT_STATE,
    recent: Annotated[int, typer.Option(min=1, help="Number of latest events of each listener.")] = RECENT,
    force: Annotated[bool, typer.Option("--force", help="Read unchanged files again.")] = False,
) -> None:
    """Load every listener's latest events, all likes, dislikes and exclusions; repeated events count once."""
    from segue.state.location import open_state
    from segue.state.sqlite import SqliteState
    from training.release.file_state import origin_of

    data = find_store(data, state)
    console, opened = Console(soft_wrap=True, highlight=False), open_state(state)
    origin = origin_of([data], {"recent": recent, "recipe": _RECIPE})
    marks = opened if origin and isinstance(opened, SqliteState) else None
    if marks and not force and marks.is_loaded(origin):
        console.print(f"{state}: {data} is loaded and has not changed; --force reads it again.", markup=False)
        return
    from segue.sources.dataset.history import to_events  # pandas takes a second to import
    from training.hybrid.data.event_source import read_events_at

    with console.status("reading events"):
        interactions, _ = read_events_at(data)
    total = Recorded(0, 0)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("loading histories", total=len(interactions))
        events: Iterator[Feedback] = chain(to_events(interactions, recent), interactions.exclusions)
        while batch := list(islice(events, _BATCH)):
            done = opened.record(batch)
            total = Recorded(total.new + done.new, total.repeated + done.repeated)
            progress.advance(task, len(batch))
    if marks:
        marks.keep_loaded(origin)
    console.print(f"{state}: {total.new} events loaded, {total.repeated} were there already.", markup=False)
