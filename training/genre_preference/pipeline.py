"""Train the genre preference of customers from the purchases of a store's database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from segue.artifacts.codec.genre_preference import write_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.sources.store import fingerprint, open_store
from training.genre_preference.examples import split_by_time
from training.genre_preference.trainer import ForestParams
from training.release.lifecycle import publish_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import ConsoleRenderable

    from segue.artifacts.manifest import Manifest
    from segue.domain.genre_preference.purchase import Purchases
    from segue.sources.dataset import Account
    from training.genre_preference.examples import CustomerSplit
    from training.genre_preference.fit import Trained
    from training.release.gate import Verdict
    from training.release.trainer import Run

READ_TIMEOUT_S = 120.0
"""A whole store is one statement: a large one takes longer than a request may."""


@dataclass(frozen=True, slots=True)
class FittedGenres:
    """A fitted genre preference, what it was divided into for that, and what the gate decides."""

    split: CustomerSplit
    trained: Trained
    promote: Verdict[bool]

    def summary(self) -> Iterator[ConsoleRenderable | str]:
        """Yield how every answerer did, the forest genre by genre, and who is served."""
        from training.genre_preference.report import summarise

        return summarise(self.trained)


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
