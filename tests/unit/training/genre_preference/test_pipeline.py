"""What goes live, and what does not: the gate, races with people, rollbacks, stores that are down."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.listing import list_versions
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, resolve, rollback
from segue.errors import AliasMovedError, GateRejectedError, StoreUnavailableError
from tests.purchases import random_store
from training.genre_preference.pipeline import FittedGenres, GenreTraining
from training.genre_preference.trainer import TRAINER, ForestParams
from training.release.lifecycle import Outcome, train_on
from training.release.trainer import Order

if TYPE_CHECKING:
    from pathlib import Path

FAMILY = "genre-preference"
LEARNABLE = random_store(120, learnable=True)
GOOD, BAD = ForestParams(n_estimators=20), ForestParams(n_estimators=1, min_samples_leaf=10_000)


class Flaky(LocalStore):
    """A store whose files cannot be read once it is switched."""

    down = False

    @contextmanager
    def stream(self, key: str):
        if self.down:
            raise StoreUnavailableError("switched off")
        with super().stream(key) as chunks:
            yield chunks


@pytest.fixture
def store(tmp_path: Path) -> Flaky:
    return Flaky(tmp_path / "store")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder where a good forest is live, trained once for all tests, and its version."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(LocalStore(folder)).manifest.version


@pytest.fixture
def champion(pristine: tuple[Path, str], store: Flaky) -> str:
    """The version of the good forest, which is live in this test's own store."""
    folder, version = pristine
    shutil.copytree(folder, store.root)
    return version


def train(
    store: LocalStore, params: ForestParams = GOOD, *, data=LEARNABLE, step=lambda _: None, **more
) -> Outcome[FittedGenres]:
    return train_on(TRAINER, GenreTraining(params), data, store, Order("tester", **more), step)


def live(store: LocalStore) -> str:
    return resolve(store, FAMILY).alias.target.version


def test_a_worse_challenger_is_published_and_not_live(store, champion: str) -> None:
    with pytest.raises(GateRejectedError, match=r"is published but not live\. The champion is better"):
        train(store, BAD)
    assert live(store) == champion
    assert len(list_versions(store, FAMILY)) == 2


@pytest.mark.usefixtures("champion")
def test_force_overrules_the_gate_and_the_history_says_so(store) -> None:
    forced = train(store, BAD, force=True, reason="a drill")
    assert live(store) == forced.manifest.version
    assert resolve(store, FAMILY).alias.reason.startswith(
        "a drill: forced over the gate: The champion is better"
    )


def test_a_champion_that_cannot_be_read_now_is_not_replaced(store, champion: str) -> None:
    def step(name: str) -> None:
        store.down = name == "asking the gate"

    with pytest.raises(StoreUnavailableError):
        train(store, BAD, step=step)
    assert live(store) == champion


@pytest.mark.parametrize("damage", ["forest.onnx", "manifest.json", "absent"])
def test_a_damaged_champion_is_replaced(store, champion: str, damage: str) -> None:
    folder = store.root / FAMILY / "versions" / champion
    if damage == "absent":
        (folder / "manifest.json").unlink()
    else:
        (folder / damage).write_bytes(b"{}")
    outcome = train(store, BAD)
    assert live(store) == outcome.manifest.version
    assert "cannot be served" in outcome.verdict.reason


def test_who_promotes_while_training_runs_is_not_overruled(store, champion: str) -> None:
    pinned = train(store, ForestParams(n_estimators=21), promote=False).manifest.version

    def step(name: str) -> None:
        if name == "asking the gate":
            promote(store, FAMILY, pinned, Decision("operator", "incident: pin this one", datetime.now(UTC)))

    with pytest.raises(AliasMovedError):
        train(store, ForestParams(n_estimators=22), step=step)
    assert live(store) == pinned != champion


def test_training_on_the_same_data_does_not_undo_a_rollback(store, champion: str) -> None:
    second = train(store, ForestParams(n_estimators=21), force=True).manifest.version
    rollback(store, FAMILY, Decision("operator", "worse in practice", datetime.now(UTC)))
    again = train(store, ForestParams(n_estimators=21))
    assert again.fitted is None
    assert (
        f"{second}, of this data and these settings, was rolled back (worse in practice)"
        in again.verdict.reason
    )
    assert live(store) == champion


def test_promotion_is_dated_when_it_happens(store) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    train(store)
    assert before <= resolve(store, FAMILY).alias.set_at <= datetime.now(UTC)


def test_prices_that_are_none_are_worth_a_warning(store) -> None:
    spend = LEARNABLE.spend.copy()
    spend[:: len(spend) // 300] = 0
    outcome = train(store, data=replace(LEARNABLE, spend=spend))
    assert [warning for warning in outcome.warnings if "cost nothing or less" in warning]
    assert train(store, force=True).warnings == []
