"""Training says what there is too little of, and stops for none of it."""

from __future__ import annotations

from training.recommend.enough import MINIMUM, RECOMMENDED, warn_of_little


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
