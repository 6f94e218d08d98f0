"""Artifacts as every schema wrote them must stay readable; the folders beside this file never change."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.file_check import describe
from segue.artifacts.listing import list_families, list_versions
from segue.artifacts.manifest import SUPPORTED_SCHEMAS, VersionRef
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, read_manifest, resolve, rollback, verify

HERE = Path(__file__).parent
NEWEST = VersionRef(
    "20261121T080200Z-2862c603", "68a99061f56c73deb6d3e5067ca5938fda05fe7f6e1b09206182ee0c36ead5ef"
)
BEFORE = VersionRef(
    "20261121T080100Z-eb960103", "22cd9c82a152d24940b0c2685abd185deac2b2dd41e10aaa4880ac7c35d3d486"
)


def test_every_supported_schema_has_its_folder() -> None:
    assert {f"v{schema}" for schema in SUPPORTED_SCHEMAS} <= {path.name for path in HERE.iterdir()}


@pytest.fixture
def store() -> LocalStore:
    return LocalStore(HERE / "v1")


def test_schema_1_resolves_to_the_version_that_was_promoted(store: LocalStore) -> None:
    alias = resolve(store, "taste").alias
    assert (alias.target, alias.previous) == (NEWEST, BEFORE)
    assert (alias.set_by, alias.reason) == ("golden", "twice the metric")
    assert alias.set_at == datetime(2026, 11, 21, 8, 4, tzinfo=UTC)


def test_schema_1_keeps_its_record(store: LocalStore) -> None:
    manifest = read_manifest(store, "taste", NEWEST.version, expected_sha256=NEWEST.manifest_sha256)
    assert manifest.ref == NEWEST
    assert manifest.created_at == datetime(2026, 11, 21, 8, 2, tzinfo=UTC)
    assert manifest.record.params["rank"] == 3
    assert manifest.record.metrics["ndcg@10"]["ci95"] == [0.4, 0.6]
    assert manifest.record.depends_on == {"vocabulary": "20261121T080000Z-b76c7fd9"}
    assert manifest.files["item_factors.npy"].shape == (5, 3)


def test_schema_1_is_fetched_and_mapped(store: LocalStore, tmp_path: Path) -> None:
    manifest = read_manifest(store, "taste", NEWEST.version, expected_sha256=NEWEST.manifest_sha256)
    folder = fetch(store, manifest, tmp_path)
    factors = np.load(folder / "item_factors.npy", mmap_mode="r")
    expected = (np.arange(15, dtype=np.float32).reshape(5, 3) - 7) / 16
    np.testing.assert_array_equal(factors, expected)
    np.testing.assert_allclose(np.load(folder / "gram.npy"), expected.T @ expected, rtol=1e-6)


def test_every_golden_version_is_whole_and_would_be_described_alike_today(store: LocalStore) -> None:
    assert list_families(store) == ["taste", "vocabulary"]
    for family in list_families(store):
        for version in list_versions(store, family):
            manifest = read_manifest(store, family, version)
            verify(store, manifest)
            folder = HERE / "v1" / family / "versions" / version
            assert manifest.files == {name: describe(folder / name) for name in manifest.files}


def test_schema_1_rolls_back(tmp_path: Path) -> None:
    copy = LocalStore(Path(shutil.copytree(HERE / "v1", tmp_path / "v1")))
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert rollback(copy, "taste", Decision("tester", "try the way back", at)).target == BEFORE
