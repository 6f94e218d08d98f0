"""What a training run writes into the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.manifest import Record
from segue.sources.store import fingerprint
from training import provenance

if TYPE_CHECKING:
    from segue.domain.purchase import Purchases
    from training.dataset import Examples
    from training.genre_preference import ForestParams, Trained

FEW_CUSTOMERS = 100
MANY_UNPAID = 0.05
"""A larger share of purchases without a price is worth a word: text in a price column counts as 0."""


def build_record(
    purchases: Purchases,
    examples: tuple[Examples, Examples],
    trained: Trained,
    params: ForestParams,
    started_s: float,
) -> Record:
    """Write down settings, measurements with their split, the data's extent, and the effort so far.

    ``examples`` are those of training and of test; ``started_s`` is of `time.monotonic`.
    """
    train, test = examples
    evaluation, split = trained.evaluation, f"purchases before {test.cut}, label after"
    metrics: dict[str, Any] = {
        f"{metric}/{name}": estimate.to_json(split)
        for metric, estimates in (("accuracy", evaluation.accuracy), ("macro_f1", evaluation.macro_f1))
        for name, estimate in estimates.items()
    }
    metrics |= {f"p_value/forest_over_{name}": value for name, value in evaluation.p_value.items()}
    metrics |= {
        "stated_probability/forest": evaluation.stated_probability,
        "onnx_parity_max_abs_dp": trained.parity_error,
        "per_genre": evaluation.per_genre,
        "importance": {name: mean for name, (mean, _) in evaluation.importance.items()},
    }
    extent = {
        "fingerprint": fingerprint(purchases),
        "customers": len(purchases.customers),
        "buyers": len(purchases.buyers),
        "purchases": int(purchases.quantity.sum()),
        "from": f"{purchases.at.min()}Z",
        "through": f"{purchases.at.max()}Z",
        "train_split": f"{len(train)} customers, cut {train.cut}, labels until {train.until}",
        "test_split": f"{len(test)} customers, cut {test.cut}, labels until {test.until}",
    }
    served = {"answerer": str(trained.model.answerer), "answerer_reason": trained.verdict.reason}
    return Record(
        params={**asdict(params), **served},
        metrics=metrics,
        data=extent,
        code=provenance.code(GENRE_PREFERENCE),
        runtime=provenance.runtime(),
        training={**provenance.effort(started_s), "warnings": _warnings(purchases)},
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
