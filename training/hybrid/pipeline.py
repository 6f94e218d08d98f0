"""Train a recommender: divide the events in time, fit its members, weigh and measure them, publish."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.model.registry import MEMBERS, TIER_SOURCES
from segue.errors import InvalidInputError, NotEnoughDataError, TrainingError
from segue.sources.dataset.extent import describe_catalogue, describe_interactions
from training.algorithm.collaborative.inverted_file import find_cells
from training.algorithm.content.rules import fit_rules
from training.hybrid.choice import SearchBudget, Tried, choose_settings
from training.hybrid.data.reading import read_dataset
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user, only_liked
from training.hybrid.fit import Dataset, Fixed, fit_fixed, fit_members
from training.hybrid.publishing import publish_all
from training.hybrid.ranker.fit import fit_ranker
from training.hybrid.ranker.panel import Task, build_task
from training.hybrid.ranker.weights import MIN_EXAMPLES
from training.hybrid.rival import Rival, open_rival
from training.hybrid.settings import HybridSettings
from training.hybrid.verdict import Measured, measure_recommender, unmeasured
from training.measure import search
from training.release.gate import Verdict, refuse_unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from rich.console import ConsoleRenderable

    from segue.artifacts.manifest import Manifest
    from segue.domain.recommend.ranker import Ranker
    from segue.domain.recommend.recommender import Recommender
    from segue.sources.dataset import Account
    from training.hybrid.data.split import Parts
    from training.hybrid.ranker.fit import Weighed
    from training.release.trainer import Run

logger = logging.getLogger("segue.train")


@dataclass(frozen=True, slots=True)
class Divided:
    """Events divided in time, and all that members are fitted with.

    ``fixed`` are the members that hardly change, ``k`` is the length of the lists measured.
    """

    data: Dataset
    parts: Parts
    fixed: Fixed
    settings: HybridSettings
    k: int
    progress: Callable[[str], None]

    def fit(self, rows: NDArray[np.bool_], settings: HybridSettings | None = None) -> Recommender:
        """Fit all members to some of the events."""
        return fit_members(self.data, rows, self.fixed, settings or self.settings, self.progress)


@dataclass(frozen=True, slots=True)
class FittedHybrid:
    """What a recommender's settings were chosen from, its measures, and the listeners measured."""

    divided: Divided
    tried: dict[str, list[Tried]]
    measured: Measured
    task: Task

    @property
    def promote(self) -> Verdict[bool]:
        """What the gate decides."""
        return self.measured.promote

    def summary(self) -> Iterator[ConsoleRenderable | str]:
        """Yield the figures of every answerer, which is served, and what each source weighs."""
        k, served = self.divided.k, self.measured.served
        best_first = sorted(self.measured.metrics.items(), key=lambda each: -each[1]["ndcg"].value)
        for name, figures in best_first:
            ndcg, recall, mrr = figures["ndcg"], figures["recall"], figures["mrr"]
            yield (
                f"  {name}: NDCG@{k} {ndcg.value:.4f} (95 % interval {ndcg.low:.4f} to {ndcg.high:.4f}), "
                f"recall@{k} {recall.value:.4f}, MRR {mrr.value:.4f}, {ndcg.n} listeners"
            )
        yield Text(served.verdict.reason, style="bold")
        for tier in served.ranker.tiers:
            yield f"  {tier}: {_weights(served.ranker, tier)}"


@dataclass(frozen=True, slots=True)
class HybridTraining:
    """One training of a recommender: its settings, and how long to look for better ones.

    The ranker's weights are learnt on events after those its members were fitted to, and the figures are
    of events after both. What is published is fitted to all events, with the same settings and weights:
    a catalogue's newest tracks are in the latest events.
    """

    settings: HybridSettings = field(default_factory=HybridSettings.of)
    budget: SearchBudget = field(default_factory=SearchBudget)
    k: int = 20

    @property
    def params(self) -> dict[str, Any]:
        """The requested settings; the manifest also keeps the chosen ones."""
        usual = self.settings.to_json()
        return {"asked": {"settings": usual, "budget_minutes": self.budget.minutes, "k": self.k}}

    def read(self, places: Sequence[str], progress: Callable[[str], None]) -> tuple[Dataset, list[Account]]:
        """Read tracks, events and friends at the first place, and more events at the others."""
        progress("reading tracks and events")
        return read_dataset(places[0], places[1:])

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Return the extents of the catalogue and of the events."""
        catalogue, events = describe_catalogue(data.catalogue), describe_interactions(data.interactions)
        known = data.catalogue.vocabulary.index_of(data.interactions.items.item_id.tolist()) != UNKNOWN_ITEM
        events["rows_of_known_tracks"] = int(known[data.interactions.item_index].sum())
        return {
            "fingerprint": f"{catalogue['fingerprint']}+{events['fingerprint']}",
            "catalogue": catalogue,
            "interactions": events,
        }

    def fit(self, run: Run[Dataset]) -> FittedHybrid:
        """Choose settings, fit the members, learn the ranker, and measure on later events."""
        data, seed = run.data, self.settings.seed
        rival = open_rival(run.store, run.champion)
        parts = divide(data.interactions, data.catalogue, seed)
        run.progress(f"dividing the events {parts.how}")
        fixed = fit_fixed(data, parts.part == TimePart.FIT, seed, run.progress)
        divided, tried = _choose(
            Divided(data, parts, fixed, self.settings, self.k, run.progress), self.budget
        )
        weighed, task = _weigh(divided)
        measured = _measure(divided, weighed, task, rival)
        if isinstance(rival, Rival) and (strange := rival.strangeness(run.about, data.catalogue.vocabulary)):
            measured = replace(measured, promote=Verdict(False, strange))
        return FittedHybrid(divided, tried, measured, task)

    def publish(self, run: Run[Dataset], fitted: FittedHybrid) -> Manifest:
        """Fit the members to all events, and publish every family of the recommender."""
        run.progress("fitting the members to all events")
        divided = fitted.divided
        fixed = replace(divided.fixed, rules=fit_rules(run.data.catalogue, run.data.interactions))
        divided = replace(divided, fixed=fixed)
        fitted_to_all = divided.fit(divided.parts.part >= TimePart.FIT)
        final = _searched_fast(fitted_to_all, fitted.task, divided.settings.seed)
        run.progress("publishing")
        return publish_all(run, replace(fitted, divided=divided), final)


def _choose(run: Divided, budget: SearchBudget) -> tuple[Divided, dict[str, list[Tried]]]:
    """Choose kinds and settings on the validation part, with members that have not seen this part."""
    before, validation = (
        damped_matrix(run.data.interactions, run.data.catalogue, run.parts.part == each)
        for each in (TimePart.FIT, TimePart.VALIDATION)
    )
    task = search.SearchTask(only_liked(before), new_to_user(validation, before), run.k, run.settings.seed)
    settings, tried = choose_settings(task, run.settings, budget, run.progress)
    return replace(run, settings=settings), tried


def _measure(run: Divided, weighed: Weighed | None, task: Task, rival: Rival | Verdict[bool]) -> Measured:
    if weighed is None or len(task.users) < MIN_EXAMPLES:
        return unmeasured(len(task.users), None if isinstance(rival, Rival) else rival)
    fitted = _refit(run, weighed.model, rival) if isinstance(rival, Rival) else rival
    return measure_recommender(weighed, task, run.k, fitted, run.progress)


def _refit(run: Divided, ranked: Recommender, rival: Rival) -> Recommender | Verdict[bool]:
    """Fit the settings and weights of the live version to the events before the test.

    The comparison needs every member that the version serves: without one it would look too weak.
    """
    fitted = ranked
    if rival.settings != run.settings:
        run.progress("fitting the settings of what is live")
        try:
            fitted = run.fit(run.parts.part != TimePart.TEST, rival.settings)
        except (InvalidInputError, TrainingError) as error:
            return refuse_unmeasured(f"its settings cannot be fitted to these events ({error})")
    if lost := sorted(fitted.missing.keys() & rival.members):
        why = f"{lost[0]}: {fitted.missing[lost[0]]}"
        return refuse_unmeasured(f"its settings cannot be fitted to these events ({why})")
    return replace(fitted, ranker=rival.ranker)


def _weigh(run: Divided) -> tuple[Weighed | None, Task]:
    """Return the recommender to measure, with its ranker learnt on validation, and the task that measures it.

    The recommender is None if too few listeners liked anything later.
    """
    events, tracks, part = run.data.interactions, run.data.catalogue, run.parts.part
    before, validation, test = (damped_matrix(events, tracks, part == each) for each in TimePart)
    users, seed = events.users.item_id, run.settings.seed
    model = run.fit(part == TimePart.FIT)
    task = build_task(users, before, new_to_user(validation, before), seed)
    known = damped_matrix(events, tracks, part != TimePart.TEST)
    asked = build_task(users, known, new_to_user(test, known), seed)
    try:
        weighed = fit_ranker(model, task, run.k, run.progress)
    except NotEnoughDataError as error:
        logger.warning("no ranker: %s", error)
        return None, asked
    run.progress("fitting the members to all events before the test")
    model = replace(run.fit(part != TimePart.TEST), ranker=weighed.ranker)
    return replace(weighed, model=model), asked


def _searched_fast(model: Recommender, task: Task, seed: int) -> Recommender:
    """Sort the factors of a large catalogue into cells that answer the listeners of a task well."""
    liked = [each.history for each in task.listeners() if (each.history.confidence > 0).any()]
    for member in MEMBERS.values():
        if member.fold_in and (found := model.models.get(member.name)) is not None:
            users = np.array([member.fold_in(found, history) for history in liked])
            cells = find_cells(found.factors, users, seed)
            model = model.with_models(**{member.name: replace(found, cells=cells)})
    return model


def _weights(ranker: Ranker, tier: str) -> str:
    """Name the sources that are heard, by falling weight, and those that the tier opens and that are not."""
    weights = ranker.weights_of(tier)
    heard = ", ".join(f"{name} {weight:.2g}" for name, weight in sorted(weights.items(), key=lambda w: -w[1]))
    unheard = [name for name in ranker.sources if name in TIER_SOURCES[tier] and name not in weights]
    return f"{heard}; no weight: {', '.join(unheard)}" if unheard else heard
