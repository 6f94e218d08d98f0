"""What every source of candidates is, once it knows whom it answers for, and the reasons it gives."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.vector.column import Text


class ReasonKind(StrEnum):
    """What a part of a score comes from."""

    PLAYED = "played"
    """A track of the listener's history; `Reason.item_index` names it."""
    GENRE = "genre"
    ARTIST = "artist"
    AUDIO = "audio"
    """An audio feature; `Reason.name` is one of `segue.domain.catalogue.tracks.AUDIO_FEATURES`."""
    ASKED = "asked"
    """An audio feature that a seed asks for."""
    MOOD = "mood"
    CONTEXT = "context"
    FRIEND = "friend"
    POPULAR = "popular"
    TRENDING = "trending"
    REST = "rest"
    """What many small parts add up to."""


class Reason(NamedTuple):
    """A part of a score; the parts of one score add up to it.

    A tuple, as an answer makes hundreds: a frozen dataclass takes three times as long.

    Attributes
    ----------
    kind : ReasonKind
    contribution : float
        In the unit of the score; negative where it speaks against the track.
    name : str
        The genre, artist, feature, mood, context or user id it is about.
    item_index : int
        The track it is about, -1 if none.
    """

    kind: ReasonKind
    contribution: float
    name: str = ""
    item_index: int = -1


NAMELESS = ("",)
"""`ScoreParts.names` where the kind says all."""


class ScoreParts(NamedTuple):
    """Parts of the scores of some tracks, all of one kind; several of one track may be about the same.

    Attributes
    ----------
    kind : ReasonKind
    at : int64 (n,)
        Position of the track among those that were asked about.
    value : float (n,)
    about : int (n,)
        Position in ``names``; of `ReasonKind.PLAYED` the track.
    names : sequence of str
    """

    kind: ReasonKind
    at: NDArray[np.int64]
    value: NDArray[np.floating]
    about: NDArray[np.integer]
    names: Sequence[str] | Text


class CandidateSource(Protocol):
    """One way to find and score tracks, prepared for one listener or situation."""

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks, best first, int32; none that the source knows nothing about."""

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows`` int32 (m,), float32 (m,); 0 where the source knows nothing."""


class ReasonedSource(CandidateSource, Protocol):
    """A source whose scores are sums over anything but the tracks of a history."""

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Split the scores of ``rows`` int32 (m,) into parts that add up to each, in any order."""


class PlayedSource(CandidateSource, Protocol):
    """A source whose scores are sums over the tracks of a history; it has ``shares`` instead of reasons."""

    @property
    def history(self) -> History:
        """What the source was prepared for."""

    def shares(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Split the scores of ``rows`` int32 (m,) over the history: float64 (m, h), each row adds up."""
