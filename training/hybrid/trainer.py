"""The trainer of the recommender; `training.hybrid.pipeline` has the training itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from segue.artifacts.family import CATALOGUE, CONTENT_INDEX, HYBRID, MEMBERS
from training.release.trainer import MAX_SEED, Criterion, Option, Reads, Resources, StagedTrainer, Training

NDCG = Criterion("ndcg", 0.05, "listeners")
"""Its margin is a share of the champion's mean."""


@dataclass(frozen=True, slots=True)
class HybridOptions:
    """What the command line asks of a recommender."""

    factors: Annotated[int, Option("Dimensions of the factors.", least=1, most=1024)] = 64
    k: Annotated[int, Option("Length of the lists measured.", least=1, most=100)] = 20
    seed: Annotated[int, Option("Seed of all random numbers.", least=0, most=MAX_SEED)] = 17
    budget_minutes: Annotated[
        float, Option("Time to look for better kinds and settings of the members.", least=0)
    ] = 0.0
    trials: Annotated[
        Path | None, Option("Folder that keeps all trials, so that a second run continues there.")
    ] = field(default=None, compare=False)


def _start(options: HybridOptions) -> Training[Any, Any]:
    from training.hybrid.choice import SearchBudget  # seconds to import: after there is something to train on
    from training.hybrid.pipeline import HybridTraining
    from training.hybrid.settings import HybridSettings

    budget = SearchBudget(options.budget_minutes, options.trials)
    return HybridTraining(HybridSettings.of(options.factors, options.seed), budget, options.k)


TRAINER = StagedTrainer(
    command="train recommend",
    about="Train a recommender: every source, and the ranker.",
    families=(HYBRID, CATALOGUE, *MEMBERS, CONTENT_INDEX),
    reads=Reads.EVENTS,
    recipe=1,
    criteria=(NDCG,),
    resources=Resources(vcpu=4, memory_gib=16, minutes=120),
    options=HybridOptions,
    start=_start,
)
