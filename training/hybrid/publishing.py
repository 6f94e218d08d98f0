"""Publish a recommender: the catalogue, each member that was made for it, and the hybrid that pins them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.artifacts.codec.catalogue import write_catalogue
from segue.artifacts.codec.member import write_member
from segue.artifacts.codec.ranker import write_ranker
from segue.artifacts.family import CATALOGUE, CONTENT, CONTENT_INDEX, HYBRID
from segue.artifacts.manifest import Record
from segue.domain.model.registry import MEMBERS, SOURCES
from segue.domain.vector.nearest import MOST_EXACT
from training.algorithm.content.index import publish_index
from training.hybrid.ranker.served import BASELINE
from training.release import provenance
from training.release.lifecycle import publish_version
from training.release.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.domain.recommend.recommender import Recommender
    from training.hybrid.fit import Dataset
    from training.hybrid.pipeline import FittedHybrid
    from training.hybrid.verdict import Measured
    from training.release.trainer import Run

MINIMUM = {"tracks": 10_000, "listeners": 1_000, "events": 50_000}
RECOMMENDED = {"tracks": 100_000, "listeners": 10_000, "events": 1_000_000}
LEAST_KNOWN = 0.5
"""Smallest share of events of tracks in the catalogue with which the two plausibly belong together."""


@dataclass(frozen=True, slots=True)
class _Publication:
    """The training, what was measured, and the recommender that was then fitted to all events."""

    run: Run[Dataset]
    fitted: FittedHybrid
    model: Recommender

    @property
    def measured(self) -> Measured:
        return self.fitted.measured

    @property
    def k(self) -> int:
        return self.fitted.divided.k


def publish_all(run: Run[Dataset], fitted: FittedHybrid, model: Recommender) -> Manifest:
    """Publish every family of the recommender, and return the manifest of the hybrid that pins the others."""
    what, ranker = _Publication(run, fitted, model), fitted.measured.served.ranker
    catalogue = _publish(CATALOGUE, lambda to: write_catalogue(model.catalogue, to), what, {})
    on_catalogue = {CATALOGUE: catalogue.version}
    members = {
        family: _publish(family, write, what, on_catalogue) for family, write in _writers(model).items()
    }
    content = model.content
    if content is not None and len(content.vectors) > MOST_EXACT:
        on_content = on_catalogue | {CONTENT: members[CONTENT].version}
        vocabulary = model.catalogue.vocabulary
        members[CONTENT_INDEX] = publish_index(run.store, content, vocabulary, on_content)
    pinned = on_catalogue | {family: manifest.version for family, manifest in members.items()}
    return _publish(HYBRID, lambda to: write_ranker(ranker, to), what, pinned)


def _writers(model: Recommender) -> dict[str, Callable[[Path], None]]:
    items = model.catalogue.vocabulary
    return {
        family: partial(write_member, family, model.models[member.name], items)
        for family, member in MEMBERS.items()
        if member.name in model.models
    }


def _publish(
    family: str,
    write: Callable[[Path], None],
    what: _Publication,
    depends_on: dict[str, str],
) -> Manifest:
    record = _record(family, what, depends_on)
    page = render_report(family, record, what.measured, _measured_of(family, what.measured), what.k)
    return publish_version(what.run.store, family, record, write, page)


def render_report(family: str, record: Record, measured: Measured, names: tuple[str, ...], k: int) -> str:
    """Return the page of a family, which describes what its manifest says in tables.

    Parameters
    ----------
    family : str
    record : Record
        The record for the manifest.
    measured : Measured
    names : tuple of str
        The row of ``measured`` for this family; the baseline is shown next to this row.
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
        metrics=list({metric: None for row in figures.values() for metric in row}),
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


def _measured_of(family: str, measured: Measured) -> tuple[str, ...]:
    """Name what of the measurements is of a family."""
    if family == HYBRID:
        return tuple(measured.metrics)
    return tuple(source.name for source in MEMBERS[family].sources) if family in MEMBERS else ()


def _record(family: str, what: _Publication, depends_on: dict[str, str]) -> Record:
    """Describe a family's measures: taken before the last fit, on later events than those it had seen."""
    measured = what.measured
    split = (
        f"full ranking, {what.fitted.divided.parts.how}; the published model was then fitted to all events"
    )
    metrics: dict[str, Any] = {
        f"{metric}@{what.k}/{name}": figure.to_json(split)
        for name in _measured_of(family, measured)
        for metric, figure in measured.metrics.get(name, {}).items()
    }
    if family == HYBRID:
        metrics |= {f"p_value/hybrid-pro_over_{name}": value for name, value in measured.p_value.items()}
    return Record(
        params=_params(family, what),
        metrics=metrics,
        data=what.run.about,
        depends_on=depends_on,
        code=provenance.code(family),
        runtime=provenance.runtime(),
        training=provenance.effort(what.run.started_s) | {"warnings": _warnings(family, what)},
    )


def _warnings(family: str, what: _Publication) -> list[str]:
    """Name the members that could not be fitted and why, and what is wrong with the data."""
    if family != HYBRID:
        return []
    left_out = [f"{member} is left out: {why}" for member, why in what.model.missing.items()]
    return warn_of_little(what.run.about) + warn_of_unknown(what.run.about) + left_out


def warn_of_unknown(about: Mapping[str, Any]) -> list[str]:
    """Say that less than `LEAST_KNOWN` of the events are of tracks in the catalogue; others teach nothing.

    Parameters
    ----------
    about : mapping
        ``interactions`` with ``rows`` and ``rows_of_known_tracks``.
    """
    rows, known = (about["interactions"][name] for name in ("rows", "rows_of_known_tracks"))
    if known >= LEAST_KNOWN * rows:
        return []
    return [
        f"only {known:,} of {rows:,} events are of tracks in the catalogue, and no model learns from the "
        "others. Do the tracks and the events belong together, and do both use the same ids?"
    ]


def warn_of_little(about: Mapping[str, Any]) -> list[str]:
    """Say what of the data is below `MINIMUM`; nothing is refused for it.

    Parameters
    ----------
    about : mapping
        ``catalogue`` and ``interactions``, as `segue.sources.dataset.extent` describes them.
    """
    interactions = about["interactions"]
    has = {
        "tracks": about["catalogue"]["tracks"],
        "listeners": interactions["users"],
        "events": interactions["events"],
    }
    few = [f"{has[name]:,.0f} {name} of {least:,}" for name, least in MINIMUM.items() if has[name] < least]
    if not few:
        return []
    well = ", ".join(f"{count:,} {name}" for name, count in RECOMMENDED.items())
    return [
        f"little data: {', '.join(few)} that are the minimum ({well} are recommended). "
        "Training goes on with what it can; the figures are uncertain."
    ]


def _params(family: str, what: _Publication) -> dict[str, Any]:
    settings = what.fitted.divided.settings.to_json()
    if family == CONTENT:
        return what.fitted.divided.fixed.content_record.to_json()
    if family != HYBRID:
        name = MEMBERS[family].name if family in MEMBERS else ""
        tried = [each.to_json() for each in what.fitted.tried.get(name, ())]
        own = {name: settings[name]} if name in what.fitted.divided.settings.members else {}
        return own | _search(name, what) | ({"tried": tried} if tried else {})
    ranker = what.measured.served.ranker
    weights = {tier: ranker.weights_of(tier) for tier in ranker.tiers}
    return what.run.params | {
        "settings": settings,
        "weights": weights,
        "diversity": ranker.diversity,
        "calibration": ranker.calibration,
        "artist_share": ranker.artist_share,
    }


def _search(name: str, what: _Publication) -> dict[str, Any]:
    """Say of a large catalogue's factors what an answer reads of them, and what it finds of the best."""
    cells = getattr(what.model.models.get(name), "cells", None)
    if cells is None:
        return {}
    return {"search": {"cells": len(cells.centre), "share": cells.share, "recall": cells.recall}}
