"""Indexes of every kind, their recall, and files that are not what they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.backends.faiss import (
    IndexKind,
    build_index,
    kind_for,
    read_index,
    write_index,
)
from segue.domain.vector.nearest import ExactSearch, recall_of
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
N, D = 2000, 16


def clustered() -> np.ndarray:
    centres = RNG.normal(size=(20, D))
    raw = centres[RNG.integers(0, 20, N)] + 0.5 * RNG.normal(size=(N, D))
    return np.ascontiguousarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)


VECTORS, TRACKS = clustered(), "checksum"


@pytest.fixture(scope="module", params=list(IndexKind))
def built(request: pytest.FixtureRequest):
    return build_index(VECTORS, kind=request.param)


def test_the_recall_is_reached_and_true(built) -> None:
    search, record = built
    assert record.recall >= 0.95
    others = RNG.choice(N, 100, replace=False)
    found, wanted = (each.search(VECTORS[others], 100)[0] for each in (search, ExactSearch(VECTORS)))
    assert recall_of(found, wanted) >= 0.93
    assert (record.n_items, record.n_dimensions) == (N, D)


def test_the_effort_is_the_least_that_does() -> None:
    modest = build_index(VECTORS, 0.5, IndexKind.IVF)[1]
    strict = build_index(VECTORS, 0.99, IndexKind.IVF)[1]
    assert modest.parameters["n_probe"] < strict.parameters["n_probe"]
    assert 0.5 <= modest.recall < strict.recall


def test_products_are_those_of_the_vectors_best_first(built) -> None:
    rows, products = built[0].search(VECTORS[:4], 10)
    for query, found, product in zip(VECTORS, rows, products, strict=False):
        assert found.dtype == np.int32
        assert product == pytest.approx(VECTORS[found] @ query, abs=1e-5)
        assert (np.diff(product) <= 1e-6).all()


def test_more_than_there_are_is_all_there_are() -> None:
    search, _ = build_index(VECTORS[:5])
    rows, _ = search.search(VECTORS[:1], 50)
    assert sorted(rows[0].tolist()) == [0, 1, 2, 3, 4]
    assert [len(found) for found in search.search(VECTORS[:2], 0)[0]] == [0, 0]


def test_what_was_written_is_read(built, tmp_path: Path) -> None:
    search, record = built
    write_index(search, record, TRACKS, tmp_path)
    again, same = read_index(tmp_path, TRACKS, VECTORS.shape)
    assert same == record
    assert all((a == b).all() for a, b in zip(*(each.search(VECTORS[:9], 20)[0] for each in (search, again)),
                                              strict=True))  # fmt: skip


def test_damaged_files_are_corrupt(built, tmp_path: Path) -> None:
    write_index(*built, TRACKS, tmp_path)
    whole = (tmp_path / "index.faiss").read_bytes()
    for damaged in (b"", b"something else", whole[: len(whole) // 2], whole[:20]):
        (tmp_path / "index.faiss").write_bytes(damaged)
        with pytest.raises(CorruptArtifactError):
            read_index(tmp_path, TRACKS, VECTORS.shape)


def test_other_tracks_vectors_or_records_are_corrupt(tmp_path: Path) -> None:
    write_index(*build_index(VECTORS), TRACKS, tmp_path)
    for tracks, shape in ((TRACKS, (N - 1, D)), (TRACKS, (N, D + 1)), ("other", VECTORS.shape)):
        with pytest.raises(CorruptArtifactError, match="or those of other tracks"):
            read_index(tmp_path, tracks, shape)
    record = json.loads((tmp_path / "index.json").read_bytes())
    for broken in ({**record, "kind": "magic"}, {}, [record], "[" * 200_000):
        text = broken if isinstance(broken, str) else json.dumps(broken)
        (tmp_path / "index.json").write_text(text, encoding="utf-8")
        with pytest.raises(CorruptArtifactError):
            read_index(tmp_path, TRACKS, VECTORS.shape)


def test_cells_probed_can_be_set() -> None:
    assert build_index(VECTORS, kind=IndexKind.IVF, n_probe=3)[1].parameters["n_probe"] == 3
    for kind, n_probe, why in (
        (IndexKind.IVF, 52, "must be 1 to 51, the number of cells; got 52"),
        (IndexKind.HNSW, 3, "an index of kind hnsw has no cells"),
        (None, 3, "an index of kind flat has no cells"),
    ):
        with pytest.raises(InvalidInputError, match=why):
            build_index(VECTORS, kind=kind, n_probe=n_probe)


def test_the_kind_goes_by_size() -> None:
    sizes = (10, 20_000, 20_001, 1_000_000, 1_000_001)
    kinds = [IndexKind.FLAT, IndexKind.FLAT, IndexKind.IVF, IndexKind.IVF, IndexKind.HNSW]
    assert [kind_for(size) for size in sizes] == kinds


def test_an_index_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        build_index(VECTORS[:0])
