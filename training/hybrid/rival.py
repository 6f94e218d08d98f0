"""What is live of the recommender, as the gate compares with it: its recipe, and the tracks that it knows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.artifacts.cache import fetch
from segue.artifacts.codec.ranker import load_ranker
from segue.artifacts.codec.vocabulary import load_vocabulary
from segue.artifacts.family import CATALOGUE, PINNED
from segue.artifacts.release import read_manifest
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.errors import CorruptArtifactError, InvalidInputError, UnsupportedSchemaError, VersionNotFoundError
from training.hybrid.settings import HybridSettings
from training.release.gate import Verdict, cannot_be_served, refuse_unmeasured, uncontested

if TYPE_CHECKING:
    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.recommend.ranker import Ranker
    from training.release.gate import Champion

LEAST_OVERLAP = 0.5
"""Share of the live catalogue's tracks that a new one must still have."""

_EXTENT = (("catalogue", "tracks"), ("interactions", "users"), ("interactions", "rows"))


@dataclass(frozen=True, slots=True)
class Rival:
    """The live version of the hybrid, read whole.

    Attributes
    ----------
    settings : HybridSettings
        Settings of its members. They are fitted again, because the live ones have seen the test.
    ranker : Ranker
    extent : dict of (str, str) to int
        Numbers of tracks, listeners and events it was trained on.
    tracks : Vocabulary
        Tracks of the catalogue that it pins.
    members : frozenset of str
        Families of the members that it pins.
    """

    settings: HybridSettings
    ranker: Ranker
    extent: dict[tuple[str, str], int]
    tracks: Vocabulary
    members: frozenset[str]

    def strangeness(self, about: Mapping[str, Any], tracks: Vocabulary) -> str:
        """Say why data can hardly be that of the live version, later: half an export, or another store's.

        ``about`` describes the data as a manifest keeps it. Empty where nothing is strange.
        """
        for (kind, name), had in self.extent.items():
            has = about[kind][name]
            if 2 * has < had:
                return f"The data has {has} {name}, what is live was trained on {had}: is the export whole?"
        kept = float((tracks.index_of(self.tracks.item_id.tolist()) != UNKNOWN_ITEM).mean())
        if kept < LEAST_OVERLAP:
            return f"The catalogue has {kept:.0%} of the tracks of what is live: is it another store's?"
        return ""


def open_rival(store: ObjectStore, champion: Champion) -> Rival | Verdict[bool]:
    """Read what is live, or say what the gate decides without a comparison.

    A challenger is accepted where nothing is live, or where the hybrid or its catalogue is damaged, gone or
    of a schema too old, as nobody can serve it. It is refused where the files are whole and this code does
    not know what they mean: another version may well serve them.
    """
    manifest = champion.manifest
    if manifest is None:
        return uncontested(champion)
    with tempfile.TemporaryDirectory() as cache:
        try:
            hybrid = fetch(store, manifest, Path(cache))
            catalogue = fetch(store, _pinned_catalogue(store, manifest), Path(cache))
        except (CorruptArtifactError, VersionNotFoundError) as error:
            return cannot_be_served(str(error))
        except UnsupportedSchemaError as error:
            return refuse_unmeasured(str(error)) if error.is_newer else cannot_be_served(str(error))
        try:
            tracks = load_vocabulary(catalogue)
            settings = HybridSettings.from_json(manifest.record.params.get("settings"))
            ranker = _check_ranker(load_ranker(hybrid), manifest)
            return Rival(settings, ranker, _extent(manifest), tracks, frozenset(manifest.record.depends_on))
        except (CorruptArtifactError, InvalidInputError) as error:
            return refuse_unmeasured(str(error))


def _pinned_catalogue(store: ObjectStore, hybrid: Manifest) -> Manifest:
    if CATALOGUE not in hybrid.record.depends_on:
        raise CorruptArtifactError(f"{hybrid.version} pins no catalogue")
    return read_manifest(store, CATALOGUE, hybrid.record.depends_on[CATALOGUE])


def _check_ranker(ranker: Ranker, manifest: Manifest) -> Ranker:
    """Return the ranker if this code knows all that it weighs: without a source it would look weaker."""
    unknown = sorted({*ranker.sources} - {*SOURCES} | {*manifest.record.depends_on} - {*PINNED})
    if unknown:
        raise InvalidInputError(
            f"it ranks by {', '.join(unknown)}, which this version of Segue does not know"
        )
    if missing := sorted({*TIER_SOURCES} - {*ranker.tiers}):
        raise InvalidInputError(f"it has no weights for {', '.join(missing)}")
    return ranker


def _extent(manifest: Manifest) -> dict[tuple[str, str], int]:
    found = {}
    for kind, name in _EXTENT:
        described = manifest.record.data.get(kind)
        count = described.get(name) if isinstance(described, Mapping) else None
        if type(count) is not int:
            raise InvalidInputError(f"its record has no number of {name} under data.{kind}")
        found[kind, name] = count
    return found
