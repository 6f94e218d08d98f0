"""What reads and writes the files of each family, for the golden artifacts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from segue.artifacts.cache import fetch
from segue.artifacts.codec.catalogue import load_catalogue, write_catalogue
from segue.artifacts.codec.clustering import load_clustering, write_clustering
from segue.artifacts.codec.genre_preference import load_genre_preference, write_genre_preference
from segue.artifacts.codec.member import load_member, write_member
from segue.artifacts.codec.ranker import load_ranker, write_ranker
from segue.artifacts.codec.vocabulary import load_vocabulary
from segue.artifacts.family import CATALOGUE, CLUSTERS, CONTENT, CONTENT_INDEX, GENRE_PREFERENCE, HYBRID
from segue.artifacts.release import read_manifest
from segue.backends.faiss import read_index, write_index
from segue.backends.onnx import OnnxClassifier
from segue.domain.model.registry import MEMBERS

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.local import LocalStore


def rewrite(store: LocalStore, manifest: Manifest, to: Path, *, cache: Path) -> Path:
    """Load an artifact's files, write what they hold as it is written today, and return their folder."""
    family, folder = manifest.family, fetch(store, manifest, cache)
    if family in MEMBERS:
        catalogue = read_manifest(store, CATALOGUE, manifest.record.depends_on[CATALOGUE])
        vocabulary = load_vocabulary(fetch(store, catalogue, cache))
        write_member(family, load_member(family, folder, vocabulary), vocabulary, to)
    elif family == CONTENT_INDEX:
        on = {
            name: read_manifest(store, name, version) for name, version in manifest.record.depends_on.items()
        }
        checksum = load_vocabulary(fetch(store, on[CATALOGUE], cache)).checksum
        search, said = read_index(folder, checksum, on[CONTENT].files["vectors.npy"].shape)
        write_index(search, said, checksum, to)
    elif family == CATALOGUE:
        write_catalogue(load_catalogue(folder), to)
    elif family == HYBRID:
        write_ranker(load_ranker(folder), to)
    elif family == CLUSTERS:
        configuration = json.loads((folder / "configuration.json").read_bytes())
        write_clustering(load_clustering(folder), to, configuration=configuration)
    elif family == GENRE_PREFERENCE:
        model = load_genre_preference(folder, OnnxClassifier)
        write_genre_preference(model, (folder / "forest.onnx").read_bytes(), to)
    else:
        raise KeyError(family)
    return folder
