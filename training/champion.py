"""The version that is live while another is trained: what it was made of, and how the two compare."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segue
from segue.artifacts.manifest import SUPPORTED_SCHEMAS
from segue.artifacts.store import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import ArtifactError, CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError
from training.gate import Verdict, accept_challenger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.artifacts.manifest import Manifest, VersionRef
    from segue.artifacts.object_store import ObjectStore
    from segue.artifacts.store import LiveAlias
    from training.dataset import Examples
    from training.genre_preference import Trained


@dataclass(frozen=True, slots=True)
class Champion:
    """What was live when training began.

    Attributes
    ----------
    live : LiveAlias or None
        The alias as it was read then; None when nothing was ever promoted. Only over this one may the
        challenger be promoted.
    manifest : Manifest or None
        Of the live version; None when there is none, or none that can be read any more.
    problem : str
        Why it cannot be read: damaged, or of a schema too old.
    """

    live: LiveAlias | None
    manifest: Manifest | None
    problem: str = ""


def find_champion(store: ObjectStore, family: str, alias: str = CHAMPION) -> Champion:
    """Read what is live of a family under an alias.

    Raises
    ------
    StoreUnavailableError, UnsupportedSchemaError
        The store does not answer, or a newer Segue wrote it: no reason to replace what is live.
    CorruptArtifactError
        The alias itself is damaged, and nobody knows what is live: delete it.
    """
    try:
        live = resolve_if_any(store, family, alias)
    except CorruptArtifactError as error:
        place = f"{store.location.rstrip('/')}/{alias_key(family, alias)}"
        raise CorruptArtifactError(
            f"{place} cannot be read ({error}): delete it, and run this again."
        ) from error
    if live is None:
        return Champion(None, None)
    try:
        return Champion(live, _read(store, family, live.alias.target))
    except (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError) as error:
        return Champion(live, None, _replaceable(error))


def already_trained(
    store: ObjectStore, family: str, champion: Champion, is_same: Callable[[Manifest], bool]
) -> Verdict[bool]:
    """Tell whether this very training was done before: it is live, or it was, and was rolled back.

    A newer version behind an older live one is how a rollback looks. Scheduled training on the same
    data must not undo what somebody did for a reason.
    """
    if champion.live is None or champion.manifest is None:
        return Verdict(False, "")
    if is_same(champion.manifest):
        return Verdict(True, "is live already and of exactly this data")
    alias = champion.live.alias
    if alias.previous is None or _second(alias.previous) < _second(alias.target):
        return Verdict(False, "")
    if is_same(_read(store, family, alias.previous)):
        version = alias.previous.version
        return Verdict(True, f"is live: {version}, of exactly this data, was rolled back ({alias.reason})")
    return Verdict(False, "")


def compare(store: ObjectStore, champion: Champion, trained: Trained, test: Examples) -> Verdict[bool]:
    """Have both answer for the test customers, and ask the gate."""
    # Health checks import this module: what answers takes a second to import.
    from segue.artifacts.cache import fetch
    from segue.artifacts.codec.genre_preference import load_genre_preference
    from segue.backends.onnx import OnnxClassifier
    from training.evaluation import better_than, difference
    from training.genre_preference import answer_index

    if champion.manifest is None:
        reason = (
            f"The champion cannot be served: {champion.problem}."
            if champion.live
            else "There was no champion."
        )
        return Verdict(True, reason)
    try:
        with tempfile.TemporaryDirectory() as cache:
            model = load_genre_preference(fetch(store, champion.manifest, Path(cache)), OnnxClassifier)
    except CorruptArtifactError as error:
        return Verdict(True, f"The champion cannot be served: {error}.")
    ours, theirs = answer_index(trained.model, test), answer_index(model, test)
    return accept_challenger(difference(ours, theirs, test.label), better_than(theirs, ours, test.label))


def _second(ref: VersionRef) -> str:
    return ref.version.partition("-")[0]


def _read(store: ObjectStore, family: str, ref: VersionRef) -> Manifest:
    return read_manifest(store, family, ref.version, expected_sha256=ref.manifest_sha256)


def _replaceable(error: ArtifactError) -> str:
    if isinstance(error, UnsupportedSchemaError) and error.found > max(SUPPORTED_SCHEMAS):
        raise error
    return str(error)


def has_origin(manifest: Manifest, data_hash: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a version was made by this code, of this data, with these among its parameters."""
    record = manifest.record
    same_params = {name: record.params.get(name) for name in params} == params
    same_code = record.code.get("version") == segue.__version__
    return same_code and same_params and record.data.get("fingerprint") == data_hash
