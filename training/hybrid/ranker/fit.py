"""Fit the ranker: weights for every tier, and how much reordering its accuracy bears."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.ranker import Ranker
from segue.domain.recommend.rerank import MAX_ARTIST_SHARE
from training.hybrid.ranker.panel import (
    build_panel,
    measure_answers,
    measure_ranked,
    measure_sources,
    rank_all,
    read_examples,
)
from training.hybrid.ranker.served import TOP_TIER
from training.hybrid.ranker.weights import learn_weights, refine_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from segue.domain.recommend.recommender import Recommender
    from training.hybrid.ranker.panel import Panel, Task
    from training.hybrid.ranker.weights import Example

BEARABLE_LOSS = 0.02
"""Share of the validation's NDCG that all reordering together may cost, one standard error included."""

_ARTIST_SHARES = (MAX_ARTIST_SHARE, 0.3, 0.5)
_STRENGTHS = (0.3, 0.2, 0.1, 0.05)
_REORDERING: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("artist_share", _ARTIST_SHARES),
    ("diversity", _STRENGTHS),
    ("calibration", _STRENGTHS),
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A recommender with the ranker that was learnt for it.

    Attributes
    ----------
    model : Recommender
    ranker : Ranker
    preferred : tuple of str
        Sources by the NDCG that each has alone on the validation part, the best first.
    """

    model: Recommender
    ranker: Ranker
    preferred: tuple[str, ...]


def fit_ranker(model: Recommender, task: Task, k: int, progress: Callable[[str], None]) -> Weighed:
    """Learn the weights on validation listeners, then the strongest reordering that costs little.

    Raises
    ------
    NotEnoughDataError
        Too few listeners went on to like a candidate.
    """
    progress(f"gathering the candidates of {len(task.users)} listeners")
    panel = build_panel(model, task)
    examples = read_examples(panel)
    progress(f"weighing {len(SOURCES)} sources on {len(examples)} listeners")
    learnt = {names: _weights(examples, names, k) for names in set(TIER_SOURCES.values())}
    weight = np.stack([learnt[names] for names in TIER_SOURCES.values()])
    alone = {name: float(users["ndcg"].mean()) for name, users in measure_sources(panel, k).items()}
    preferred = tuple(sorted(alone, key=lambda name: -alone[name]))
    ranker = Ranker(SOURCES, tuple(TIER_SOURCES), weight)
    ranker = _with_reordering(panel, ranker, k, alone[preferred[0]], progress)
    return Weighed(replace(model, ranker=ranker), ranker, preferred)


def _weights(examples: Sequence[Example], names: frozenset[str], k: int) -> NDArray[np.float32]:
    usable = np.array([name in names for name in SOURCES])
    return refine_weights(examples, usable, learn_weights(examples, usable), k)


def _with_reordering(
    panel: Panel, ranker: Ranker, k: int, best_alone: float, progress: Callable[[str], None]
) -> Ranker:
    """Hold artists back, diversify and calibrate, each as strongly as the order bears.

    The first may cost a third of `BEARABLE_LOSS`, two together two thirds, and no reordering may bring
    the hybrid below what the best source alone has on the same listeners.
    """

    def loss(order: Ranker) -> float:
        values = measure_answers(panel.task, lined, order, k)["ndcg"]
        lost = before - values
        surely = float(lost.mean() + lost.std() / len(lost) ** 0.5) / (float(before.mean()) or 1.0)
        return surely if values.mean() >= best_alone else np.inf

    progress("choosing how much reordering the order bears")
    lined = rank_all(panel, ranker, TOP_TIER, k)
    before = measure_ranked(panel.task, lined, k)["ndcg"]
    ranker = replace(ranker, diversity=0.0, calibration=0.0, artist_share=1.0)
    for number, (name, strengths) in enumerate(_REORDERING, 1):
        tried = (replace(ranker, **{name: strength}) for strength in strengths)
        bearable = BEARABLE_LOSS * number / len(_REORDERING)
        ranker = next((each for each in tried if loss(each) <= bearable), ranker)
    return ranker
