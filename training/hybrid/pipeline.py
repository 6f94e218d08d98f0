"""Train a recommender from interactions to a live version: divide, fit, weigh, measure, publish, promote."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.family import HYBRID
from segue.artifacts.release import Decision
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.model.collaborative.item_factors import fold_in
from segue.domain.model.collaborative.nonnegative_factors import nonnegative_fold_in
from segue.errors import GateRejectedError, InvalidInputError, NotEnoughDataError, TrainingError
from segue.sources.dataset.extent import describe_catalogue, describe_interactions
from training.algorithm.collaborative.inverted_file import find_cells
from training.algorithm.content.rules import fit_rules
from training.hybrid.choice import SearchBudget, Tried, choose_settings
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user, only_liked
from training.hybrid.fit import Dataset, Fixed, fit_fixed, fit_members
from training.hybrid.publishing import Publication, promote_run, publish_all
from training.hybrid.ranker.fit import fit_ranker
from training.hybrid.ranker.panel import Task, build_task
from training.hybrid.ranker.weights import MIN_EXAMPLES
from training.hybrid.rival import Rival, open_rival
from training.hybrid.settings import HybridSettings
from training.hybrid.unchanged import ORIGIN
from training.hybrid.verdict import Measured, measure_recommender, unmeasured
from training.measure import search
from training.release.champion import already_trained, changes, find_champion
from training.release.gate import Verdict, refuse_unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.artifacts.release import LiveAlias
    from segue.domain.recommend.recommender import Recommender
    from training.hybrid.data.split import Parts
    from training.hybrid.ranker.fit import Weighed

logger = logging.getLogger("segue.train")


@dataclass(frozen=True, slots=True)
class HybridRequest:
    """What to do: settings, how long to look for better ones, and who asks for it, why.

    ``force`` trains although nothing changed, and promotes although the gate says no. ``origin`` is of
    `training.hybrid.unchanged`, empty where the data comes from no file.
    """

    set_by: str
    reason: str = "trained"
    settings: HybridSettings = field(default_factory=HybridSettings)
    budget: SearchBudget = field(default_factory=SearchBudget)
    k: int = 20
    promote: bool = True
    force: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class HybridOutcome:
    """What came of it: the manifest, the alias if promoted, and what was measured if anything was trained."""

    manifest: Manifest
    alias: Alias | None
    measured: Measured | None
    verdict: Verdict[bool]


def train_recommender(
    data: Dataset, store: ObjectStore, request: HybridRequest, step: Callable[[str], None]
) -> HybridOutcome:
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
    about = _describe(data) | ({ORIGIN: request.origin} if request.origin else {})
    champion = find_champion(store, HYBRID)
    data_hash, params = about["fingerprint"], _asked(request)
    done = already_trained(store, HYBRID, champion, lambda made: not changes(made, params, data_hash))
    if champion.manifest and done.choice and not request.force:
        return HybridOutcome(champion.manifest, None, None, done)
    rival = open_rival(store, champion)
    parts = divide(data.interactions, data.catalogue, request.settings.seed)
    step(f"dividing the events {parts.how}")
    fixed = fit_fixed(data, parts.part == TimePart.FIT, request.settings.seed, step)
    run, tried = _choose(_Run(data, parts, fixed, request.settings, request.k, step), request.budget)
    weighed, task = _weigh(run)
    measured = _measure(run, weighed, task, rival)
    if isinstance(rival, Rival) and (strange := rival.strangeness(about, data.catalogue.vocabulary)):
        measured = replace(measured, promote=Verdict(False, strange))
    step("fitting the members to all events")
    fixed = replace(run.fixed, rules=fit_rules(data.catalogue, data.interactions))
    run = replace(run, fixed=fixed)
    ranker = measured.served.ranker
    final = _searched_fast(run.fit(parts.part >= TimePart.FIT), task, run.settings.seed)
    step("publishing")
    publication = Publication(
        final, ranker, fixed, run.settings, tried, measured, about, _asked(request), parts.how, started_s
    )
    return _promote(store, publish_all(store, publication), measured, champion.live, request)


@dataclass(frozen=True, slots=True)
class _Run:
    """What every stage of one training needs."""

    data: Dataset
    parts: Parts
    fixed: Fixed
    settings: HybridSettings
    k: int
    step: Callable[[str], None]

    def fit(self, rows: NDArray[np.bool_], settings: HybridSettings | None = None) -> Recommender:
        return fit_members(self.data, rows, self.fixed, settings or self.settings, self.step)


def _asked(request: HybridRequest) -> dict[str, Any]:
    """Return what else than the data decides what is trained, as the manifest keeps it."""
    usual = request.settings.to_json()
    return {"asked": {"settings": usual, "budget_minutes": request.budget.minutes, "k": request.k}}


def _choose(run: _Run, budget: SearchBudget) -> tuple[_Run, dict[str, list[Tried]]]:
    """Choose kinds and settings on the validation part, by members that have seen nothing of it."""
    before, validation = (
        damped_matrix(run.data.interactions, run.data.catalogue, run.parts.part == each)
        for each in (TimePart.FIT, TimePart.VALIDATION)
    )
    task = search.SearchTask(only_liked(before), new_to_user(validation, before), run.k, run.settings.seed)
    settings, tried = choose_settings(task, run.settings, budget, run.step)
    return replace(run, settings=settings), tried


def _describe(data: Dataset) -> dict[str, Any]:
    catalogue, events = describe_catalogue(data.catalogue), describe_interactions(data.interactions)
    known = data.catalogue.vocabulary.index_of(data.interactions.items.item_id.tolist()) != UNKNOWN_ITEM
    events["rows_of_known_tracks"] = int(known[data.interactions.item_index].sum())
    return {
        "fingerprint": f"{catalogue['fingerprint']}+{events['fingerprint']}",
        "catalogue": catalogue,
        "interactions": events,
    }


def _measure(run: _Run, weighed: Weighed | None, task: Task, rival: Rival | Verdict[bool]) -> Measured:
    if weighed is None or len(task.users) < MIN_EXAMPLES:
        return unmeasured(len(task.users), None if isinstance(rival, Rival) else rival)
    fitted = _refit(run, weighed.model, rival) if isinstance(rival, Rival) else rival
    return measure_recommender(weighed, task, run.k, fitted, run.step)


def _refit(run: _Run, ranked: Recommender, rival: Rival) -> Recommender | Verdict[bool]:
    """Return what is live as it would be had it not seen the test: its settings and weights, fitted anew.

    Without a member that it serves it would look weaker than it is.
    """
    fitted = ranked
    if rival.settings != run.settings:
        run.step("fitting the settings of what is live")
        try:
            fitted = run.fit(run.parts.part != TimePart.TEST, rival.settings)
        except (InvalidInputError, TrainingError) as error:
            return refuse_unmeasured(f"its settings cannot be fitted to these events ({error})")
    if lost := sorted(fitted.missing.keys() & rival.members):
        why = f"{lost[0]}: {fitted.missing[lost[0]]}"
        return refuse_unmeasured(f"its settings cannot be fitted to these events ({why})")
    return replace(fitted, ranker=rival.ranker)


def _weigh(run: _Run) -> tuple[Weighed | None, Task]:
    """Return the recommender to measure, its ranker learnt on validation, and what to measure it on.

    There is none where too few listeners went on to like anything.
    """
    events, tracks, part = run.data.interactions, run.data.catalogue, run.parts.part
    before, validation, test = (damped_matrix(events, tracks, part == each) for each in TimePart)
    users, seed = events.users.item_id, run.settings.seed
    model = run.fit(part == TimePart.FIT)
    task = build_task(users, before, new_to_user(validation, before), seed)
    known = damped_matrix(events, tracks, part != TimePart.TEST)
    asked = build_task(users, known, new_to_user(test, known), seed)
    try:
        weighed = fit_ranker(model, task, run.k, run.step)
    except NotEnoughDataError as error:
        logger.warning("no ranker: %s", error)
        return None, asked
    run.step("fitting the members to all events before the test")
    model = replace(run.fit(part != TimePart.TEST), ranker=weighed.ranker)
    return replace(weighed, model=model), asked


def _searched_fast(model: Recommender, task: Task, seed: int) -> Recommender:
    """Sort the factors of a large catalogue into cells that answer the listeners of a task well."""
    liked = [each.history for each in task.listeners() if (each.history.confidence > 0).any()]
    if (factors := model.factors) is not None:
        users = np.array([fold_in(factors, history) for history in liked])
        model = replace(model, factors=replace(factors, cells=find_cells(factors.factors, users, seed)))
    if (parts := model.parts) is not None:
        users = np.array([nonnegative_fold_in(parts, history) for history in liked])
        model = replace(model, parts=replace(parts, cells=find_cells(parts.factors, users, seed)))
    return model


def _promote(
    store: ObjectStore,
    manifests: dict[str, Manifest],
    measured: Measured,
    live: LiveAlias | None,
    request: HybridRequest,
) -> HybridOutcome:
    hybrid, verdict = manifests[HYBRID], measured.promote
    if not request.promote:
        return HybridOutcome(hybrid, None, measured, verdict)
    if not verdict.choice and not request.force:
        raise GateRejectedError(
            f"{hybrid.version} is published but not live. {verdict.reason} "
            f"`segue models promote {HYBRID} {hybrid.version} --reason …` overrules the gate."
        )
    forced = "" if verdict.choice else "forced over the gate: "
    decision = Decision(request.set_by, f"{request.reason}: {forced}{verdict.reason}", datetime.now(UTC))
    return HybridOutcome(hybrid, promote_run(store, hybrid, decision, live), measured, verdict)
