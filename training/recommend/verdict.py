"""Measure the recommender on later events, beside every source and what is live, and ask the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import ttest_rel

from segue.domain.recommender import TIER_SOURCES
from training.evaluation import mean_of_differences
from training.gate import Verdict, accept_challenger, choose_ranking
from training.ranking.comparison import estimate_means
from training.recommend.measure import (
    build_panel,
    measure_answers,
    measure_ranked,
    measure_sources,
    rank_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.recommender import Recommender
    from training.evaluation import Estimate
    from training.recommend.measure import Lined, Task

BASELINE = "popularity"
OBJECTIVE = "ndcg"
_ROUNDING = 1e-12

Users = dict[str, dict[str, "NDArray[np.float64]"]]


@dataclass(frozen=True, slots=True)
class Measured:
    """How good answers are.

    Attributes
    ----------
    metrics : dict of str to dict of str to Estimate
        By answerer (``hybrid-TIER`` or a source), then by metric.
    p_value : dict of str to float
        Of each source and of the champion: that it is not worse than the pro hybrid, by luck alone.
    serve : Verdict of bool
        Whether the hybrid is served, or popularity alone.
    promote : Verdict of bool
        What the gate says of promoting.
    """

    metrics: dict[str, dict[str, Estimate]]
    p_value: dict[str, float]
    serve: Verdict[bool]
    promote: Verdict[bool]


def measure_recommender(
    model: Recommender,
    task: Task,
    k: int,
    champion: Recommender | Verdict[bool],
    step: Callable[[str], None],
) -> Measured:
    """Rank the whole catalogue for every test listener, by the recommender, its sources and the champion.

    ``hybrid-before-reordering`` is the ranker's own order, to be held against the sources': what answers hold
    back of an artist, and reorder for diversity and calibration, costs accuracy where listeners play much by
    few. ``champion`` is what is live, fitted to the same events as ``model``, as the served one has seen the
    test, or what the gate decides without it.
    """
    step(f"testing every source on {len(task.users)} listeners")
    panel = build_panel(model, task)
    users: Users = measure_sources(panel, k)
    lined: dict[frozenset[str], list[Lined]] = {}
    for tier, sources in TIER_SOURCES.items():
        if sources in lined:  # the same sources were weighed on the same examples
            like = next(other for other in TIER_SOURCES if TIER_SOURCES[other] == sources)
            users[f"hybrid-{tier}"] = users[f"hybrid-{like}"]
            continue
        step(f"testing the hybrid of the tier {tier}")
        lined[sources] = rank_all(panel, model.ranker, tier, k)
        users[f"hybrid-{tier}"] = measure_answers(task, lined[sources], model.ranker, k)
    users["hybrid-before-reordering"] = measure_ranked(task, lined[TIER_SOURCES["pro"]], k)
    if not isinstance(champion, Verdict):
        step("testing the settings and weights of what is live")
        theirs = rank_all(build_panel(champion, task), champion.ranker, "pro", k)
        users["champion"] = measure_answers(task, theirs, champion.ranker, k)
    ours = users["hybrid-pro"][OBJECTIVE]
    p_value = {
        name: _p_better(ours, values[OBJECTIVE])
        for name, values in users.items()
        if not name.startswith("hybrid")
    }
    metrics = {name: estimate_means(values, seed=17) for name, values in users.items()}
    mean = {name: figures[OBJECTIVE].value for name, figures in metrics.items()}
    serve = choose_ranking(mean["hybrid-pro"], mean[BASELINE], p_value[BASELINE])
    served = "hybrid-pro" if serve.choice else BASELINE
    if isinstance(champion, Verdict):
        return Measured(metrics, p_value, serve, champion)
    promote = accept_ranking(users[served][OBJECTIVE], users["champion"][OBJECTIVE])
    return Measured(metrics, p_value, serve, promote)


def accept_ranking(ours: NDArray[np.float64], champion: NDArray[np.float64]) -> Verdict[bool]:
    """Ask the gate about a metric of the same listeners, relative to the champion's mean."""
    mean = float(champion.mean()) if len(champion) else 0.0
    gain = mean_of_differences((ours - champion) / (mean or 1.0))
    return accept_challenger(gain, _p_better(champion, ours), "listeners")


def unmeasured(n_listeners: int, otherwise: Verdict[bool] | None) -> Measured:
    """Say that too few listeners went on to like anything for weights or figures to mean something.

    ``otherwise`` is what the gate decides where there is no champion to compare with.
    """
    few = f"too few listeners liked something new after the cuts ({n_listeners} after the last)"
    promote = otherwise or Verdict(False, f"{few}: what is live stays.")
    return Measured({}, {}, Verdict(False, f"Popularity is served, as {few} to weigh the sources."), promote)


def _p_better(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """One-sided p-value of Student's paired test that ``ours`` is greater by luck alone."""
    gain = ours - theirs
    if len(gain) < 2:
        return 1.0
    if np.ptp(gain) < _ROUNDING:  # without variance the test has no statistic
        return 0.0 if gain[0] > _ROUNDING else 1.0
    return float(ttest_rel(ours, theirs, alternative="greater").pvalue)
