"""Profiles of the trained recommender: stored, named, both or neither; and what follows what is live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from segue.artifacts.place.local import LocalStore
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.exclusion import ListenerRecord
from segue.domain.taste import neighbour
from segue.domain.taste.layout import BY_CLUSTERS, BY_DIRECTIONS
from segue.domain.taste.profile import PARTS
from segue.serving.api.tier import Tier
from segue.serving.live.taste_model import LiveTaste, live_taste
from segue.serving.settings.environment import ArtifactSettings
from segue.serving.taste.answer import profile_for
from segue.serving.taste.contract import TasteProfile, TasteRequest
from segue.state.listening import RECENT
from tests.small_clustering import clustering_of, publish_clustering
from tests.small_recommender import LISTENER, catalogue, events_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained


@pytest.fixture(scope="module")
def live(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> LiveTaste:
    return live_taste(ArtifactSettings(str(trained.folder), tmp_path_factory.mktemp("cache"), 60.0))


def profile(live: LiveTaste, events: list[Event], user: str = LISTENER, **known: Any) -> TasteProfile:
    return profile_for(user, TasteRequest(**known), Tier.PRO, live.get(), ListenerRecord(events))[0]


def test_a_stored_listener_is_told_what_they_play(live: LiveTaste, trained: Trained) -> None:
    found = profile(live, events_of())
    assert (found.user_id, found.model_version, found.clusters_version) == (LISTENER, trained.version, None)
    assert found.genres is not None
    assert [each.name for each in found.genres.shares] == ["rock", "jazz"]
    assert 1 < found.genres.effective_genres < 2
    heard = {event.track_id for event in events_of()}
    assert found.tastes is not None
    assert {track.track_id for taste in found.tastes.tastes for track in taste.representative} <= heard
    assert found.tastes.map_made_by == BY_DIRECTIONS
    # 28 events are no drift, no track has a release date, and nobody here has ten likes.
    assert found.left_out.keys() == {"drift", "eras", "friends"}
    assert found.drift is found.eras is found.friends is None


def test_every_part_is_there_or_said_to_be_missing(live: LiveTaste) -> None:
    for events, known in ((events_of(), {}), ([], {}), ([], {"tracks": ["t000", "t001", "t002"]})):
        found = profile(live, events, **known)
        assert {part for part in PARTS if getattr(found, part) is None} == found.left_out.keys()
        for part in PARTS:
            said = getattr(found, part) or found.left_out[part]
            assert said.support.events >= 0


def test_whom_nobody_knows_is_described_by_tracks_and_artists(live: LiveTaste) -> None:
    found = profile(live, [], "new", tracks=["t000", "nope"], artists=["JAZZ artist 1", "No One"])
    assert (found.unknown_tracks, found.unknown_artists) == (["nope"], ["No One"])
    assert (found.support.tracks, found.support.events) == (4, 4)
    assert found.genres is not None
    assert [each.name for each in found.genres.shares] == ["jazz", "rock"]
    assert found.patterns is None
    assert found.insights[0].text.startswith("This is a first sketch: it rests on 4 tracks")


def test_the_body_adds_to_what_is_stored(live: LiveTaste) -> None:
    alone, both = profile(live, events_of()), profile(live, events_of(), artists=["opera artist 3"])
    assert alone.genres is not None
    assert both.genres is not None
    assert {each.name for each in both.genres.shares} == {each.name for each in alone.genres.shares} | {
        "opera"
    }
    assert both.support.tracks == alone.support.tracks + 3


def test_a_disliked_track_is_not_liked_for_its_artist(live: LiveTaste) -> None:
    at = events_of()[0].at
    rock = [f"t{row:03}" for row in range(3)]  # all that the artist made
    against = [Event("x", track, EventKind.DISLIKE, at, track) for track in rock[:2]]
    assert profile(live, against, "x", artists=["rock artist 0"]).support.tracks == 1
    assert profile(live, against, "x", tracks=rock[:1]).support.tracks == 1


def test_stored_tracks_of_elsewhere_are_named(live: LiveTaste) -> None:
    elsewhere = Event("x", "from-elsewhere", EventKind.PLAY, events_of()[0].at, "1")
    found = profile(live, [elsewhere], "x", tracks=["nope"])
    assert (found.unknown_stored_tracks, found.unknown_tracks) == (["from-elsewhere"], ["nope"])
    assert found.support.tracks == 0


def test_nothing_of_friends_is_told_but_who_and_how_alike(
    live: LiveTaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbour, "MIN_LIKES", 1)
    without, named = profile(live, events_of()), profile(live, events_of(), friends=["5", "nobody"])
    assert without.friends is not None
    assert named.friends is not None
    assert named.friends.compared == without.friends.compared + 1
    for friend in named.friends.nearest:
        assert friend.model_dump().keys() == {"user_id", "similarity"}
    about_friends = {"friends", "insights"}
    assert named.model_dump(exclude=about_friends) == without.model_dump(exclude=about_friends)


def test_the_map_follows_the_live_clusters(trained: Trained, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "artifacts")
    trained.copy_to(store)
    live = live_taste(ArtifactSettings(str(tmp_path / "artifacts"), tmp_path / "cache", 0.0))
    before = live.get()
    assert before.value.reference.layout.made_by == BY_DIRECTIONS
    assert live.get() is before
    publish_clustering(store, clustering_of(catalogue()), live=True)
    live = live_taste(ArtifactSettings(str(tmp_path / "artifacts"), tmp_path / "cache", 0.0))
    after = live.get()
    assert after.value.reference.layout.made_by == BY_CLUSTERS
    assert after.value.clusters_version is not None
    live.expire()
    assert live.get().value.clusters_version == after.value.clusters_version


def test_clusters_that_cannot_be_served_leave_the_profile(trained: Trained, tmp_path: Path) -> None:
    from segue.errors import CorruptArtifactError
    from segue.serving.live.recommender import LiveRecommender

    class Broken:
        def get(self) -> Any:
            raise CorruptArtifactError("damaged")

        def expire(self) -> None:
            pass

    settings = ArtifactSettings(str(trained.folder), tmp_path, 60.0)
    clusterings: Any = Broken()
    live = LiveTaste(LiveRecommender(settings), clusterings)
    assert live.get().value.reference.layout.made_by == BY_DIRECTIONS
    assert live.get() is live.get()


def test_a_history_that_is_not_read_whole_says_so(live: LiveTaste) -> None:
    """Nobody has read whether a track was heard before the latest 2000 events."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    events = [
        Event("x", f"t{number % 30:03}", EventKind.PLAY, now - timedelta(minutes=30 * number), str(number))
        for number in range(RECENT)
    ]
    old = Event("x", "t031", EventKind.LIKE, now - timedelta(days=900), "old")
    cut = profile(live, [*events, old], "x", utc_offset_minutes=60)
    assert cut.events_since == events[-1].at
    assert cut.events_since.isoformat().endswith("+01:00")
    assert cut.patterns is not None
    assert cut.patterns.repeat_share is cut.patterns.discovery_rate is None
    assert not any("new to you" in each.text or "before" in each.text for each in cut.insights)
    assert cut.drift is not None
    assert cut.drift.windows[0].began_at >= cut.events_since
    assert cut.support.events == RECENT + 1  # an old opinion holds
    whole = profile(live, events[1:], "x")
    assert whole.events_since is None
    assert whole.patterns is not None
    assert whole.patterns.repeat_share is not None


def test_times_are_by_the_listeners_clock(live: LiveTaste) -> None:
    here, ahead = profile(live, events_of()), profile(live, events_of(), utc_offset_minutes=330)
    assert here.patterns is not None
    assert ahead.patterns is not None
    assert here.patterns.began_at == ahead.patterns.began_at
    assert ahead.patterns.began_at.isoformat().endswith("+05:30")
    assert sum(map(sum, here.patterns.heat)) == sum(map(sum, ahead.patterns.heat))
    assert here.patterns.heat != ahead.patterns.heat


def test_the_request_is_checked() -> None:
    assert TasteRequest(tracks=["1", "1", 2]).tracks == ["1", "2"]
    live: Any = SimpleNamespace()
    assert live
    with pytest.raises(ValueError, match="artists"):
        TasteRequest(artists=["x"] * 101)
    with pytest.raises(ValueError, match="extra"):
        TasteRequest(artist="x")
