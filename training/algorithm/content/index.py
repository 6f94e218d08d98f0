"""Build and publish the index that finds similar tracks of a large catalogue by their content."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.cache import fetch
from segue.artifacts.codec.member import load_member
from segue.artifacts.codec.vocabulary import load_vocabulary
from segue.artifacts.family import CATALOGUE, CONTENT, CONTENT_INDEX, HYBRID
from segue.artifacts.manifest import Record
from segue.artifacts.release import publish, read_manifest, resolve, version_prefix
from segue.backends.faiss import N_BEST, RECALL_TARGET, build_index, write_index
from segue.errors import InvalidInputError
from training.release import provenance
from training.release.lifecycle import publish_version
from training.release.page import render_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.artifacts.release import LiveAlias
    from segue.backends.faiss import IndexKind
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.model.content.content import Content


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: kind and cells probed as `build_index` takes them, or the recall to reach."""

    kind: IndexKind | None = None
    n_probe: int | None = None
    recall: float = RECALL_TARGET


def publish_index(
    store: ObjectStore,
    content: Content,
    vocabulary: Vocabulary,
    depends_on: Mapping[str, str],
    wish: Wish | None = None,
) -> Manifest:
    """Build an index of content vectors and publish it; nothing is live by that.

    Parameters
    ----------
    depends_on : mapping of str to str
        The versions of the catalogue and the content.

    Raises
    ------
    InvalidInputError
        The wish does not fit the vectors: see `build_index`.
    """
    started_s, wish = time.monotonic(), wish or Wish()
    search, record = build_index(content.vectors, wish.recall, wish.kind, wish.n_probe)
    split = f"against exact search, {record.n_queries} of the catalogue's vectors"
    said = Record(
        params=asdict(record),
        metrics={f"recall@{N_BEST}": {"value": record.recall, "n": record.n_queries, "split": split}},
        depends_on=depends_on,
        code=provenance.code(CONTENT_INDEX),
        runtime=provenance.runtime(),
        training=provenance.effort(started_s),
    )
    page = render_page("algorithm/content/report.html.j2", record=said, recall=record.recall, n_best=N_BEST)
    return publish_version(
        store, CONTENT_INDEX, said, lambda to: write_index(search, record, vocabulary.checksum, to), page
    )


def index_live(store: ObjectStore, wish: Wish) -> tuple[Manifest, Manifest, LiveAlias]:
    """Index the content of the live hybrid, and publish the hybrid once more with the index.

    Returns
    -------
    Manifest, Manifest, LiveAlias
        Of the index, of the new version of the hybrid, and what was live when this began.

    Raises
    ------
    AliasNotFoundError
        No hybrid is live.
    InvalidInputError
        It has no content, or the wish does not fit its vectors.
    """
    live = resolve(store, HYBRID)
    hybrid = read_manifest(store, HYBRID, live.alias.target.version)
    pinned = {name: hybrid.record.depends_on.get(name, "") for name in (CATALOGUE, CONTENT)}
    if not all(pinned.values()):
        raise InvalidInputError(f"{hybrid.version} has no content to index: train it anew.")
    with tempfile.TemporaryDirectory() as name:
        cache, folder = Path(name) / "cache", Path(name) / "hybrid"
        of = {name: fetch(store, read_manifest(store, name, pinned[name]), cache) for name in pinned}
        vocabulary = load_vocabulary(of[CATALOGUE])
        content = load_member("content", of[CONTENT], vocabulary)
        index = publish_index(store, content, vocabulary, pinned, wish)
        folder.mkdir()
        for file in hybrid.files:
            with store.stream(version_prefix(HYBRID, hybrid.version) + file) as chunks:
                (folder / file).write_bytes(b"".join(chunks))
        depends_on = {**hybrid.record.depends_on, CONTENT_INDEX: index.version}
        record = replace(hybrid.record, depends_on=depends_on)
        return index, publish(store, HYBRID, folder, record, created_at=datetime.now(UTC)), live
