"""Train the genre preference of customers from the purchases of a store's database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.genre_preference import write_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.manifest import Record
from segue.sources.store import fingerprint, open_store
from training.genre_preference.examples import split_by_time
from training.genre_preference.trainer import ForestParams
from training.release import provenance
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
"""Seconds to wait for the one statement that reads a whole store; a request waits less."""

FEW_CUSTOMERS = 100
MANY_UNPAID = 0.05
"""A larger share of purchases without a price is worth a warning: text in a price column counts as 0."""


@dataclass(frozen=True, slots=True)
class FittedGenres:
    """A fitted genre preference, its examples, and the decision of the gate."""

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

    def read(self, places: Sequence[str], progress: Callable[[str], None]) -> tuple[Purchases, list[Account]]:
        """Read the purchases of the store's database."""
        progress("reading purchases")
        with open_store(places[0], timeout_s=READ_TIMEOUT_S) as database:
            return database.read_purchases(), []

    def describe(self, data: Purchases) -> dict[str, Any]:
        """Return the fingerprint of the purchases."""
        return {"fingerprint": fingerprint(data)}

    def fit(self, run: Run[Purchases]) -> FittedGenres:
        """Fit the forest on several cuts in time, and compare it with the champion on a later one.

        Raises
        ------
        NotEnoughDataError
            The purchases cannot teach anything; the message says why.
        """
        run.progress("cutting the purchases in time")
        split = split_by_time(run.data)
        run.progress("loading scikit-learn")
        from segue.backends.onnx import OnnxClassifier
        from training.genre_preference.fit import fit_genre_preference
        from training.genre_preference.policy import compare

        run.progress(
            f"fitting {self.settings.n_estimators} trees on {len(split.label)} examples of "
            f"{len(split.train)} cuts, testing on {len(split.test)} customers"
        )
        trained = fit_genre_preference(split, self.settings, OnnxClassifier)
        run.progress("asking the gate")
        return FittedGenres(split, trained, compare(run.store, run.champion, trained.model, split.test))

    def publish(self, run: Run[Purchases], fitted: FittedGenres) -> Manifest:
        """Publish the forest with the page about it."""
        from training.genre_preference.report import render_report

        run.progress("writing the report and publishing")
        trained, record = fitted.trained, _record(run, fitted)
        page = render_report(trained, record, run.data.genres)
        return publish_version(
            run.store,
            GENRE_PREFERENCE,
            record,
            lambda to: write_genre_preference(trained.model, trained.forest.onnx, to),
            page,
        )


def _record(run: Run[Purchases], fitted: FittedGenres) -> Record:
    """Write down settings, measurements with their split, the data's extent, and the effort so far."""
    purchases, split, trained = run.data, fitted.split, fitted.trained
    test, evaluation = split.test, trained.evaluation
    n_buyers = len(np.unique(purchases.customer_id))
    measured_on = f"purchases before {test.cut}, label after"
    metrics: dict[str, Any] = {
        f"{metric}/{name}": estimate.to_json(measured_on)
        for metric, estimates in (("accuracy", evaluation.accuracy), ("macro_f1", evaluation.macro_f1))
        for name, estimate in estimates.items()
    }
    metrics |= {f"p_value/forest_over_{name}": value for name, value in evaluation.p_value.items()}
    metrics |= {
        f"macro_f1_gain/forest_over_{name}": gain.to_json(measured_on)
        for name, gain in evaluation.macro_f1_gain.items()
    }
    metrics |= {
        f"worst_recall/{name}": asdict(worst) | {"genre": purchases.genres[worst.index]}
        for name, worst in evaluation.worst_recall.items()
        if worst is not None
    }
    metrics |= {
        "stated_probability/forest": evaluation.stated_probability,
        "calibration_error/forest": evaluation.calibration_error,
        "onnx_parity_max_abs_dp": trained.forest.parity_error,
        "per_genre": evaluation.per_genre,
        "importance": {name: mean for name, (mean, _) in evaluation.importance.items()},
    }
    extent = {
        **run.about,
        "customers": len(purchases.customers),
        "buyers": n_buyers,
        "purchases": int(purchases.quantity.sum()),
        "from": f"{purchases.at.min()}Z",
        "through": f"{purchases.at.max()}Z",
        "train_split": "; ".join(
            f"{len(train)} customers, cut {train.cut}, labels until {train.until}" for train in split.train
        ),
        "test_split": f"{len(test)} customers, cut {test.cut}, labels until {test.until}",
    }
    served = {
        "sharpness": trained.forest.served.sharpness,
        "answerer": str(trained.model.answerer),
        "answerer_reason": trained.verdict.reason,
    }
    return Record(
        params={**run.params, **served},
        metrics=metrics,
        data=extent,
        code=provenance.code(GENRE_PREFERENCE),
        runtime=provenance.runtime(),
        training={**provenance.effort(run.started_s), "warnings": _warnings(purchases, n_buyers)},
    )


def _warnings(purchases: Purchases, n_buyers: int) -> list[str]:
    found = []
    if n_buyers < FEW_CUSTOMERS:
        found.append(
            f"Only {n_buyers} customers have purchases; below {FEW_CUSTOMERS} no figure here is reliable, "
            "and a constant answer is hard to beat."
        )
    unpaid = float((purchases.spend <= 0).mean())
    if unpaid > MANY_UNPAID:
        found.append(
            f"{unpaid:.0%} of the purchases cost nothing or less: refunds and free tracks name no favourite. "
            "If they are none, see that invoice_line.unit_price holds numbers."
        )
    return found
