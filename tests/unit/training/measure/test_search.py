"""Settings are chosen on the training part, within the budget, and nothing finished is done twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from segue.errors import InvalidInputError, NotEnoughDataError, SourceUnavailableError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.registry import KINDS
from training.measure.search import Journal, SearchTask, search
from training.measure.space import Choice, Range, draw_params

if TYPE_CHECKING:
    from pathlib import Path

TASK = SearchTask(
    csr_matrix(np.array([[1, 0, 0], [1, 0, 0]], np.float32)),
    csr_matrix(np.array([[0, 1, 0], [0, 0, 1]], np.float32)),
    k=1,
    seed=3,
)
ABOUT = {"model": "m", "data": TASK.fingerprint(), "k": 1, "seed": 3}
FITTED: list[float] = []


@dataclass(frozen=True, slots=True)
class Right:
    """Right for one user where ``x`` is below a half, for none above 9, and else for both."""

    x: float = 0.0
    fixed: str = "kept"

    def fit(self, interactions: csr_matrix, step) -> Right:
        FITTED.append(self.x)
        return self

    model = None

    def scores(self, histories: csr_matrix) -> np.ndarray:
        second_user = np.arange(2)[:, None] == 1
        wanted = np.where(second_user & (self.x > 0.5), 2, 0 if self.x > 9 else 1)
        return (np.arange(3) == wanted).astype(np.float32)


KIND = AlgorithmKind(Right, 0, {"x": Range(0, 8)})


def run(journal: Journal, budget_s: float, kind: AlgorithmKind = KIND) -> list:
    return search(kind, TASK, journal, budget_s, lambda share, trial: None)


class Clock:
    """Every fit takes a second of it."""

    def __init__(self, monkeypatch) -> None:
        FITTED.clear()
        for name in ("monotonic", "perf_counter"):
            monkeypatch.setattr(f"training.measure.search.time.{name}", lambda: float(len(FITTED)))


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


def test_defaults_come_first_and_the_best_is_first_of_all(clock) -> None:
    trials = run(Journal(None, ABOUT), 12)
    assert FITTED[0] == 0.0
    assert len(FITTED) == 12
    assert (trials[0].value, trials[-1].value) == (1.0, 0.5)
    assert trials[0].params["x"] > 0.5
    assert [trial.value for trial in trials] == sorted((t.value for t in trials), reverse=True)


def test_a_trial_that_would_not_end_in_time_is_not_begun(clock) -> None:
    run(Journal(None, ABOUT), 3.9)
    assert len(FITTED) == 3
    run(Journal(None, ABOUT), 0.1)
    assert len(FITTED) == 4, "the first of all always runs"
    assert run(Journal(None, ABOUT), 0) == []


@pytest.mark.parametrize("torn", ["", '{"params": {"x":'])
def test_a_search_cut_short_goes_on_as_if_it_had_not_been(torn: str, clock, tmp_path: Path) -> None:
    path = tmp_path / "new" / "m.jsonl"
    run(Journal(path, ABOUT), 4)
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    both = run(Journal(path, ABOUT), 3)
    assert len(FITTED) == 7
    FITTED.clear()
    whole = run(Journal(None, ABOUT), 7)
    assert [replace(trial, seconds=0) for trial in both] == [replace(trial, seconds=0) for trial in whole]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 8
    FITTED.clear()
    assert run(Journal(path, ABOUT), 0)[0].value == 1.0, "what was found is used without a budget"
    assert FITTED == []


def test_a_journal_of_other_data_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "m.jsonl", ABOUT)
    other = replace(TASK, held_out=csr_matrix(np.eye(2, 3, dtype=np.float32))).fingerprint()
    assert other != TASK.fingerprint() == replace(TASK, k=2).fingerprint()
    with pytest.raises(InvalidInputError, match="holds trials of other data or settings"):
        Journal(tmp_path / "m.jsonl", ABOUT | {"data": other})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is no JSON"),
        ('{"x": 1}', "no trials"),
        ('{"params": {}, "value": NaN, "seconds": 1}', "line 2: .* is no trial"),
        ('{"params": {}, "value": 99, "seconds": 1}', "line 2: .* is no trial"),
        ('{"params": {}, "value": "a", "seconds": 1}', "line 2: .* is no trial"),
        ('{"params": null, "value": 0.5, "seconds": 1}', "line 2: .* is no trial"),
    ],
)
def test_a_journal_with_a_broken_line_is_refused_and_kept(
    line: str, message: str, clock, tmp_path: Path
) -> None:
    path = tmp_path / "m.jsonl"
    run(Journal(path, ABOUT), 2)
    lines = path.read_text(encoding="utf-8").splitlines()
    broken = "\n".join([lines[0], line, *lines[1:]])
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=message):
        Journal(path, ABOUT)
    assert path.read_text(encoding="utf-8") == broken


@pytest.mark.parametrize("params", ['{"x": "a"}', '{"z": 1.0}'])
def test_a_trial_of_what_is_no_setting_is_refused(params: str, clock, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    Journal(path, ABOUT)
    with path.open("a", encoding="utf-8") as file:
        file.write(f'{{"params": {params}, "value": 0.5, "seconds": 1}}\n')
    with pytest.raises(InvalidInputError, match="no setting of the model"):
        run(Journal(path, ABOUT), 0)


def test_a_journal_of_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceUnavailableError, match="give another folder"):
        Journal(tmp_path / "m.jsonl", ABOUT)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceUnavailableError, match="give another folder"):
        Journal(tmp_path / "file" / "m.jsonl", ABOUT)


def test_known_settings_are_tried_after_the_defaults(clock) -> None:
    run(Journal(None, ABOUT), 4, replace(KIND, starts=({"x": 5.0}, {"x": 0.25})))
    assert FITTED[:3] == [0.0, 5.0, 0.25]
    assert len(FITTED) == 4


def test_a_setting_that_gives_no_model_is_worth_nothing(clock) -> None:
    @dataclass(frozen=True, slots=True)
    class Singular(Right):
        def fit(self, interactions: csr_matrix, step) -> Right:
            FITTED.append(self.x)
            if self.x == 0:
                raise NotEnoughDataError("singular")
            return self

    trials = run(Journal(None, ABOUT), 3, AlgorithmKind(Singular, 0, {"x": Range(1, 8)}))
    assert [trial.value for trial in trials] == [1.0, 1.0, 0.0]


def test_a_model_without_settings_is_tried_once(clock) -> None:
    assert len(run(Journal(None, ABOUT), 9, AlgorithmKind(Right, 0, {}))) == 1


SPACE = {"lr": Range(1e-4, 10, log=True), "n": Range(1, 9, whole=True), "d": Choice((8, 16, 32))}


@given(st.integers(0, 2**32), st.booleans())
def test_values_stay_in_their_space(seed: int, near: bool) -> None:
    params = draw_params(SPACE, np.random.default_rng(seed), {"lr": 10, "n": 1, "d": 16} if near else None)
    assert 1e-4 <= params["lr"] <= 10
    assert params["n"] in range(1, 10)
    assert params["d"] in (8, 16, 32)
    assert json.loads(json.dumps(params)) == params


@pytest.mark.parametrize("near", [0.0, 1e9])
def test_a_default_outside_of_the_space_is_drawn_near_its_edge(near: float) -> None:
    for place in (Range(1e-4, 10, log=True), Range(1, 9)):
        assert place.low <= place.draw(np.random.default_rng(0), near) <= place.high


def test_near_is_nearer_than_anywhere() -> None:
    rng = np.random.default_rng(0)
    near, far = (
        np.mean([abs(np.log(Range(1e-4, 10, log=True).draw(rng, centre) / 0.1)) for _ in range(200)])
        for centre in (0.1, None)
    )
    assert near < far / 1.5


def test_near_a_choice_are_its_neighbours() -> None:
    near = {
        value: {Choice((1, 2, 4, 8)).draw(np.random.default_rng(seed), value) for seed in range(40)}
        for value in (1, 4, 8, 7)
    }
    assert near == {1: {2}, 4: {2, 8}, 8: {4}, 7: {1, 2, 4, 8}}
    assert Choice((5,)).draw(np.random.default_rng(0), 5) == 5


@given(st.integers(0, 2**32))
def test_near_a_good_setting_some_values_move_and_some_stay(seed: int) -> None:
    space = {str(number): Range(0, 1) for number in range(40)}
    near = draw_params(space, np.random.default_rng(0))
    found = draw_params(space, np.random.default_rng(seed), near)
    assert 5 < sum(found[name] != near[name] for name in space) < 35
    one = draw_params({"0": Range(0, 1)}, np.random.default_rng(seed), near)
    assert one["0"] != near["0"]


@pytest.mark.parametrize("name", KINDS)
def test_every_space_names_settings_that_the_model_has(name: str) -> None:
    kind = KINDS[name]
    params = draw_params(kind.space, np.random.default_rng(0))
    resolved = kind.resolve(params)
    assert params.items() <= resolved.items()
    assert set(draw_params(kind.space, np.random.default_rng(1), kind.resolve({}))) == set(params)
