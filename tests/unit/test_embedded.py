"""The recommender inside a program: its calls, and what they say about wrong values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.artifacts.place.local import LocalStore
from segue.domain.listening.event import EventKind
from segue.embedded import EmbeddedRecommender, open_recommender
from segue.errors import ConfigError, InvalidInputError, TrackNotFoundError
from segue.sources.lake import LAKE_PREFIX
from segue.state.location import open_state
from tests.small_recommender import GENRES, LISTENER, catalogue, events_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained


@pytest.fixture
def state(tmp_path: Path) -> str:
    """The listener's events in a file."""
    location = str(tmp_path / "state.sqlite")
    open_state(location).record(events_of())
    return location


@pytest.fixture
def embedded(trained: Trained, state: str, tmp_path: Path) -> EmbeddedRecommender:
    return open_recommender(
        str(trained.folder), state=state, lake=str(tmp_path / "lake"), cache=tmp_path / "cache"
    )


def test_four_lines_of_python(embedded: EmbeddedRecommender) -> None:
    best = embedded.recommend(LISTENER, n=3, mood="energetic").items[0]
    assert len(embedded.similar(best.track_id, n=2).items) == 2
    why = embedded.explain(LISTENER, best.track_id)
    assert why.track_id == best.track_id
    assert sum(reason.contribution for reason in why.reasons) == pytest.approx(why.score, abs=1e-4)


def test_a_listener_may_be_a_number_as_over_http(embedded: EmbeddedRecommender) -> None:
    assert embedded.recommend(int(LISTENER), n=3).items == embedded.recommend(LISTENER, n=3).items
    assert embedded.taste(int(LISTENER)) == embedded.taste(LISTENER)
    assert embedded.explain(int(LISTENER), "t100") == embedded.explain(LISTENER, "t100")


def test_limit_is_another_name_of_n(embedded: EmbeddedRecommender) -> None:
    assert embedded.recommend(LISTENER, limit=3).items == embedded.recommend(LISTENER, n=3).items
    assert embedded.similar("t001", limit=3).items == embedded.similar("t001", n=3).items


def test_seeds_and_a_genre_need_no_user(embedded: EmbeddedRecommender) -> None:
    seeds = ["t030", "t031", "t032"]  # jazz
    answer = embedded.recommend(seed_tracks=seeds, n=10)
    assert answer.answered_by == "hybrid"
    assert {item.track_id for item in answer.items}.isdisjoint(seeds)
    assert sum(item.genres == ["jazz"] for item in answer.items) > 5
    opera = embedded.recommend(genre="opera", n=10)
    assert [item.genres for item in opera.items] == [["opera"]] * 10


def test_feedback_counts_in_the_next_answer_and_reaches_the_lake(
    embedded: EmbeddedRecommender, state: str, tmp_path: Path
) -> None:
    best = embedded.recommend(LISTENER, n=1).items[0].track_id
    assert embedded.feedback(LISTENER, "dislike", best, event_id="one").accepted == 1
    assert embedded.feedback(LISTENER, "dislike", best, event_id="one").repeated == 1
    assert best not in [item.track_id for item in embedded.recommend(LISTENER, n=100).items]
    newest = open_state(state).read_listener(LISTENER, 1).events[0]
    assert (newest.track_id, newest.kind) == (best, EventKind.DISLIKE)
    assert list(LocalStore(tmp_path / "lake").list_objects(LAKE_PREFIX))


def test_a_span_of_time_is_ignored(embedded: EmbeddedRecommender) -> None:
    span = {"from_": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    assert embedded.feedback(LISTENER, "ignore", **span).accepted == 1


def test_a_taste_of_tracks_and_artists_needs_no_user(embedded: EmbeddedRecommender) -> None:
    jazz = [f"t{row:03}" for row in range(30, 45)]
    found = embedded.taste(tracks=jazz, artists=["jazz artist 9"])
    assert found.user_id == ""
    assert found.support.tracks == len({*jazz, "t057", "t058", "t059"})
    assert [(each.name, each.share) for each in found.genres.shares] == [("jazz", 1.0)]
    page = embedded.taste_page(tracks=jazz)
    assert "<h1>Taste profile</h1>" in page
    unknown = embedded.taste(tracks=["t001", "nowhere"], artists=["nobody"])
    assert (unknown.unknown_tracks, unknown.unknown_artists) == (["nowhere"], ["nobody"])


def test_wrong_wishes_are_named(embedded: EmbeddedRecommender) -> None:
    for place, wishes in (
        ("n: must be 1 or more, got 0", {"n": 0}),
        ("limit: must be 1 or more, got 0", {"limit": 0}),
        ("moood: no such field", {"moood": "chill"}),
        ("seed_tracks: must be a list", {"seed_tracks": "t001"}),
        ("polka", {"genre": "polka"}),
    ):
        with pytest.raises(InvalidInputError, match=place):
            embedded.recommend(LISTENER, **wishes)
    with pytest.raises(InvalidInputError, match="user_id: must not be empty"):
        embedded.taste("")
    with pytest.raises(InvalidInputError, match="user_id: must be a text"):
        embedded.explain(None, "t001")
    with pytest.raises(InvalidInputError, match="artists: must be a list"):
        embedded.taste(artists=catalogue().artists.of(0)[0])
    with pytest.raises(InvalidInputError, match="give a user_id, tracks or artists"):
        embedded.taste()
    with pytest.raises(InvalidInputError, match=r"event: must be .*'like'"):
        embedded.feedback(LISTENER, "adore", "t001")
    for ask in (lambda: embedded.explain(LISTENER, "nowhere"), lambda: embedded.similar("nowhere")):
        with pytest.raises(TrackNotFoundError, match="nowhere"):
            ask()


def test_without_a_state_seeds_are_answered_and_feedback_says_what_lacks(
    trained: Trained, tmp_path: Path
) -> None:
    segue = open_recommender(str(trained.folder), cache=tmp_path / "cache")
    assert segue.recommend(seed_tracks=["t001"], n=2).items[0].genres == [GENRES[0]]
    with pytest.raises(ConfigError, match=r"state: not given: use open_recommender\(…, state=FILE\)"):
        segue.feedback(LISTENER, "like", "t001")
