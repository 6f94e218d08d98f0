"""Quality floors on a published split: a model that falls below one has broken."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from training.algorithm.registry import KINDS
from training.evaluate.reader import read_interactions
from training.evaluate.split import Protocol, Split, divide
from training.measure.metric import accuracy_of_users
from training.measure.order import rank_catalogue

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        "SEGUE_DATA_DIR" not in os.environ,
        reason="SEGUE_DATA_DIR does not name the folder of the public data sets",
    ),
]

N_USERS = 3000


@pytest.fixture(scope="module")
def gowalla() -> Split:
    folder = Path(os.environ["SEGUE_DATA_DIR"]) / "gowalla"
    train, test = (read_interactions(folder / f"{part}.npz") for part in ("train", "test"))
    return divide(train, test, Protocol.GIVEN, seed=17)


def test_the_published_split_is_what_was_published(gowalla: Split) -> None:
    account = gowalla.account
    assert (account.train_pairs, account.test_pairs, account.users_tested) == (810_128, 217_242, 29_858)
    assert account.known_pairs == account.train_repeats == account.users_only_in_test == 0


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("popularity", 0.035, 0.05), ("rp3beta", 0.145, 0.25), ("link-propagation", 0.17, 0.25)],
)
def test_a_model_is_as_good_as_it_was(name: str, low: float, high: float, gowalla: Split) -> None:
    """Popularity's ceiling catches a leak; the others' is far above any published figure."""
    scorer = KINDS[name].build({}).fit(gowalla.train, lambda _: None)
    users = np.sort(np.random.default_rng(17).choice(gowalla.users, N_USERS, replace=False))
    ranking = rank_catalogue(scorer, gowalla.train, users, 20)
    assert low < accuracy_of_users(ranking, gowalla.test[users])["recall"].mean() < high
