"""``segue models compare``: shows the figures of several versions of a family side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from segue.artifacts import listing
from segue.artifacts.place.location import open_store
from segue.cli.options import ARTIFACTS, Artifacts, Json
from segue.cli.store.version_list import figure_of, read_version, written_figure
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.artifacts.manifest import Manifest

_NEWEST = 5
"""Number of versions that are compared if none is named."""


def compare(
    family: Annotated[str, typer.Argument(help="A family, such as hybrid.")],
    versions: Annotated[
        list[str] | None, typer.Argument(help=f"Versions or aliases. [default: the newest {_NEWEST}]")
    ] = None,
    *,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Show the metrics of several versions with 95 % intervals; figures of different data do not compare."""
    store = open_store(location)
    named = versions or listing.list_versions(store, family)[-_NEWEST:]
    if not named:
        raise InvalidInputError(
            f"{store.location} holds no versions of {family}: `segue models list` names all."
        )
    found = {each.version: each for each in (read_version(store, family, name) for name in named)}
    figures = {version: dict(_figures(manifest)) for version, manifest in found.items()}
    if as_json:
        typer.echo(json.dumps(figures, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for number, (version, manifest) in enumerate(found.items(), 1):
        console.print(f"{number}  {version}  {_about(manifest)}", soft_wrap=True, markup=False)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("metric", overflow="fold")
    for number in range(1, len(found) + 1):
        table.add_column(str(number), justify="right", overflow="fold")
    for name in dict.fromkeys(name for each in figures.values() for name in each):
        table.add_row(name, *(written_figure(each.get(name)) for each in figures.values()))
    console.print(table, "")


def _figures(manifest: Manifest) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in manifest.record.metrics.items():
        if (figure := figure_of(value)) is not None:
            yield name, figure


def _about(manifest: Manifest) -> str:
    fingerprint = str(manifest.record.data.get("fingerprint", "unknown"))
    return f"of the data {fingerprint.removeprefix('sha256:')[:12]}"
