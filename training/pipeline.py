"""Train a family from a store's database to a live version: read, fit, publish, gate, promote."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import segue
from segue.artifacts.cache import fetch
from segue.artifacts.codecs import load_genre_preference, write_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.store import Decision, promote, publish, read_manifest, resolve
from segue.backends.onnx import OnnxClassifier
from segue.errors import AliasNotFoundError, ArtifactError, GateRejectedError
from segue.sources.store import fingerprint
from training.dataset import split_by_time
from training.evaluation import accuracy, better_than
from training.gate import Verdict, accept_challenger
from training.genre_preference import ForestParams, Trained, answer_index, fit_genre_preference
from training.record import build_record
from training.report import render_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.object_store import ObjectStore
    from segue.domain.purchase import Purchases
    from training.dataset import Examples


@dataclass(frozen=True, slots=True)
class Request:
    """What to do: settings of the fit, who asks, and the moment.

    ``force`` trains although nothing changed, and promotes although the gate says no.
    """

    set_by: str
    now: datetime
    reason: str = "trained on new data"
    params: ForestParams = field(default_factory=ForestParams)
    promote: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; ``trained`` is None when the live version is of the same data already."""

    manifest: Manifest
    alias: Alias | None
    trained: Trained | None
    verdict: Verdict[bool]

    @property
    def warnings(self) -> list[str]:
        """What whoever reads the figures must know first."""
        found: list[str] = self.manifest.record.training["warnings"]
        return found


def train_genre_preference(
    purchases: Purchases, store: ObjectStore, request: Request, step: Callable[[str], None]
) -> Outcome:
    """Train, publish and, if the gate agrees, promote; ``step`` is told each stage as it begins.

    Raises
    ------
    NotEnoughDataError
        The purchases cannot teach anything; the message says why.
    GateRejectedError
        The version is published but not live, as the champion is better; ``force`` promotes it.
    """
    started_s = time.monotonic()
    step("comparing with the live version")
    data_hash = fingerprint(purchases)
    champion = _champion(store)
    if champion and not request.force and _same_origin(champion, data_hash, request.params):
        return Outcome(champion, None, None, Verdict(True, "The live version is of exactly this data."))
    step("cutting the purchases in time")
    train, test = split_by_time(purchases)
    step(f"fitting {request.params.n_estimators} trees on {len(train)} customers, testing on {len(test)}")
    trained = fit_genre_preference(train, test, request.params, OnnxClassifier)
    step("writing the report and publishing")
    record = build_record(purchases, (train, test), trained, request.params, started_s)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_genre_preference(trained.model, trained.forest_onnx, folder)
        (folder / "report.html").write_text(
            render_report(trained, record, purchases.genres), encoding="utf-8"
        )
        manifest = publish(store, GENRE_PREFERENCE, folder, record, created_at=request.now)
    step("asking the gate")
    verdict = _compare(store, champion, trained, test)
    if not request.promote:
        return Outcome(manifest, None, trained, verdict)
    if not verdict.choice and not request.force:
        raise GateRejectedError(
            f"{manifest.version} is published but not live. {verdict.reason} "
            f"`segue models promote {GENRE_PREFERENCE} {manifest.version} --reason …` overrules the gate."
        )
    decision = Decision(request.set_by, f"{request.reason}: {verdict.reason}", request.now)
    alias = promote(store, GENRE_PREFERENCE, manifest.version, decision)
    return Outcome(manifest, alias, trained, verdict)


def _champion(store: ObjectStore) -> Manifest | None:
    try:
        target = resolve(store, GENRE_PREFERENCE).alias.target
        return read_manifest(store, GENRE_PREFERENCE, target.version, expected_sha256=target.manifest_sha256)
    except AliasNotFoundError:
        return None


def _same_origin(champion: Manifest, data_hash: str, params: ForestParams) -> bool:
    record = champion.record
    same_code = record.code.get("version") == segue.__version__
    same_params = {name: record.params.get(name) for name in asdict(params)} == asdict(params)
    return same_code and same_params and record.data.get("fingerprint") == data_hash


def _compare(
    store: ObjectStore, champion: Manifest | None, trained: Trained, test: Examples
) -> Verdict[bool]:
    if champion is None:
        return Verdict(True, "There was no champion.")
    try:
        with tempfile.TemporaryDirectory() as cache:
            model = load_genre_preference(fetch(store, champion, Path(cache)), OnnxClassifier)
    except ArtifactError as error:
        return Verdict(True, f"The champion cannot be loaded ({error}).")
    ours, theirs = answer_index(trained.model, test), answer_index(model, test)
    return accept_challenger(
        better_than(theirs, ours, test.label), accuracy(ours, test.label), accuracy(theirs, test.label)
    )
