"""Builds the rows of ``segue models list``: the versions of a family, their aliases and unreadable ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.artifacts import listing
from segue.artifacts.companion import read_run
from segue.artifacts.family import FAMILIES, PINNED, variant_alias
from segue.artifacts.manifest import format_instant, is_name
from segue.artifacts.release import CHAMPION, read_manifest, resolve
from segue.errors import (
    AliasNotFoundError,
    CorruptArtifactError,
    InvalidInputError,
    PublishError,
    UnsupportedSchemaError,
)

if TYPE_CHECKING:
    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectStore

PREVIOUS = "previous"
"""Name of the version before the champion."""


def live_run(store: ObjectStore) -> Manifest | None:
    """Return the manifest of the live hybrid, which pins the served members; None if no hybrid is live."""
    run = read_run(store)
    return None if run is None else run[1]


def rows_of(store: ObjectStore, family: str, run: Manifest | None) -> list[dict[str, Any]]:
    """Describe the versions of a family, oldest first; ``run`` is the manifest of the live hybrid."""
    rows: list[dict[str, Any]] = []
    try:
        aliases = listing.list_aliases(store, family)
    except (CorruptArtifactError, UnsupportedSchemaError) as error:
        aliases, fault = {}, {"files": "", "bytes": str(error)}
        nothing = {"version": "", "variant": "", "created": "", "metric": None}
        rows.append({"family": family, **nothing, "aliases": "unreadable", **fault})
    live = {name: alias.target.version for name, alias in aliases.items()}
    if family in PINNED and run is not None:
        live[CHAMPION] = run.record.depends_on.get(family, "")  # the hybrid decides, not the member's alias
    for version in listing.list_versions(store, family):
        names = sorted(name for name, named in live.items() if named == version)
        row: dict[str, Any] = {
            "family": family,
            "version": version,
            "variant": "",
            "aliases": ", ".join(names),
            "metric": None,
        }
        try:
            manifest = read_manifest(store, family, version)
        except (
            CorruptArtifactError,
            UnsupportedSchemaError,
        ) as error:  # list the other versions all the same
            rows.append({**row, "created": "", "files": "unreadable", "bytes": str(error)})
            continue
        size = sum(entry.bytes for entry in manifest.files.values())
        created = format_instant(manifest.created_at)
        variant = manifest.record.params.get("variant", "")
        facts = {"files": len(manifest.files), "bytes": size, "metric": main_metric(manifest)}
        rows.append({**row, "variant": variant, "created": created, **facts})
    return rows


def shortened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that fits in a terminal."""
    metric = "unreadable" if row["files"] == "unreadable" else written_figure(row["metric"])
    return {**row, "aliases": row["aliases"].replace(", ", "\n"), "metric": metric}


def main_metric(manifest: Manifest) -> dict[str, Any] | None:
    """Return the main figure of a version with its name, or None."""
    metrics, answerer = manifest.record.metrics, manifest.record.params.get("answerer")
    ranked = [name for name in sorted(metrics) if name.startswith("ndcg@")]
    wanted = [f"accuracy/{answerer}", "relative_validity"]
    for end in ("/served", "/hybrid-pro", ""):
        wanted += [name for name in ranked if name.endswith(end)]
    wanted += [name for name in sorted(metrics) if name.startswith("recall@")]
    figures = ((name, figure_of(metrics.get(name))) for name in wanted)
    return next(({"name": name, **figure} for name, figure in figures if figure is not None), None)


def figure_of(raw: object) -> dict[str, Any] | None:
    """Return the value and interval of a measurement in a manifest; None for anything else."""
    if not isinstance(raw, dict) or not _are_numbers(raw.get("value")):
        return None
    interval = raw.get("ci95")
    is_interval = isinstance(interval, list) and len(interval) == 2 and _are_numbers(*interval)
    return {"value": raw["value"], "ci95": interval if is_interval else None}


def written_figure(figure: dict[str, Any] | None) -> str:
    """Write a figure as ``0.138 (0.126–0.150)``."""
    if figure is None:
        return ""
    interval = figure["ci95"]
    return f"{figure['value']:.3g}" + (f" ({interval[0]:.3g}–{interval[1]:.3g})" if interval else "")


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def check_family(store: ObjectStore, family: str) -> None:
    """Raise InvalidInputError for an unknown family; an empty name means all families."""
    known = (*FAMILIES, *PINNED)
    if family and family not in known and family not in listing.list_families(store):
        raise InvalidInputError(f"there is no family {family!r}: give one of {', '.join(known)}.")


def read_version(store: ObjectStore, family: str, reference: str) -> Manifest:
    """Read the manifest of a version, an alias, a variant, or the version before the champion."""
    check_family(store, family)
    if is_version(reference):
        return read_manifest(store, family, reference)
    if reference == CHAMPION and family in PINNED and (run := live_run(store)):
        return read_manifest(store, family, run.record.depends_on.get(family, ""))
    pointer = resolve_name(store, family, CHAMPION if reference == PREVIOUS else reference)
    ref = pointer.previous if reference == PREVIOUS else pointer.target
    if ref is None:
        raise PublishError(f"{family} has no previous version: only {pointer.target.version} was ever live.")
    return read_manifest(store, family, ref.version, expected_sha256=ref.manifest_sha256)


def resolve_name(store: ObjectStore, family: str, reference: str) -> Alias:
    """Read an alias; if it does not exist, InvalidInputError names the existing ones."""
    if not is_name(variant_alias(reference)):
        raise InvalidInputError(
            f"{family} has no version or alias {reference!r}: "
            f"`segue models list {family}` names the existing ones."
        )
    try:
        return resolve(store, family, variant_alias(reference)).alias
    except AliasNotFoundError as error:
        there = ", ".join(listing.list_aliases(store, family))
        if not there:  # the error says how to make a first version
            raise
        raise InvalidInputError(
            f"{family} has no {reference!r} in {store.location}, only {there}; `segue models list "
            f"{family}` names the versions, `{error.made_by}` makes one."
        ) from error


def is_version(reference: str) -> bool:
    """Return whether a reference is a version, not an alias."""
    return "T" in reference  # only versions have a T; aliases are lower-case
