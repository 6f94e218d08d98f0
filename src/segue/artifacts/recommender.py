"""A recommender from its artifacts: the hybrid pins its members, and each of them may be missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.artifacts.cache import fetch
from segue.artifacts.codec.catalogue import load_catalogue
from segue.artifacts.codec.member import load_member
from segue.artifacts.codec.ranker import load_ranker
from segue.artifacts.codec.vocabulary import load_vocabulary
from segue.artifacts.companion import read_run
from segue.artifacts.family import CATALOGUE, CONTENT, CONTENT_INDEX, HYBRID
from segue.artifacts.release import read_manifest, resolve, resolve_if_any
from segue.domain.model.registry import MEMBERS, TIER_SOURCES
from segue.domain.recommend.recommender import Recommender, build_recommender
from segue.errors import CorruptArtifactError, UnservableError, VersionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectReader
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.vector.nearest import NearestSearch

    OpenIndex = Callable[[Path, str, tuple[int, ...]], NearestSearch]
    """Opens the index in a folder, given the checksum of the tracks and the shape of their vectors."""

_AT_ONCE = 4
"""Families that are fetched side by side, each with some files at once."""


def load_hybrid(
    store: ObjectReader,
    cache: Path,
    folder: Path,
    manifest: Manifest,
    open_index: OpenIndex | None = None,
    tier: str = "pro",
) -> Recommender:
    """Load a hybrid with the catalogue and the members that its manifest pins and ``tier`` opens.

    An index of the content is opened by ``open_index``, and left alone by a function that has none.

    A member that cannot be served is left out and named in `Recommender.missing`; one that was never
    trained, as there was no data for it, is not.

    Raises
    ------
    CorruptArtifactError
        The manifest pins no catalogue, or the catalogue cannot be served: nothing can be recommended.
    """
    pinned = {
        family: version for family, version in manifest.record.depends_on.items() if _opens(tier, family)
    }
    if CATALOGUE not in pinned:
        raise CorruptArtifactError(f"{manifest.family} {manifest.version} pins no catalogue")
    index = pinned.pop(CONTENT_INDEX, "")
    found = _load(store, cache, pinned.pop(CATALOGUE), pinned, ranker_in=folder)
    if not index or open_index is None or found.content is None:
        return found
    about = found.catalogue.vocabulary.checksum, found.content.vectors.shape
    try:
        files = fetch(store, read_manifest(store, CONTENT_INDEX, index), cache)
        return replace(found, content_search=open_index(files, *about))
    except (UnservableError, ImportError) as error:
        return replace(found, missing={**found.missing, CONTENT_INDEX: str(error)})


def load_members(
    store: ObjectReader, cache: Path, manifest: Manifest, why: str, tier: str = "pro"
) -> Recommender:
    """Load a live catalogue with the live members that were made for it: what is left without a hybrid.

    Members that ``tier`` does not open are left alone.

    ``why`` there is no hybrid, and why members are left out, is in `Recommender.missing`.
    """
    pinned: dict[str, str] = {}
    opened = [family for family in MEMBERS if _opens(tier, family)]
    for family in opened:
        with suppress(UnservableError):
            live = resolve_if_any(store, family)
            member = read_manifest(store, family, live.alias.target.version) if live else None
            if member and member.record.depends_on.get(CATALOGUE) == manifest.version:
                pinned[family] = member.version
    found = _load(store, cache, manifest.version, pinned, ranker_in=None)
    left_out = {
        family: "none is live, or not one for this catalogue" for family in opened if family not in pinned
    }
    return replace(found, missing={HYBRID: why, **left_out, **found.missing})


def load_vocabulary_of(store: ObjectReader, cache: Path, version: str) -> Vocabulary:
    """Load the tracks that a version of a hybrid, or of a catalogue, numbers; it need not be live.

    Raises
    ------
    VersionNotFoundError
        There is no such version any more.
    """
    with suppress(VersionNotFoundError):  # without a hybrid it is the catalogue's own
        version = read_manifest(store, HYBRID, version).record.depends_on.get(CATALOGUE, version)
    return load_vocabulary(fetch(store, read_manifest(store, CATALOGUE, version), cache))


def load_live_catalogue(store: ObjectReader, cache: Path) -> tuple[Catalogue, str]:
    """Load the catalogue that is recommended from, without its models, and its version.

    Raises
    ------
    AliasNotFoundError
        Neither a hybrid nor a catalogue is live.
    """
    run = read_run(store)
    pinned = run[1].record.depends_on.get(CATALOGUE) if run else None
    version = pinned or resolve(store, CATALOGUE).alias.target.version
    return load_catalogue(fetch(store, read_manifest(store, CATALOGUE, version), cache)), version


def _opens(tier: str, family: str) -> bool:
    """Tell whether a tier draws on a family; every one does on what is no source by itself."""
    member = MEMBERS.get(CONTENT if family == CONTENT_INDEX else family)
    sources = {source.name for source in member.sources} if member else set()
    return not sources or not sources.isdisjoint(TIER_SOURCES[tier])


def _load(
    store: ObjectReader, cache: Path, catalogue: str, pinned: Mapping[str, str], *, ranker_in: Path | None
) -> Recommender:
    def fetched(family: str, version: str) -> Path:
        return fetch(store, read_manifest(store, family, version), cache)

    found: dict[str, Any] = {}
    missing = dict.fromkeys(pinned.keys() - MEMBERS.keys(), "this version of Segue does not know it")
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        folders = {
            family: pool.submit(fetched, family, version)
            for family, version in pinned.items()
            if family in MEMBERS
        }
        tracks = load_catalogue(fetched(CATALOGUE, catalogue))
        for family, folder in folders.items():
            try:
                found[MEMBERS[family].name] = load_member(family, folder.result(), tracks.vocabulary)
            except UnservableError as error:  # if the store does not answer, all is loaded again
                missing[family] = str(error)
    finally:  # a store that does not answer is not waited for once more by each family
        pool.shutdown(cancel_futures=True)
    if ranker_in is not None:
        found["ranker"] = load_ranker(ranker_in)
    return build_recommender(tracks, missing=missing, **found)
