"""What is there, what is stale, and what input is missing: variant by variant, by fingerprint."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.artifacts.family import CLUSTERS, variant_alias
from segue.artifacts.release import version_prefix
from segue.artifacts.strict_json import parse_json
from training.cluster.settings import build_params
from training.release.gate import Champion, already_trained, changes, find_champion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from training.cluster.data.source import TableSource
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import ClusterVariant

_SURVEY = "survey.json"


class State(StrEnum):
    """How a variant stands."""

    READY = "ready"
    STALE = "stale"
    MISSING = "missing"
    NO_INPUT = "input missing"
    UNREADABLE = "input unreadable"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A variant's input without the input itself.

    Attributes
    ----------
    fingerprint : str
        Empty where the input is missing.
    n_items, n_columns : int
    missing : str
        What is missing, in words; empty where nothing is.
    is_broken : bool
        Whether it is there, and cannot be read.
    """

    fingerprint: str = ""
    n_items: int = 0
    n_columns: int = 0
    missing: str = ""
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class VariantStanding:
    """How one variant stands, and why.

    Attributes
    ----------
    variant : ClusterVariant
    state : State
    version : str
        The live version of the variant; empty if there is none.
    reason : str
    surveyed : Surveyed
    live : Champion
        The variant's alias as it was read; only over this may a new version be promoted.
    """

    variant: ClusterVariant
    state: State
    version: str
    reason: str
    surveyed: Surveyed
    live: Champion

    @property
    def can_build(self) -> bool:
        """Whether there is input."""
        return not self.surveyed.missing


def assess(
    store: ObjectStore, variant: ClusterVariant, surveyed: Surveyed, settings: ClusterSettings
) -> VariantStanding:
    """Compare what is live for a variant with what would be built.

    A version that was rolled back by somebody is not built again: the one that they chose stays.
    """
    live = find_champion(store, CLUSTERS, variant_alias(variant.name))
    version = live.live.alias.target.version if live.live else ""
    damage = "" if live.manifest is None else _damage(store, live.manifest)
    if surveyed.is_broken:
        state, reason = State.UNREADABLE, surveyed.missing
    elif damage:
        state, reason = State.STALE, f"the live version is damaged: {damage}"
    elif not surveyed.missing:
        state, reason = _compare(
            store, live, build_params(variant, settings, surveyed.n_columns), surveyed.fingerprint
        )
    elif live.manifest is None:
        state, reason = State.NO_INPUT, surveyed.missing
    else:
        state, reason = State.READY, f"cannot be compared: {surveyed.missing}"
    return VariantStanding(variant, state, version, reason, surveyed, live)


def _damage(store: ObjectStore, manifest: Manifest) -> str:
    """Say which file is not as long as the manifest has it: reading them all would take too long here."""
    prefix = version_prefix(CLUSTERS, manifest.version)
    found = {each.key.removeprefix(prefix): each.bytes for each in store.list_objects(prefix)}
    for name, entry in manifest.files.items():
        if found.get(name) != entry.bytes:
            has = f"has {found[name]} bytes" if name in found else "is not there"
            return f"{name} {has}, and should have {entry.bytes}"
    return ""


def _compare(
    store: ObjectStore, live: Champion, params: Mapping[str, Any], fingerprint: str
) -> tuple[State, str]:
    if live.live is None:
        return State.MISSING, "nothing was built yet"
    if live.manifest is None:
        return State.STALE, f"the live version cannot be read: {live.problem}"
    done = already_trained(store, CLUSTERS, live, lambda made: not changes(made, params, fingerprint))
    if done.choice:
        return State.READY, done.reason
    return State.STALE, "; ".join(changes(live.manifest, params, fingerprint))


def load_survey(work: Path, source: TableSource, reader: int) -> dict[str, Surveyed] | None:
    """Return what an earlier run found in the same files; None if they changed or no whole survey is kept.

    ``reader`` is the number of the reading code. A survey by other code is not used.
    """
    identity = _identity(source, reader)
    try:
        kept = parse_json((work / _SURVEY).read_bytes())
        if identity is None or kept["identity"] != identity:
            return None
        return {name: Surveyed(**each) for name, each in kept["variants"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_survey(work: Path, source: TableSource, reader: int, found: Mapping[str, Surveyed]) -> None:
    """Keep what was found, for the next run and for health checks."""
    identity = _identity(source, reader)
    if identity is not None:
        kept = {"identity": identity, "variants": {name: asdict(each) for name, each in found.items()}}
        partial = work / f".{_SURVEY}"
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(work / _SURVEY)


def is_healthy(standings: Sequence[VariantStanding]) -> bool:
    """Tell whether every variant that has input is ready, and at least one is."""
    states = [standing.state for standing in standings]
    return State.READY in states and not {State.STALE, State.MISSING, State.UNREADABLE} & set(states)


def _identity(source: TableSource, reader: int) -> Any:
    files = source.identity
    if files is None:
        return None
    drawn = [source.sample, source.seed] if source.sample else None
    return {"files": files, "tracks": source.tracks, "reader": reader, "sample": drawn}
