"""Builds in processes of their own: memory, failure, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.errors import NotEnoughDataError, TrainingError
from tests.raw_data import raw_folder
from training.cluster import memory, worker
from training.cluster.data.input import write_input
from training.cluster.data.reading import input_of, read_inputs
from training.cluster.data.source import find_source
from training.cluster.settings import ClusterSettings
from training.cluster.variant import VARIANTS
from training.cluster.work import ARTIFACT, INPUT, RECORD
from training.cluster.worker import BuildJob, build_all

if TYPE_CHECKING:
    from pathlib import Path


def job(
    folder: Path, variant: str, n_bytes: int = memory.GIB, settings: ClusterSettings | None = None
) -> BuildJob:
    inputs = read_inputs(find_source(raw=raw_folder(folder / "raw", 60, low_level=False), data=None))
    found = input_of(VARIANTS[variant], inputs)
    assert not isinstance(found, str)
    write_input(found, folder / variant / INPUT)
    return BuildJob(variant, folder / variant, settings or ClusterSettings(), n_bytes)


def run(
    jobs: list[BuildJob], budget: int, watched: list[tuple[str, str]] | None = None
) -> dict[str, TrainingError | None]:
    def watch(variant: str, stage: str, _: float) -> None:
        if watched is not None:
            watched.append((variant, stage))

    ends = build_all(jobs, budget=budget, at_once=2, threads=1, watch=watch)
    return {each.variant: why for each, why in ends}


def test_one_is_built_beside_another_that_fails(tmp_path: Path) -> None:
    good = job(tmp_path, "naive_features")
    bad = job(tmp_path, "pca_features", settings=ClusterSettings(min_cluster_size=60))
    watched: list[tuple[str, str]] = []
    found = run([good, bad], 8 * memory.GIB, watched)
    assert found["naive_features"] is None
    assert isinstance(found["pca_features"], NotEnoughDataError)
    assert "give a smaller --min-cluster-size" in str(found["pca_features"])
    assert (good.folder / ARTIFACT / "report.html").is_file()
    assert (good.folder / RECORD).is_file()
    assert ("naive_features", "drawing the map") in watched


@pytest.mark.parametrize("damage", ["damaged", "gone"])
def test_a_damaged_input_is_a_failure_and_no_lack_of_data(tmp_path: Path, damage: str) -> None:
    broken = job(tmp_path, "naive_features")
    for path in (broken.folder / INPUT).iterdir():
        path.write_bytes(b"damaged") if damage == "damaged" else path.unlink()
    problem = run([broken], 8 * memory.GIB)["naive_features"]
    assert isinstance(problem, TrainingError)
    assert not isinstance(problem, NotEnoughDataError)


def test_what_cannot_fit_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_start", lambda *_: pytest.fail("started"))
    wanted = BuildJob("naive_features", tmp_path, ClusterSettings(), 3 * memory.GIB)
    assert str(run([wanted], 2 * memory.GIB)["naive_features"]) == (
        "is expected to take 3.0 GB, and 2.0 GB may be used, this command's own included: raise --memory-gb"
    )


def test_what_outgrows_the_memory_is_stopped(tmp_path: Path) -> None:
    small = job(tmp_path, "naive_features", n_bytes=1)
    budget = memory.resident(None) + 30_000_000  # enough to begin, not to import what it takes
    assert "takes more, and" in str(run([small], budget)["naive_features"])


def test_of_two_that_outgrow_it_together_the_younger_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [job(tmp_path, name, n_bytes=1) for name in ("naive_features", "pca_features")]
    taken = {"most": 0}
    own, whole = memory.resident(None), worker._start

    def start(one: BuildJob, threads: int) -> object:
        taken["most"] += 1
        return whole(one, threads)

    monkeypatch.setattr(worker, "_start", start)
    # Each child is said to take 300 MB from its first moment, whatever it does.
    monkeypatch.setattr(worker, "resident", lambda pid: own if pid is None else 300_000_000)
    found = run(jobs, own + 500_000_000)
    assert found == {"naive_features": None, "pca_features": None}
    assert taken["most"] > 2  # the younger was stopped, and begun again when the other was done


def test_a_child_that_dies_says_how() -> None:
    assert "signal 9" in str(worker._death(-9))
    assert "status 1" in str(worker._death(1))


def test_the_estimate_grows_with_rows_and_columns_and_there_is_a_budget() -> None:
    assert memory.estimate(90_000, 12) < memory.estimate(90_000, 100) < memory.estimate(180_000, 100)
    assert memory.default_budget() > 0
    assert memory.resident(None) > 10_000_000
    assert memory.resident(2**22 + 1) == 0
