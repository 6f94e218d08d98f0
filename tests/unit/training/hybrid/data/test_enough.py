"""Training says what there is too little of, and stops for none of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.place.local import LocalStore
from segue.domain.catalogue.vocabulary import build_vocabulary
from tests.small_recommender import dataset, train_hybrid
from training.hybrid.publishing import MINIMUM, RECOMMENDED, warn_of_little, warn_of_unknown

if TYPE_CHECKING:
    from pathlib import Path


def about(tracks: int, listeners: int, events: int) -> dict:
    return {"catalogue": {"tracks": tracks}, "interactions": {"users": listeners, "events": float(events)}}


def test_enough_is_no_warning() -> None:
    assert warn_of_little(about(**MINIMUM)) == []
    assert warn_of_little(about(**RECOMMENDED)) == []


def test_what_is_too_little_is_named_with_what_is_recommended() -> None:
    (warning,) = warn_of_little(about(9_999, 1_000, 12))
    assert "9,999 tracks of 10,000, 12 events of 50,000 that are the minimum" in warning
    assert "100,000 tracks, 10,000 listeners, 1,000,000 events are recommended" in warning
    assert "listeners of" not in warning


@pytest.mark.parametrize(("known", "warns"), [(750, False), (375, False), (374, True), (37, True)])
def test_events_that_miss_the_catalogue_are_warned_of(known: int, warns: bool) -> None:
    told = warn_of_unknown({"interactions": {"rows": 750, "rows_of_known_tracks": known}})
    assert [f"only {known} of 750 events are of tracks in the catalogue" in each for each in told] == (
        [True] if warns else []
    )


def test_a_manifest_says_that_most_events_miss_the_catalogue(tmp_path: Path) -> None:
    data = dataset()
    ids = data.interactions.items.item_id.tolist()
    strange = build_vocabulary([each if row < len(ids) // 4 else f"x{each}" for row, each in enumerate(ids)])
    n_known = int(np.count_nonzero(data.interactions.item_index < len(ids) // 4))
    events = replace(data.interactions, items=strange)
    done = train_hybrid(LocalStore(tmp_path), replace(data, interactions=events))
    record = done.manifest.record
    assert record.data["interactions"]["rows_of_known_tracks"] == n_known
    told = f"only {n_known:,} of {len(events):,} events are of tracks in the catalogue"
    assert any(warning.startswith(told) for warning in record.training["warnings"])
