"""Measure recommenders side by side on one split: choose settings, fit, rank, compare."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.domain.recommend.blend import Personal
from segue.errors import SegueError
from training.algorithm.registry import KINDS
from training.evaluate.blending import BlendMember, blend_members
from training.evaluate.item_group import group_by_listening
from training.evaluate.negatives import sampled_accuracy
from training.evaluate.split import hold_out
from training.measure.comparison import PairedTest, compare_pairs, estimate_means
from training.measure.footprint import peak_bytes, reset_peak, size_bytes
from training.measure.metric import (
    accuracy_of_users,
    calibration_of_users,
    coverage,
    diversity_of_users,
    gini,
    novelty_of_users,
)
from training.measure.order import rank_catalogue
from training.measure.search import OBJECTIVE, Journal, SearchTask, Trial, search
from training.release.finite import fit_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.algorithm.kind import AlgorithmKind, Scorer
    from training.evaluate.item_group import ItemGroups
    from training.evaluate.negatives import Negatives
    from training.evaluate.split import Split
    from training.measure.comparison import Estimate

HELD_OUT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """How to measure.

    Attributes
    ----------
    k : int
        Length of the lists.
    seed : int
        Seed of hold-outs, searches and bootstraps.
    budget_s : float
        Seconds to choose settings in, shared alike by the models that have any; 0 keeps what the journals
        found best, else the defaults.
    journals : Path or None
        Folder of finished trials.
    groups : ItemGroups or None
        What diversity and calibration compare items by; without it their listeners and popularity.
    negatives : Negatives or None
        Sampled items to measure against besides.
    """

    k: int
    seed: int
    budget_s: float = 0.0
    journals: Path | None = None
    groups: ItemGroups | None = None
    negatives: Negatives | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Receives the progress: stages and their details as they begin, a search's share of its budget."""

    stage: Callable[[str], None]
    detail: Callable[[str], None]
    search: Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """One model.

    Attributes
    ----------
    name : str
    params : dict
        Every setting it was fitted with.
    trials : int
        Settings tried to choose them.
    metrics : dict of str to Estimate
        Means over users.
    coverage, gini : float
        Measures of all lists together.
    fit_seconds, rank_seconds : float
    peak_bytes : int
        Resident memory of the process at its highest while fitting, the data included.
    model_bytes : int
        Arrays of the model that would be published.
    users : dict of str to float64 (n,)
        Each user's values, in the order of `Split.users`.
    """

    name: str
    params: dict[str, Any]
    trials: int
    metrics: dict[str, Estimate]
    coverage: float
    gini: float
    fit_seconds: float
    rank_seconds: float
    peak_bytes: int
    model_bytes: int
    users: dict[str, NDArray[np.float64]] = field(repr=False)

    def to_json(self, split: str) -> dict[str, Any]:
        """Return all but the users' values, in plain values."""
        plain = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "users"}
        return plain | {"metrics": {name: figure.to_json(split) for name, figure in self.metrics.items()}}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A model about to be measured: its settings, how many were tried, and how it is fitted."""

    name: str
    params: dict[str, Any]
    n_trials: int
    fit: Callable[[Callable[[str], None]], Scorer]


@dataclass(frozen=True, slots=True)
class Report:
    """All models of one split, best first by NDCG; ``failed`` says why a model is not among them."""

    k: int
    models: list[MeasuredModel]
    tests: list[PairedTest]
    failed: dict[str, str]

    def to_json(self, split: str) -> dict[str, Any]:
        """Return the figures in plain values; ``split`` says what they were measured on."""
        return {
            "k": self.k,
            "models": [model.to_json(split) for model in self.models],
            "tests_on_ndcg": [asdict(test) for test in self.tests],
            "failed": self.failed,
        }


def measure_all(
    split: Split, kinds: Mapping[str, AlgorithmKind], request: EvaluationRequest, progress: Progress
) -> Report:
    """Choose settings, fit and rank every model, and test every pair on NDCG.

    A model that cannot be fitted is left out and named; the others go on.

    Raises
    ------
    SegueError
        No model could be fitted; this is the first one's error. Or a journal is of other data.
    """
    request = replace(request, groups=request.groups or group_by_listening(split.train))
    kinds, blends = _part(kinds)
    searched = [name for name, kind in kinds.items() if kind.space]
    budget_s = request.budget_s / max(1, len(searched))
    measured: list[MeasuredModel] = []
    failures: dict[str, SegueError] = {}
    members: dict[str, BlendMember] = {}
    task = _task(split, request)
    journals = _open(task, searched, request)  # all before the first: a wrong folder shows at once
    for name, kind in kinds.items():
        try:
            trials = _choose(name, kind, task, journals.get(name), budget_s, progress)
            params = kind.resolve(trials[0].params if trials else {})
            plan = _Plan(name, params, len(trials), partial(fit_finite, kind.build(params), split.train))
            model, scorer = _measure(split, plan, request, progress)
        except SegueError as error:
            failures[name] = error
            continue
        measured.append(model)
        if blends and isinstance(scorer.model, Personal):
            members[name] = BlendMember(kind, params, scorer, model.fit_seconds, model.peak_bytes)
    for name in blends:
        try:
            measured.append(_measure_blend(split, name, members, task, request, progress))
        except SegueError as error:
            failures[name] = error
    if not measured:
        raise next(iter(failures.values()))
    measured.sort(key=lambda model: -model.metrics[OBJECTIVE].value)
    tests = compare_pairs({model.name: model.users[OBJECTIVE] for model in measured})
    return Report(request.k, measured, tests, {name: str(error) for name, error in failures.items()})


def _part(kinds: Mapping[str, AlgorithmKind]) -> tuple[dict[str, AlgorithmKind], list[str]]:
    """Part the models from the blends of them; a blend that was named alone brings its members."""
    blends = [name for name, kind in kinds.items() if kind.blends]
    plain = {name: kind for name, kind in kinds.items() if not kind.blends}
    if blends and not plain:
        plain = {name: KINDS[name] for blend in blends for name in kinds[blend].blends}
    return plain, blends


def _task(split: Split, request: EvaluationRequest) -> SearchTask:
    if split.validation is None:
        fit, held_out = hold_out(split.train, HELD_OUT_SHARE, request.seed)
    else:
        fit, held_out = split.train, split.validation
    return SearchTask(fit, held_out, request.k, request.seed)


def _open(task: SearchTask, names: list[str], request: EvaluationRequest) -> dict[str, Journal]:
    """Open each model's journal; none where nothing is chosen."""
    if request.budget_s == 0 and request.journals is None:
        return {}
    about = {"data": task.fingerprint(), "k": request.k, "seed": request.seed}
    folder = request.journals
    return {name: Journal(folder and folder / f"{name}.jsonl", {"model": name} | about) for name in names}


def _choose(
    name: str,
    kind: AlgorithmKind,
    task: SearchTask,
    journal: Journal | None,
    budget_s: float,
    progress: Progress,
) -> list[Trial]:
    if journal is None:
        return []
    if budget_s:
        progress.stage(f"{name}: choosing settings")

    def report(share: float, trial: Trial) -> None:
        progress.search(f"{name}: {OBJECTIVE} {trial.value:.4f} in {trial.seconds:.1f} s", share)

    return search(kind, task, journal, budget_s, report)


def _measure_blend(
    split: Split,
    name: str,
    members: Mapping[str, BlendMember],
    task: SearchTask,
    request: EvaluationRequest,
    progress: Progress,
) -> MeasuredModel:
    progress.stage(f"{name}: learning weights")
    whole = task.fit is split.train
    blended = blend_members(
        members, task, whole=whole, progress=lambda stage: progress.detail(f"{name}: {stage}")
    )
    plan = _Plan(name, blended.params, 0, lambda _: blended.scorer)
    measured, _ = _measure(split, plan, request, progress)
    return replace(measured, fit_seconds=round(blended.fit_seconds, 3), peak_bytes=blended.peak_bytes)


def _measure(
    split: Split, plan: _Plan, request: EvaluationRequest, progress: Progress
) -> tuple[MeasuredModel, Scorer]:
    name = plan.name
    progress.stage(f"{name}: fitting")
    reset_peak()
    start = time.perf_counter()
    scorer = plan.fit(lambda stage: progress.detail(f"{name}: {stage}"))
    fitted, peak = time.perf_counter(), peak_bytes()
    progress.detail(f"{name}: ranking {len(split.users)} users")
    ranking = rank_catalogue(scorer, split.train, split.users, request.k, split.validation)
    ranked = time.perf_counter()
    users = accuracy_of_users(ranking, split.test[split.users])
    users["novelty"] = novelty_of_users(ranking, split.train)
    if request.groups is not None:
        users["diversity"] = diversity_of_users(ranking, request.groups.features)
        users["calibration"] = calibration_of_users(ranking, split.train[split.users], request.groups.groups)
    if request.negatives is not None:
        users |= sampled_accuracy(scorer, split, request.negatives, request.k)
    n_items = split.train.shape[1]
    measured = MeasuredModel(
        name=name,
        params=plan.params,
        trials=plan.n_trials,
        metrics=estimate_means(users, request.seed),
        coverage=coverage(ranking, n_items),
        gini=gini(ranking, n_items),
        fit_seconds=round(fitted - start, 3),
        rank_seconds=round(ranked - fitted, 3),
        peak_bytes=peak,
        model_bytes=size_bytes(scorer.model),
        users=users,
    )
    return measured, scorer
