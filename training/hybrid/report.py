"""One HTML page about a hybrid or one of its members: how good it is, and how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.artifacts.family import HYBRID
from segue.domain.model.registry import SOURCES
from training.hybrid.ranker.served import BASELINE
from training.release.page import render_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.artifacts.manifest import Record
    from training.hybrid.verdict import Measured
    from training.measure.comparison import Estimate


def render_report(family: str, record: Record, measured: Measured, names: tuple[str, ...], k: int) -> str:
    """Return the page of a family, which describes what its manifest says in tables.

    Parameters
    ----------
    family : str
    record : Record
        Of the manifest.
    measured : Measured
    names : tuple of str
        What of ``measured`` is of this family; the baseline is shown beside it.
    k : int
        Length of the lists measured.
    """
    shown = list(dict.fromkeys((*names, BASELINE))) if names else []
    figures = {name: measured.metrics[name] for name in shown if name in measured.metrics}
    splits = {each["split"] for each in record.metrics.values() if isinstance(each, dict)}
    with_table = {"weights"} if family == HYBRID else {"tried"}  # content's weights are those of its fields
    tables = {name: each for name, each in record.params.items() if name in with_table}
    return render_page(
        "hybrid/report.html.j2",
        family=family,
        hybrid=family == HYBRID,
        record=record,
        k=k,
        figures=figures,
        metrics=_metrics(figures),
        n=max((each.n for row in figures.values() for each in row.values()), default=0),
        splits=sorted(splits),
        baseline=BASELINE,
        p_value=measured.p_value if family == HYBRID else {},
        weights=tables.get("weights", {}),
        sources=SOURCES,
        tried=tables.get("tried", ()),
        settings={name: each for name, each in record.params.items() if name not in tables},
        served=measured.served.verdict.reason,
        gate=measured.promote.reason,
    )


def _metrics(figures: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Return the names of what was measured of any, in the order of the first that has each."""
    found: dict[str, Any] = {metric: None for row in figures.values() for metric in row}
    return list(found)
