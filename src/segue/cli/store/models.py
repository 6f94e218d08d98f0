"""``segue models``: lists published and live versions, and moves between them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from segue.artifacts import listing, retention
from segue.artifacts import release as artifacts
from segue.artifacts.companion import bring_along
from segue.artifacts.family import HYBRID, PINNED
from segue.artifacts.manifest import format_instant
from segue.artifacts.place.location import open_store
from segue.cli.options import ARTIFACTS, Artifacts, Json, Reason
from segue.cli.store.compare import compare
from segue.cli.store.version_list import (
    PREVIOUS,
    check_family,
    is_version,
    live_run,
    read_version,
    resolve_name,
    rows_of,
    shortened,
)
from segue.errors import InvalidInputError
from segue.serving.settings.environment import user_name

if TYPE_CHECKING:
    from segue.artifacts.manifest import Alias

app = typer.Typer(no_args_is_help=True)
app.command("compare")(compare)
Family = Annotated[str, typer.Argument(help="A family, such as genre-preference.")]
_WHOLE = {"family", "version", "variant", "field", "aliases", "metric"}
"""Columns that are never wrapped."""


@app.command("list")
def list_(
    family: Annotated[str, typer.Argument(help="Only this family.")] = "",
    *,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """List versions, oldest first, with their aliases."""
    store = open_store(location)
    check_family(store, family)
    run = live_run(store)
    families = [family] if family else listing.list_families(store)
    rows = [row for name in families for row in rows_of(store, name, run)]
    if as_json:
        _print_json(rows)
        return
    if not rows:
        raise InvalidInputError(f"{store.location} holds no versions{f' of {family}' if family else ''}.")
    for first in ("family", "variant"):  # one table with both is too wide for a terminal
        group = [shortened(row) for row in rows if bool(row["variant"]) is (first == "variant")]
        if group:
            _print_table((first, "version", "aliases", "metric"), group)
    named = {row["family"]: row["metric"]["name"] for row in rows if row["metric"]}
    if named:
        metrics = "; ".join(f"{name} of {family}" for family, name in named.items())
        Console().print(f"Metrics: {metrics}.", highlight=False, soft_wrap=True)
    for row in rows:
        if row["files"] in {"", "unreadable"}:
            typer.echo(f"{row['family']} {row['version'] or 'aliases'}: {row['bytes']}", err=True)


@app.command()
def show(
    spec: Annotated[
        str, typer.Argument(metavar="FAMILY[@VERSION]", help="A version, an alias or 'previous'.")
    ],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every genre and feature.")] = False,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Show the record of one version, by default of the champion."""
    store = open_store(location)
    family, _, reference = spec.partition("@")
    manifest = read_version(store, family, reference or artifacts.CHAMPION)
    aliases = listing.list_aliases(store, family)
    if as_json:
        pointing = {name: json.loads(alias.to_bytes()) for name, alias in aliases.items()}
        _print_json({"manifest": json.loads(manifest.to_bytes()), "aliases": pointing})
        return
    sizes = {name: entry.bytes for name, entry in manifest.files.items()}
    fields = {"version": manifest.version, **asdict(manifest.record), "files": sizes}
    fields |= {name: _history(alias) for name, alias in aliases.items()}
    rows = [
        {"field": path, "value": _short(value)}
        for path, value in listing.leaves("", fields)
        if _shown(path, everything)
    ]
    _print_table(("field", "value"), rows)


@app.command()
def diff(
    family: Family,
    one: Annotated[str, typer.Argument(help="A version, an alias or 'previous'.")] = PREVIOUS,
    other: Annotated[str, typer.Argument(help="A version, an alias or 'previous'.")] = artifacts.CHAMPION,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every genre and feature.")] = False,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Compare two versions field by field, by default the previous one with the champion."""
    store = open_store(location)
    left, right = read_version(store, family, one), read_version(store, family, other)
    changes = listing.diff(left, right)
    if as_json:
        _print_json({path: list(pair) for path, pair in changes.items()})
        return
    rows = [
        {"field": path, left.version: _short(a), right.version: _short(b)}
        for path, (a, b) in changes.items()
        if _shown(path, everything)
    ]
    _print_table(("field", left.version, right.version), rows)


@app.command()
def promote(
    family: Family,
    version: Annotated[
        str, typer.Argument(help="The version to make live, or an alias, or a variant such as pca_features.")
    ],
    reason: Reason,
    *,
    alias: Annotated[str, typer.Option(help="The alias to move.")] = artifacts.CHAMPION,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Make a version live, after a check of all its bytes."""
    store, decision = open_store(location), _decide(reason)
    check_family(store, family)
    if not is_version(version):
        version = resolve_name(store, family, version).target.version
    moved = artifacts.promote(store, family, version, decision, alias=alias)
    _print_move(family, alias, moved, bring_along(store, family, alias, decision), as_json=as_json)


@app.command()
def rollback(
    family: Family,
    reason: Reason,
    *,
    alias: Annotated[str, typer.Option(help="The alias to move.")] = artifacts.CHAMPION,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Make the previous version live again; functions follow within one refresh."""
    store, decision = open_store(location), _decide(reason)
    check_family(store, family)
    moved = artifacts.rollback(store, family, decision, alias=alias)
    _print_move(family, alias, moved, bring_along(store, family, alias, decision), as_json=as_json)


@app.command()
def gc(
    *,
    keep: Annotated[int, typer.Option(min=0, help="Newest versions of a family to keep.")] = 5,
    min_age_days: Annotated[int, typer.Option(min=0, max=36_500, help="Keep younger versions.")] = 14,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List garbage, but delete nothing.")] = False,
    location: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Delete old versions that no alias reaches and that are not among the newest, and orphaned files."""
    policy = retention.RetentionPolicy(keep, timedelta(days=min_age_days))
    act = retention.find_garbage if dry_run else retention.collect
    garbage = act(open_store(location), now=datetime.now(UTC), policy=policy)
    rows = [{"kind": "version", "name": f"{family}@{version}"} for family, version in garbage.versions]
    rows += [{"kind": "orphan", "name": key} for key in garbage.orphans]
    if as_json:
        _print_json({"deleted": not dry_run, "garbage": rows})
        return
    _print_table(("kind", "name"), rows)
    Console().print(f"{len(rows)} {'would be deleted' if dry_run else 'deleted'}.")


def _decide(reason: str) -> artifacts.Decision:
    return artifacts.Decision(user_name(), reason, datetime.now(UTC))


def _print_move(family: str, alias: str, moved: Alias, followed: list[str], *, as_json: bool) -> None:
    if family in PINNED:
        typer.echo(
            f"Warning: functions serve {HYBRID}, which pins the {family} of its training. "
            f"They use this alias only while no {HYBRID} is live.",
            err=True,
        )
    if as_json:
        _print_json({"family": family, "alias": alias, **json.loads(moved.to_bytes())})
        return
    before = f", before: {moved.previous.version}" if moved.previous else ""
    Console().print(
        f"{family} {alias} is now {moved.target.version}{before}.", highlight=False, soft_wrap=True
    )
    if followed:
        Console().print(f"With it: {', '.join(followed)}.", highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        right = column == "metric"
        table.add_column(
            column, no_wrap=column in _WHOLE, overflow="fold", justify="right" if right else "left"
        )
    for row in rows:
        table.add_row(
            *(Text(str(row[column])) for column in columns)
        )  # Text: rich reads [brackets] as markup
    Console().print(table, "")


def _shown(path: str, everything: bool) -> bool:
    return everything or not path.startswith(("metrics.per_genre", "metrics.importance"))


def _history(alias: Alias) -> str:
    return f"{alias.target.version} since {format_instant(alias.set_at)} by {alias.set_by}: {alias.reason}"


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
