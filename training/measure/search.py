"""Choose hyper-parameters within a time budget, on a part of the training data; every trial is kept."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.errors import InvalidInputError, SourceUnavailableError, TrainingError
from training.measure.metric import accuracy_of_users
from training.measure.order import rank_catalogue
from training.measure.space import draw_params
from training.release.finite import fit_finite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.algorithm.kind import AlgorithmKind, Scorer

OBJECTIVE = "ndcg"
MAX_USERS = 5000
"""Users that a trial is measured on, drawn by the seed: more cost time and change no order."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting tried: its objective on the held-out part and what it took."""

    params: dict[str, Any]
    value: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SearchTask:
    """What to choose for.

    Attributes
    ----------
    fit, held_out : csr_matrix float32 (n_users, n_items)
        Two parts of the training data, without a pair in common.
    k, seed : int
    """

    fit: csr_matrix
    held_out: csr_matrix
    k: int
    seed: int

    def fingerprint(self) -> str:
        """Return a digest of the data, the same on every machine."""
        digest = hashlib.sha256()
        for part in (self.fit, self.held_out):
            for array in (np.array(part.shape), part.indptr, part.indices, part.data):
                digest.update(np.ascontiguousarray(array, "<f8").tobytes())
        return digest.hexdigest()[:16]

    def measure(self, kind: AlgorithmKind, params: dict[str, Any]) -> Trial:
        """Fit and measure one setting; one that gives no model, as too little regularisation, is worth 0."""
        start = time.perf_counter()
        try:
            value = self._value(fit_finite(kind.build(params), self.fit, lambda _: None))
        except TrainingError:
            value = 0.0
        return Trial(kind.resolve(params), value, round(time.perf_counter() - start, 3))

    def users(self) -> NDArray[np.int64]:
        """Return the rows that are measured on, int64 (≤ MAX_USERS,); each has an item held out."""
        users = np.flatnonzero(np.diff(self.held_out.indptr))
        if len(users) > MAX_USERS:
            users = np.sort(np.random.default_rng(self.seed).choice(users, MAX_USERS, replace=False))
        return users

    def _value(self, scorer: Scorer) -> float:
        users = self.users()
        ranking = rank_catalogue(scorer, self.fit, users, self.k)
        return float(accuracy_of_users(ranking, self.held_out[users])[OBJECTIVE].mean())


class Journal:
    """Finished trials of one model and task, a line of JSON each; memory alone where there is no file.

    The first line says what the trials were for. A line that a crash cut short is no trial.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]) -> None:
        self._path = path
        self.trials: list[Trial] = []
        if path is None:
            return
        try:
            self._open(path, about)
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnavailableError(f"{path} cannot be used ({error}): give another folder.") from error

    def _open(self, path: Path, about: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        read = (_read_line(path, line, number, len(lines)) for number, line in enumerate(lines, 1))
        kept = [entry for entry in read if entry is not None]
        if kept and kept[0] != about:
            raise InvalidInputError(
                f"{path} holds trials of other data or settings ({kept[0]}): give another folder for {about}."
            )
        try:
            self.trials = [Trial(**entry) for entry in kept[1:]]
        except TypeError as error:
            raise InvalidInputError(
                f"{path} holds lines that are no trials ({error}): give another folder."
            ) from error
        for number, entry in enumerate(kept[1:], 2):
            if not _is_trial(entry):
                raise InvalidInputError(
                    f"{path}, line {number}: {entry} is no trial, whose value is an NDCG, at most 1, and "
                    "whose params are an object: remove the line, or give another folder."
                )
        whole = path.with_suffix(".tmp")  # without the line that a crash cut short: the next is appended
        whole.write_text("".join(json.dumps(entry) + "\n" for entry in [about, *kept[1:]]), encoding="utf-8")
        whole.replace(path)

    def add(self, trial: Trial) -> None:
        """Keep a trial, on disk before the next begins."""
        self.trials.append(trial)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(trial)) + "\n")


def search(
    kind: AlgorithmKind,
    task: SearchTask,
    journal: Journal,
    budget_s: float,
    report: Callable[[float, Trial], None],
) -> list[Trial]:
    """Try settings until the budget is spent, the defaults and the kind's starts first; resume the journal.

    Every third of the later trials is drawn from the whole space, and the others near the best one so far.
    The n-th trial depends only on the seed and the earlier trials, so an interrupted search continues as if
    it had not stopped. A trial begins only if a trial of average length would end in time; the first trial
    always runs.

    Parameters
    ----------
    kind : AlgorithmKind
    task : SearchTask
    journal : Journal
    budget_s : float
        Seconds; 0 tries nothing.
    report : callable of (float, Trial)
        Called with the share of the budget that is spent, and the trial that ended.

    Returns
    -------
    list of Trial
        All, best first; of equal ones the earlier.
    """
    for trial in journal.trials:
        _check(kind, trial)
    start = time.monotonic()
    while budget_s > 0 and (kind.space or not journal.trials):
        spent = time.monotonic() - start
        usual = fmean(trial.seconds for trial in journal.trials) if journal.trials else 0.0
        if journal.trials and spent + usual > budget_s:
            break
        trial = task.measure(kind, _next_params(kind, task.seed, journal.trials))
        journal.add(trial)
        report(min(1.0, (time.monotonic() - start) / budget_s), trial)
    return sorted(journal.trials, key=lambda trial: -trial.value)


def _check(kind: AlgorithmKind, trial: Trial) -> None:
    usual = kind.resolve({})
    for name, value in trial.params.items():
        wanted = type(usual.get(name))
        if name not in usual or not isinstance(value, int | float if wanted is float else wanted):
            raise InvalidInputError(
                f"a trial that was read has {name} = {value!r}, which is no setting of the model: remove its "
                "line, or give another folder."
            )


def _next_params(kind: AlgorithmKind, seed: int, trials: list[Trial]) -> dict[str, Any]:
    number = len(trials)
    starts = ({}, *kind.starts)
    if number < len(starts):
        return dict(starts[number])
    near = max(trials, key=lambda trial: trial.value).params if number % 3 else None
    return draw_params(kind.space, np.random.default_rng([seed, number]), near)


def _is_trial(entry: dict[str, Any]) -> bool:
    value, seconds = entry["value"], entry["seconds"]
    is_measured = all(isinstance(each, int | float) and each >= 0 for each in (value, seconds))
    return is_measured and value <= 1 and isinstance(entry["params"], dict)


def _read_line(path: Path, line: str, number: int, n_lines: int) -> Any:
    """Read a line; None for a last one that a crash cut short."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        if 1 < number == n_lines:
            return None
        raise InvalidInputError(
            f"{path}, line {number} is no JSON ({error}): remove the line, or give another folder."
        ) from error
