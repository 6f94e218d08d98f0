"""Fingerprints: equal for equal data, another for any change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.interactions import Interactions
from segue.domain.vector.column import build_labels, build_text
from segue.sources.dataset.extent import describe_catalogue, describe_interactions
from tests.small_catalogue import small_catalogue

CATALOGUE = small_catalogue([["A"], ["B", "A"]], audio={"tempo": [90, np.nan]})
EVENTS = Interactions(
    users=build_vocabulary(["u", "v"]),
    items=build_vocabulary(["a"]),
    user_index=np.array([0, 1], np.int32),
    item_index=np.zeros(2, np.int32),
    kind=np.zeros(2, np.int8),
    at=np.array(["2024-01-01", "NaT"], "datetime64[s]"),
    count=np.array([2, 1], np.float32),
    ms_played=np.full(2, -1, np.int32),
    context=np.zeros(2, np.int16),
)


def test_the_extent_is_described() -> None:
    told = describe_catalogue(CATALOGUE)
    assert (told["tracks"], told["artists"], told["genres"]) == (2, 2, 0)
    told = describe_interactions(EVENTS)
    assert {name: value for name, value in told.items() if name != "fingerprint"} == {
        "users": 2, "tracks": 1, "rows": 2, "events": 3.0, "timed_rows": 1,
        "from": "2024-01-01T00:00:00Z", "through": "2024-01-01T00:00:00Z",
    }  # fmt: skip


def test_without_times_there_is_no_span() -> None:
    told = describe_interactions(replace(EVENTS, at=np.full(2, "NaT", "datetime64[s]")))
    assert (told["timed_rows"], told["from"], told["through"]) == (0, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"name": build_text(["song 0", "song 2"])},
        {"album": build_text(["song 0", ""])},
        {"artists": build_labels([["A"], ["A", "B"]])},
        {"genres": build_labels([["A"], []])},
        {"explicit": np.array([-1, 0], np.int8)},
        {"popularity": np.array([np.nan, 1], np.float32)},
        {"release_date": np.array(["NaT", "2004-01-01"], "datetime64[D]")},
        {"low_level_names": ("x",), "low_level": np.zeros((2, 1), np.float32)},
        {"vocabulary": build_vocabulary(["t000", "x"])},
    ],
)
def test_any_change_of_a_catalogue_changes_its_fingerprint(change: dict[str, object]) -> None:
    assert (
        describe_catalogue(replace(CATALOGUE))["fingerprint"] == describe_catalogue(CATALOGUE)["fingerprint"]
    )
    changed = replace(CATALOGUE, **change)
    assert describe_catalogue(changed)["fingerprint"] != describe_catalogue(CATALOGUE)["fingerprint"]


@pytest.mark.parametrize(
    "change",
    [
        {"users": build_vocabulary(["u", "w"])},
        {"items": build_vocabulary(["b"])},
        {"user_index": np.zeros(2, np.int32)},
        {"kind": np.array([0, 1], np.int8)},
        {"at": np.array(["2024-01-01", "2024-01-01"], "datetime64[s]")},
        {"count": np.array([2, 2], np.float32)},
        {"ms_played": np.array([-1, 0], np.int32)},
        {"contexts": ("", "work")},
        {"contexts": ("", "work"), "context": np.ones(2, np.int16)},
    ],
)
def test_any_change_of_events_changes_their_fingerprint(change: dict[str, object]) -> None:
    changed = replace(EVENTS, **change)
    assert describe_interactions(changed)["fingerprint"] != describe_interactions(EVENTS)["fingerprint"]


def test_every_nan_is_the_same() -> None:
    other = np.array([0xFFC00001], np.uint32).view(np.float32)
    tempo = np.where(np.isnan(CATALOGUE.audio), other, CATALOGUE.audio)
    assert describe_catalogue(replace(CATALOGUE, audio=tempo)) == describe_catalogue(CATALOGUE)
