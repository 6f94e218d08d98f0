"""Weights are learnt from what listeners liked, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.errors import NotEnoughDataError
from training.hybrid.ranker.weights import (
    MIN_EXAMPLES,
    MIN_EXAMPLES_TO_REFINE,
    Example,
    learn_weights,
    refine_weights,
)
from training.measure.metric import accuracy_of_users

TRUE = np.array([4.0, 1.0, 0.0])
ALL = np.ones(3, bool)


def draw(rng: np.random.Generator, n: int, weight: np.ndarray = TRUE) -> list[Example]:
    """Listeners who pick candidates with the probabilities of a softmax of X w."""
    examples = []
    for _ in range(n):
        features = rng.random((50, len(weight))).astype(np.float32)
        power = np.exp(features @ weight)
        relevant = np.zeros(50, bool)
        relevant[rng.choice(50, 2, replace=False, p=power / power.sum())] = True
        examples.append(Example(features, relevant))
    return examples


def test_the_weights_behind_the_choices_are_found(rng: np.random.Generator) -> None:
    assert learn_weights(draw(rng, 3000), ALL) == pytest.approx(TRUE, abs=0.35)


def test_a_source_that_speaks_against_the_truth_gets_no_say(rng: np.random.Generator) -> None:
    assert learn_weights(draw(rng, 500, np.array([3.0, -3.0, 0.0])), ALL)[1] == 0


def test_sources_that_may_not_be_used_weigh_nothing(rng: np.random.Generator) -> None:
    weights = learn_weights(draw(rng, 500), np.array([False, True, True]))
    assert weights[0] == 0
    assert weights[1] > 0


def test_each_listener_counts_alike(rng: np.random.Generator) -> None:
    """One who liked every candidate but one must not outvote the others."""
    examples = draw(rng, 200)
    eager = Example(examples[0].features, ~examples[0].relevant)
    assert learn_weights([*examples, eager], ALL) == pytest.approx(learn_weights(examples, ALL), abs=0.2)


def test_the_order_of_listeners_does_not_matter(rng: np.random.Generator) -> None:
    examples = draw(rng, 100)
    assert learn_weights(examples[::-1], ALL) == pytest.approx(learn_weights(examples, ALL), abs=1e-4)


def test_too_few_listeners_teach_nothing(rng: np.random.Generator) -> None:
    with pytest.raises(NotEnoughDataError, match=str(MIN_EXAMPLES)):
        learn_weights(draw(rng, MIN_EXAMPLES - 1), ALL)


# --- refined by the lists they make ---------------------------------------------------------------------


def ndcg(examples: list[Example], weight: np.ndarray, k: int) -> float:
    """By the metric that recommenders are measured with; every example has 50 candidates."""
    score = np.stack([each.features for each in examples]) @ weight
    ranking = np.argsort(-score, axis=1, kind="stable")[:, :k].astype(np.int32)
    truth = csr_matrix(np.stack([each.relevant for each in examples]).astype(np.float32))
    return float(accuracy_of_users(ranking, truth)["ndcg"].mean())


def test_refined_weights_make_better_lists(rng: np.random.Generator) -> None:
    strong = np.array([12.0, 3.0, 0.0])
    examples, others = draw(rng, 600, strong), draw(rng, 600, strong)
    equal = np.ones(3, np.float32)
    refined = refine_weights(examples, ALL, equal, 5)
    assert ndcg(examples, refined, 5) > ndcg(examples, equal, 5) + 0.05
    assert ndcg(others, refined, 5) > ndcg(others, equal, 5) + 0.05
    assert refined[0] > 2 * refined[1] > 4 * refined[2]


def test_weights_that_are_right_hardly_move(rng: np.random.Generator) -> None:
    strong = np.array([12.0, 3.0, 0.0])
    refined = refine_weights(draw(rng, 2000, strong), ALL, strong.astype(np.float32), 5)
    assert refined / refined.max() == pytest.approx(strong / 12, abs=0.15)


def test_a_source_that_may_not_be_used_stays_out(rng: np.random.Generator) -> None:
    usable = np.array([False, True, True])
    examples = draw(rng, 300)
    assert refine_weights(examples, usable, learn_weights(examples, usable), 5)[0] == 0


def test_few_listeners_refine_nothing(rng: np.random.Generator) -> None:
    examples = draw(rng, MIN_EXAMPLES_TO_REFINE - 1)
    learnt = learn_weights(examples, ALL)
    assert refine_weights(examples, ALL, learnt, 5) is learnt


def test_lists_shorter_than_k_and_uneven_ones_are_refined(rng: np.random.Generator) -> None:
    examples = [
        Example(each.features[: 3 + place % 40], each.relevant[: 3 + place % 40])
        for place, each in enumerate(draw(rng, 400))
    ]
    examples = [each for each in examples if each.relevant.any() and not each.relevant.all()]
    refined = refine_weights(examples, ALL, learn_weights(examples, ALL), 10)
    assert np.isfinite(refined).all()
    assert (refined >= 0).all()
