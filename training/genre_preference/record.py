"""What a training run writes into the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.manifest import Record
from training.release import provenance

if TYPE_CHECKING:
    from segue.domain.genre_preference.purchase import Purchases
    from training.genre_preference.pipeline import FittedGenres
    from training.release.trainer import Run

FEW_CUSTOMERS = 100
MANY_UNPAID = 0.05
"""A larger share of purchases without a price is worth a word: text in a price column counts as 0."""


def build_record(run: Run[Purchases], fitted: FittedGenres) -> Record:
    """Write down settings, measurements with their split, the data's extent, and the effort so far."""
    purchases, split, trained = run.data, fitted.split, fitted.trained
    test, evaluation = split.test, trained.evaluation
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
        "buyers": len(purchases.buyers),
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
        training={**provenance.effort(run.started_s), "warnings": _warnings(purchases)},
    )


def _warnings(purchases: Purchases) -> list[str]:
    found, buyers = [], len(purchases.buyers)
    if buyers < FEW_CUSTOMERS:
        found.append(
            f"Only {buyers} customers have purchases; below {FEW_CUSTOMERS} no figure here is reliable, "
            "and a constant answer is hard to beat."
        )
    unpaid = float((purchases.spend <= 0).mean())
    if unpaid > MANY_UNPAID:
        found.append(
            f"{unpaid:.0%} of the purchases cost nothing or less: refunds and free tracks name no favourite. "
            "If they are none, see that invoice_line.unit_price holds numbers."
        )
    return found
