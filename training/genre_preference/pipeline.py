"""Train a family from a store's database to a live version: read, fit, publish, gate, promote."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.codec.genre_preference import write_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.release import Decision, promote_over, publish
from segue.backends.onnx import OnnxClassifier
from segue.errors import GateRejectedError
from segue.sources.store import fingerprint
from training.genre_preference.examples import split_by_time
from training.genre_preference.fit import Trained, fit_genre_preference
from training.genre_preference.forest import ForestParams
from training.genre_preference.record import build_record
from training.genre_preference.report import render_report
from training.release.champion import already_trained, compare, find_champion, has_origin
from training.release.page import FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.genre_preference.purchase import Purchases
    from training.release.gate import Verdict


@dataclass(frozen=True, slots=True)
class GenreTraining:
    """What to do: settings of the fit, and who asks for it, why.

    ``force`` trains although nothing changed, and promotes although the gate says no.
    """

    set_by: str
    reason: str = "trained"
    params: ForestParams = field(default_factory=ForestParams)
    promote: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class GenreOutcome:
    """What came of it.

    Attributes
    ----------
    manifest : Manifest
        Of the version that was published, or of the live one when there was nothing to train.
    alias : Alias or None
        As the promotion left it.
    trained : Trained or None
        None when this very training was done before.
    verdict : Verdict of bool
        What the gate said of the challenger.
    """

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
    purchases: Purchases, store: ObjectStore, request: GenreTraining, step: Callable[[str], None]
) -> GenreOutcome:
    """Train, publish and, if the gate agrees, promote; ``step`` is told each stage as it begins.

    Raises
    ------
    NotEnoughDataError
        The purchases cannot teach anything; the message says why.
    GateRejectedError
        The version is published but not live, as the champion is better; ``force`` promotes it.
    AliasMovedError
        The version is published but not live, as somebody promoted or rolled back meanwhile.
    """
    started_s = time.monotonic()
    step("comparing with the live version")
    champion = find_champion(store, GENRE_PREFERENCE)
    data_hash, params = fingerprint(purchases), asdict(request.params)
    done = already_trained(
        store, GENRE_PREFERENCE, champion, lambda manifest: has_origin(manifest, data_hash, params)
    )
    if champion.manifest and done.choice and not request.force:
        return GenreOutcome(champion.manifest, None, None, done)
    step("cutting the purchases in time")
    split = split_by_time(purchases)
    step(
        f"fitting {request.params.n_estimators} trees on {len(split.label)} examples of "
        f"{len(split.train)} cuts, testing on {len(split.test)} customers"
    )
    trained = fit_genre_preference(split, request.params, OnnxClassifier)
    step("writing the report and publishing")
    record = build_record(purchases, split, trained, request.params, started_s)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_genre_preference(trained.model, trained.forest.onnx, folder)
        page = render_report(trained, record, purchases.genres)
        (folder / FILE).write_text(page, encoding="utf-8")
        manifest = publish(store, GENRE_PREFERENCE, folder, record, created_at=datetime.now(UTC))
    step("asking the gate")
    verdict = compare(store, champion, trained, split.test)
    if not request.promote:
        return GenreOutcome(manifest, None, trained, verdict)
    if not verdict.choice and not request.force:
        raise GateRejectedError(
            f"{manifest.version} is published but not live. {verdict.reason} "
            f"`segue models promote {GENRE_PREFERENCE} {manifest.version} --reason …` overrules the gate."
        )
    forced = "" if verdict.choice else "forced over the gate: "
    decision = Decision(request.set_by, f"{request.reason}: {forced}{verdict.reason}", datetime.now(UTC))
    alias = promote_over(store, GENRE_PREFERENCE, manifest.version, decision, champion.live)
    return GenreOutcome(manifest, alias, trained, verdict)
