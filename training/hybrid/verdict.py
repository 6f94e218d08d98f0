"""Measure the recommender, every source and the live version on later events, and ask the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.domain.model.registry import SOURCES, TIER_SOURCES
from training.hybrid.ranker.panel import (
    build_panel,
    measure_answers,
    measure_ranked,
    measure_sources,
    rank_all,
)
from training.hybrid.ranker.served import TOP_TIER, Results, Served, choose_served, popular_ranker
from training.hybrid.ranker.weights import MIN_EXAMPLES
from training.hybrid.trainer import NDCG
from training.measure.comparison import estimate_means, mean_of_differences, p_better
from training.release.gate import Verdict, accept_challenger

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.recommend.recommender import Recommender
    from training.hybrid.ranker.fit import Weighed
    from training.hybrid.ranker.panel import Panel, Task
    from training.measure.comparison import Estimate

OBJECTIVE = NDCG.metric

Users = dict[str, dict[str, "NDArray[np.float64]"]]


@dataclass(frozen=True, slots=True)
class Measured:
    """How good answers are.

    Attributes
    ----------
    metrics : dict of str to dict of str to Estimate
        By answerer (``hybrid-TIER`` or a source), then by metric.
    p_value : dict of str to float
        For each source and the champion: it is not worse than the pro hybrid, by luck alone.
    served : Served
        The ranker that is served, and why.
    promote : Verdict of bool
        What the gate says of promoting.
    """

    metrics: dict[str, dict[str, Estimate]]
    p_value: dict[str, float]
    served: Served
    promote: Verdict[bool]


def measure_recommender(
    weighed: Weighed,
    task: Task,
    k: int,
    champion: Recommender | Verdict[bool],
    progress: Callable[[str], None],
) -> Measured:
    """Rank the whole catalogue for every test listener, by the recommender, its sources and the champion.

    ``hybrid-before-reordering`` is the ranker's own order, comparable with the sources' orders. Reordering
    for diversity and calibration, and the limit for an artist, cost accuracy if listeners play few artists.
    ``served`` is the choice of `choose_served` for pro. ``champion`` is the live version, fitted to the same
    events as the model because the live files have seen the test, or the gate's decision without it.
    """
    users, ranked = measure_lists(build_panel(weighed.model, task), k, progress)
    alone = {name: users[name][OBJECTIVE] for name in SOURCES}
    reordered = {tier: users[f"hybrid-{tier}"][OBJECTIVE] for tier in TIER_SOURCES}
    in_order = {tier: values[OBJECTIVE] for tier, values in ranked.items()}
    served = choose_served(weighed.ranker, Results(reordered, in_order, alone), weighed.preferred)
    users["served"] = served.of(users, ranked)
    if not isinstance(champion, Verdict):
        progress("testing the settings and weights of what is live")
        theirs = rank_all(build_panel(champion, task), champion.ranker, TOP_TIER, k)
        users["champion"] = measure_answers(task, theirs, champion.ranker, k)
    ours = users["hybrid-pro"][OBJECTIVE]
    p_value = {
        name: p_better(ours, values[OBJECTIVE])
        for name, values in users.items()
        if name != "served" and not name.startswith("hybrid")
    }
    metrics = {name: estimate_means(values, seed=17) for name, values in users.items()}
    if isinstance(champion, Verdict):
        return Measured(metrics, p_value, served, champion)
    promote = accept_ranking(users["served"][OBJECTIVE], users["champion"][OBJECTIVE])
    return Measured(metrics, p_value, served, promote)


def measure_lists(panel: Panel, k: int, progress: Callable[[str], None]) -> tuple[Users, Users]:
    """Measure each source alone and the hybrid of every tier, by answerer; and by tier before reordering."""
    task, ranker = panel.task, panel.model.ranker
    progress(f"testing every source on {len(task.users)} listeners")
    users: Users = measure_sources(panel, k)
    ranked: Users = {}
    for tier, sources in TIER_SOURCES.items():
        like = next(other for other in TIER_SOURCES if TIER_SOURCES[other] == sources)
        if like in ranked:  # the same sources were weighed on the same examples
            ranked[tier], users[f"hybrid-{tier}"] = ranked[like], users[f"hybrid-{like}"]
            continue
        progress(f"testing the hybrid of the tier {tier}")
        lined = rank_all(panel, ranker, tier, k)
        ranked[tier] = measure_ranked(task, lined, k)
        users[f"hybrid-{tier}"] = measure_answers(task, lined, ranker, k)
    users["hybrid-before-reordering"] = ranked[TOP_TIER]
    return users, ranked


def accept_ranking(ours: NDArray[np.float64], champion: NDArray[np.float64]) -> Verdict[bool]:
    """Ask the gate about a metric of the same listeners, relative to the champion's mean."""
    mean = float(champion.mean()) if len(champion) else 0.0
    gain = mean_of_differences((ours - champion) / (mean or 1.0))
    return accept_challenger(NDCG, gain, p_better(champion, ours))


def unmeasured(n_listeners: int, otherwise: Verdict[bool] | None) -> Measured:
    """Say that too few listeners went on to like anything for weights or figures to mean something.

    ``otherwise`` is what the gate decides where there is no champion to compare with.
    """
    few = (
        f"too few listeners liked something new after the cuts ({n_listeners} after the last, {MIN_EXAMPLES} "
        "are needed)"
    )
    promote = otherwise or Verdict(False, f"{few}: what is live stays.")
    why = Verdict("popularity", f"Popularity is served, as {few} to weigh the sources.")
    ranker = popular_ranker(f"when it was trained, {few}")
    return Measured({}, {}, Served(ranker, why, is_plain=True), promote)
