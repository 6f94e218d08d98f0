"""Manifests and aliases: reading inverts writing, equal values have equal bytes, damage is noticed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.artifacts.manifest import (
    Alias,
    FileEntry,
    Manifest,
    Record,
    VersionRef,
    build_version,
    canonical_json,
    check_file_name,
    format_instant,
    parse_alias,
    parse_instant,
    parse_manifest,
)
from segue.errors import CorruptArtifactError, InvalidInputError, UnsupportedSchemaError

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)
mappings = st.dictionaries(text, values, max_size=3)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
families = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
versions = st.builds(lambda at, digest: f"{at:%Y%m%dT%H%M%SZ}-{digest[:8]}", instants, hashes)
refs = st.builds(VersionRef, versions, hashes)
arrays = st.builds(
    FileEntry,
    hashes,
    st.integers(0),
    st.sampled_from(["float32", "int8"]),
    st.lists(st.integers(0)).map(tuple),
)
entries = st.builds(FileEntry, hashes, st.integers(0)) | arrays
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}\.(npy|onnx|faiss|json|html)", fullmatch=True).filter(
    lambda name: name != "manifest.json"
)
records = st.builds(
    Record,
    params=mappings,
    metrics=mappings,
    data=mappings,
    depends_on=st.dictionaries(families, versions, max_size=2),
    code=mappings,
    runtime=mappings,
    training=mappings,
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    family, created_at = draw(families), draw(instants)
    files, record = draw(st.dictionaries(names, entries, min_size=1, max_size=3)), draw(records)
    return Manifest(family, build_version(created_at, family, files, record), created_at, files, record)


aliases = st.builds(Alias, refs, st.none() | refs, instants, text, text)

EXAMPLE_FILES = {"a.npy": FileEntry("0" * 64, 128, "float32", (4, 8)), "b.json": FileEntry("1" * 64, 2)}
EXAMPLE_RECORD = Record(params={"α": 0.1, "n": 3}, metrics={"f1": {"value": 0.25, "ci95": [0.2, 0.3]}})
EXAMPLE = Manifest(
    "taste", build_version(NOON, "taste", EXAMPLE_FILES, EXAMPLE_RECORD), NOON, EXAMPLE_FILES, EXAMPLE_RECORD
)


@given(manifests())
def test_a_manifest_reads_back(manifest: Manifest) -> None:
    read = parse_manifest(manifest.to_bytes())
    assert read == manifest
    assert read.to_bytes() == manifest.to_bytes()
    assert read.ref == VersionRef(manifest.version, hashlib.sha256(manifest.to_bytes()).hexdigest())


@given(aliases)
def test_an_alias_reads_back(alias: Alias) -> None:
    assert parse_alias(alias.to_bytes()) == alias
    assert parse_alias(alias.to_bytes()).to_bytes() == alias.to_bytes()


@given(values)
def test_json_is_canonical(value: object) -> None:
    body = canonical_json(value)
    assert json.loads(body) == value
    assert canonical_json(json.loads(body)) == body
    assert canonical_json({"b": value, "a": 1}) == canonical_json({"a": 1, "b": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, "\ud800", {"a": 1, 2: 3}, b"bytes"])
def test_json_refuses_what_it_cannot_hold(value: object) -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        canonical_json({"key": value})


def test_every_flipped_bit_of_a_manifest_is_noticed() -> None:
    body = EXAMPLE.to_bytes()
    assert parse_manifest(body) == EXAMPLE
    for position in range(len(body)):
        for bit in range(8):
            changed = bytearray(body)
            changed[position] ^= 1 << bit
            with pytest.raises((CorruptArtifactError, UnsupportedSchemaError)):
                parse_manifest(bytes(changed))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"family": "other"}, CorruptArtifactError),
        ({"family": "../other"}, CorruptArtifactError),
        ({"family": 3}, CorruptArtifactError),
        ({"version": "latest"}, CorruptArtifactError),
        ({"created_at": "2026-11-21T12:00:01Z"}, CorruptArtifactError),
        ({"created_at": "yesterday"}, CorruptArtifactError),
        ({"files": ["a.npy"]}, CorruptArtifactError),
        ({"files": {"../a.npy": {"sha256": "", "bytes": 1}}}, CorruptArtifactError),
        ({"files": {"a.pkl": {"sha256": "", "bytes": 1}}}, CorruptArtifactError),
        ({"metrics": {}}, CorruptArtifactError),
        ({"metrics": []}, CorruptArtifactError),
        ({"params": None}, CorruptArtifactError),
        ({"code": "abc"}, CorruptArtifactError),
        ({"depends_on": {"a": 1}}, CorruptArtifactError),
        ({"depends_on": {"../a": "20261121T080200Z-2862c603"}}, CorruptArtifactError),
        ({"depends_on": {"a": "latest"}}, CorruptArtifactError),
        ({"files": {"a.npy": {"sha256": "0" * 64, "bytes": "1"}}}, CorruptArtifactError),
        ({"files": {"a.npy": {"sha256": 1, "bytes": 1}}}, CorruptArtifactError),
        (
            {"files": {"a.npy": {"sha256": "0" * 64, "bytes": 1, "dtype": 3, "shape": 4}}},
            CorruptArtifactError,
        ),
        ({"files": {"a.npy": 7}}, CorruptArtifactError),
        ({"surplus": 1}, CorruptArtifactError),
        ({"schema_version": "1"}, CorruptArtifactError),
        ({"schema_version": True}, CorruptArtifactError),
        ({"schema_version": 2}, UnsupportedSchemaError),
        ({"schema_version": 0}, UnsupportedSchemaError),
    ],
)
def test_a_changed_manifest_is_refused(change: dict[str, object], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        parse_manifest(canonical_json({**json.loads(EXAMPLE.to_bytes()), **change}))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"3", b"null", b"{}", b"\xff", b'"schema_version"', b'{"schema_version":1}',
        b"[" * 200_000, b'{"schema_version":' * 200_000, b'{"schema_version":' + b"9" * 5000 + b"}",
        b'{"schema_version":1,"reason":"\\ud800"}', b'{"schema_version":NaN}', b'{"schema_version":1e400}',
        b'{"schema_version":1,"schema_version":1}', b'{"schema_version":[[1]]}',
    ],
)  # fmt: skip
def test_what_is_no_manifest_and_no_alias_is_refused(body: bytes) -> None:
    with pytest.raises(CorruptArtifactError, match="manifest"):
        parse_manifest(body)
    with pytest.raises(CorruptArtifactError, match="alias"):
        parse_alias(body)


@pytest.mark.parametrize("spelling", [b" ", b"\n"])
def test_a_second_spelling_of_a_manifest_is_refused(spelling: bytes) -> None:
    with pytest.raises(CorruptArtifactError, match="canonical"):
        parse_manifest(EXAMPLE.to_bytes() + spelling)


@pytest.mark.parametrize(
    "change",
    [
        {"previous": {"version": "x", "manifest_sha256": ""}},
        {"previous": 3},
        {"version": "../x"},
        {"set_at": 1},
        {"set_at": "0000-00-00T00:00:00Z"},
        {"set_by": ["x"]},
        {"reason": None},
        {"manifest_sha256": 5},
        {"previous": []},
    ],
)
def test_a_changed_alias_is_refused(change: dict[str, object]) -> None:
    alias = Alias(EXAMPLE.ref, None, NOON, "tester", "first")
    with pytest.raises(CorruptArtifactError, match="alias"):
        parse_alias(canonical_json({**json.loads(alias.to_bytes()), **change}))


def test_instants_are_utc_to_the_second() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert format_instant(datetime(2026, 11, 21, 17, 30, 5, 999, tzinfo=east)) == "2026-11-21T12:00:05Z"
    assert parse_instant("2026-11-21T12:00:05Z") == NOON + timedelta(seconds=5)


@pytest.mark.parametrize("change", [{"params": {"a": 1}}, {"metrics": {"a": 1}}, {"depends_on": {"a": "b"}}])
def test_a_version_is_bound_to_its_record(change: dict[str, dict[str, object]]) -> None:
    plain, changed = (build_version(NOON, "taste", {}, Record(**more)) for more in ({}, change))
    assert plain[:17] == changed[:17] == "20261121T120000Z-"
    assert plain != changed


@pytest.mark.parametrize(
    "name",
    [
        "model.pkl",
        "model.joblib",
        "a.npz",
        "manifest.json",
        ".hidden.npy",
        "a/b.npy",
        "../a.npy",
        "a.npy\n",
        "",
    ],
)
def test_only_formats_that_run_no_code_are_let_in(name: str) -> None:
    with pytest.raises(InvalidInputError):
        check_file_name(name)
