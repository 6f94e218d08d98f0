"""Aliases of a recommender's members, which follow the alias of the hybrid, and the members' served versions.

One conditional write of one alias decides what is live. The aliases that follow move afterwards. So a lost
race moves nothing, and after a crash in between, no answer depends on an alias that did not move.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from segue.artifacts.family import CLUSTERS, HYBRID, VARIANTS, variant_alias
from segue.artifacts.release import CHAMPION, move, read_manifest, resolve, resolve_if_any
from segue.errors import (
    ArtifactError,
    PublishError,
    UnservableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.artifacts.manifest import Manifest, VersionRef
    from segue.artifacts.place.object_store import ObjectReader, ObjectStore
    from segue.artifacts.release import Decision, LiveAlias

logger = logging.getLogger("segue.artifacts")


def read_run(store: ObjectReader) -> tuple[LiveAlias, Manifest] | None:
    """Read which hybrid is live, whose manifest pins the catalogue and the members that are served.

    None where there is none, or none that can be read: then the members' own aliases answer.

    Raises
    ------
    StoreUnavailableError
        The store does not answer, so nobody can tell.
    """
    try:
        live = resolve_if_any(store, HYBRID)
        return None if live is None else (live, _manifest_of(store, HYBRID, live))
    except UnservableError:
        return None


def bring_along(store: ObjectStore, family: str, alias: str, decision: Decision) -> list[str]:
    """Move what repeats an alias that was moved, and name what was moved, as ``clusters champion``.

    The members of a hybrid follow its champion. The live variant of the clusters and its own alias name one
    version, whichever of them was moved. A copy that cannot be moved is logged: what was decided holds.
    """
    moved = []
    try:
        copies = list(_copies(store, family, alias))
    except ArtifactError as error:
        logger.warning(
            "aliases are left behind", extra={"family": family, "alias": alias, "reason": str(error)}
        )
        return []
    for other, name, target in copies:
        try:
            live = resolve_if_any(store, other, name)
            if live is None or live.alias.target != target:
                move(store, other, name, live, target, decision)
                moved.append(f"{other} {name}")
        except (ArtifactError, PublishError) as error:
            logger.warning(
                "an alias is left behind", extra={"family": other, "alias": name, "reason": str(error)}
            )
    return moved


def _copies(store: ObjectStore, family: str, alias: str) -> Iterator[tuple[str, str, VersionRef]]:
    live = resolve(store, family, alias)
    manifest = _manifest_of(store, family, live)
    if family == HYBRID and alias == CHAMPION:
        for other, version in manifest.record.depends_on.items():
            yield other, CHAMPION, read_manifest(store, other, version).ref
    variant = manifest.record.params.get("variant")
    if family != CLUSTERS or variant not in VARIANTS:
        return
    if alias == CHAMPION:
        yield CLUSTERS, variant_alias(variant), live.alias.target
    elif alias == variant_alias(variant) and variant == live_variant(store):
        yield CLUSTERS, CHAMPION, live.alias.target


def live_variant(store: ObjectReader) -> str:
    """Name the variant of the champion of the clusters, empty where there is none that can be read."""
    try:
        live = resolve_if_any(store, CLUSTERS)
        return (
            "" if live is None else str(_manifest_of(store, CLUSTERS, live).record.params.get("variant", ""))
        )
    except UnservableError:
        return ""


def _manifest_of(store: ObjectReader, family: str, live: LiveAlias) -> Manifest:
    target = live.alias.target
    return read_manifest(store, family, target.version, expected_sha256=target.manifest_sha256)
