"""Import listening histories: read, merge, match to the catalogue, and record as events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segue.domain.catalogue.external_id import id_fault
from segue.domain.catalogue.track_match import AMBIGUOUS, CONFIDENCE, FoundBy, match_all
from segue.domain.listening.event import Event, EventKind
from segue.errors import InvalidInputError, SourceError
from segue.serving.feedback.answer import accept
from segue.serving.imports.budget import Budget, Reading
from segue.serving.imports.report import FileReport, ImportReport
from segue.sources.export.left_out import LEAST_CONFIDENCE, BadRow
from segue.sources.export.listen import Listen, kind_of
from segue.sources.export.part import OpenedZip, find_parts
from segue.sources.export.read import NoMusic, read_part, recognise
from segue.sources.export.service import FORMATS
from segue.sources.export.spool import BATCH, open_spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.catalogue.track_match import TrackIndex
    from segue.domain.catalogue.tracks import Catalogue
    from segue.sources.export.format import ExportFormat
    from segue.sources.export.part import Part
    from segue.sources.export.spool import Merged, Spool
    from segue.state.listening import ListeningState, Recorded

MOST_FILES = 1000
"""Maximum number of files in a report."""

SHOWN = 100
"""Maximum number of bad rows, and of unmatched tracks, in a report; the counts are complete."""

_NO_TRACK = "The catalogue has none of these tracks. "
_OF_SAMPLE = (
    "It is the catalogue of the sample store, whose tracks are invented: "
    "`make run DATA=path/to/data` makes one of real tracks, see docs/import.md."
)
_OF_OTHERS = (
    "Are artist and title swapped, as in a file without a header? "
    "Does the catalogue belong to another store than the history?"
)
_TITLES = 200
"""Number of titles that decide whether the catalogue is the sample store's."""
_EVENTS = 5000
_MAX_TRIED = 5
"""Number of files that are tried as other formats if nothing was read."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events are recorded: in the state, and in the event lake if ``lake`` is given."""

    user_id: str
    state: ListeningState
    lake: ObjectStore | None = None
    least_confidence: float = LEAST_CONFIDENCE

    def __post_init__(self) -> None:
        if fault := id_fault(self.user_id):
            raise InvalidInputError(f"user {self.user_id[:40]!r} {fault}: name the listener.")


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Callbacks: bytes to read, size of each piece read, number of events recorded so far.

    ``end`` gets all bad rows and unmatched tracks after everything is recorded.
    """

    begin: Callable[[int], None] = _nothing
    read: Callable[[int], None] = _nothing
    recorded: Callable[[int], None] = _nothing
    end: Callable[[Spool], None] = _nothing


def import_history(
    sources: Iterable[tuple[str, Path]],
    form: ExportFormat,
    index: TrackIndex,
    destination: Destination,
    *,
    reading: Reading | None = None,
    progress: ImportProgress | None = None,
) -> ImportReport:
    """Import files, folders and zips of one listener.

    A file that cannot be read is named in the report, and the others are imported. Events that are imported
    again count once, because an event's id is computed from the listen.

    Parameters
    ----------
    sources : iterable of (name, path)
        Name in the report, and place, of each source.
    reading : Reading, optional
    progress : ImportProgress, optional

    Raises
    ------
    InvalidInputError
        There are too many rows, or they take too long.
    StateUnavailableError, StoreUnavailableError
        The state or the lake did not take all events: import again, nothing counts twice.
    SourceUnavailableError
        There is no room for the scratch file.
    """
    progress, reading = progress or ImportProgress(), reading or Reading()
    budget = Budget(reading)
    sources = list(sources)
    parts = list(find_parts(sources, form.suffixes))
    progress.begin(sum(part.size for part in parts))

    def piece_read(size: int) -> None:
        budget.spend(0)
        progress.read(size)

    with open_spool() as spool, OpenedZip() as opened:
        files = [
            _read(
                part.name, read_part(part, form, piece_read, zone=reading.zone, opened=opened), spool, budget
            )
            for part in parts
        ]
        if not any(map(_has_content, files)):
            nothing = f"it contains no listens: give {form.wanted}"
            files = [FileReport(name, error=nothing) for name, _ in sources]
        listens = spool.merge()
        spool.match(lambda wanted: match_all(index, wanted))
        tally = _Tally()
        for batch in _batches(_events(spool.merged(), form, index.catalogue, destination, tally)):
            recorded = _record(batch, destination)
            tally.new += recorded.new
            tally.repeated += recorded.repeated
            budget.spend(0)
            progress.recorded(tally.new + tally.repeated)
        progress.end(spool)
        hint = "" if listens else _other_format(parts, form)
        if 0 < listens == tally.unmatched:
            hint = _NO_TRACK + (_OF_SAMPLE if _is_sample(index.catalogue) else _OF_OTHERS)
        return _report(files, spool, listens, tally, hint)


def _is_sample(catalogue: Catalogue) -> bool:
    from segue.sources.sample.world.name import are_invented  # the generator is rarely needed

    return are_invented([catalogue.name[row] for row in range(min(len(catalogue), _TITLES))])


def _other_format(parts: Sequence[Part], form: ExportFormat) -> str:
    """Name another format of the files, if one of the first is recognised."""
    others = [each for each in FORMATS.values() if each is not form]
    other = next((other for part in parts[:_MAX_TRIED] for other in recognise(part, others)), None)
    if other is None:
        return ""
    return f"This looks like an export of {other.title}: import it with the format {other.name}."


def _report(
    files: Sequence[FileReport], spool: Spool, listens: int, tally: _Tally, hint: str
) -> ImportReport:
    counts = {
        "matched": sum(tally.found_by.values()),
        "ambiguous": tally.ambiguous,
        "left_out": tally.left_out,
        "unmatched": tally.unmatched,
    }
    return ImportReport(
        files=[file for file in files if _has_content(file)][:MOST_FILES],
        listens=listens,
        merged=sum(file.listens for file in files) - listens,
        no_music=sum(file.no_music for file in files),
        bad=sum(file.bad for file in files),
        found_by={found_by.value: tally.found_by[found_by] for found_by in FoundBy},
        **counts,
        shares={name: round(count / listens, 4) if listens else 0.0 for name, count in counts.items()},
        confidence={found_by.value: sure for found_by, sure in CONFIDENCE.items()} | {"ambiguous": AMBIGUOUS},
        plays=tally.kinds[EventKind.PLAY],
        skips=tally.kinds[EventKind.SKIP],
        new=tally.new,
        repeated=tally.repeated,
        unmatched_tracks=list(spool.unmatched(SHOWN)),
        bad_rows=list(spool.bad(SHOWN)),
        hint=hint,
    )


def _has_content(file: FileReport) -> bool:
    return bool(file.listens or file.no_music or file.bad or file.error)


@dataclass(slots=True)
class _Tally:
    found_by: Counter[FoundBy] = field(default_factory=Counter)
    kinds: Counter[EventKind] = field(default_factory=Counter)
    ambiguous: int = 0
    left_out: int = 0
    unmatched: int = 0
    new: int = 0
    repeated: int = 0

    def counts(self, listen: Merged, least_confidence: float) -> bool:
        """Count a listen, and return whether it becomes an event."""
        match = listen.match
        if match is None:
            self.unmatched += 1
        elif match.confidence < least_confidence:
            self.left_out += 1
        elif match.candidates > 1:
            self.ambiguous += 1
        else:
            self.found_by[match.found_by] += 1
        return match is not None and match.confidence >= least_confidence


def _read(name: str, rows: Iterator[Listen | NoMusic | BadRow], spool: Spool, budget: Budget) -> FileReport:
    count: Counter[type] = Counter()
    error = ""
    waiting: list[Listen] = []
    bad: list[BadRow] = []
    while True:
        try:
            row = next(rows, None)
        except SourceError as broken:
            error, row = str(broken), None
        if isinstance(row, BadRow):
            bad.append(row)
        elif isinstance(row, Listen):
            waiting.append(row)
        if row is None or len(waiting) + len(bad) >= BATCH:
            spool.add(waiting)
            spool.add_bad(bad)
            waiting.clear()
            bad.clear()
        if row is None:
            return FileReport(name, count[Listen], count[NoMusic], count[BadRow], error)
        count[type(row)] += 1
        budget.spend(1)


def _events(
    listens: Iterable[Merged],
    form: ExportFormat,
    catalogue: Catalogue,
    destination: Destination,
    tally: _Tally,
) -> Iterator[Event]:
    ids, durations_s = catalogue.vocabulary.item_id, catalogue.duration_s
    for listen in listens:
        if not tally.counts(listen, destination.least_confidence) or listen.match is None:
            continue
        duration_s = float(durations_s[listen.match.row])
        kind = kind_of(
            listen.ms_played, skipped=listen.skipped, duration_s=duration_s if duration_s > 0 else None
        )
        tally.kinds[kind] += 1
        yield Event(
            user_id=destination.user_id,
            track_id=str(ids[listen.match.row]),
            kind=kind,
            at=datetime.fromtimestamp(listen.at_s, UTC),
            event_id=f"import/{form.clock}/{listen.listen_id}",
            ms_played=listen.ms_played,
        )


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Divide events by month, so that the same listens make the same objects in a lake."""
    batch: list[Event] = []
    for event in events:
        if batch and (
            len(batch) == _EVENTS or (event.at.year, event.at.month) != (batch[0].at.year, batch[0].at.month)
        ):
            yield batch
            batch = []
        batch.append(event)
    if batch:
        yield batch


def _record(events: Sequence[Event], destination: Destination) -> Recorded:
    if destination.lake is None:
        return destination.state.record(events)
    return accept(events, events[0].at, destination.lake, destination.state)
