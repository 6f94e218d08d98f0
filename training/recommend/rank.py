"""Fit the ranker: weights for every tier, and how much reordering its accuracy bears."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.ranker import Ranker
from segue.domain.recommender import SOURCES, TIER_SOURCES
from training.recommend.measure import Panel, build_panel, measure_order, rank_all, read_examples
from training.recommend.weights import learn_weights, refine_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from segue.domain.recommender import Recommender
    from training.recommend.measure import Task
    from training.recommend.weights import Example

BEARABLE_LOSS = 0.02
"""Share of the validation's NDCG that reordering may cost by default."""

_STRENGTHS = (0.3, 0.2, 0.1, 0.05)
_TUNED_ON = 300


def fit_ranker(model: Recommender, task: Task, k: int, step: Callable[[str], None]) -> Ranker:
    """Learn the weights on validation listeners, then the strongest reordering that costs little.

    Raises
    ------
    NotEnoughDataError
        Too few listeners went on to like a candidate.
    """
    step(f"gathering the candidates of {len(task.users)} listeners")
    panel = build_panel(model, task)
    examples = read_examples(panel)
    step(f"weighing {len(SOURCES)} sources on {len(examples)} listeners")
    learnt = {names: _weights(examples, names, k) for names in set(TIER_SOURCES.values())}
    weight = np.stack([learnt[names] for names in TIER_SOURCES.values()])
    ranker = Ranker(SOURCES, tuple(TIER_SOURCES), weight)
    some = Panel(model, replace(task, users=task.users[:_TUNED_ON]), panel.sources[:_TUNED_ON])
    return _with_reordering(some, ranker, k, step)


def _weights(examples: Sequence[Example], names: frozenset[str], k: int) -> NDArray[np.float32]:
    usable = np.array([name in names for name in SOURCES])
    return refine_weights(examples, usable, learn_weights(examples, usable), k)


def popular_ranker() -> Ranker:
    """Return the ranker that trusts nothing but popularity, whatever the tier."""
    popular = np.array([name == "popularity" for name in SOURCES], np.float32)
    return Ranker(SOURCES, tuple(TIER_SOURCES), np.tile(popular, (len(TIER_SOURCES), 1)))


def _with_reordering(panel: Panel, ranker: Ranker, k: int, step: Callable[[str], None]) -> Ranker:
    @cache
    def quality(diversity: float, calibration: float) -> float:
        return float(measure_order(panel.task, lined, k, diversity, calibration)["ndcg"].mean())

    step("choosing how much reordering the order bears")
    lined = rank_all(panel, ranker, "pro", k)
    least = quality(0.0, 0.0) * (1 - BEARABLE_LOSS / 2)
    diversity = next((each for each in _STRENGTHS if quality(each, 0.0) >= least), 0.0)
    least = quality(diversity, 0.0) * (1 - BEARABLE_LOSS / 2)
    calibration = next((each for each in _STRENGTHS if quality(diversity, each) >= least), 0.0)
    return replace(ranker, diversity=diversity, calibration=calibration)
