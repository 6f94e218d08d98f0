"""``segue ready``: prepares everything that the API serves, step by step, if it is missing or stale."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from segue.cli.options import ARTIFACTS, SAMPLE, TOO_LITTLE, Artifacts, Data, State, Store
from segue.serving.settings.environment import DEFAULT_STATE

_PASSED_OVER = {0, 3, TOO_LITTLE}
"""Statuses after which the steps go on; 3 means a refusal of the gate, or variants that are not ready."""


def ready(
    *,
    store: Store = "",
    data: Data = "",
    raw_data: Annotated[str, typer.Option(help="Folder with raw tables for the clusters.")] = "",
    location: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
) -> None:
    """Prepare the sample store, models, clusters and histories in one process; skip up-to-date ones.

    Every step is a command and prints its seconds. The exit status is that of the first step that fails.
    A refusal of the gate and too little data do not count as failures.
    """
    from segue.cli import run_command

    console, sample = Console(soft_wrap=True, highlight=False), str(SAMPLE / "store.sqlite")
    store = store or sample
    read, kept = data or store, ["--artifacts", location]
    tracks = ["--raw-data", raw_data] if raw_data else ["--data", read]
    steps = [
        *([["sample", "--out", str(Path(store).parent)]] if store == sample else []),
        ["train", "genre-preference", "--store", store, *kept],
        ["train", "recommend", "--data", read, *kept],
        ["prepare", *tracks, *kept],
        ["history", "load", "--data", read, "--state", state],
    ]
    for step in steps:
        name = " ".join(word for word in step[:2] if not word.startswith("-"))
        began_at_s = time.perf_counter()
        console.rule(name, align="left", style="dim")
        status = run_command(step)
        console.print(f"{name}: {time.perf_counter() - began_at_s:.1f} s", markup=False)
        if status not in _PASSED_OVER:
            raise typer.Exit(status)
