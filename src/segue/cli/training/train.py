"""``segue train``: from a store's database to a live version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segue.artifacts.place.location import open_store as open_artifacts
from segue.cli.data.account import print_account
from segue.cli.log import Steps, log_to
from segue.cli.options import ARTIFACTS, Artifacts, Data, LogFile, Reason, Store
from segue.cli.training.interrupt import trials_kept
from segue.serving.settings.environment import find_store, user_name

if TYPE_CHECKING:
    from segue.domain.recommend.ranker import Ranker
    from training.genre_preference.fit import Evaluation
    from training.genre_preference.trainer import FittedGenres
    from training.hybrid.pipeline import HybridOutcome
    from training.release.lifecycle import Outcome

app = typer.Typer(no_args_is_help=True)


@app.callback()
def families() -> None:
    """Train a family and publish it."""


@app.command("genre-preference")
def genre_preference(  # noqa: PLR0913  # one option, one argument
    *,
    store: Store = "",
    location: Artifacts = ARTIFACTS,
    trees: Annotated[int, typer.Option(min=1, help="Trees in the forest.")] = 60,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the forest and the bootstrap.")] = 17,
    reason: Annotated[str, typer.Option(help="Why, for whoever reads the history.")] = "trained",
    promote: Annotated[bool, typer.Option(help="Make the version live if the gate agrees.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Train on unchanged data; overrule the gate.")
    ] = False,
    log_file: LogFile = None,
) -> None:
    """Train the genre preference of customers.

    Exit status 3 means published but refused by the gate, 4 too little data to learn from.
    """
    from training.genre_preference.trainer import TRAINER, ForestParams
    from training.release.lifecycle import run_training
    from training.release.trainer import Order

    console, artifacts = Console(soft_wrap=True, highlight=False), open_artifacts(location)
    logger = log_to(console, "segue.train", file=log_file)
    order = Order(user_name(), reason, promote, force, (find_store(store, location),))
    options = ForestParams(n_estimators=trees, seed=seed)
    with console.status("reading") as status:
        step = Steps(logger, status)
        outcome = run_training(TRAINER, options, artifacts, order, step, lambda _: None)
        if outcome.fitted is not None:
            step.finish()
    _print(console, outcome)


@app.command("recommend")
def recommend(  # noqa: PLR0913 - one parameter an option
    *,
    data: Data = "",
    events: Annotated[
        list[str] | None, typer.Option(help="More events, as of the lake that feedback fills; repeatable.")
    ] = None,
    location: Artifacts = ARTIFACTS,
    factors: Annotated[int, typer.Option(min=1, max=1024, help="Dimensions of the factors.")] = 64,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="Length of the lists measured.")] = 20,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of every draw.")] = 17,
    budget_minutes: Annotated[
        float, typer.Option(min=0, help="Time to look for better kinds and settings of the members.")
    ] = 0.0,
    trials: Annotated[
        Path | None, typer.Option(help="Folder that keeps what was tried: a second run goes on from there.")
    ] = None,
    reason: Reason = "trained",
    promote: Annotated[bool, typer.Option(help="Make the versions live if the gate agrees.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Train on unchanged data; overrule the gate.")
    ] = False,
    log_file: LogFile = None,
) -> None:
    """Train a recommender: every source, and the ranker.

    Exit status 3 means published but refused by the gate, 4 too little data to learn from.
    """
    from training.hybrid.unchanged import find_unchanged
    from training.release.file_state import origin_of

    data = find_store(data, location)
    console, store = Console(soft_wrap=True, highlight=False), open_artifacts(location)
    asked = {"factors": factors, "seed": seed, "budget_minutes": budget_minutes, "k": k}
    origin = origin_of([data, *(events or [])], asked)
    if not force and (unchanged := find_unchanged(store, origin)):
        manifest, done = unchanged
        console.print(f"{manifest.version} {done.reason}; --force trains again.", markup=False)
        return
    from training.hybrid.choice import SearchBudget  # seconds to import: after there is something to train on
    from training.hybrid.data.reading import read_dataset
    from training.hybrid.pipeline import HybridRequest, train_recommender
    from training.hybrid.settings import HybridSettings

    logger = log_to(console, "segue.train", file=log_file)
    with console.status("reading") as status, trials_kept(console, budget_minutes, trials):
        step = Steps(logger, status)
        step("reading tracks and events")
        dataset, accounts = read_dataset(data, events or [])
        for account in accounts:
            print_account(console, account)
        request = HybridRequest(
            set_by=user_name(),
            reason=reason,
            settings=HybridSettings.of(factors, seed),
            budget=SearchBudget(budget_minutes, trials),
            k=k,
            promote=promote,
            force=force,
            origin=origin,
        )
        outcome = train_recommender(dataset, store, request, step)
        step.finish()
    _print_recommender(console, outcome, k)


def _print_recommender(console: Console, outcome: HybridOutcome, k: int) -> None:
    version = outcome.manifest.version
    if outcome.measured is None:
        console.print(f"{version} {outcome.verdict.reason}; --force trains again.", markup=False)
        return
    for warning in outcome.manifest.record.training["warnings"]:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    for name, figures in sorted(outcome.measured.metrics.items(), key=lambda each: -each[1]["ndcg"].value):
        ndcg, recall, mrr = figures["ndcg"], figures["recall"], figures["mrr"]
        console.print(
            f"  {name}: NDCG@{k} {ndcg.value:.4f} (95 % interval {ndcg.low:.4f} to {ndcg.high:.4f}), "
            f"recall@{k} {recall.value:.4f}, MRR {mrr.value:.4f}, {ndcg.n} listeners"
        )
    served = outcome.measured.served
    console.print(served.verdict.reason, style="bold", markup=False)
    for tier in served.ranker.tiers:
        console.print(f"  {tier}: {_weights(served.ranker, tier)}", markup=False)
    state = "live" if outcome.alias else "published, not promoted"
    console.print(f"{version} is {state}. {outcome.verdict.reason}", markup=False)
    console.print(f"Figures and weights: segue models show hybrid@{version}")


def _weights(ranker: Ranker, tier: str) -> str:
    """Name the sources that are heard, by falling weight, and those that the tier opens and that are not."""
    from segue.domain.recommend.recommender import (
        TIER_SOURCES,  # numpy, which other commands need not wait for
    )

    weights = ranker.weights_of(tier)
    heard = ", ".join(f"{name} {weight:.2g}" for name, weight in sorted(weights.items(), key=lambda w: -w[1]))
    unheard = [name for name in ranker.sources if name in TIER_SOURCES[tier] and name not in weights]
    return f"{heard}; no weight: {', '.join(unheard)}" if unheard else heard


def _print(console: Console, outcome: Outcome[FittedGenres]) -> None:
    version = outcome.manifest.version
    for warning in outcome.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    if outcome.fitted is None:
        console.print(f"{version} {outcome.verdict.reason}; --force trains again.", markup=False)
        return
    from training.release.gate import words

    trained = outcome.fitted.trained
    evaluation = trained.evaluation
    for name, estimate in evaluation.accuracy.items():
        p_value = evaluation.p_value.get(name)
        luck = "" if p_value is None else f"; forest over it: p = {p_value:.2g}"
        interval = f"95 % interval {estimate.low:.1%} to {estimate.high:.1%}, n = {estimate.n}"
        worst, f1 = evaluation.worst_recall[name], evaluation.macro_f1[name].value
        recall = f", worst recall {worst.recall:.2f}" if worst else ""
        console.print(
            f"  {words(name)}: {estimate.value:.1%} right ({interval}), macro F1 {f1:.3f}{recall}{luck}"
        )
    console.print(_genre_table(evaluation), _importance_table(evaluation))
    console.print(
        f"Calibration: the forest states {evaluation.stated_probability:.1%} on average; "
        f"expected calibration error {evaluation.calibration_error:.3f}"
    )
    console.print(trained.verdict.reason, style="bold", markup=False)
    state = "live" if outcome.alias else "published, not promoted"
    console.print(f"{version} is {state}. {outcome.verdict.reason}", markup=False)
    console.print(
        f"Report: report.html beside the artifact; figures: segue models show genre-preference@{version}"
    )


def _genre_table(evaluation: Evaluation) -> Table:
    table = Table("genre", *("precision", "recall", "F1", "customers"), title="Forest, genre by genre")
    for genre, row in evaluation.per_genre.items():
        figures = (f"{row[name]:.2f}" for name in ("precision", "recall", "f1-score"))
        table.add_row(escape(genre), *figures, f"{row['support']:.0f}")
    return table


def _importance_table(evaluation: Evaluation) -> Table:
    table = Table("feature", "accuracy lost when permuted", title="Feature importance")
    for name, (mean, deviation) in evaluation.importance.items():
        table.add_row(escape(name), f"{mean:+.3f} ± {deviation:.3f}")
    return table
