"""The record of one version (manifest) and the pointer to one (alias), as values and as JSON.

The format is specified in docs/artifact-format.md; ``tests/golden`` keeps one artifact of every schema.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segue.artifacts.strict_json import parse_json
from segue.errors import CorruptArtifactError, InvalidInputError, UnsupportedSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
SUPPORTED_SCHEMAS = (1,)
"""Readers accept the current schema and the one before it; schema 1 is the first."""

_FAMILY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(npy|onnx|faiss|json|html)")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the manifest promises of one file; ``dtype`` and ``shape`` are those of a ``.npy`` array."""

    sha256: str
    bytes: int
    dtype: str | None = None
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class VersionRef:
    """A version and the SHA-256 of its manifest, in hex."""

    version: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a training run says of the version it made; everything but the files.

    Attributes
    ----------
    depends_on : mapping of family to version
        Exact versions of other families that this one was fitted against.
    params, metrics, data, training : mappings of JSON values
        Settings; measurements as ``{value, ci95, n, split}``; fingerprint and extent of the data;
        ``seconds`` and ``peak_memory_bytes``.
    code, runtime : mappings of str
        Code version and git commit; Python and package versions.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    depends_on: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    runtime: Mapping[str, str] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of one immutable version."""

    family: str
    version: str
    created_at: datetime
    files: Mapping[str, FileEntry]
    record: Record
    schema_version: int = SCHEMA_VERSION

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is stored, and whose SHA-256 aliases hold."""
        return canonical_json(
            {
                "schema_version": self.schema_version,
                "family": self.family,
                "version": self.version,
                "created_at": format_instant(self.created_at),
                "files": {name: _entry_json(entry) for name, entry in self.files.items()},
                **_record_json(self.record),
            }
        )

    @property
    def ref(self) -> VersionRef:
        """The reference that an alias or a dependant holds."""
        return VersionRef(self.version, hashlib.sha256(self.to_bytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Alias:
    """The pointer to the live version of a family, and how it came to point there."""

    target: VersionRef
    previous: VersionRef | None
    set_at: datetime
    set_by: str
    reason: str
    schema_version: int = SCHEMA_VERSION

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is stored."""
        return canonical_json(
            {
                "schema_version": self.schema_version,
                "version": self.target.version,
                "manifest_sha256": self.target.manifest_sha256,
                "previous": None if self.previous is None else asdict(self.previous),
                "set_at": format_instant(self.set_at),
                "set_by": self.set_by,
                "reason": self.reason,
            }
        )


def _record_json(record: Record) -> dict[str, Any]:
    """Return the fields as they are: `dataclasses.asdict` copies every value, which delays a cold start."""
    return {name: getattr(record, name) for name in Record.__dataclass_fields__}


def canonical_json(value: Any) -> bytes:
    """Encode as UTF-8 JSON with sorted keys, no blanks and no NaN, so equal values have equal bytes.

    Raises InvalidInputError for what JSON cannot hold: NaN, infinity, numpy scalars, lone surrogates.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"not JSON ({error}): use str, int, bool and finite float.") from error


def format_instant(at: datetime) -> str:
    """Write an aware instant as UTC to the second, ``2026-11-21T07:52:00Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """Read what `format_instant` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def build_version(created_at: datetime, family: str, files: Mapping[str, FileEntry], record: Record) -> str:
    """Name a version: its UTC second, then 8 hex of the SHA-256 of family, files and record.

    The name sorts by age and is bound to the content: a manifest whose name disagrees is corrupt. So a
    pin in ``depends_on``, which is a name only, notices a changed byte as well.
    """
    entries = {name: _entry_json(entry) for name, entry in files.items()}
    content = {"family": family, "files": entries, **_record_json(record)}
    digest = hashlib.sha256(canonical_json(content)).hexdigest()
    return f"{created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest[:8]}"


def is_name(text: str) -> bool:
    """Tell whether a family or an alias can be called so."""
    return _FAMILY.fullmatch(text) is not None


def check_family(family: str) -> str:
    """Return ``family`` if it can name a folder of the store, else raise InvalidInputError."""
    if not is_name(family):
        raise InvalidInputError(
            f"family {family!r}: use lower-case words joined by '-', as genre-preference."
        )
    return family


def check_version(version: str) -> str:
    """Return ``version`` if it has the form of one, else raise InvalidInputError."""
    if not _VERSION.fullmatch(version):
        raise InvalidInputError(
            f"version {version!r} is not of the form 20261121T075200Z-3f9c2a7b; see `segue models list`."
        )
    return version


def is_version(text: str) -> bool:
    """Tell whether ``text`` has the form of a version; folders of other names are nobody's."""
    return _VERSION.fullmatch(text) is not None


def check_file_name(name: str) -> str:
    """Return ``name`` if an artifact may hold such a file, else raise InvalidInputError.

    Only formats that cannot run code when loaded are let in.
    """
    if not _FILE_NAME.fullmatch(name) or name == "manifest.json":
        raise InvalidInputError(
            f"file {name!r}: artifacts hold .npy, .onnx, .faiss, .json and .html files in one flat folder."
        )
    return name


def parse_manifest(body: bytes) -> Manifest:
    """Read a manifest.

    Raises
    ------
    UnsupportedSchemaError
        The schema is newer or older than this code reads; the message says what to do.
    CorruptArtifactError
        It is not a manifest in canonical form, or its name does not match its content.
    """
    raw = _parse_object(body, "manifest")
    try:
        record = Record(**{name: _parse_typed(raw, name, dict) for name in Record.__dataclass_fields__})
        for family, version in record.depends_on.items():
            check_family(family)
            check_version(version)
        files = {check_file_name(name): _parse_entry(entry) for name, entry in raw["files"].items()}
        manifest = Manifest(
            family=check_family(raw["family"]),
            version=check_version(raw["version"]),
            created_at=parse_instant(raw["created_at"]),
            files=files,
            record=record,
            schema_version=raw["schema_version"],
        )
        canonical = manifest.to_bytes()
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"manifest: {error!r}") from error
    if body != canonical:  # aliases hold the hash of these bytes: two spellings would be two hashes
        raise CorruptArtifactError(f"manifest {manifest.version}: its JSON is not the canonical one")
    expected = build_version(manifest.created_at, manifest.family, files, record)
    if manifest.version != expected:
        raise CorruptArtifactError(f"manifest {manifest.version}: its content says {expected}")
    return manifest


def parse_alias(body: bytes) -> Alias:
    """Read an alias; raises as `parse_manifest` does."""
    raw = _parse_object(body, "alias")
    try:
        previous = raw["previous"]
        return Alias(
            target=_parse_ref(raw),
            previous=None if previous is None else _parse_ref(previous),
            set_at=parse_instant(raw["set_at"]),
            set_by=_parse_typed(raw, "set_by", str),
            reason=_parse_typed(raw, "reason", str),
            schema_version=raw["schema_version"],
        )
    except (KeyError, TypeError, ValueError, InvalidInputError) as error:
        raise CorruptArtifactError(f"alias: {error!r}") from error


def _parse_object(body: bytes, what: str) -> dict[str, Any]:
    try:
        raw = parse_json(body)
        schema = raw["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(f"{what}: not a JSON object with a schema_version ({error!r})") from error
    if not isinstance(raw, dict) or type(schema) is not int:
        raise CorruptArtifactError(f"{what}: schema_version {schema!r} is not an integer")
    if schema not in SUPPORTED_SCHEMAS:
        raise UnsupportedSchemaError(schema, SUPPORTED_SCHEMAS)
    return raw


def _parse_ref(raw: Mapping[str, Any]) -> VersionRef:
    digest = raw["manifest_sha256"]
    if not _SHA256.fullmatch(digest):
        raise ValueError(f"manifest_sha256 {digest!r} is not 64 hex digits")
    return VersionRef(check_version(raw["version"]), digest)


def _parse_typed(raw: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(raw[name], kind):
        raise TypeError(f"{name} is not of the type {kind.__name__}")
    return raw[name]


def _parse_entry(raw: Mapping[str, Any]) -> FileEntry:
    sha256, size, dtype, shape = raw["sha256"], raw["bytes"], raw.get("dtype"), raw.get("shape")
    is_array = isinstance(dtype, str) and isinstance(shape, list) and {int} >= {type(n) for n in shape}
    if not _SHA256.fullmatch(sha256) or type(size) is not int or not (is_array or dtype is shape is None):
        raise ValueError(f"a file is described by {repr(raw)[:200]}")
    return FileEntry(sha256, size, dtype, None if shape is None else tuple(shape))


def _entry_json(entry: FileEntry) -> dict[str, Any]:
    array = {} if entry.shape is None else {"dtype": entry.dtype, "shape": list(entry.shape)}
    return {"sha256": entry.sha256, "bytes": entry.bytes, **array}
