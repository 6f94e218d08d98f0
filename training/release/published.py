"""Measure a published version on given data by what the gate measures, and say what it may have seen."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.cache import fetch
from segue.artifacts.codec.genre_preference import load_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE, HYBRID
from segue.artifacts.recommender import load_hybrid
from segue.backends.onnx import OnnxClassifier
from segue.errors import InvalidInputError, NotEnoughDataError
from segue.sources.dataset.extent import describe_interactions
from segue.sources.store import fingerprint, open_store
from training.genre_preference.evaluation import accuracy, answer_index, macro_f1
from training.genre_preference.examples import split_by_time
from training.hybrid.data.event_source import read_events_at
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user
from training.hybrid.ranker.panel import build_panel, build_task
from training.hybrid.ranker.weights import MIN_EXAMPLES
from training.hybrid.verdict import measure_lists
from training.measure.comparison import estimate_means

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.listening.interactions import Interactions
    from segue.domain.recommend.recommender import Recommender
    from training.hybrid.ranker.panel import Task
    from training.measure.comparison import Estimate

_SEEN = "the version was trained on exactly this data"


@dataclass(frozen=True, slots=True)
class Published:
    """What was measured.

    Attributes
    ----------
    metrics : dict of str to dict of str to Estimate
        By answerer, then by metric.
    how : str
        What the figures are of.
    warnings : list of str
        The part of the data that the version may have seen.
    """

    metrics: Mapping[str, Mapping[str, Estimate]]
    how: str
    warnings: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the figures in plain values, with what was warned of."""
        metrics = {
            name: {metric: each.to_json(self.how) for metric, each in figures.items()}
            for name, figures in self.metrics.items()
        }
        return {"warnings": self.warnings, "metrics": metrics}


def measure_published(
    store: ObjectStore, manifest: Manifest, data: str, k: int, seed: int, progress: Callable[[str], None]
) -> Published:
    """Measure a version of the hybrid on events, or one of the genre preference on a store's purchases.

    Raises
    ------
    InvalidInputError
        Another family: its versions are measured with the hybrid that pins them, or with clusters.
    NotEnoughDataError
        Too few listeners or customers are left to measure on.
    """
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        if manifest.family == GENRE_PREFERENCE:
            return _measure_genres(fetch(store, manifest, cache), manifest, data, seed)
        if manifest.family != HYBRID:
            raise InvalidInputError(
                f"{manifest.family} is not measured alone: give --published {HYBRID}, which measures each of "
                f"its sources too, or {GENRE_PREFERENCE}."
            )
        model = load_hybrid(store, cache, fetch(store, manifest, cache), manifest)
        progress(f"reading {data}")
        interactions, _ = read_events_at(data)
        return measure_hybrid(model, manifest, interactions, k, seed, progress)


def measure_hybrid(
    model: Recommender,
    manifest: Manifest,
    interactions: Interactions,
    k: int,
    seed: int,
    progress: Callable[[str], None],
) -> Published:
    """Measure a version of the hybrid, as loaded, on events; see `measure_published`."""
    task, how, warnings = _divide(model, interactions, manifest.record.data.get("interactions", {}), seed)
    if len(task.users) < MIN_EXAMPLES:
        raise NotEnoughDataError(
            f"{len(task.users)} listeners liked something new of the version's catalogue after the cut, "
            f"{MIN_EXAMPLES} are needed: give more events, of the same catalogue."
        )
    users, _ = measure_lists(build_panel(model, task), k, progress)
    metrics = {
        name: {f"{metric}@{k}": figure for metric, figure in estimate_means(values, seed).items()}
        for name, values in users.items()
    }
    return Published(metrics, how, warnings)


def _divide(
    model: Recommender, interactions: Interactions, trained_on: Mapping[str, Any], seed: int
) -> tuple[Task, str, list[str]]:
    """Test on what is later than all that the version has seen, else on the latest tenth, with a warning."""
    through = trained_on.get("through")
    if through:
        is_later = interactions.at > np.datetime64(through.rstrip("Z"), "s")
        task = _task(model, interactions, is_later, seed)
        if len(task.users) >= MIN_EXAMPLES:
            return task, f"of events after {through}, the last that the version was trained on", []
    parts = divide(interactions, model.catalogue, seed)
    same = describe_interactions(interactions)["fingerprint"] == trained_on.get("fingerprint")
    overlap = _SEEN if same else "the version may have been trained on some of these events"
    warning = f"{overlap}: it knows answers that it is asked for, and the figures flatter it"
    test = parts.part == TimePart.TEST
    return _task(model, interactions, test, seed), f"of the latest tenth, divided {parts.how}", [warning]


def _task(model: Recommender, interactions: Interactions, test: NDArray[np.bool_], seed: int) -> Task:
    known, later = (damped_matrix(interactions, model.catalogue, rows) for rows in (~test, test))
    return build_task(interactions.users.item_id, known, new_to_user(later, known), seed)


def _measure_genres(folder: Path, manifest: Manifest, data: str, seed: int) -> Published:
    with open_store(data, timeout_s=120.0) as database:
        purchases = database.read_purchases()
    test = split_by_time(purchases).test
    answer = answer_index(load_genre_preference(folder, OnnxClassifier), test)
    same = manifest.record.data.get("fingerprint") == fingerprint(purchases)
    # Of its own data the later customers were held out, and the measured model is the published one.
    warning = "these purchases are not those of the version, which may have seen some of these customers"
    figures = {"accuracy": accuracy(answer, test.label), "macro_f1": macro_f1(answer, test.label, seed)}
    how = f"of {len(test)} customers after the last cut in time"
    return Published({"genre-preference": figures}, how, [] if same else [warning])
