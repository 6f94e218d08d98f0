"""Train a recommender from interactions to a live version: divide, fit, weigh, measure, publish, promote."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import segue
from segue.artifacts.cache import fetch
from segue.artifacts.family import HYBRID
from segue.artifacts.recommender import load_hybrid
from segue.artifacts.store import Decision, read_manifest, resolve_if_any
from segue.errors import (
    CorruptArtifactError,
    GateRejectedError,
    NotEnoughDataError,
    UnsupportedSchemaError,
    VersionNotFoundError,
)
from segue.sources.dataset.extent import describe_catalogue, describe_interactions
from training.gate import Verdict
from training.recommend.fit import Dataset, Fixed, Settings, fit_fixed, fit_members
from training.recommend.measure import Task, build_task
from training.recommend.publishing import Publication, promote_all, publish_all
from training.recommend.rank import fit_ranker, popular_ranker
from training.recommend.split import Part, damped_matrix, divide, new_to_user
from training.recommend.verdict import Measured, measure_recommender, unmeasured
from training.recommend.weights import MIN_EXAMPLES
from training.rules import fit_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.object_store import ObjectStore
    from segue.artifacts.store import LiveAlias
    from segue.domain.recommender import Recommender
    from training.recommend.split import Parts


@dataclass(frozen=True, slots=True)
class Request:
    """What to do: settings, and who asks for it, why.

    ``force`` trains although nothing changed, and promotes although the gate says no.
    """

    set_by: str
    reason: str = "trained"
    settings: Settings = field(default_factory=Settings)
    k: int = 20
    promote: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the manifest, the alias if promoted, and what was measured if anything was trained."""

    manifest: Manifest
    alias: Alias | None
    measured: Measured | None
    verdict: Verdict[bool]


def train_recommender(
    data: Dataset, store: ObjectStore, request: Request, step: Callable[[str], None]
) -> Outcome:
    """Train, publish and, if the gate agrees, promote every family of a recommender.

    The ranker's weights are learnt on events after those its members were fitted to, and the figures are
    of events after both. What is published is fitted to all events, with the same settings and weights:
    a catalogue's newest tracks are in the latest events.

    Raises
    ------
    GateRejectedError
        The versions are published but not live; ``force`` promotes them.
    AliasMovedError
        As above, as somebody promoted or rolled back meanwhile.
    """
    started_s = time.monotonic()
    step("comparing with the live version")
    about = _describe(data)
    live = resolve_if_any(store, HYBRID)
    champion = _read(store, live)
    if champion and not request.force and _same_origin(champion, about, request):
        return Outcome(champion, None, None, Verdict(True, "is live already and of exactly this data"))
    parts = divide(data.interactions, request.settings.seed)
    step(f"dividing the events {parts.how}")
    fixed = fit_fixed(data, parts.part == Part.FIT, step)
    ranked, task = _weigh(data, parts, fixed, request, step)
    with tempfile.TemporaryDirectory() as cache:
        rival = _load(store, champion, Path(cache)) if champion else None
        enough = ranked.ranker is not None and len(task.users) >= MIN_EXAMPLES
        if enough:
            measured = measure_recommender(ranked, task, request.k, rival, step)
        else:
            measured = unmeasured(len(task.users), rival)
    step("fitting the members to all events")
    everything = np.ones(len(data.interactions), bool)
    fixed = replace(fixed, rules=fit_rules(data.catalogue, data.interactions))
    ranker = ranked.ranker if measured.serve.choice else popular_ranker()
    final = replace(fit_members(data, everything, fixed, request.settings, step), ranker=ranker)
    step("publishing")
    publication = Publication(
        final, fixed, request.settings, measured, about, parts.how, request.k, started_s
    )
    manifests = publish_all(store, publication)
    return _promote(store, manifests, measured, live, request)


def _describe(data: Dataset) -> dict[str, Any]:
    catalogue, events = describe_catalogue(data.catalogue), describe_interactions(data.interactions)
    return {
        "fingerprint": f"{catalogue['fingerprint']}+{events['fingerprint']}",
        "catalogue": catalogue,
        "interactions": events,
    }


def _read(store: ObjectStore, live: LiveAlias | None) -> Manifest | None:
    if live is None:
        return None
    target = live.alias.target
    try:
        return read_manifest(store, HYBRID, target.version, expected_sha256=target.manifest_sha256)
    except (CorruptArtifactError, VersionNotFoundError):
        return None  # what cannot be served is no rival; the next promotion replaces it


def _load(store: ObjectStore, champion: Manifest, cache: Path) -> Recommender | None:
    try:
        return load_hybrid(store, cache, fetch(store, champion, cache), champion)
    except (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError):
        return None


def _same_origin(champion: Manifest, about: dict[str, Any], request: Request) -> bool:
    record = champion.record
    return (
        record.code.get("version") == segue.__version__
        and record.data.get("fingerprint") == about["fingerprint"]
        and record.params.get("settings") == request.settings.to_json()
    )


def _weigh(
    data: Dataset, parts: Parts, fixed: Fixed, request: Request, step: Callable[[str], None]
) -> tuple[Recommender, Task]:
    """Return the recommender to measure, its ranker learnt on validation, and what to measure it on."""
    fit, validation, test = (
        damped_matrix(data.interactions, data.catalogue, parts.part == part) for part in Part
    )
    users, seed = data.interactions.users.item_id, request.settings.seed
    model = fit_members(data, parts.part == Part.FIT, fixed, request.settings, step)
    task = build_task(users, fit, new_to_user(validation, fit), seed)
    try:
        ranker = fit_ranker(model, task, request.k, step)
    except NotEnoughDataError as error:
        step(f"no ranker: {error}")
        ranker = None
    known = damped_matrix(data.interactions, data.catalogue, parts.part != Part.TEST)
    step("fitting the members to all events before the test")
    model = fit_members(data, parts.part != Part.TEST, fixed, request.settings, step)
    return replace(model, ranker=ranker), build_task(users, known, new_to_user(test, known), seed)


def _promote(
    store: ObjectStore,
    manifests: dict[str, Manifest],
    measured: Measured,
    live: LiveAlias | None,
    request: Request,
) -> Outcome:
    hybrid, verdict = manifests[HYBRID], measured.promote
    if not request.promote:
        return Outcome(hybrid, None, measured, verdict)
    if not verdict.choice and not request.force:
        raise GateRejectedError(
            f"{hybrid.version} is published but not live. {verdict.reason} "
            f"`segue models promote {HYBRID} {hybrid.version} --reason …` overrules the gate."
        )
    forced = "" if verdict.choice else "forced over the gate: "
    decision = Decision(request.set_by, f"{request.reason}: {forced}{verdict.reason}", datetime.now(UTC))
    return Outcome(hybrid, promote_all(store, manifests, decision, live), measured, verdict)
