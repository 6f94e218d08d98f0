"""A play or a skip."""

from __future__ import annotations

import pytest

from segue.domain.listening.event import EventKind
from segue.errors import InvalidInputError
from segue.sources.export.listen import kind_of, read_name

PLAY, SKIP = EventKind.PLAY, EventKind.SKIP


@pytest.mark.parametrize(
    ("ms_played", "skipped", "duration_s", "kind"),
    [
        (None, False, None, PLAY),
        (0, False, None, SKIP),
        (29_999, False, 200.0, SKIP),
        (30_000, False, 200.0, PLAY),
        (20_000, False, 21.0, PLAY),  # all of a short one
        (60_000, True, 200.0, SKIP),
        (100_000, True, 200.0, PLAY),  # half of it
        (60_000, True, None, SKIP),
        (240_000, True, None, PLAY),
        (240_000, True, 3000.0, PLAY),
        (199_000, True, 200.0, PLAY),
    ],
)
def test_a_listen_is_a_play_or_a_skip(
    ms_played: int | None, skipped: bool, duration_s: float | None, kind: EventKind
) -> None:
    assert kind_of(ms_played, skipped=skipped, duration_s=duration_s) is kind


def test_names_are_trimmed_composed_and_storable() -> None:
    assert read_name("  Bjo\u0308rk\0 ", "artist") == "Björk"
    assert read_name("half \ud83d", "artist") == "half ?"
    assert read_name(None, "artist") == ""
    with pytest.raises(InvalidInputError, match="artist is not text"):
        read_name(7, "artist")
