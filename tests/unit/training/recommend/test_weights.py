"""Weights are learnt from what listeners liked, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from segue.errors import NotEnoughDataError
from training.recommend.weights import MIN_EXAMPLES, Example, learn_weights

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
