"""Publishes a variant that was built, and says which variant is live."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from segue.artifacts.family import CLUSTERS, variant_alias
from segue.artifacts.manifest import Record
from segue.artifacts.release import publish
from segue.errors import AliasMovedError
from training.cluster.variant import VARIANTS
from training.cluster.work import ARTIFACT, RECORD
from training.release import provenance
from training.release.gate import Verdict, find_champion
from training.release.lifecycle import decide
from training.release.trainer import Order

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from training.cluster.plan import VariantStanding

_PACKAGES = ("hdbscan", "scipy", "faiss-cpu")
_COVERED = 0.5
"""Least share of the widest variant's tracks that the first live variant must know."""


def publish_variant(
    store: ObjectStore, standing: VariantStanding, folder: Path, set_by: str, reason: str
) -> Manifest:
    """Publish what lies in a work folder, and promote it for its variant.

    Where the live version of all variants is an older one of this variant, it follows.

    Raises
    ------
    AliasMovedError
        The version is published, but somebody moved the variant's alias meanwhile.
    """
    told = json.loads((folder / RECORD).read_bytes())
    surveyed = standing.surveyed
    extent = {"tracks": surveyed.n_items, "features": surveyed.n_columns}
    record = Record(
        params=told["params"],
        metrics=told["metrics"],
        data={"fingerprint": surveyed.fingerprint, **extent},
        code=provenance.code(CLUSTERS),
        runtime=provenance.runtime() | {name: version_of(name) for name in _PACKAGES},
        training=told["training"],
    )
    manifest = publish(store, CLUSTERS, folder / ARTIFACT, record, created_at=datetime.now(UTC))
    verdict, alias = Verdict(True, standing.reason), variant_alias(standing.variant.name)
    decide(store, manifest, verdict, Order(set_by, reason), standing.live.live, alias=alias)
    return manifest


def promote_first(store: ObjectStore, manifests: Iterable[Manifest], set_by: str) -> str:
    """Make a variant live where none is that can be read, and return its name; empty where one was already.

    It is the one whose nearest tracks most often share a genre, of those that know at least half as many
    tracks as the widest; without genres the first in the order of the variants.
    """
    known = list(manifests)
    champion = find_champion(store, CLUSTERS)
    if not known or champion.manifest is not None:
        return ""
    widest = max(_tracks(manifest) for manifest in known)
    wide = [manifest for manifest in known if _tracks(manifest) >= _COVERED * widest]
    order = list(VARIANTS)
    best = min(wide, key=lambda each: (-_sharing(each), order.index(each.record.params["variant"])))
    name: str = best.record.params["variant"]
    share = f", its nearest tracks share a genre most often ({_sharing(best):.3f})" if _sharing(best) else ""
    why = (
        f"in place of one that cannot be read ({champion.problem})"
        if champion.live
        else "the first to be live"
    )
    try:
        decide(store, best, Verdict(True, f"{name}{share}"), Order(set_by, why), champion.live)
    except AliasMovedError:
        return ""  # somebody chose one in between: theirs it is
    return name


def _tracks(manifest: Manifest) -> int:
    return int(manifest.record.data["tracks"])


def _sharing(manifest: Manifest) -> float:
    return float(manifest.record.metrics.get("neighbour_genre", {}).get("value", 0.0))
