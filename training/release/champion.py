"""The version that is live while another is trained: what it was made of, and how the two compare."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segue
from segue.artifacts.release import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import (
    ArtifactError,
    CorruptArtifactError,
    InvalidInputError,
    UnsupportedSchemaError,
    VersionNotFoundError,
)
from training.release.gate import Verdict, accept_challenger, accept_genre_challenger, refuse_unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.artifacts.manifest import Manifest, VersionRef
    from segue.artifacts.place.object_store import ObjectStore
    from segue.artifacts.release import LiveAlias
    from training.genre_preference.examples import Examples
    from training.genre_preference.fit import Trained


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
    data must not undo what somebody did for a reason. A version that cannot be read any more was no training.
    """
    if champion.live is None or champion.manifest is None:
        return Verdict(False, "")
    if is_same(champion.manifest):
        return Verdict(True, "is live, of this data and these settings")
    alias = champion.live.alias
    if alias.previous is None or _second(alias.previous) < _second(alias.target):
        return Verdict(False, "")
    try:
        newer = _read(store, family, alias.previous)
    except (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError):
        return Verdict(False, "")
    if not is_same(newer):
        return Verdict(False, "")
    told = f"is live: {newer.version}, of this data and these settings, was rolled back ({alias.reason})"
    return Verdict(True, told)


def uncontested(champion: Champion) -> Verdict[bool]:
    """Accept any challenger where nothing is live, or nothing whose manifest can be read."""
    if champion.live is None:
        return Verdict(True, "There was no champion.")
    return cannot_be_served(champion.problem)


def cannot_be_served(problem: str) -> Verdict[bool]:
    """Accept any challenger in the place of a version whose files are damaged or gone."""
    return Verdict(True, f"The champion cannot be served: {problem.rstrip('.')}.")


def compare(store: ObjectStore, champion: Champion, trained: Trained, test: Examples) -> Verdict[bool]:
    """Have both answer for the test customers, and ask the gate.

    Files that are damaged or gone are no champion. Files that are whole and that this code does not read, or
    cannot ask for these customers, are one: the challenger is refused, as nobody knows which is better.
    """
    # Health checks import this module: what answers takes a second to import.
    from segue.artifacts.cache import fetch
    from segue.artifacts.codec.genre_preference import load_genre_preference
    from segue.backends.onnx import OnnxClassifier
    from training.genre_preference.evaluation import (
        better_than,
        difference,
        macro_f1_difference,
        worst_recall,
    )
    from training.genre_preference.fit import answer_index

    if champion.manifest is None:
        return uncontested(champion)
    with tempfile.TemporaryDirectory() as cache:
        try:
            folder = fetch(store, champion.manifest, Path(cache))
        except CorruptArtifactError as error:
            return cannot_be_served(str(error))
        try:
            model = load_genre_preference(folder, OnnxClassifier)
            theirs = answer_index(model, test)
        except (CorruptArtifactError, InvalidInputError) as error:
            return refuse_unmeasured(str(error))
    ours, label = answer_index(trained.model, test), test.label
    accuracy = accept_challenger(difference(ours, theirs, label), better_than(theirs, ours, label))
    worst = worst_recall(ours, label)
    rarest = ("no genre", 1.0)
    if worst is not None:
        of_genre = label == worst.index
        p_value = better_than(theirs[of_genre], ours[of_genre], label[of_genre])
        rarest = (test.history.genres[worst.index], p_value)
    return accept_genre_challenger(accuracy, macro_f1_difference(ours, theirs, label, seed=0), rarest)


def _second(ref: VersionRef) -> str:
    return ref.version.partition("-")[0]


def _read(store: ObjectStore, family: str, ref: VersionRef) -> Manifest:
    return read_manifest(store, family, ref.version, expected_sha256=ref.manifest_sha256)


def _replaceable(error: ArtifactError) -> str:
    if isinstance(error, UnsupportedSchemaError) and error.is_newer:
        raise error
    return str(error)


def has_origin(manifest: Manifest, data_hash: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a version was made by this code, of this data, with these among its parameters."""
    record = manifest.record
    same_params = {name: record.params.get(name) for name in params} == params
    same_code = record.code.get("version") == segue.__version__
    return same_code and same_params and record.data.get("fingerprint") == data_hash
