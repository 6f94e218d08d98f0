"""The report of an import of a listener's history."""

from __future__ import annotations

from dataclasses import dataclass, field

# Pydantic reads these annotations when the report is an answer.
from segue.sources.export.left_out import BadRow, Unmatched  # noqa: TC001


@dataclass(frozen=True, slots=True)
class FileReport:
    """Counts of one file; ``error`` says why it, or a part of it, could not be read; else it is empty."""

    name: str
    listens: int = 0
    no_music: int = 0
    bad: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts of all files.

    Attributes
    ----------
    files : list of FileReport
    listens : int
        Distinct listens after merging: matched, ambiguous, left out and unmatched together.
    merged : int
        Rows about a listen that another row is about too.
    no_music : int
        Rows about podcasts and audiobooks.
    bad : int
        Rows that could not be read; ``bad_rows`` contains the first ones.
    matched : int
        Listens that match one recording.
    found_by : dict of str to int
        Matched listens by what the track was found by.
    ambiguous : int
        Listens whose artist and title match several recordings; the most popular one was taken.
    left_out : int
        Listens whose match has less than the minimum confidence.
    unmatched : int
        Listens of tracks that the catalogue does not have; ``unmatched_tracks`` contains the most heard.
    shares : dict of str to float
        Shares of the listens that are matched, ambiguous, left out and unmatched; 0 … 1.
    confidence : dict of str to float
        Confidence of a match by what the track was found by, and the factor for an ambiguous match.
    plays, skips : int
        Numbers of plays and skips among the matched and ambiguous listens.
    new, repeated : int
        Numbers of events that are new, and that were recorded before.
    hint : str
        Probable cause, if the catalogue has none of the tracks or the files have another format; else empty.
    """

    files: list[FileReport]
    listens: int
    merged: int
    no_music: int
    bad: int
    matched: int
    found_by: dict[str, int]
    ambiguous: int
    left_out: int
    unmatched: int
    shares: dict[str, float]
    confidence: dict[str, float]
    plays: int
    skips: int
    new: int
    repeated: int
    unmatched_tracks: list[Unmatched] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    hint: str = ""
