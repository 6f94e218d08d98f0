"""What is live when a training begins, and what the gate decides: a verdict in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from segue.artifacts.release import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import (
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
"""A model is served if it beats each baseline with a smaller p-value."""

REGRESSION_ALPHA = 0.05
"""A challenger is refused if the champion beats it on the same people with a smaller p-value."""


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
        The alias as it was read then; None if nothing was ever promoted. The challenger may replace this
        version only.
    manifest : Manifest or None
        Manifest of the live version; None if there is none, or it can no longer be read.
    problem : str
        Why it cannot be read: it is damaged, or its schema is too old.
    """

    live: LiveAlias | None
    manifest: Manifest | None
    problem: str = ""


def find_champion(store: ObjectStore, family: str, alias: str = CHAMPION) -> Champion:
    """Read which version of a family is live under an alias.

    Raises
    ------
    StoreUnavailableError, UnsupportedSchemaError
        The store does not answer, or a newer Segue wrote it: the live version must not be replaced.
    CorruptArtifactError
        The alias itself is damaged, so the live version is unknown: delete the alias.
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
        if isinstance(error, UnsupportedSchemaError) and error.is_newer:
            raise
        return Champion(live, None, str(error))


def already_trained(
    store: ObjectStore, family: str, champion: Champion, is_same: Callable[[Manifest], bool]
) -> Verdict[bool]:
    """Decide whether the same training was done before: its version is live, or was rolled back.

    After a rollback, the version before the live one is newer. Scheduled training on the same data must not
    undo a rollback. A version that can no longer be read does not count.
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
    rolled_back = f"{newer.version}, of this data and these settings, was rolled back ({alias.reason})"
    return Verdict(True, f"is live: {rolled_back}")


def _second(ref: VersionRef) -> str:
    return ref.version.partition("-")[0]


def _read(store: ObjectStore, family: str, ref: VersionRef) -> Manifest:
    return read_manifest(store, family, ref.version, expected_sha256=ref.manifest_sha256)


def changes(manifest: Manifest, params: Mapping[str, Any], fingerprint: str) -> list[str]:
    """List what differs between the training of a version and a new one; empty if they are equal.

    Parameters
    ----------
    manifest : Manifest
    params : mapping
        Parameters of the new training, with its ``recipe``. Further parameters of the version are results.
    fingerprint : str
        Fingerprint of the data.
    """
    made = manifest.record.params
    found = [] if manifest.record.data.get("fingerprint") == fingerprint else ["the data changed"]
    for name, value in params.items():
        if made.get(name) != value:
            change = f"{name} changed ({_word(made.get(name))} → {_word(value)})"
            found.append("recipe of the code changed" if name == "recipe" else change)
    return found


def _word(value: object) -> str:
    return "by search" if value is None else str(value)


def uncontested(champion: Champion) -> Verdict[bool]:
    """Accept any challenger if nothing is live, or the live manifest cannot be read."""
    if champion.live is None:
        return Verdict(True, "There was no champion.")
    return cannot_be_served(champion.problem)


def cannot_be_served(problem: str) -> Verdict[bool]:
    """Accept any challenger instead of a version whose files are damaged or missing."""
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
        P-value that the champion is better by luck alone; below ``REGRESSION_ALPHA`` it stays.
    """
    figures = (
        f"challenger against champion {gain.value:+.1%}, 95 % interval {gain.low:+.1%} to {gain.high:+.1%} "
        f"on {gain.n} {criterion.of}"
    )
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(False, f"The champion is better ({figures}; p = {p_champion_better:.2g}).")
    if not gain.low > -criterion.margin:  # in this form NaN refuses, too
        return Verdict(False, f"The challenger may be more than {criterion.margin:.0%} worse ({figures}).")
    return Verdict(True, f"The challenger is not worse than the champion ({figures}).")


def refuse_unmeasured(why: str) -> Verdict[bool]:
    """Refuse a challenger that cannot be compared with a champion that can be served."""
    return Verdict(False, f"The champion cannot be compared with: {why.rstrip('.')}. It stays.")
