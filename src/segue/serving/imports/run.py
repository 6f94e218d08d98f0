"""Import listening histories: read, merge, match to the catalogue, and record what was found as events."""

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
"""Files that a report holds."""

SHOWN = 100
"""Bad rows, and unmatched tracks, that a report holds; the counts are of all."""

_NO_TRACK = "The catalogue has none of these tracks. "
_OF_SAMPLE = (
    "It is the sample store's, which is made up: "
    "`make run DATA=path/to/data` makes one of real tracks, see docs/import.md."
)
_OF_OTHERS = (
    "Are artist and title swapped, as in a file without a header? "
    "Is it the catalogue of another store than the one that was listened to?"
)
_TITLES = 200
"""Titles that tell whose catalogue it is."""
_EVENTS = 5000
_LOOKED_AT = 5
"""Files that are tried as other formats where nothing was read."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events go: the state, and where ``lake`` is given the event lake too."""

    user_id: str
    state: ListeningState
    lake: ObjectStore | None = None
    least_confidence: float = LEAST_CONFIDENCE

    def __post_init__(self) -> None:
        if fault := id_fault(self.user_id):
            raise InvalidInputError(f"user {self.user_id[:40]!r} {fault}: name whose history it is.")


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Watch:
    """Told of the bytes to read, of each piece as it is read, and of the events recorded so far.

    ``end`` is given all bad rows and unmatched tracks when everything is recorded.
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
    watch: Watch | None = None,
) -> ImportReport:
    """Import files, folders and zips of one listener.

    A file that cannot be read is named in the report, and the others go on. What is imported again counts
    once: the ids of events are made of what the listens are.

    Parameters
    ----------
    sources : iterable of (name, path)
        What the report calls each, and where it is.
    reading : Reading, optional
    watch : Watch, optional

    Raises
    ------
    InvalidInputError
        There are too many rows, or they take too long.
    StateUnavailableError, StoreUnavailableError
        The state or the lake did not take all events: import again, nothing counts twice.
    SourceUnavailableError
        There is no room for the scratch file.
    """
    watch, reading = watch or Watch(), reading or Reading()
    budget = Budget(reading)
    sources = list(sources)
    parts = list(find_parts(sources, form.suffixes))
    watch.begin(sum(part.size for part in parts))

    def advance(size: int) -> None:
        budget.spend(0)
        watch.read(size)

    with open_spool() as spool, OpenedZip() as opened:
        read = [
            _read(part.name, read_part(part, form, advance, zone=reading.zone, opened=opened), spool, budget)
            for part in parts
        ]
        if not any(map(_says, read)):
            nothing = f"nothing in it holds listens: give {form.wanted}"
            read = [FileReport(name, error=nothing) for name, _ in sources]
        listens = spool.merge()
        spool.match(lambda wanted: match_all(index, wanted))
        tally = _Tally()
        for batch in _batches(_events(spool.merged(), form, index.catalogue, destination, tally)):
            recorded = _record(batch, destination)
            tally.new += recorded.new
            tally.repeated += recorded.repeated
            budget.spend(0)
            watch.recorded(tally.new + tally.repeated)
        watch.end(spool)
        hint = "" if listens else _other_format(parts, form)
        if 0 < listens == tally.unmatched:
            hint = _NO_TRACK + (_OF_SAMPLE if _is_sample(index.catalogue) else _OF_OTHERS)
        return _report(read, spool, listens, tally, hint)


def _is_sample(catalogue: Catalogue) -> bool:
    from segue.sources.sample.world.name import are_invented  # the generator, which no other import needs

    return are_invented([catalogue.name[row] for row in range(min(len(catalogue), _TITLES))])


def _other_format(parts: Sequence[Part], form: ExportFormat) -> str:
    """Say of which other format the files are, if the first of them tells."""
    others = [each for each in FORMATS.values() if each is not form]
    found = next((other for part in parts[:_LOOKED_AT] for other in recognise(part, others)), None)
    return (
        f"This looks like an export of {found.title}: import it with the format {found.name}."
        if found
        else ""
    )


def _report(read: Sequence[FileReport], spool: Spool, listens: int, tally: _Tally, hint: str) -> ImportReport:
    counts = {
        "matched": sum(tally.found_by.values()),
        "ambiguous": tally.ambiguous,
        "left_out": tally.left_out,
        "unmatched": tally.unmatched,
    }
    return ImportReport(
        files=[file for file in read if _says(file)][:MOST_FILES],
        listens=listens,
        merged=sum(file.listens for file in read) - listens,
        no_music=sum(file.no_music for file in read),
        bad=sum(file.bad for file in read),
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


def _says(file: FileReport) -> bool:
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
        """Count a listen; tell whether it becomes an event."""
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
            found = next(rows, None)
        except SourceError as broken:
            error, found = str(broken), None
        if isinstance(found, BadRow):
            bad.append(found)
        elif isinstance(found, Listen):
            waiting.append(found)
        if found is None or len(waiting) + len(bad) >= BATCH:
            spool.add(waiting)
            spool.add_bad(bad)
            waiting.clear()
            bad.clear()
        if found is None:
            return FileReport(name, count[Listen], count[NoMusic], count[BadRow], error)
        count[type(found)] += 1
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
    """Divide events by month, so that the same listens make the same objects of a lake."""
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
