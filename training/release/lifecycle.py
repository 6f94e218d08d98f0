"""The life of every version: read, compare with what is live, fit, measure, publish, promote."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from segue.artifacts.companion import bring_along
from segue.artifacts.release import CHAMPION, Decision, promote_over, publish
from segue.errors import GateRejectedError
from training.release.file_state import origin_of
from training.release.gate import already_trained, changes, find_champion
from training.release.trainer import FittedT, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.artifacts.manifest import Alias, Manifest, Record
    from segue.artifacts.place.object_store import ObjectStore
    from segue.artifacts.release import LiveAlias
    from segue.sources.dataset import Account
    from training.release.gate import Verdict
    from training.release.trainer import Order, StagedTrainer, Training

Data = TypeVar("Data")

ORIGIN = "origin"
"""Key in a manifest's data: the digest of the files, from `origin_of`."""

PAGE = "report.html"
"""File name of the page next to an artifact."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[FittedT]):
    """The result of a training.

    The manifest is that of the published version. If the same training was done before, it is that of the
    live version, ``fitted`` is None, and the verdict gives the reason. ``alias`` is None without a promotion.
    """

    manifest: Manifest
    alias: Alias | None
    fitted: FittedT | None
    verdict: Verdict[bool]

    @property
    def warnings(self) -> list[str]:
        """Warnings that a reader needs before the figures."""
        found: list[str] = self.manifest.record.training["warnings"]
        return found


def run_training(
    trainer: StagedTrainer,
    options: Any,
    store: ObjectStore,
    order: Order,
    progress: Callable[[str], None],
    show: Callable[[Account], None],
) -> Outcome[Any]:
    """Train on the data at the places of an order, unless the same files were trained on before.

    ``progress`` is called with the name of each stage as it begins, ``show`` with the account of each table.

    Raises
    ------
    SourceError
        The data cannot be read.
    NotEnoughDataError, GateRejectedError, AliasMovedError
        As `train_on` does.
    """
    asked = {each.name: getattr(options, each.name) for each in fields(options) if each.compare}
    origin = origin_of(order.places, asked | {"recipe": trainer.recipe})
    if origin and not order.force:
        champion = find_champion(store, trainer.family)
        done = already_trained(
            store, trainer.family, champion, lambda made: made.record.data.get(ORIGIN) == origin
        )
        if champion.manifest and done.choice:
            return Outcome(champion.manifest, None, None, done)
    training = trainer.start(options)
    data, accounts = training.read(order.places, progress)
    for account in accounts:
        show(account)
    return train_on(trainer, training, data, store, replace(order, origin=origin), progress)


def train_on(
    trainer: StagedTrainer,
    training: Training[Data, FittedT],
    data: Data,
    store: ObjectStore,
    order: Order,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome[FittedT]:
    """Train on data, publish and, if the gate agrees, promote.

    Raises
    ------
    NotEnoughDataError
        The data cannot teach anything; the message says why.
    GateRejectedError
        The version is published but not live, as the champion is better; ``force`` promotes it.
    AliasMovedError
        The version is published but not live: the alias was moved during the training.
    """
    started_s = time.monotonic()
    progress("comparing with the live version")
    champion = find_champion(store, trainer.family)
    about = training.describe(data) | ({ORIGIN: order.origin} if order.origin else {})
    params = training.params | {"recipe": trainer.recipe}
    done = already_trained(
        store, trainer.family, champion, lambda made: not changes(made, params, about["fingerprint"])
    )
    if champion.manifest and done.choice and not order.force:
        return Outcome(champion.manifest, None, None, done)
    run = Run(data, about, params, store, champion, progress, started_s)
    fitted = training.fit(run)
    manifest = training.publish(run, fitted)
    alias = decide(store, manifest, fitted.promote, order, champion.live)
    return Outcome(manifest, alias, fitted, fitted.promote)


def decide(
    store: ObjectStore,
    manifest: Manifest,
    verdict: Verdict[bool],
    order: Order,
    live: LiveAlias | None,
    *,
    alias: str = CHAMPION,
) -> Alias | None:
    """Make a published version live if the gate agrees and the order asks for it.

    Raises
    ------
    GateRejectedError, AliasMovedError
        As `train_on` does.
    """
    if not order.promote:
        return None
    if not verdict.choice and not order.force:
        raise GateRejectedError(
            f"{manifest.version} is published but not live. {verdict.reason} "
            f"`segue models promote {manifest.family} {manifest.version} --reason …` overrules the gate."
        )
    forced = "" if verdict.choice else "forced over the gate: "
    decision = Decision(order.set_by, f"{order.reason}: {forced}{verdict.reason}", datetime.now(UTC))
    return make_live(store, manifest, decision, live, alias)


def publish_version(
    store: ObjectStore, family: str, record: Record, write: Callable[[Path], None], page: str
) -> Manifest:
    """Publish the files that ``write`` writes into a folder, with the page about them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        (folder / PAGE).write_text(page, encoding="utf-8")
        return publish(store, family, folder, record, created_at=datetime.now(UTC))


def make_live(
    store: ObjectStore,
    manifest: Manifest,
    decision: Decision,
    live: LiveAlias | None,
    alias: str = CHAMPION,
) -> Alias:
    """Replace the version that was live when the training began, and move what follows its alias.

    One conditional write decides; see `segue.artifacts.companion` for what follows.

    Raises
    ------
    AliasMovedError
        The alias was moved during the training.
    """
    moved = promote_over(store, manifest.family, manifest.version, decision, live, alias=alias)
    bring_along(store, manifest.family, alias, decision)
    return moved
