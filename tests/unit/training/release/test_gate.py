"""The gate's verdicts, in plain words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from segue.domain.genre_preference.preference import Answerer
from training.genre_preference.policy import accept_genre_challenger, choose_answerer
from training.genre_preference.trainer import ACCURACY
from training.hybrid.ranker.served import Standing, choose_ranking
from training.hybrid.verdict import accept_ranking
from training.measure.comparison import Estimate
from training.release.gate import Verdict, accept_challenger

FOREST, RECENT, PAST, COMMON = Answerer


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.05, value + 0.05, 100)


@pytest.mark.parametrize(
    ("values", "p_values", "f1_gains", "served", "reason"),
    [
        ((0.6, 0.5, 0.4, 0.3), (1e-3, 1e-4, 1e-9), (0.0, 0.1, 0.2), FOREST, "beats all baselines"),
        ((0.6, 0.5, 0.4, 0.3), (1e-3, 1e-4, 1e-9), (-0.04, 0.1, 0.2), FOREST, "beats all baselines"),
        ((0.6, 0.5, 0.4, 0.3), (1e-3, 1e-4, 1e-9), (-0.06, 0.1, 0.2), RECENT, "does rare genres better"),
        ((0.6, 0.5, 0.4, 0.3), (1e-3, 1e-4, 1e-9), (-0.06, -0.06, 0.2), RECENT, "does rare genres better"),
        (
            (0.44, 0.2, 0.3, 0.44),
            (0.01, 0.03, 1.0),
            (0.1,) * 3,
            COMMON,
            "a constant answer.* as good",
        ),
        ((0.4, 0.3, 0.3, 0.45), (0.01, 0.03, 1.0), (0.1,) * 3, COMMON, "at least as good"),
        (
            (0.5, 0.3, 0.49, 0.3),
            (1e-3, 0.3, 1e-9),
            (0.1,) * 3,
            PAST,
            "not better than .*past favourite by",
        ),
        (
            (0.5, 0.49, 0.3, 0.3),
            (0.3, 1e-3, 1e-9),
            (0.1,) * 3,
            RECENT,
            "not better than .*recent favourite",
        ),
        ((0.5, 0.6, 0.5, 0.3), (1.0, 0.5, 1e-9), (-0.2,) * 3, RECENT, "recent favourite is at least as good"),
    ],
)
def test_the_forest_is_served_only_if_it_beats_every_baseline(
    values, p_values, f1_gains, served, reason
) -> None:
    verdict = choose_answerer(
        dict(zip(Answerer, map(estimate, values), strict=True)),
        dict(zip(Answerer, (0.0, *p_values), strict=True)),
        dict(zip(Answerer, map(estimate, (0.0, *f1_gains)), strict=True)),
    )
    assert verdict.choice is served
    assert re.search(reason, verdict.reason)


@pytest.mark.parametrize(
    ("accuracy", "f1_gain", "p_worst", "accepted", "reason"),
    [
        (True, 0.0, 0.5, True, "as good"),
        (False, 0.2, 1.0, False, "as good"),
        (True, -0.06, 0.5, False, "does rare genres better .macro F1 of the challenger -0.060"),
        (True, 0.0, 0.01, False, "recalls Zouk, the challenger's worst genre, better"),
    ],
)
def test_a_genre_challenger_must_do_rare_genres_no_worse(
    accuracy, f1_gain, p_worst, accepted, reason
) -> None:
    verdict = accept_genre_challenger(Verdict(accuracy, "as good"), estimate(f1_gain), ("Zouk", p_worst))
    assert verdict.choice is accepted
    assert re.search(reason, verdict.reason)


@pytest.mark.parametrize(
    ("gain", "p_champion_better", "accepted", "reason"),
    [
        (Estimate(0.0, -0.02, 0.02, 1800), 0.5, True, "is not worse"),
        (Estimate(0.0, 0.0, 0.0, 40), 1.0, True, "is not worse"),
        (Estimate(-0.02, -0.03, -0.01, 1800), 0.001, False, "The champion is better"),
        (Estimate(-0.15, -0.35, 0.05, 40), 0.08, False, "may be more than 5% worse"),
        (Estimate(0.0, -0.09, 0.09, 40), 0.5, False, "may be more than 5% worse"),
        (Estimate(0.2, 0.1, 0.3, 100), 1.0, True, r"\+20.0%"),
    ],
)
def test_a_challenger_is_accepted_when_it_is_surely_not_much_worse(
    gain, p_champion_better, accepted, reason
) -> None:
    verdict = accept_challenger(ACCURACY, gain, p_champion_better)
    assert verdict.choice is accepted
    assert re.search(reason, verdict.reason)


POPULAR = Standing(0.04, 1.0, 1.0)


@pytest.mark.parametrize(
    ("hybrid", "members", "served", "says"),
    [
        (Standing(0.12, 1e-9, 1.0), {}, "hybrid", "it is served"),
        (Standing(0.12, 1e-9, 1.0), {"factors": Standing(0.125, 1e-9, 0.2)}, "hybrid", "factors, has 0.1250"),
        (Standing(0.12, 0.02, 1.0), {}, "popularity", "popularity is served"),
        (Standing(0.03, 1.0, 1.0), {}, "popularity", "0.0300 against 0.0400"),
        (
            Standing(0.12, 1e-9, 1.0),
            {"parts": Standing(0.121, 1e-9, 0.3), "similarity": Standing(0.13, 1e-9, 0.001)},
            "similarity",
            "Similarity alone beats the hybrid (NDCG 0.1300 against 0.1200, p = 0.001)",
        ),
        (
            Standing(0.12, 1e-9, 1.0),
            {"factors": Standing(0.13, 1e-9, 0.02), "similarity": Standing(0.14, 1e-9, 0.001)},
            "factors",  # preferred by the validation part: the test chooses no setting
            "Factors alone beats the hybrid",
        ),
        (Standing(0.05, 0.3, 1.0), {"factors": Standing(0.09, 1e-5, 1e-4)}, "factors", "factors alone does"),
        (Standing(0.05, 0.3, 1.0), {"factors": Standing(0.06, 0.2, 0.1)}, "popularity", "p = 0.3"),
    ],
)
def test_the_hybrid_is_served_unless_popularity_or_one_source_is_better(
    hybrid, members, served, says
) -> None:
    verdict = choose_ranking(hybrid, members | {"popularity": POPULAR})
    assert verdict.choice == served
    assert says in verdict.reason


RNG = np.random.default_rng(5)
THEIRS = np.clip(RNG.normal(0.13, 0.2, 500), 0, 1)


@pytest.mark.parametrize(
    ("ours", "champion", "accepted", "says"),
    [
        (THEIRS, THEIRS, True, "is not worse than the champion"),
        (THEIRS + 0.01, THEIRS, True, "is not worse"),
        (THEIRS - 0.02, THEIRS, False, "The champion is better"),
        (RNG.permutation(THEIRS), THEIRS, False, "may be more than 5% worse"),
        (np.full(4, 0.05), np.array([0.4, 0.0, 0.0, 0.12]), False, "may be more than 5% worse"),
        (np.zeros(0), np.zeros(0), False, "may be more than 5% worse"),
        (np.array([0.4]), np.array([0.3]), False, "may be more than 5% worse"),
        (np.zeros(30), np.zeros(30), True, "is not worse"),
        (np.full(30, 0.1), np.zeros(30), True, "is not worse"),
    ],
)
def test_a_recommender_is_accepted_when_it_is_surely_not_much_worse(ours, champion, accepted, says) -> None:
    verdict = accept_ranking(ours, champion)
    assert verdict.choice is accepted
    assert says in verdict.reason
    assert f"on {len(ours)} listeners" in verdict.reason


def test_a_figure_that_is_no_number_is_refused() -> None:
    assert not accept_challenger(ACCURACY, Estimate(float("nan"), float("nan"), float("nan"), 40), 1.0).choice
