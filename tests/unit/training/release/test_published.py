"""A published version is measured on what it has not seen, or it is said that it may have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from segue.artifacts.cache import fetch
from segue.artifacts.family import HYBRID
from segue.artifacts.place.local import LocalStore
from segue.artifacts.recommender import load_hybrid
from segue.artifacts.release import read_manifest, resolve
from segue.cli import app
from segue.errors import InvalidInputError, NotEnoughDataError
from segue.sources.sample.store import generate
from tests.small_recommender import dataset
from training.hybrid.data.split import take
from training.release.published import measure_hybrid, measure_published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.domain.listening.interactions import Interactions
    from tests.small_recommender import Trained
    from training.release.published import Published


def manifest_of(trained: Trained, family: str) -> tuple[LocalStore, Manifest]:
    store = LocalStore(trained.folder)
    return store, read_manifest(store, family, resolve(store, family).alias.target.version)


@pytest.fixture
def measure(trained: Trained, tmp_path: Path) -> Callable[[Interactions], Published]:
    """Measures the session's recommender on some events."""
    store, manifest = manifest_of(trained, HYBRID)
    model = load_hybrid(store, tmp_path, fetch(store, manifest, tmp_path), manifest)
    return lambda events: measure_hybrid(model, manifest, events, 10, 17, lambda _: None)


def test_events_that_the_version_has_seen_are_said_to_flatter_it(measure) -> None:
    found = measure(dataset().interactions)
    (warning,) = found.warnings
    assert "trained on exactly this data" in warning
    assert "of the latest tenth, divided in time" in found.how
    assert found.metrics["hybrid-pro"]["ndcg@10"].value > found.metrics["popularity"]["ndcg@10"].value
    assert {"recall@10", "ndcg@10"} <= found.metrics["factors"].keys()
    assert found.to_json()["warnings"] == [warning]


def test_what_is_later_than_all_it_has_seen_is_measured_without_a_warning(measure) -> None:
    """Everybody hears what listeners of their genre heard in the year before: half of the events are new."""
    events = dataset().interactions
    later = np.arange(len(events)) % 2 == 0
    user = np.where(later, (events.user_index + 4) % len(events.users), events.user_index).astype(np.int32)
    at = np.where(later, events.at + np.timedelta64(400, "D"), events.at)
    found = measure(replace(events, user_index=user, at=at))
    assert found.warnings == []
    assert found.how.startswith("of events after 2026-")
    assert found.metrics["hybrid-pro"]["ndcg@10"].value > found.metrics["popularity"]["ndcg@10"].value


def test_too_few_events_cannot_be_measured(measure) -> None:
    few = take(dataset().interactions, dataset().interactions.user_index < 5)
    with pytest.raises(NotEnoughDataError, match=r"listeners liked something new .* of the same catalogue"):
        measure(few)


def test_a_member_is_measured_with_its_hybrid(trained: Trained) -> None:
    store = LocalStore(trained.folder)
    pinned = manifest_of(trained, HYBRID)[1].record.depends_on["item-factors"]
    manifest = read_manifest(store, "item-factors", pinned)
    with pytest.raises(InvalidInputError, match="item-factors is not measured alone: give --published"):
        measure_published(store, manifest, "nowhere", 10, 17, lambda _: None)


def test_a_genre_preference_is_measured_on_later_customers_of_its_store(tmp_path: Path) -> None:
    data = str(generate(tmp_path / "sample", seed=3, customers=150, tracks=300))
    place = ("--artifacts", str(tmp_path / "artifacts"))
    runner = CliRunner()
    trained = runner.invoke(app, ["train", "genre-preference", "--store", data, *place, "--force"])
    assert trained.exit_code == 0, trained.output
    figures = tmp_path / "figures.json"
    command = ["evaluate", "--published", "genre-preference", "--data", data, *place, "--json", str(figures)]
    done = runner.invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads(figures.read_text())
    assert told["warnings"] == []
    assert 0 < told["metrics"]["genre-preference"]["accuracy"]["value"] <= 1


def test_without_data_and_without_a_version_both_options_are_named() -> None:
    done = CliRunner().invoke(app, ["evaluate"])
    assert isinstance(done.exception, InvalidInputError)
    assert "--train FILE" in str(done.exception)
    assert "--published FAMILY" in str(done.exception)
