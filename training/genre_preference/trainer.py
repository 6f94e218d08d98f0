"""The trainer of the genre preference; `training.genre_preference.pipeline` has the training itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from segue.artifacts.family import GENRE_PREFERENCE
from training.release.trainer import MAX_SEED, Criterion, Option, Reads, Resources, StagedTrainer, Training

ACCURACY = Criterion("accuracy", 0.05, "customers")
MACRO_F1 = Criterion("macro_f1", 0.0, "customers")


@dataclass(frozen=True, slots=True)
class ForestParams:
    """Settings of the fit; the random forest is Breiman's (2001).

    Attributes
    ----------
    rare_weight : float
        A customer weighs (customers of the commonest favourite / customers of theirs) to this power.
    drift_ridge : float
        Weight of "nothing changes" against what customers did, in customers.
    """

    n_estimators: Annotated[int, Option("Trees in the forest.", least=1, flag="--trees")] = 60
    min_samples_leaf: int = 20
    max_leaf_nodes: int = 256
    max_samples: float = 0.3
    rare_weight: float = 0.2
    drift_ridge: float = 5.0
    seed: Annotated[int, Option("Of the forest and the bootstrap.", least=0, most=MAX_SEED)] = 17


def _start(params: ForestParams) -> Training[Any, Any]:
    from training.genre_preference.pipeline import GenreTraining  # numpy: no other command waits for it

    return GenreTraining(params)


TRAINER = StagedTrainer(
    command="train genre-preference",
    about="Train the genre preference of customers.",
    families=(GENRE_PREFERENCE,),
    reads=Reads.STORE,
    recipe=1,
    criteria=(ACCURACY, MACRO_F1),
    resources=Resources(vcpu=2, memory_gib=4, minutes=15),
    options=ForestParams,
    start=_start,
)
