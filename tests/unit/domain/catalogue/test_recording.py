"""Ids of one recording."""

from __future__ import annotations

from segue.domain.catalogue.recording import recordings
from tests.small_catalogue import small_catalogue


def test_name_and_main_artist_make_a_recording() -> None:
    catalogue = small_catalogue(
        [["Abba"], ["Abba", "Cher"], ["Cher"], ["Abba"], [], [], ["Abba"]],
        names=["SOS", "sos ", "SOS", "Fernando", "SOS", "SOS", ""],
    )
    assert recordings(catalogue).tolist() == [0, 0, 2, 3, 4, 5, 6]
