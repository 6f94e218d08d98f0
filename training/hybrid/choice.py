"""Choose which kind each member is, and its settings, by what listeners did later."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.errors import ConfigError, InvalidInputError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.registry import KINDS
from training.hybrid.settings import kinds_of
from training.measure.search import Journal, SearchTask, Trial, search

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.algorithm.kind import Algorithm
    from training.hybrid.settings import HybridSettings

logger = logging.getLogger("segue.train")

TRUNCATIONS = (25, 75, 150)
"""Weights of an item that are kept: what is served lies in memory, and the tail of them says little."""

_TRUNCATED = "n_neighbours"
"""The setting that says how many those are."""

BEARABLE_LOSS = 0.005
"""Share of the validation's NDCG that fewer weights may cost."""


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How long to look for better settings than the usual ones, and where finished trials are kept."""

    minutes: float = 0.0
    trials: Path | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A kind of member, by its name in the registry, and one of the settings that were tried."""

    kind: str
    trial: Trial

    def to_json(self) -> dict[str, Any]:
        """Return kind, settings, NDCG and seconds in plain values."""
        return {"kind": self.kind, **asdict(self.trial)}


def choose_settings(
    task: SearchTask, settings: HybridSettings, budget: SearchBudget, progress: Callable[[str], None]
) -> tuple[HybridSettings, dict[str, list[Tried]]]:
    """Return the settings of the members that rank best what was held out, and all that was tried.

    Without a budget each member is the best of its quick kinds. With one, all kinds of every member share the
    budget, and their settings are searched. An item-item model then keeps the fewest weights that cost at
    most `BEARABLE_LOSS`.

    Parameters
    ----------
    task : SearchTask
        Without listeners who have something held out there is nothing to choose by: then nothing is.
    settings : HybridSettings
        The usual ones; how many factors there are is not changed.
    budget : SearchBudget
    progress : callable
        Called with the name of each kind before it is tried.
    """
    if not len(task.users()):
        return settings, {}
    wanted = {
        name: [kind for kind, each in kinds_of(name).items() if each.quick or budget.minutes]
        for name in settings.members
    }
    share_s = budget.minutes * 60 / max(1, sum(map(len, wanted.values())))
    tried: dict[str, list[Tried]] = {}
    for member, names in wanted.items():
        usual = settings.members[member]
        found = [each for name in names for each in _try(name, usual, task, budget, share_s, progress)]
        if names:
            tried[member] = found
    best = {member: max(found, key=lambda each: each.trial.value) for member, found in tried.items() if found}
    for member, each in best.items():
        if _TRUNCATED in each.trial.params:
            best[member] = _truncated(each, task, tried[member], progress)
    chosen = {member: KINDS[each.kind].build(each.trial.params) for member, each in best.items()}
    return replace(settings, members={**settings.members, **chosen}), tried


def _try(
    kind: str,
    usual: Algorithm,
    task: SearchTask,
    budget: SearchBudget,
    budget_s: float,
    progress: Callable[[str], None],
) -> list[Tried]:
    """Try a kind at its defaults, and at others while the budget lasts; one that cannot be fitted is said."""
    progress(f"trying {kind}")
    known = KINDS[kind]
    fixed = {name: getattr(usual, name) for name in known.fixed}  # the size of what is served, and the seed
    if _TRUNCATED in known.resolve({}):
        fixed[_TRUNCATED] = TRUNCATIONS[-1]
    free = {name: place for name, place in known.space.items() if name not in fixed}
    starts = known.quick or ({},)
    sized = AlgorithmKind(partial(known.settings, **fixed), known.place, free)
    path = budget.trials / f"{kind}.jsonl" if budget.trials else None
    about = {"data": task.fingerprint(), "k": task.k, "seed": task.seed, **fixed} if path else {}

    def report(_share: float, trial: Trial) -> None:
        logger.info("%s: NDCG@%d %.4f on validation after %.1f s", kind, task.k, trial.value, trial.seconds)

    journal = Journal(path, about)
    try:
        for start in starts[len(journal.trials) :]:
            journal.add(task.measure(sized, {**start}))
            report(0.0, journal.trials[-1])
        trials = search(sized, task, journal, budget_s, report)
    except (InvalidInputError, ConfigError) as error:  # as EASE of a large catalogue, or no implicit
        logger.warning("%s is not tried: %s", kind, error)
        return []
    return [Tried(kind, trial) for trial in trials]


def _truncated(best: Tried, task: SearchTask, tried: list[Tried], progress: Callable[[str], None]) -> Tried:
    """Return the same with the fewest weights an item that rank as well but for `BEARABLE_LOSS`."""
    progress(f"trying fewer weights of {best.kind}")
    least = best.trial.value * (1 - BEARABLE_LOSS)
    for n_neighbours in TRUNCATIONS[:-1]:
        trial = task.measure(KINDS[best.kind], {**best.trial.params, _TRUNCATED: n_neighbours})
        told = (best.kind, n_neighbours, task.k, trial.value)
        logger.info("%s with %d weights an item: NDCG@%d %.4f on validation", *told)
        tried.append(Tried(best.kind, trial))
        if trial.value >= least:
            return tried[-1]
    return best
