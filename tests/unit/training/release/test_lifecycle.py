"""What every training does, shown by a trainer of this test: it counts the lines of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from segue.artifacts.family import FAMILIES, PINNED
from segue.artifacts.listing import list_versions
from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import resolve
from segue.cli import app
from segue.cli.training.train import command_of
from segue.errors import GateRejectedError
from training.release.gate import Verdict
from training.release.lifecycle import Outcome, publish_version, run_training
from training.release.trainer import Criterion, Option, Order, Reads, Resources, Run, StagedTrainer
from training.trainers import TRAINERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.artifacts.manifest import Manifest

LINES = Criterion("lines", 1, "files")


@dataclass(frozen=True, slots=True)
class LineOptions:
    fold: Annotated[int, Option("Counts each line so often.", least=1)] = 1
    notes: Annotated[Path | None, Option("Changes nothing of what is counted.")] = field(
        default=None, compare=False
    )


@dataclass(frozen=True, slots=True)
class LineCount:
    value: int
    promote: Verdict[bool]

    def summary(self) -> list[str]:
        return [f"{self.value} lines"]


@dataclass(frozen=True, slots=True)
class LineTraining:
    options: LineOptions

    @property
    def params(self) -> dict[str, Any]:
        return {"fold": self.options.fold}

    def read(self, places: Sequence[str], step: Callable[[str], None]) -> tuple[list[str], list[Any]]:
        step("reading lines")
        return [line for place in places for line in Path(place).read_text().splitlines()], []

    def describe(self, data: list[str]) -> dict[str, Any]:
        return {"fingerprint": hashlib.sha256("\n".join(data).encode()).hexdigest()}

    def fit(self, run: Run[list[str]]) -> LineCount:
        run.progress("counting")
        value = len(run.data) * self.options.fold
        live = run.champion.manifest
        least = live.record.metrics[LINES.metric] - LINES.margin if live else 0
        return LineCount(value, Verdict(value >= least, f"{value} lines, {least} are needed."))

    def publish(self, run: Run[list[str]], fitted: LineCount) -> Manifest:
        record = Record(
            run.params,
            {LINES.metric: fitted.value},
            run.about,
            training={"warnings": [], "started_s": run.started_s},
        )
        return publish_version(
            run.store, "lines", record, lambda to: (to / "lines.json").write_text("{}"), "<p>"
        )


LINE_TRAINER = StagedTrainer(
    command="train lines",
    about="Count lines.",
    families=("lines",),
    reads=Reads.STORE,
    recipe=1,
    criteria=(LINES,),
    resources=Resources(vcpu=1, memory_gib=1, minutes=1),
    options=LineOptions,
    start=LineTraining,
)


@dataclass
class Shop:
    """A file of lines, a store of versions, and the stages that the last training said."""

    file: Path
    store: LocalStore
    stages: list[str] = field(default_factory=list)

    def train(
        self, options: LineOptions | None = None, trainer: StagedTrainer = LINE_TRAINER, **order: Any
    ) -> Outcome[LineCount]:
        self.stages.clear()
        asked = Order("tester", places=(str(self.file),), **order)
        return run_training(
            trainer, options or LineOptions(), self.store, asked, self.stages.append, lambda _: None
        )

    @property
    def live(self) -> str:
        return resolve(self.store, "lines").alias.target.version


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    file = tmp_path / "lines.txt"
    file.write_text("a\nb\nc\n")
    return Shop(file, LocalStore(tmp_path / "artifacts"))


def test_files_that_did_not_change_are_not_even_read(shop: Shop) -> None:
    first = shop.train()
    assert shop.stages == ["reading lines", "comparing with the live version", "counting"]
    again = shop.train(LineOptions(notes=Path("elsewhere")))
    assert (again.manifest, again.fitted, shop.stages) == (first.manifest, None, [])
    assert again.verdict.reason == "is live, of this data and these settings"


def test_files_with_the_same_content_are_read_and_not_fitted(shop: Shop) -> None:
    first = shop.train().manifest
    shop.file.write_bytes(shop.file.read_bytes().replace(b"\n", b"\r\n"))
    again = shop.train()
    assert (again.manifest, again.fitted) == (first, None)
    assert shop.stages == ["reading lines", "comparing with the live version"]


@pytest.mark.parametrize(
    "change",
    [{"options": LineOptions(fold=2)}, {"trainer": replace(LINE_TRAINER, recipe=2)}, {"force": True}],
)
def test_another_setting_or_recipe_trains_again(shop: Shop, change: dict[str, Any]) -> None:
    shop.train()
    again = shop.train(**change)
    assert again.fitted is not None
    assert shop.live == again.manifest.version


def test_the_gate_keeps_what_is_live_unless_it_is_overruled(shop: Shop) -> None:
    first = shop.train().manifest
    shop.file.write_text("a\n")
    with pytest.raises(GateRejectedError, match=r"published but not live\. 1 lines, 2 are needed"):
        shop.train()
    assert shop.live == first.version
    assert len(list_versions(shop.store, "lines")) == 2
    shop.file.write_text("b\n")
    forced = shop.train(force=True, reason="a drill")
    assert shop.live == forced.manifest.version
    assert (
        resolve(shop.store, "lines").alias.reason == "a drill: forced over the gate: 1 lines, 2 are needed."
    )


def test_a_version_that_is_not_to_be_promoted_is_published_whatever_the_gate_says(shop: Shop) -> None:
    first = shop.train().manifest
    shop.file.write_text("a\n")
    outcome = shop.train(promote=False)
    assert (outcome.alias, outcome.verdict.choice) == (None, False)
    assert shop.live == first.version


def test_a_trainer_gets_its_command_from_its_options(shop: Shop) -> None:
    command = Typer()
    command.command()(command_of(LINE_TRAINER))
    asked = ["--store", str(shop.file), "--artifacts", str(shop.store.root)]
    done = CliRunner().invoke(command, [*asked, "--fold", "2"])
    assert done.exit_code == 0, done.output
    assert "6 lines" in done.output
    assert f"{shop.live} is live. 6 lines, 0 are needed." in done.output
    assert CliRunner().invoke(command, [*asked, "--fold", "0"]).exit_code == 2


def test_every_family_has_one_trainer_and_every_trainer_a_command() -> None:
    families = [family for trainer in TRAINERS for family in trainer.families]
    assert sorted(families) == sorted((*FAMILIES, *PINNED))
    for trainer in TRAINERS:
        done = CliRunner().invoke(app, [*trainer.command.split(), "--help"])
        assert trainer.about in done.output
