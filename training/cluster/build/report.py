"""One self-contained HTML page about a variant that was built, for people."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from training.release.page import render_page

if TYPE_CHECKING:
    from segue.domain.cluster.clustering import Clustering
    from segue.domain.vector.column import Labels
    from training.cluster.build.choice import ClusterChoice

_SHOWN = 60
"""Clusters in the table, the largest."""

_NAMED = 12
"""Clusters that the map names at most, the largest first; a name that would cover another is left out."""

_LONGEST = 30
"""Characters of such a name."""

_COLOURS = ["#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f"]
"""Seen on white and on black, and none of them grey, which is what noise is."""


def render_report(clustering: Clustering, genres: Labels, choice: ClusterChoice, told: dict[str, Any]) -> str:
    """Return the page: map, figures, clusters, settings that were tried, effort.

    Nothing in it is loaded from elsewhere; names from the data are escaped.
    """
    return render_page(
        "cluster/build/report.html.j2",
        variant=clustering.variant,
        n=len(clustering),
        columns=clustering.space.columns,
        d=clustering.space.d,
        picture=_picture(clustering),
        clusters=_clusters(clustering, genres),
        n_clusters=clustering.n_clusters,
        best=choice.best,
        tried=choice.tried,
        metrics=told["metrics"],
        params=told["params"],
        training=told["training"],
    )


def _clusters(clustering: Clustering, genres: Labels) -> list[dict[str, Any]]:
    size = np.bincount(clustering.label[clustering.label >= 0], minlength=clustering.n_clusters)
    shown = np.argsort(-size, kind="stable")[:_SHOWN]
    return [
        {
            "title": clustering.title[cluster],
            "size": int(size[cluster]),
            "share": float(size[cluster] / len(clustering)),
            "exemplar": _track(clustering, int(clustering.exemplar[cluster])),
            "genres": ", ".join(genres.of(int(clustering.exemplar[cluster]))),
        }
        for cluster in shown.tolist()
    ]


def _track(clustering: Clustering, row: int) -> str:
    name = clustering.name[row] or str(clustering.vocabulary.item_id[row])
    artists = ", ".join(clustering.artists.of(row))
    return f"{name} by {artists}" if artists else name


def _picture(clustering: Clustering) -> str:
    """Draw the map as a PNG without a background, so that it suits a light page and a dark one."""
    figure = Figure(figsize=(9, 9))
    axes = figure.add_axes((0.05, 0.03, 0.9, 0.94))
    label, position = clustering.label, clustering.position
    dot = float(np.clip(60_000 / len(label), 1.2, 14))
    x, y = position.T
    noise = label < 0
    axes.scatter(x[noise], y[noise], s=dot / 2, c="#8a8f98", alpha=0.5, linewidths=0)
    colours = np.array(_COLOURS)[label[~noise] % len(_COLOURS)]
    axes.scatter(x[~noise], y[~noise], s=dot, c=colours, linewidths=0)
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for (left, up), title in _names(clustering):
        text = title.replace("$", r"\$")  # matplotlib would read mathematics
        axes.text(left, up, text, fontsize=9, ha="center", va="bottom", color="#111", bbox=box)
    axes.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, transparent=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _names(clustering: Clustering) -> list[tuple[tuple[float, float], str]]:
    """Return where on the map the largest clusters are named."""
    label = clustering.label
    size = np.bincount(label[label >= 0], minlength=clustering.n_clusters)
    named: list[tuple[tuple[float, float], str]] = []
    for cluster in np.argsort(-size, kind="stable").tolist():
        left, up = np.median(clustering.position[label == cluster], axis=0).tolist()
        free = all(abs(left - x) > 0.3 or abs(up - y) > 0.04 for (x, y), _ in named)
        if free and len(named) < _NAMED:
            title = clustering.title[cluster]
            named.append(((left, up), title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"))
    return named
