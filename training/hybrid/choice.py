"""Choose which kind each member is, and its settings, by what listeners did later."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.errors import ConfigError, InvalidInputError
from training.algorithm.registry import FAMILIES, Family
from training.measure.search import Journal, SearchTask, Trial, search

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.hybrid.settings import HybridSettings

logger = logging.getLogger("segue.train")

TRUNCATIONS = (25, 75, 150)
"""Weights of an item that are kept: what is served lies in memory, and the tail of them says little."""

BEARABLE_LOSS = 0.005
"""Share of the validation's NDCG that fewer weights may cost."""

_QUICK = {"factors": ("ials",), "similarity": ("rp3beta", "item-knn", "sparse-ease")}
_WITH_BUDGET = {
    "factors": ("ials", "als"),
    "similarity": ("rp3beta", "link-propagation", "item-knn", "sparse-ease", "ease"),
    "parts": ("nmf",),
}
_STARTS = {"ials": tuple({"ridge": 8.0, "unobserved_weight": weight} for weight in (0.02, 0.1, 0.5))}
"""HybridSettings that are always tried; of other kinds the defaults. What a track that was not played weighs
depends on the data most: 0.02 is best on Gowalla's check-ins, 0.5 on the sample store's listeners."""


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How long to look for better settings than the usual ones, and where finished trials are kept."""

    minutes: float = 0.0
    trials: Path | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A kind of member, by its name in the registry, and one setting of it that was tried."""

    kind: str
    trial: Trial

    def to_json(self) -> dict[str, Any]:
        """Return kind, settings, NDCG and seconds in plain values."""
        return {"kind": self.kind, **asdict(self.trial)}


def choose_settings(
    task: SearchTask, settings: HybridSettings, budget: SearchBudget, step: Callable[[str], None]
) -> tuple[HybridSettings, dict[str, list[Tried]]]:
    """Return the settings of the members that rank best what was held out, and all that was tried.

    Without a budget the item-item model is the best of three kinds at their defaults, and the factors that of
    a few settings. With one, the kinds of every member share it, and their settings are searched. Of the
    item-item model then the fewest weights are kept that cost at most `BEARABLE_LOSS`.

    Parameters
    ----------
    task : SearchTask
        Without listeners who have something held out there is nothing to choose by: then nothing is.
    settings : HybridSettings
        The usual ones; how many factors there are is not changed.
    budget : SearchBudget
    step : callable
        Told the name of each kind before it is tried.
    """
    if not len(task.users()):
        return settings, {}
    kinds = _WITH_BUDGET if budget.minutes else _QUICK
    share_s = budget.minutes * 60 / sum(map(len, kinds.values()))
    tried: dict[str, list[Tried]] = {}
    for member, names in kinds.items():
        fixed = _fixed(member, settings)
        tried[member] = [each for name in names for each in _try(name, fixed, task, budget, share_s, step)]
    best = {member: max(found, key=lambda each: each.trial.value) for member, found in tried.items() if found}
    if "similarity" in best:
        best["similarity"] = _truncated(best["similarity"], task, tried["similarity"], step)
    chosen: dict[str, Any] = {
        member: FAMILIES[each.kind].build(each.trial.params) for member, each in best.items()
    }
    return replace(settings, **chosen), tried


def _fixed(member: str, settings: HybridSettings) -> dict[str, Any]:
    """Return what is not searched: the size of what will be served, and the seed."""
    if member == "similarity":
        return {"n_neighbours": TRUNCATIONS[-1]}
    names = ("n_factors", "seed", "n_sweeps") if member == "parts" else ("n_factors", "seed")
    return {name: getattr(getattr(settings, member), name) for name in names}


def _try(
    kind: str,
    fixed: dict[str, Any],
    task: SearchTask,
    budget: SearchBudget,
    budget_s: float,
    step: Callable[[str], None],
) -> list[Tried]:
    """Try a kind at its defaults, and at others while the budget lasts; one that cannot be fitted is said."""
    step(f"trying {kind}")
    usual = FAMILIES[kind]
    free = {name: place for name, place in usual.space.items() if name not in fixed}
    starts = _STARTS.get(kind, ({},))
    family = Family(partial(usual.kind, **fixed), free)
    path = budget.trials / f"{kind}.jsonl" if budget.trials else None
    about = {"data": task.fingerprint(), "k": task.k, "seed": task.seed, **fixed} if path else {}

    def report(_share: float, trial: Trial) -> None:
        logger.info("%s: NDCG@%d %.4f on validation after %.1f s", kind, task.k, trial.value, trial.seconds)

    journal = Journal(path, about)
    try:
        for start in starts[len(journal.trials) :]:
            journal.add(task.measure(family, start))
            report(0.0, journal.trials[-1])
        trials = search(family, task, journal, budget_s, report)
    except (InvalidInputError, ConfigError) as error:  # as EASE of a large catalogue, or no implicit
        logger.warning("%s is not tried: %s", kind, error)
        return []
    return [Tried(kind, trial) for trial in trials]


def _truncated(best: Tried, task: SearchTask, tried: list[Tried], step: Callable[[str], None]) -> Tried:
    """Return the same with the fewest weights an item that rank as well but for `BEARABLE_LOSS`."""
    step(f"trying fewer weights of {best.kind}")
    least = best.trial.value * (1 - BEARABLE_LOSS)
    for n_neighbours in TRUNCATIONS[:-1]:
        trial = task.measure(FAMILIES[best.kind], {**best.trial.params, "n_neighbours": n_neighbours})
        told = (best.kind, n_neighbours, task.k, trial.value)
        logger.info("%s with %d weights an item: NDCG@%d %.4f on validation", *told)
        tried.append(Tried(best.kind, trial))
        if trial.value >= least:
            return tried[-1]
    return best
