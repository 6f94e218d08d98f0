"""What a trainer is: how its data is read, how a model is fitted, measured and published, what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import ConsoleRenderable

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.sources.dataset import Account
    from training.release.gate import Champion, Verdict

Data = TypeVar("Data")

MAX_SEED = 2**32 - 1
"""Greatest seed that numpy and scikit-learn take."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one run needs of its machine at most: cores, GiB of memory, minutes and GPUs."""

    vcpu: int
    memory_gib: int
    minutes: int
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """How the command line asks for a field that is ``Annotated`` with it: help, bounds, another name."""

    help: str
    least: float | None = None
    most: float | None = None
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A metric of the gate, how much worse a new version may be, and whom it is measured on."""

    metric: str
    margin: float
    of: str


class Reads(StrEnum):
    """What a trainer reads."""

    STORE = "the purchases of a store's database"
    EVENTS = "tracks and listeners' events"
    TRACKS = "tracks and their features"


@dataclass(frozen=True, slots=True)
class Trainer:
    """One entry of the list `training.trainers.TRAINERS`.

    Attributes
    ----------
    command : str
        What follows ``segue`` on the command line.
    about : str
        The first sentence of its help.
    families : tuple of str
        What it publishes; the alias of the first decides what is live.
    reads : Reads
    recipe : int
        Number of the code that makes a version. Raise it if a change of the code changes what is in an
        artifact: the next run then trains again on the same data.
    criteria : tuple of Criterion
        What the gate compares with the live version.
    resources : Resources
    """

    command: str
    about: str
    families: tuple[str, ...]
    reads: Reads
    recipe: int
    criteria: tuple[Criterion, ...]
    resources: Resources

    @property
    def family(self) -> str:
        """The family whose alias decides what is live."""
        return self.families[0]


@dataclass(frozen=True, slots=True)
class StagedTrainer(Trainer):
    """A trainer whose stages `training.release.lifecycle.run_training` runs.

    Attributes
    ----------
    options : type
        A dataclass with a default for each field. A field that changes nothing of what is trained, as the
        place of a cache, is declared with ``compare=False``.
    start : callable
        Returns the training with such options.
    """

    options: type[Any]
    start: Callable[[Any], Training[Any, Any]]


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for a training and why, and where the data is.

    ``force`` trains even if nothing changed, and promotes even if the gate refuses. ``places`` is empty for
    data that is given as a value. ``origin`` identifies the files, see `training.release.file_state`.
    """

    set_by: str
    reason: str = "trained"
    promote: bool = True
    force: bool = False
    places: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Run(Generic[Data]):
    """The input of every stage of one training.

    ``about`` describes the data in the manifest; ``params`` are all other values that decide what is trained.
    ``champion`` was live when the training began, at ``started_s`` of `time.monotonic`. ``progress`` is
    called with the name of each stage as it begins.
    """

    data: Data
    about: dict[str, Any]
    params: dict[str, Any]
    store: ObjectStore
    champion: Champion
    progress: Callable[[str], None]
    started_s: float


class Fitted(Protocol):
    """A fitted model, measured and compared with the champion."""

    @property
    def promote(self) -> Verdict[bool]:
        """The decision of the gate."""

    def summary(self) -> Iterator[ConsoleRenderable | str]:
        """Yield the figures that the command prints."""


FittedT = TypeVar("FittedT", bound=Fitted)


class Training(Protocol[Data, FittedT]):
    """One training with its settings: the stages that differ from one trainer to the next."""

    @property
    def params(self) -> dict[str, Any]:
        """The settings as the manifest keeps them."""

    def read(self, places: Sequence[str], progress: Callable[[str], None]) -> tuple[Data, list[Account]]:
        """Read the data, with an account of each table."""

    def describe(self, data: Data) -> dict[str, Any]:
        """Describe the data for the manifest, with their ``fingerprint``."""

    def fit(self, run: Run[Data]) -> FittedT:
        """Divide the data in time, fit, measure on the later part, and compare with the champion."""

    def publish(self, run: Run[Data], fitted: FittedT) -> Manifest:
        """Publish what was fitted, and return the manifest of the trainer's first family."""
