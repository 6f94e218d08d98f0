"""What an import of a listener's history came to."""

from __future__ import annotations

from dataclasses import dataclass, field

# Pydantic reads these annotations when the report is an answer.
from segue.sources.export.left_out import BadRow, Unmatched  # noqa: TC001


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a file came to; ``error`` says why it, or the rest of it, could not be read, else is empty."""

    name: str
    listens: int = 0
    no_music: int = 0
    bad: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What all files came to.

    Attributes
    ----------
    files : list of FileReport
    listens : int
        Distinct ones, after merging: matched, ambiguous, left out and unmatched together.
    merged : int
        Rows that told of a listen which another row told of too.
    no_music : int
        Rows about podcasts and audiobooks.
    bad : int
        Rows that were left out, of which ``bad_rows`` holds the first.
    matched : int
        Listens that fit one recording.
    found_by : dict of str to int
        These by what the track was found by.
    ambiguous : int
        Listens whose artist and title fit several recordings; the most popular was taken.
    left_out : int
        Listens that were matched with less than the least confidence.
    unmatched : int
        Listens of tracks that the catalogue lacks, of which ``unmatched_tracks`` holds the most heard.
    shares : dict of str to float
        Of the listens: matched, ambiguous, left out, unmatched; 0 … 1.
    confidence : dict of str to float
        How sure a match is by what it was found by, and by what factor less where it is ambiguous.
    plays, skips : int
        What the matched and ambiguous listens are.
    new, repeated : int
        Of these, how many count from now on, and how many did already.
    hint : str
        What may be the matter where the catalogue has none of the tracks, or the files are of another format;
        else empty.
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
