"""What is served is the hybrid of a tier only where no source of that tier alone is better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.ranker import Ranker
from tests.small_recommender import SMALL, dataset
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user
from training.hybrid.fit import fit_fixed, fit_members
from training.hybrid.ranker.fit import BEARABLE_LOSS, fit_ranker
from training.hybrid.ranker.panel import build_panel, build_task, measure_answers, measure_ranked, rank_all
from training.hybrid.ranker.served import Results, choose_served, popular_ranker

RNG = np.random.default_rng(2)
NOISE = RNG.normal(0, 0.02, (4, 400))
NOISE -= NOISE.mean(axis=1, keepdims=True)
TIERS = tuple(TIER_SOURCES)
RANKER = Ranker(SOURCES, TIERS, np.ones((len(TIERS), len(SOURCES)), np.float32), 0.2, 0.1, 0.2)


def ndcg(mean: float, noise: int = 0) -> np.ndarray:
    return mean + NOISE[noise]


def results(reordered: dict[str, float], ranked: dict[str, float], alone: dict[str, float]) -> Results:
    floor = {name: ndcg(0.02, 3) for name in SOURCES}
    return Results(
        {tier: ndcg(reordered[tier]) for tier in TIERS},
        {tier: ndcg(ranked[tier]) for tier in TIERS},
        floor | {name: ndcg(mean, place) for place, (name, mean) in enumerate(alone.items(), 1)},
    )


def every(mean: float, **other: float) -> dict[str, float]:
    return dict.fromkeys(TIERS, mean) | other


PREFERRED = ("similarity", "factors", "content", "popularity")


def test_a_hybrid_that_no_source_beats_is_served_as_it_was_weighed() -> None:
    served = choose_served(RANKER, results(every(0.15), every(0.16), {"similarity": 0.14}), PREFERRED)
    assert (served.ranker.weight == RANKER.weight).all()
    assert served.ranker.order == RANKER.order
    assert served.verdict.choice == "hybrid"
    assert "the best, similarity, has 0.14" in served.verdict.reason
    assert "Reordering for variety costs 6.2% of its NDCG." in served.verdict.reason


def test_reordering_is_left_out_where_a_source_would_win_by_it() -> None:
    served = choose_served(RANKER, results(every(0.15), every(0.17), {"similarity": 0.16}), PREFERRED)
    assert served.verdict.choice == "hybrid"
    assert served.ranker.order == (0.0, 0.0, 1.0)
    assert (served.ranker.weight == RANKER.weight).all()
    assert "in the ranker's own order, as reordering would cost 11" in served.verdict.reason


def test_a_source_that_beats_the_hybrid_is_served_alone() -> None:
    served = choose_served(RANKER, results(every(0.15), every(0.15), {"similarity": 0.16}), PREFERRED)
    assert served.verdict.choice == "similarity"
    assert {tier: served.ranker.weights_of(tier) for tier in TIERS} == every({"similarity": 1.0})
    assert served.ranker.order == (0.0, 0.0, 1.0)


def test_every_tier_is_judged_by_the_sources_that_it_opens() -> None:
    """Content beats the hybrid of free, which does not open it; factors beat it, and are served."""
    data = results(every(0.15, free=0.10), every(0.15, free=0.10), {"content": 0.14, "factors": 0.13})
    served = choose_served(RANKER, data, PREFERRED)
    assert served.ranker.weights_of("free") == {"factors": 1.0}
    assert served.ranker.weights_of("pro") == RANKER.weights_of("pro")
    assert "The tier free is served factors alone." in served.verdict.reason


def test_popularity_is_served_where_nothing_beats_it() -> None:
    served = choose_served(RANKER, results(every(0.02), every(0.02), {"similarity": 0.02}), PREFERRED)
    assert served.verdict.choice == "popularity"
    assert (served.ranker.weight == popular_ranker("").weight).all()


@pytest.fixture(scope="module")
def weighed():
    data = dataset()
    parts = divide(data.interactions, data.catalogue, 17)
    before, later = (
        damped_matrix(data.interactions, data.catalogue, parts.part == each)
        for each in (TimePart.FIT, TimePart.VALIDATION)
    )
    task = build_task(data.interactions.users.item_id, before, new_to_user(later, before), 17)
    fixed = fit_fixed(data, parts.part == TimePart.FIT, 17, lambda _: None)
    model = fit_members(data, parts.part == TimePart.FIT, fixed, SMALL, lambda _: None)
    return fit_ranker(model, task, 20, lambda _: None), task


def test_reordering_costs_at_most_the_stated_share_on_validation(weighed) -> None:
    found, task = weighed
    lined = rank_all(build_panel(found.model, task), found.ranker, "pro", 20)
    before = measure_ranked(task, lined, 20)["ndcg"].mean()
    after = measure_answers(task, lined, found.ranker, 20)["ndcg"].mean()
    assert after >= (1 - BEARABLE_LOSS) * before
    # Three tracks of an artist at most: to hold artists back strongly would cost more than that.
    capped = replace(found.ranker, diversity=0.0, calibration=0.0, artist_share=0.05)
    assert measure_answers(task, lined, capped, 20)["ndcg"].mean() < (1 - BEARABLE_LOSS) * before


def test_the_sources_are_preferred_by_what_they_have_on_validation(weighed) -> None:
    found, _ = weighed
    assert set(found.preferred) == set(SOURCES)
    assert found.preferred.index("factors") < found.preferred.index("popularity")
