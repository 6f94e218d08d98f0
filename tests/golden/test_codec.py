"""Every layout that a codec ever wrote is read for ever, and another layout is another number.

To change what a codec writes, raise its number in `segue.artifacts.family.FORMAT`, keep reading the older
ones, and run ``python -m tests.golden.add``. What is in the folder ``families`` never changes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.family import FORMAT, HYBRID
from segue.artifacts.listing import list_families, list_versions
from segue.artifacts.manifest import Manifest, build_version
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import read_manifest, verify
from segue.errors import CorruptArtifactError, UnsupportedSchemaError
from tests.golden.codec import rewrite

STORE = LocalStore(Path(__file__).parent / "families")
GOLDEN = [
    read_manifest(STORE, family, version)
    for family in list_families(STORE)
    for version in list_versions(STORE, family)
]


def format_of(manifest: Manifest) -> int:
    number: int = manifest.record.code["format"]
    return number


def name(manifest: Manifest) -> str:
    return f"{manifest.family}-{format_of(manifest)}-{manifest.record.params.get('form', '')}"


def rewritten(manifest: Manifest, tmp_path: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What lies in the golden store, and what would be written of it today."""
    to = tmp_path / "today"
    to.mkdir()
    folder = rewrite(STORE, manifest, to, cache=tmp_path)
    golden, today = ({path.name: path.read_bytes() for path in at.iterdir()} for at in (folder, to))
    return golden, today


def test_every_layout_of_every_family_has_a_golden_artifact() -> None:
    there = {(manifest.family, format_of(manifest)) for manifest in GOLDEN}
    assert there == {(family, number) for family, newest in FORMAT.items() for number in range(1, newest + 1)}


@pytest.mark.parametrize("manifest", GOLDEN, ids=name)
def test_every_layout_is_read(manifest: Manifest, tmp_path: Path) -> None:
    verify(STORE, manifest)
    assert rewritten(manifest, tmp_path)[1]


@pytest.mark.parametrize(
    "manifest", [each for each in GOLDEN if format_of(each) == FORMAT[each.family]], ids=name
)
def test_what_is_written_today_has_the_layout_of_its_number(manifest: Manifest, tmp_path: Path) -> None:
    golden, today = rewritten(manifest, tmp_path)
    assert today.keys() == golden.keys()
    assert [each for each in golden if golden[each] != today[each]] == []


@pytest.mark.parametrize(
    ("number", "error"),
    [(FORMAT[HYBRID] + 1, UnsupportedSchemaError), ("1", CorruptArtifactError), (0, CorruptArtifactError)],
)
def test_a_layout_that_is_not_known_is_refused(number, error: type[Exception], tmp_path: Path) -> None:
    known = next(manifest for manifest in GOLDEN if manifest.family == HYBRID)
    record = replace(known.record, code={"format": number})
    version = build_version(known.created_at, HYBRID, known.files, record)
    with pytest.raises(error, match="format"):
        fetch(STORE, replace(known, version=version, record=record), tmp_path)
