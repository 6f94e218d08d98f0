"""Train the genre preference of customers from the purchases of a store's database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from segue.artifacts.codec.genre_preference import write_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.sources.store import fingerprint, open_store
from training.genre_preference.examples import split_by_time
from training.release.gate import Criterion
from training.release.lifecycle import publish_version
from training.release.trainer import MAX_SEED, Option, Reads, Resources, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.artifacts.manifest import Manifest
    from segue.domain.genre_preference.purchase import Purchases
    from segue.sources.dataset import Account
    from training.genre_preference.examples import CustomerSplit
    from training.genre_preference.fit import Trained
    from training.release.gate import Verdict
    from training.release.trainer import Run

READ_TIMEOUT_S = 120.0
"""A whole store is one statement: a large one takes longer than a request may."""

ACCURACY = Criterion("accuracy", 0.05, "customers")
MACRO_F1 = Criterion("macro_f1", 0.0, "customers")


@dataclass(frozen=True, slots=True)
class ForestParams:
    """Settings of the fit; the random forest is Breiman's (2001).

    Attributes
    ----------
    rare_weight : float
        A customer weighs (customers of the commonest favourite / customers of theirs) to this power.
    drift_ridge : float
        Weight of "nothing changes" against what customers did, in customers.
    """

    n_estimators: Annotated[int, Option("Trees in the forest.", least=1, flag="--trees")] = 60
    min_samples_leaf: int = 20
    max_leaf_nodes: int = 256
    max_samples: float = 0.3
    rare_weight: float = 0.2
    drift_ridge: float = 5.0
    seed: Annotated[int, Option("Of the forest and the bootstrap.", most=MAX_SEED)] = 17


@dataclass(frozen=True, slots=True)
class FittedGenres:
    """A fitted genre preference, what it was divided into for that, and what the gate decides."""

    split: CustomerSplit
    trained: Trained
    promote: Verdict[bool]


@dataclass(frozen=True, slots=True)
class GenreTraining:
    """One training of the genre preference."""

    settings: ForestParams = field(default_factory=ForestParams)

    @property
    def params(self) -> dict[str, Any]:
        """Every setting of the forest."""
        return asdict(self.settings)

    def read(self, places: Sequence[str], step: Callable[[str], None]) -> tuple[Purchases, list[Account]]:
        """Read the purchases of the store's database."""
        step("reading purchases")
        with open_store(places[0], timeout_s=READ_TIMEOUT_S) as database:
            return database.read_purchases(), []

    def describe(self, data: Purchases) -> dict[str, Any]:
        """Return the fingerprint of the purchases."""
        return {"fingerprint": fingerprint(data)}

    def fit(self, run: Run[Purchases]) -> FittedGenres:
        """Fit the forest on several cuts in time, and have it and the champion answer for a later one.

        Raises
        ------
        NotEnoughDataError
            The purchases cannot teach anything; the message says why.
        """
        run.step("cutting the purchases in time")
        split = split_by_time(run.data)
        run.step("loading scikit-learn")
        from segue.backends.onnx import OnnxClassifier
        from training.genre_preference.comparison import compare
        from training.genre_preference.fit import fit_genre_preference

        run.step(
            f"fitting {self.settings.n_estimators} trees on {len(split.label)} examples of "
            f"{len(split.train)} cuts, testing on {len(split.test)} customers"
        )
        trained = fit_genre_preference(split, self.settings, OnnxClassifier)
        run.step("asking the gate")
        return FittedGenres(split, trained, compare(run.store, run.champion, trained, split.test))

    def publish(self, run: Run[Purchases], fitted: FittedGenres) -> Manifest:
        """Publish the forest with the page about it."""
        from training.genre_preference.record import build_record
        from training.genre_preference.report import render_report

        run.step("writing the report and publishing")
        trained, record = fitted.trained, build_record(run, fitted)
        page = render_report(trained, record, run.data.genres)
        return publish_version(
            run.store,
            GENRE_PREFERENCE,
            record,
            lambda to: write_genre_preference(trained.model, trained.forest.onnx, to),
            page,
        )


TRAINER = Trainer(
    command="train genre-preference",
    about="Train the genre preference of customers.",
    families=(GENRE_PREFERENCE,),
    reads=Reads.STORE,
    recipe=1,
    criteria=(ACCURACY, MACRO_F1),
    resources=Resources(vcpu=2, memory_gib=4, minutes=15),
    options=ForestParams,
    start=GenreTraining,
)
