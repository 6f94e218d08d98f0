"""``segue evaluate``: compares recommenders on one split by ranking the whole catalogue."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from segue.artifacts.family import HYBRID
from segue.artifacts.place.location import open_store
from segue.artifacts.release import CHAMPION
from segue.cli.options import ARTIFACTS, Artifacts, Data
from segue.cli.store.version_list import read_version
from segue.cli.training.interrupt import trials_kept
from segue.cli.writing import writing_to
from segue.errors import InvalidInputError
from segue.serving.settings.environment import find_store

if TYPE_CHECKING:
    from training.algorithm.kind import AlgorithmKind
    from training.evaluate.item_group import ItemGroups
    from training.evaluate.negatives import Negatives
    from training.evaluate.run import EvaluationRequest, MeasuredModel, Report
    from training.evaluate.split import Protocol, Split
    from training.measure.comparison import Estimate

_FORMS = "a sparse matrix as .npz, LightGCN's .txt, a table as .csv, .tsv or .parquet"
_GIVEN = "given"

Kind = TypeVar("Kind", bound=StrEnum)


def evaluate(  # noqa: PLR0913 - one parameter per option
    *,
    train: Annotated[
        Path | None, typer.Option(help=f"Interactions to train on, or to divide: {_FORMS}.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Interactions to test on, with the protocol 'given'.")
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="How the data is divided: given, temporal, leave-last or random-8-1-1.")
    ] = _GIVEN,
    items: Annotated[
        Path | None,
        typer.Option(help="Table of items and genres: measures diversity and calibration by genre."),
    ] = None,
    negatives: Annotated[
        Path | None,
        typer.Option(help="Sampled items of each user: adds figures that rank only among them."),
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Weights in training: binary, log, raw, relative or discounted.")
    ] = "binary",
    k: Annotated[int, typer.Option("--k", min=1, help="Length of the lists.")] = 20,
    models: Annotated[str, typer.Option(help="Names, separated by commas. [default: all]")] = "",
    budget_minutes: Annotated[
        float, typer.Option(min=0, help="Minutes to search settings; 0 skips the search.")
    ] = 0,
    trials: Annotated[
        Path | None, typer.Option(help="Folder of tried settings; a second run continues from it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of divisions, searches and intervals.")] = 17,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write every figure to.")] = None,
    published: Annotated[
        str,
        typer.Option(metavar="FAMILY[@VERSION]", help="Measure a published version on --data; fit nothing."),
    ] = "",
    data: Data = "",
    location: Artifacts = ARTIFACTS,
) -> None:
    """Measure recommenders on public or own data by ranking the whole catalogue for every test user."""
    if json_file is not None:
        _check_writable(json_file)  # now, because the figures may take hours
    if published:
        _evaluate_published(published, find_store(data, location), location, k, seed, json_file)
        return
    if train is None:
        raise InvalidInputError("give --train FILE to fit models, or --published FAMILY to measure one.")
    from training.evaluate.run import EvaluationRequest  # takes seconds: import it after option errors
    from training.evaluate.split import Protocol
    from training.evaluate.weighting import Weighting

    how, weighting = _one_of(Protocol, "protocol", protocol), _one_of(Weighting, "weights", weights)
    kinds = _kinds(models)
    console = Console(soft_wrap=True, highlight=False)
    split, notes = _read_split(train, test, how, seed)
    split = split.weigh(weighting)
    groups, sampled = _read_items(split, items), _read_negatives(split, negatives)
    notes += [*split.account.lines(), groups.basis, *([sampled.basis] if sampled else [])]
    if k > (n_items := split.train.shape[1]):
        notes.append(f"--k is {k}, and there are {n_items} items: every list is shorter")
    for note in notes:
        console.print(note, markup=False)
    request = EvaluationRequest(k, seed, budget_minutes * 60, trials, groups, sampled)
    with trials_kept(console, budget_minutes, trials):
        report = _measure(console, split, kinds, request)
    _print(console, report)
    if json_file is not None:
        named = f"{how}: {train.name}" + (f", {test.name}" if test else "")
        about = {"seed": seed, "weights": weighting, "split": asdict(split.account), "notes": notes}
        _write(json_file, about | report.to_json(named))
    if models and report.failed:
        raise typer.Exit(1)  # a script that names a model must notice that it failed


def _evaluate_published(
    spec: str, data: str, location: str, k: int, seed: int, json_file: Path | None
) -> None:
    """Print the figures of a version on data, the best answerer first, and warn if it was trained on them."""
    from training.release.published import measure_published

    console = Console(soft_wrap=True, highlight=False)
    store, (family, _, reference) = open_store(location), spec.partition("@")
    manifest = read_version(store, family, reference or CHAMPION)
    measured = measure_published(
        store, manifest, data, k, seed, lambda stage: console.print(f"· {stage}", markup=False)
    )
    what = f"{family}@{manifest.version} on {data}: figures {measured.how}, ± half of the 95 % interval"
    console.print(what, markup=False)
    for warning in measured.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    main = f"ndcg@{k}" if family == HYBRID else "accuracy"
    for name, figures in sorted(measured.metrics.items(), key=lambda each: -each[1][main].value):
        line = ", ".join(f"{key} {_with_interval(each, ' ')}" for key, each in figures.items())
        console.print(f"  {name}: {line}, n = {figures[main].n}", markup=False)
    if json_file is not None:
        _write(json_file, {"version": f"{family}@{manifest.version}", "data": data} | measured.to_json())


def _read_split(train: Path, test: Path | None, how: Protocol, seed: int) -> tuple[Split, list[str]]:
    """Read and divide the data; return the split and notes on how the files were read."""
    from training.evaluate.reader import read_interactions
    from training.evaluate.split import TIMED, divide

    tables = [read_interactions(path, timed=how in TIMED) for path in (train, test) if path is not None]
    notes = [note for table in tables for note in table.notes]
    return divide(tables[0], tables[1] if len(tables) > 1 else None, how, seed), notes


def _read_items(split: Split, path: Path | None) -> ItemGroups:
    from training.evaluate.item_group import group_by_listening, read_item_groups

    return group_by_listening(split.train) if path is None else read_item_groups(path, split)


def _read_negatives(split: Split, path: Path | None) -> Negatives | None:
    from training.evaluate.negatives import read_negatives

    return None if path is None else read_negatives(path, split)


def _one_of(kind: type[Kind], option: str, value: str) -> Kind:
    if value not in list(kind):
        raise InvalidInputError(f"--{option} is {value!r}: choose one of {', '.join(kind)}.")
    return kind(value)


def _kinds(models: str) -> dict[str, AlgorithmKind]:
    from training.algorithm.registry import KINDS

    names = [name.strip() for name in models.split(",")] if models else list(KINDS)
    for name in names:
        if name not in KINDS:
            raise InvalidInputError(f"model {name!r} is unknown; choose from {', '.join(KINDS)}.")
    return {name: KINDS[name] for name in names}


def _measure(
    console: Console, split: Split, kinds: dict[str, AlgorithmKind], request: EvaluationRequest
) -> Report:
    from training.evaluate.run import Progress, measure_all

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("", total=None)

        def stage(name: str) -> None:
            bars.console.print(f"· {name}", markup=False)
            bars.update(bar, description=name, total=None)

        def detail(name: str) -> None:
            bars.update(bar, description=name)

        def search(name: str, share: float) -> None:
            bars.update(bar, description=name, total=1.0, completed=share)

        return measure_all(split, kinds, request, Progress(stage, detail, search))


def _print(console: Console, report: Report) -> None:
    k = report.k
    table = Table(box=SIMPLE_HEAD, title="means, ± half of the 95 % interval")
    for title in ("", *(model.name for model in report.models)):
        table.add_column(title, justify="right" if title else "left", no_wrap=True)
    names = dict.fromkeys(name for model in report.models for name in model.metrics)
    for row in zip(*(_cells(model, k, list(names)) for model in report.models), strict=True):
        table.add_row(row[0][0], *(value for _, value in row))
    wide = Measurement.get(console, console.options.update(width=10_000), table).maximum
    Console(width=max(console.width, wide)).print(table)  # rich would cut figures short in a narrow terminal
    for test in report.tests:
        console.print(
            f"{test.better} over {test.worse}: NDCG@{k} +{test.difference:.4f}, p {_at_most(test.p_holm)} "
            f"(Holm, {len(report.tests)} tests)",
            markup=False,
        )
    for name, reason in report.failed.items():
        console.print(f"{name} was not fitted: {reason}", style="yellow", markup=False)


def _at_most(p_value: float) -> str:
    return "< 1e-99" if p_value < 1e-99 else f"= {p_value:.2g}"


def _cells(model: MeasuredModel, k: int, metrics: list[str]) -> list[tuple[str, str]]:
    return [
        *((f"{name}@{k}", _with_interval(model.metrics.get(name))) for name in metrics),
        (f"coverage@{k}", f"{model.coverage:.4f}"),
        (f"gini@{k}", f"{model.gini:.4f}"),
        ("settings tried", str(model.trials)),
        ("fit", f"{model.fit_seconds:.1f} s"),
        ("rank", f"{model.rank_seconds:.1f} s"),
        ("peak memory", f"{model.peak_bytes / 1e6:.0f} MB"),
        ("model size", f"{model.model_bytes / 1e6:.1f} MB"),
    ]


def _with_interval(figure: Estimate | None, between: str = "\n") -> str:
    """Format a figure; it is None if the metric is undefined for all users, such as diversity of one item."""
    return "–" if figure is None else f"{figure.value:.4f}{between}±{(figure.high - figure.low) / 2:.4f}"


def _check_writable(path: Path) -> None:
    is_new = not path.exists()
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a", encoding="utf-8").close()
    if is_new:
        path.unlink()


def _write(path: Path, figures: dict[str, Any]) -> None:
    with writing_to(path):
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
