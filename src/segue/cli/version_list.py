"""The rows of ``segue models list``: every version of a family, what names it, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from segue.artifacts import listing
from segue.artifacts.companion import read_run
from segue.artifacts.family import PINNED
from segue.artifacts.manifest import format_instant
from segue.artifacts.store import CHAMPION, read_manifest
from segue.errors import CorruptArtifactError, UnsupportedSchemaError

if TYPE_CHECKING:
    from segue.artifacts.manifest import Manifest
    from segue.artifacts.object_store import ObjectStore


def live_run(store: ObjectStore) -> Manifest | None:
    """Return the manifest of the live hybrid, which pins the members that are served; None without one."""
    found = read_run(store)
    return None if found is None else found[1]


def rows_of(store: ObjectStore, family: str, run: Manifest | None) -> list[dict[str, Any]]:
    """Describe the versions of a family, oldest first; ``run`` is the manifest of the live hybrid."""
    rows: list[dict[str, Any]] = []
    try:
        aliases = listing.list_aliases(store, family)
    except (CorruptArtifactError, UnsupportedSchemaError) as error:
        aliases, fault = {}, {"files": "", "bytes": str(error)}
        nothing = {"version": "", "variant": "", "created": ""}
        rows.append({"family": family, **nothing, "aliases": "unreadable", **fault})
    live = {name: alias.target.version for name, alias in aliases.items()}
    if family in PINNED and run is not None:
        live[CHAMPION] = run.record.depends_on.get(family, "")  # what is served, whatever its alias says
    for version in listing.list_versions(store, family):
        names = sorted(name for name, named in live.items() if named == version)
        row: dict[str, Any] = {
            "family": family,
            "version": version,
            "variant": "",
            "aliases": ", ".join(names),
        }
        try:
            manifest = read_manifest(store, family, version)
        except (CorruptArtifactError, UnsupportedSchemaError) as error:  # one bad row hides no good one
            rows.append({**row, "created": "", "files": "unreadable", "bytes": str(error)})
            continue
        size = sum(entry.bytes for entry in manifest.files.values())
        created = format_instant(manifest.created_at)
        variant = manifest.record.params.get("variant", "")
        sizes = {"files": len(manifest.files), "bytes": size}
        rows.append({**row, "variant": variant, "created": created, **sizes})
    return rows


def shortened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it fits into a terminal."""
    size = decimal(row["bytes"]) if isinstance(row["bytes"], int) else ""
    return {**row, "aliases": row["aliases"].replace(", ", "\n"), "size": size}
