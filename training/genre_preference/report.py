"""What people read of a trained version: one self-contained HTML page, and a summary for a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from segue.domain.genre_preference.preference import Answerer
from training.genre_preference.evaluation import RECALLED_FROM
from training.genre_preference.policy import WORDS
from training.release.page import render_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleRenderable

    from segue.artifacts.manifest import Record
    from training.genre_preference.evaluation import Evaluation
    from training.genre_preference.fit import Trained

_IMPORTANT = 15


def render_report(trained: Trained, record: Record, genres: tuple[str, ...]) -> str:
    """Return the page: verdict, baselines, per-genre report, confusion matrix, importance, provenance.

    Nothing in it is loaded from elsewhere; names from the store's database are escaped.
    """
    evaluation = trained.evaluation
    return render_page(
        "genre_preference/report.html.j2",
        verdict=trained.verdict,
        served=trained.model.answerer,
        answerers=[_row(name, evaluation, genres) for name in Answerer],
        per_genre=evaluation.per_genre,
        confusion=_svg(_confusion_figure(evaluation, genres)),
        importance=_svg(_importance_figure(evaluation)),
        record=record,
        parity=trained.forest.parity_error,
        stated=evaluation.stated_probability,
        calibration_error=evaluation.calibration_error,
    )


def summarise(trained: Trained) -> Iterator[ConsoleRenderable | str]:
    """Yield for a terminal how every answerer did, the forest genre by genre, and who is served."""
    evaluation = trained.evaluation
    for name, estimate in evaluation.accuracy.items():
        p_value = evaluation.p_value.get(name)
        luck = "" if p_value is None else f"; forest over it: p = {p_value:.2g}"
        interval = f"95 % interval {estimate.low:.1%} to {estimate.high:.1%}, n = {estimate.n}"
        worst, f1 = evaluation.worst_recall[name], evaluation.macro_f1[name].value
        of = f"of the genres with {RECALLED_FROM} customers or more"
        recall = f", worst recall {worst.recall:.2f} {of}" if worst else ""
        yield (f"  {WORDS[name]}: {estimate.value:.1%} right ({interval}), macro F1 {f1:.3f}{recall}{luck}")
    yield _genre_table(evaluation)
    importance = Table("feature", "accuracy lost when permuted", title="Feature importance")
    for feature, (mean, deviation) in evaluation.importance.items():
        importance.add_row(escape(feature), f"{mean:+.3f} ± {deviation:.3f}")
    yield importance
    yield (
        f"Calibration: the forest states {evaluation.stated_probability:.1%} on average; "
        f"expected calibration error {evaluation.calibration_error:.3f}"
    )
    yield Text(trained.verdict.reason, style="bold")


def _genre_table(evaluation: Evaluation) -> Table:
    table = Table("genre", *("precision", "recall", "F1", "customers"), title="Forest, genre by genre")
    for genre, row in evaluation.per_genre.items():
        figures = (f"{row[name]:.2f}" for name in ("precision", "recall", "f1-score"))
        table.add_row(escape(genre), *figures, f"{row['support']:.0f}")
    return table


def _row(name: Answerer, evaluation: Evaluation, genres: tuple[str, ...]) -> dict[str, Any]:
    worst = evaluation.worst_recall[name]
    return {
        "name": WORDS[name],
        "accuracy": evaluation.accuracy[name],
        "macro_f1": evaluation.macro_f1[name],
        "p_value": evaluation.p_value.get(name),
        "macro_f1_gain": evaluation.macro_f1_gain.get(name),
        "worst": worst,
        "worst_genre": genres[worst.index] if worst else "",
        "answerer": name,
    }


def _confusion_figure(evaluation: Evaluation, genres: tuple[str, ...]) -> Figure:
    counts = evaluation.confusion
    shown = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    counts = counts[np.ix_(shown, shown)]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [genres[index] for index in shown]
    side = 2.2 + 0.32 * len(names)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=6, color=colour)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("answered")
    axes.set_ylabel("true favourite after the cut")
    return figure


def _importance_figure(evaluation: Evaluation) -> Figure:
    top = list(evaluation.importance.items())[:_IMPORTANT][::-1]
    figure = Figure(figsize=(7, 0.6 + 0.28 * len(top)), layout="constrained")
    axes = figure.subplots()
    means, deviations = [mean for _, (mean, _) in top], [deviation for _, (_, deviation) in top]
    axes.barh([name for name, _ in top], means, xerr=deviations, color="#2a6f97")
    axes.tick_params(labelsize=8)
    axes.set_xlabel("accuracy lost when the feature is permuted (test customers)")
    return figure


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
