"""JSON of a store is a value, or one kind of error; of an artifact's files it is always that of damage."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.artifacts.codec.clustering import load_clustering
from segue.artifacts.codec.form import reading
from segue.artifacts.codec.member import load_member
from segue.artifacts.family import CATALOGUE, CLUSTERS, HYBRID
from segue.artifacts.place.local import LocalStore
from segue.artifacts.recommender import load_catalogue, load_ranker, load_vocabulary
from segue.artifacts.release import resolve
from segue.artifacts.strict_json import MAX_DEPTH, parse_json
from segue.domain.model.registry import MEMBERS
from segue.errors import CorruptArtifactError
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained

text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)

ODD = (
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    b"9" * 5_000,
    b"1e999",
    b"-1e999",
    b"NaN",
    b'{"a":-Infinity}',
    b'{"a":1,"a":1}',
    b'"\\ud800"',
    b'{"\\ud800":1}',
    b"\xff",
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b"",
    b"\x00",
    b"{",
)
"""What lies in a store where JSON should."""


@given(values)
def test_what_json_can_hold_is_read(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("body", ODD, ids=lambda body: repr(body[:12]))
def test_anything_else_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(body)


def changes(value: Any) -> list[Any]:
    """The same with one member odd, for every member and several ways to be odd."""
    if not isinstance(value, dict | list):
        return [[], {}, "x", None, True, -1, 1e308, [["x"]]]
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 2))
    found: list[Any] = [[], {}, "x", None, 7]
    for key in keys:
        for odd in changes(value[key]):
            copy = json.loads(json.dumps(value))
            copy[key] = odd
            found.append(copy)
    if isinstance(value, dict):
        found += [{name: value[name] for name in value if name != key} for key in value]
    return found


@pytest.fixture(scope="module")
def opened(trained: Trained, tmp_path_factory: pytest.TempPathFactory):
    """Folders of a version of every family, and how each is loaded."""
    store = LocalStore(trained.folder)
    own = LocalStore(tmp_path_factory.mktemp("odd"))
    publish_clustering(own, small_clustering(), live=True)

    def folder(where: LocalStore, family: str) -> Path:
        version = resolve(where, family).alias.target.version
        to = own.root / "copies" / family
        return shutil.copytree(where.root / family / "versions" / version, to)

    vocabulary = load_vocabulary(folder(store, CATALOGUE))
    loaders = {family: lambda at, family=family: load_member(family, at, vocabulary) for family in MEMBERS}
    loaders |= {CATALOGUE: load_catalogue, HYBRID: load_ranker, CLUSTERS: load_clustering}
    folders = {family: folder(store, family) for family in (*MEMBERS, HYBRID)}
    folders |= {CATALOGUE: own.root / "copies" / CATALOGUE, CLUSTERS: folder(own, CLUSTERS)}
    return folders, loaders


@pytest.mark.parametrize("family", [CATALOGUE, *MEMBERS, HYBRID, CLUSTERS])
def test_odd_json_of_an_artifact_is_damage(opened, family: str) -> None:
    folders, loaders = opened
    read = "ranker.json" if family == HYBRID else "model.json"
    path = folders[family] / read
    whole = path.read_bytes()
    odd = [*ODD, *(json.dumps(each).encode() for each in changes(json.loads(whole)))]
    refused = 0
    for body in odd:
        path.write_bytes(body)
        try:
            loaders[family](folders[family])
        except CorruptArtifactError:  # what is not refused is as good as what was written: another title
            refused += 1
    path.write_bytes(whole)
    loaders[family](folders[family])
    assert refused >= len(ODD)


def test_an_error_of_reading_names_the_family() -> None:
    with pytest.raises(CorruptArtifactError, match="taste: OverflowError"), reading("taste"):
        float(10**400)
