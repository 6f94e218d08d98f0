"""Kinds and settings are chosen by what was held out, within the time given, and can be gone on with."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.errors import InvalidInputError
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.linear import Ease
from training.algorithm.registry import KINDS
from training.hybrid.choice import BEARABLE_LOSS, TRUNCATIONS, SearchBudget, choose_settings
from training.hybrid.settings import HybridSettings
from training.measure.search import SearchTask


@pytest.fixture(scope="module")
def task() -> SearchTask:
    """Three groups of listeners, each with tracks of its own; a tenth of the pairs is held out."""
    rng = np.random.default_rng(3)
    group, track = np.arange(120) % 3, np.arange(90) % 3
    played = rng.random((120, 90)) < np.where(group[:, None] == track, 0.4, 0.03)
    held_out = played & (rng.random(played.shape) < 0.2)
    return SearchTask(
        csr_matrix(played & ~held_out, dtype=np.float32), csr_matrix(held_out, dtype=np.float32), 10, 5
    )


def test_without_a_budget_the_best_of_a_few_factors_is_kept(task: SearchTask) -> None:
    settings, tried = choose_settings(task, HybridSettings.of(8, 5), SearchBudget(), lambda _: None)
    found = {each.trial.params["unobserved_weight"]: each.trial.value for each in tried["factors"]}
    assert len(found) == 3
    assert found[settings.members["factors"].unobserved_weight] == max(found.values())
    assert settings.members["factors"].n_factors == 8


def test_without_a_budget_the_best_of_three_item_item_models_is_kept(task: SearchTask) -> None:
    settings, tried = choose_settings(task, HybridSettings.of(8, 5), SearchBudget(), lambda _: None)
    assert {each.kind for each in tried["similarity"]} == {"rp3beta", "item-knn", "sparse-ease"}
    assert settings.members["parts"] == HybridSettings.of(8, 5).members["parts"]
    best = max(tried["similarity"], key=lambda each: each.trial.value)
    least = best.trial.value * (1 - BEARABLE_LOSS)
    value = {
        each.trial.params["n_neighbours"]: each.trial.value
        for each in tried["similarity"]
        if each.kind == best.kind
    }
    kept = settings.members["similarity"].n_neighbours
    assert kept in TRUNCATIONS
    assert value[kept] >= least
    assert all(value[fewer] < least for fewer in value if fewer < kept)


def test_a_kind_whose_package_is_not_installed_is_named_and_the_others_are_tried(
    task: SearchTask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("segue.train"), "propagate", True)
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    _, tried = choose_settings(task, HybridSettings.of(8, 5), SearchBudget(0.01), lambda _: None)
    assert {each.kind for each in tried["factors"]} == {"ials"}
    assert [
        line for line in caplog.messages if line.startswith("als is not tried: implicit: it is not installed")
    ]


def test_with_a_budget_every_member_is_searched_and_a_second_run_only_reads(
    task: SearchTask, tmp_path
) -> None:
    usual = HybridSettings.of(8, 5)
    settings, tried = choose_settings(task, usual, SearchBudget(0.05, tmp_path), lambda _: None)
    assert {member: {each.kind for each in found} for member, found in tried.items()} == {
        "factors": {"ials", "als"},
        "similarity": {"rp3beta", "link-propagation", "item-knn", "sparse-ease", "ease"},
        "parts": {"nmf"},
    }
    assert settings.members["factors"].n_factors == 8
    assert settings.members["parts"].n_factors == usual.members["parts"].n_factors
    lines = {path: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    again, _ = choose_settings(task, usual, SearchBudget(1e-9, tmp_path), lambda _: None)
    assert again == settings
    assert {path: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == lines


def test_nothing_is_chosen_by_nothing(task: SearchTask) -> None:
    empty = SearchTask(task.fit, csr_matrix(task.fit.shape, dtype=np.float32), 10, 5)
    assert choose_settings(empty, HybridSettings.of(), SearchBudget(), lambda _: None) == (
        HybridSettings.of(),
        {},
    )


def test_a_kind_that_cannot_be_fitted_is_said(task: SearchTask, monkeypatch, caplog) -> None:
    def refuse(*_):
        raise InvalidInputError("too many items.")

    monkeypatch.setattr(logging.getLogger("segue.train"), "propagate", True)
    monkeypatch.setattr(Ease, "fit", refuse)
    settings, tried = choose_settings(task, HybridSettings.of(8, 5), SearchBudget(1e-9), lambda _: None)
    assert "ease is not tried: too many items." in caplog.messages
    assert not isinstance(settings.members["similarity"], Ease)
    assert len({each.kind for each in tried["similarity"]}) == 4


@pytest.mark.parametrize("name", ["rp3beta", "link-propagation", "item-knn", "ease", "sparse-ease"])
def test_settings_of_every_kind_survive_json(name: str) -> None:
    similarity = KINDS[name].build({"n_neighbours": 33})
    settings = HybridSettings.of(similarity=similarity, factors=AlsRecommender(n_factors=9))
    raw = settings.to_json()
    assert HybridSettings.from_json(raw) == settings
    assert [raw[member]["kind"] for member in ("factors", "similarity", "parts")] == ["als", name, "nmf"]
