"""``segue index``: builds the index of a large catalogue's content by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from segue.artifacts.place.location import open_store
from segue.artifacts.release import Decision
from segue.backends.faiss import N_BEST, RECALL_TARGET, IndexKind
from segue.cli.options import ARTIFACTS, Artifacts, Reason
from segue.domain.vector.nearest import MOST_EXACT
from segue.serving.settings.environment import user_name

app = typer.Typer(no_args_is_help=True)


@app.callback()
def commands() -> None:
    """Build the index that finds similar tracks of a large catalogue."""


@app.command("build")
def build(
    *,
    kind: Annotated[
        IndexKind | None,
        typer.Option(help=f"Kind of index. [default: by size; flat up to {MOST_EXACT} tracks]"),
    ] = None,
    nprobe: Annotated[
        int | None,
        typer.Option(min=1, help="Cells that an ivf search reads. [default: the fewest that reach --recall]"),
    ] = None,
    recall: Annotated[
        float, typer.Option(min=0, max=1, help=f"Share of the true best {N_BEST} to find.")
    ] = RECALL_TARGET,
    location: Artifacts = ARTIFACTS,
    reason: Reason = "index built by hand",
) -> None:
    """Index the content of the live recommender, and make the recommender live with the index.

    The recommender does not change. `segue models rollback hybrid` removes the index again.
    """
    from training.algorithm.content.index import Wish, index_live
    from training.release.lifecycle import make_live

    console, store = Console(soft_wrap=True, highlight=False), open_store(location, setting="--artifacts")
    with console.status("building the index"):
        index, hybrid, live = index_live(store, Wish(kind, nprobe, recall))
    params = index.record.params
    about = ", ".join([params["kind"], *(f"{name} {value}" for name, value in params["parameters"].items())])
    decision = Decision(user_name(), f"{reason}: {about}", datetime.now(UTC))
    make_live(store, hybrid, decision, live)
    seconds, size = index.record.training["seconds"], sum(file.bytes for file in index.files.values())
    if params["recall"] < recall:
        console.print(
            f"warning: recall@{N_BEST} is {params['recall']:.3f}, less than the {recall:g} asked for: "
            "give a greater --nprobe, or none.",
            style="yellow",
            markup=False,
        )
    console.print(
        f"{index.version}: {about}; {params['n_items']} tracks, recall@{N_BEST} {params['recall']:.3f}, "
        f"{size / 1e6:.1f} MB, {seconds:.0f} s. It is live with hybrid {hybrid.version}.",
        markup=False,
    )
