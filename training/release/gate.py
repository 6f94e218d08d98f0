"""What is live when a training begins, and what the gate decides: a verdict in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from segue.artifacts.release import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import (
    ArtifactError,
    CorruptArtifactError,
    UnsupportedSchemaError,
    VersionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.artifacts.manifest import Manifest, VersionRef
    from segue.artifacts.place.object_store import ObjectStore
    from segue.artifacts.release import LiveAlias
    from training.measure.comparison import Estimate
    from training.release.trainer import Criterion

T = TypeVar("T")

ALPHA = 0.01
"""What is served must beat each baseline with a smaller p-value than this."""

REGRESSION_ALPHA = 0.05
"""A challenger is refused when the champion beats it on the same customers with a smaller p-value."""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """A decision and the reason for it, in a sentence."""

    choice: T
    reason: str


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


def _second(ref: VersionRef) -> str:
    return ref.version.partition("-")[0]


def _read(store: ObjectStore, family: str, ref: VersionRef) -> Manifest:
    return read_manifest(store, family, ref.version, expected_sha256=ref.manifest_sha256)


def _replaceable(error: ArtifactError) -> str:
    if isinstance(error, UnsupportedSchemaError) and error.is_newer:
        raise error
    return str(error)


def changes(manifest: Manifest, params: Mapping[str, Any], fingerprint: str) -> list[str]:
    """Say what differs between the training of a version and one that is asked for; an equal one has none.

    Parameters
    ----------
    manifest : Manifest
    params : mapping
        What is asked for, with the ``recipe``; whatever else the version's parameters hold came of it.
    fingerprint : str
        Of the data.
    """
    made = manifest.record.params
    found = [] if manifest.record.data.get("fingerprint") == fingerprint else ["the data changed"]
    for name, value in params.items():
        if made.get(name) != value:
            told = f" ({_word(made.get(name))} → {_word(value)})"
            found.append("recipe of the code changed" if name == "recipe" else f"{name} changed{told}")
    return found


def _word(value: object) -> str:
    return "by search" if value is None else str(value)


def uncontested(champion: Champion) -> Verdict[bool]:
    """Accept any challenger where nothing is live, or nothing whose manifest can be read."""
    if champion.live is None:
        return Verdict(True, "There was no champion.")
    return cannot_be_served(champion.problem)


def cannot_be_served(problem: str) -> Verdict[bool]:
    """Accept any challenger in the place of a version whose files are damaged or gone."""
    return Verdict(True, f"The champion cannot be served: {problem.rstrip('.')}.")


def accept_challenger(criterion: Criterion, gain: Estimate, p_champion_better: float) -> Verdict[bool]:
    """Accept a challenger that is surely not much worse than the champion on the same people.

    Parameters
    ----------
    criterion : Criterion
    gain : Estimate
        How much better the challenger is, paired by person: for answers see
        `training.measure.comparison.mean_of_differences`, for ranked lists
        the share of the champion's mean.
        The whole interval must lie above minus the criterion's margin: too few people to tell is a reason to
        keep what is live.
    p_champion_better : float
        That the champion is better by luck alone; below ``REGRESSION_ALPHA`` it stays.
    """
    figures = (
        f"challenger against champion {gain.value:+.1%}, 95 % interval {gain.low:+.1%} to {gain.high:+.1%} "
        f"on {gain.n} {criterion.of}"
    )
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(False, f"The champion is better ({figures}; p = {p_champion_better:.2g}).")
    if not gain.low > -criterion.margin:  # written so that a figure that is no number refuses
        return Verdict(False, f"The challenger may be more than {criterion.margin:.0%} worse ({figures}).")
    return Verdict(True, f"The challenger is not worse than the champion ({figures}).")


def refuse_unmeasured(why: str) -> Verdict[bool]:
    """Refuse a challenger that could not be compared with the champion, which can be served."""
    return Verdict(False, f"The champion cannot be compared with: {why.rstrip('.')}. It stays.")
