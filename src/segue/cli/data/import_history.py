"""``segue import FORMAT``: imports a listener's history of another service into the state."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from segue.cli.options import ARTIFACTS, Artifacts, Json, State
from segue.cli.writing import writing_to
from segue.serving.settings.environment import DEFAULT_STATE, import_limits
from segue.sources.export.left_out import LEAST_CONFIDENCE, printable
from segue.sources.export.moment import read_zone
from segue.sources.export.service import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from segue.domain.catalogue.tracks import Catalogue
    from segue.serving.imports.report import FileReport, ImportReport
    from segue.sources.export.format import ExportFormat
    from segue.sources.export.spool import Spool

_SHOWN = 20
"""Number of files, tracks or rows that the report prints."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a spreadsheet begins a formula."""

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())

Files = Annotated[list[Path], typer.Argument(help="The files of the export, or zips or folders with them.")]
User = Annotated[str, typer.Option("--user", help="Id of the listener whose history it is.")]
Lake = Annotated[
    str,
    typer.Option(
        "--events", envvar="SEGUE_LAKE", help="Record in this event lake too: a folder or s3://bucket/prefix."
    ),
]
Tracks = Annotated[
    str,
    typer.Option("--data", help="Match with this catalogue instead of the live one; as for `segue train`."),
]
Zone = Annotated[
    str,
    typer.Option(
        help="Zone of times without one, such as Europe/Berlin or +02:00, if the format does not define it."
    ),
]
Least = Annotated[float, typer.Option(min=0, max=1, help="Leave out matches with less confidence.")]
Unmatched = Annotated[
    Path | None, typer.Option("--unmatched", help="Write all tracks that the catalogue lacks to this CSV.")
]
BadRows = Annotated[
    Path | None, typer.Option("--bad-rows", help="Write all rows that were left out to this CSV.")
]


def add_to(app: typer.Typer) -> None:
    """Add a command for each export format."""
    for form in FORMATS.values():
        about = f"Import an export of {form.title} as events of a listener; repeated listens count once."
        app.command(form.name, help=f"{about} Give {form.wanted}.")(_command(form))


def _command(form: ExportFormat) -> Callable[..., None]:
    def command(  # noqa: PLR0913  # one parameter per option
        files: Files,
        *,
        user: User,
        location: Artifacts = ARTIFACTS,
        data: Tracks = "",
        state: State = DEFAULT_STATE,
        events: Lake = "",
        zone: Zone = "",
        least_confidence: Least = LEAST_CONFIDENCE,
        unmatched: Unmatched = None,
        bad_rows: BadRows = None,
        as_json: Json = False,
    ) -> None:
        # Imported here, because numpy and pydantic take long.
        from segue.artifacts.place.location import open_store
        from segue.domain.catalogue.external_id import read_id
        from segue.domain.catalogue.track_match import build_track_index
        from segue.serving.imports.budget import Reading
        from segue.serving.imports.run import Destination, ImportProgress, import_history
        from segue.state.location import open_state

        console = Console(soft_wrap=True, highlight=False, stderr=as_json)
        lake = open_store(events, setting="--events") if events else None
        destination = Destination(read_id(user, "--user"), open_state(state), lake, least_confidence)
        with console.status("reading the catalogue"):
            index = build_track_index(_catalogue(data, location))
        with Progress(*_COLUMNS, console=console, transient=True) as bars:
            task = bars.add_task("reading", total=None)
            progress = ImportProgress(
                begin=lambda size: bars.update(task, total=size),
                read=lambda size: bars.advance(task, size),
                recorded=lambda done: bars.update(task, description=f"recording, {done} events"),
                end=_writer(unmatched, bad_rows),
            )
            report = import_history(
                [(str(path), path) for path in files],
                form,
                index,
                destination,
                reading=Reading(read_zone(zone) if zone else None, *import_limits()),
                progress=progress,
            )
        if as_json:
            typer.echo(json.dumps(asdict(report), indent=1))
        else:
            print_report(console, report, state)
        raise typer.Exit(0 if report.new + report.repeated else 1)

    return command


def _catalogue(data: str, artifacts: str) -> Catalogue:
    if data:
        from segue.sources.dataset import read_catalogue  # pandas takes a second to import

        return read_catalogue(data)[0]
    from segue.artifacts.place.location import open_reader
    from segue.artifacts.recommender import load_live_catalogue

    cache = Path(tempfile.gettempdir()) / "segue"
    return load_live_catalogue(open_reader(artifacts), cache)[0]


def _writer(unmatched: Path | None, bad_rows: Path | None) -> Callable[[Spool], None]:
    def write(spool: Spool) -> None:
        if unmatched:
            rows = ((t.listens, t.artist, t.title, t.album, " ".join(t.ids)) for t in spool.unmatched())
            _write(unmatched, ("listens", "artist", "title", "album", "ids"), rows)
        if bad_rows:
            _write(bad_rows, ("file", "place", "why"), ((r.file, r.place, r.why) for r in spool.bad()))

    return write


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with writing_to(path), path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def print_report(console: Console, report: ImportReport, state: str) -> None:
    """Print the result of an import: files, shares, and everything left out with its reason."""
    _print_files(console, report.files)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("listens", justify="right")
    table.add_column("share", justify="right")
    table.add_column("what")
    for count, what in _lines(report):
        table.add_row(str(count), f"{count / report.listens:.1%}" if report.listens else "", Text(what))
    console.print(table)
    unmatched = [f"{each.listens} × {each.artist} – {each.title}" for each in report.unmatched_tracks]
    _print_some(console, "not in the catalogue", "--unmatched", unmatched)
    bad = [f"{row.file}, {row.place}: {row.why}" for row in report.bad_rows]
    _print_some(console, "bad rows", "--bad-rows", bad)
    console.print(
        f"{state}: {_number(report.new, 'new event')}, {report.repeated} there already "
        f"({_number(report.plays, 'play')} and {_number(report.skips, 'skip')} in all).",
        markup=False,
    )
    if report.hint:
        console.print(report.hint, markup=False)


def _print_files(console: Console, files: Sequence[FileReport]) -> None:
    unread = 0
    for file in files:
        unread += bool(file.error)
        if file.error and unread > _SHOWN:
            continue
        words = f"{file.name}: {_number(file.listens, 'listen')}"
        words += f", {_number(file.no_music, 'row')} of no music" if file.no_music else ""
        words += f", {_number(file.bad, 'bad row')}" if file.bad else ""
        words += f"; {file.error}" if file.error else ""
        console.print(Text(printable(words), style="red" if file.error else ""))
    if unread > _SHOWN:
        console.print(
            Text(f"… {unread - _SHOWN} more were not read completely: --json names them", style="red")
        )


def _lines(report: ImportReport) -> Iterable[tuple[int, str]]:
    yield report.listens, f"distinct listens ({_number(report.merged, 'more row')} of the same listens)"
    yield report.matched, "matched to one recording"
    for found_by, count in report.found_by.items():
        if count:
            yield count, f"  by {found_by}, confidence {report.confidence[found_by]:.2f}"
    yield report.ambiguous, "ambiguous: several recordings fit, the most popular was taken"
    if report.left_out:
        yield report.left_out, "left out: matched with too little confidence"
    yield report.unmatched, "unmatched: not in the catalogue"


def _print_some(console: Console, title: str, option: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print(f"{title}:", markup=False)
    for line in lines[:_SHOWN]:
        console.print(Text(f"  {printable(line)}", style="dim"))
    if len(lines) > _SHOWN:
        console.print(Text(f"  … {option} FILE writes them all", style="dim"))


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _cell(value: object) -> object:
    """Return a cell that is safe in a spreadsheet and a terminal: an export may contain any text."""
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if value.startswith(_FORMULA) else printable(value)
