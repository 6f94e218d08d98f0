"""Indexes of every kind, their recall, and files that are not what they should be."""

from __future__ import annotations

import builtins
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.backends.faiss import (
    IndexKind,
    build_index,
    kind_for,
    open_search,
    read_index,
    write_index,
)
from segue.domain.nearest import ExactSearch, recall_of
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
N, D = 2000, 16


def clustered() -> np.ndarray:
    centres = RNG.normal(size=(20, D))
    raw = centres[RNG.integers(0, 20, N)] + 0.5 * RNG.normal(size=(N, D))
    return np.ascontiguousarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)


VECTORS = clustered()


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
    write_index(search, record, tmp_path)
    again, same = read_index(tmp_path, VECTORS)
    assert same == record
    assert all((a == b).all() for a, b in zip(*(each.search(VECTORS[:9], 20)[0] for each in (search, again)),
                                              strict=True))  # fmt: skip


def test_damaged_files_are_corrupt(built, tmp_path: Path) -> None:
    write_index(*built, tmp_path)
    whole = (tmp_path / "index.faiss").read_bytes()
    for damaged in (b"", b"something else", whole[: len(whole) // 2], whole[:20]):
        (tmp_path / "index.faiss").write_bytes(damaged)
        with pytest.raises(CorruptArtifactError):
            read_index(tmp_path, VECTORS)


def test_another_matrix_or_record_is_corrupt(tmp_path: Path) -> None:
    write_index(*build_index(VECTORS), tmp_path)
    with pytest.raises(CorruptArtifactError, match="for vectors"):
        read_index(tmp_path, VECTORS[:-1])
    record = json.loads((tmp_path / "index.json").read_bytes())
    for broken in ({**record, "kind": "magic"}, {}, [record]):
        (tmp_path / "index.json").write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(CorruptArtifactError):
            read_index(tmp_path, VECTORS)


def test_without_an_index_or_without_faiss_search_is_exact(tmp_path: Path, monkeypatch) -> None:
    assert isinstance(open_search(tmp_path, VECTORS), ExactSearch)
    write_index(*build_index(VECTORS), tmp_path)
    assert not isinstance(open_search(tmp_path, VECTORS), ExactSearch)
    real = builtins.__import__

    def without_faiss(name: str, *rest):
        if name == "faiss":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_faiss)
    assert isinstance(open_search(tmp_path, VECTORS), ExactSearch)


def test_the_kind_goes_by_size() -> None:
    sizes = (10, 200_000, 200_001, 500_001, 2_000_001)
    kinds = [IndexKind.FLAT, IndexKind.FLAT, IndexKind.IVF, IndexKind.HNSW, IndexKind.IVF_PQ]
    assert [kind_for(size) for size in sizes] == kinds


def test_an_index_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        build_index(VECTORS[:0])
