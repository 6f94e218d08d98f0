"""Blocks and ignores over HTTP: every surface that answers a listener respects them from the next call on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segue.artifacts.place.local import LocalStore
from segue.domain.listening.exclusion import MOST_EXCLUSIONS
from segue.serving.api.request_id import read_request_id
from tests.contract.client import ask, tracks
from tests.small_clustering import clustering_of, publish_clustering
from tests.small_recommender import LISTENER, catalogue, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

    Surface = Callable[[TestClient], dict[str, Any]]

HEARD = [event.track_id for event in events_of()]


def _radio(client: TestClient, **seed: Any) -> dict[str, Any]:
    return ask(client, "/radio/generate", user_id=LISTENER, limit=40, **seed)


SURFACES: dict[str, Surface] = {
    "recommend": lambda client: ask(client, "/recommend/user", user_id=LISTENER, limit=60),
    "recommend by seeds": lambda client: ask(
        client, "/recommend/user", user_id=LISTENER, limit=60, seed_tracks=["t001", "t031"]
    ),
    "recommend by mood": lambda client: ask(
        client, "/recommend/user", user_id=LISTENER, limit=60, mood="chill"
    ),
    "similar": lambda client: ask(
        client, "/recommend/similar", user_id=LISTENER, track_id=["t040", "t090"], limit=60
    ),
    "similar by clusters": lambda client: ask(
        client, "/recommend/similar", user_id=LISTENER, track_id=["t040"], limit=60, model="clusters"
    ),
    "mixes": lambda client: ask(client, "/daily-mix", user_id=LISTENER, limit=40),
    "radio of the listener": _radio,
    "radio of a track": lambda client: _radio(client, track_id="t040"),
    "radio of an artist": lambda client: _radio(client, artist="jazz artist 2"),
    "radio of a genre": lambda client: _radio(client, genre="jazz"),
    "radio of a mood": lambda client: _radio(client, mood="chill"),
    "taste": lambda client: ask(client, f"/taste-profile/{LISTENER}"),
}
ANSWERING = [name for name in SURFACES if name != "taste"]
SHAPED = [name for name in SURFACES if name not in {"similar", "similar by clusters"}]
"""Surfaces that a listener's history shapes."""


@pytest.fixture(scope="module")
def served_folder(served_folder: Path) -> Path:
    """The folder with clusters that are live too."""
    clustering = clustering_of(catalogue(), min_cluster_size=8)
    publish_clustering(LocalStore(served_folder / "artifacts"), clustering, live=True)
    return served_folder


def say(client: TestClient, event: str, **about: Any) -> None:
    ask(client, "/feedback", 202, user_id=LISTENER, event=event, **about)


def described(found: object) -> Iterator[dict[str, Any]]:
    """Every track that an answer describes, wherever it stands."""
    if isinstance(found, dict):
        if "track_id" in found and "genres" in found:
            yield found
        found = list(found.values())
    if isinstance(found, list):
        for part in found:
            yield from described(part)


def texts(found: object) -> Iterator[str]:
    """Every text of an answer but what it says was excluded."""
    if isinstance(found, str):
        yield found
    if isinstance(found, dict):
        found = [
            value for name, value in found.items() if name not in {"excluded", "cursor", "asked", "near_to"}
        ]
    if isinstance(found, list):
        for part in found:
            yield from texts(part)


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("about", [{"genre": "ROCK"}, {"artist": "Rock  ARTIST 3"}], ids=["genre", "artist"])
def test_what_is_blocked_is_in_no_answer_and_undoing_brings_it_back(
    name: str, about: dict[str, str], client: TestClient
) -> None:
    def blocked(answer: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            track
            for track in described(answer)
            if ("genre" in about and track["genres"] == ["rock"]) or track["artists"] == ["rock artist 3"]
        ]

    before = SURFACES[name](client)
    say(client, "block", **about)
    after = SURFACES[name](client)
    assert not blocked(after)
    if name != "taste":
        assert list(described(after))
    if "radio of" not in name and not name.startswith("similar"):
        assert (
            "rock" not in {word for text in texts(after) for word in text.lower().split()}
            or "artist" in about
        )
    kind = "blocked_by_genre" if "genre" in about else "blocked_by_artist"
    assert after["excluded"][kind] == (30 if "genre" in about else 3)
    say(client, "unblock", **{key: value.lower() for key, value in about.items()})
    again = SURFACES[name](client)
    assert not again.get("excluded")
    if not name.startswith("radio"):  # every new station draws anew
        assert list(described(again)) == list(described(before))


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize(
    "about",
    [
        {"genre": "Rock"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-07-01T00:00:00+00:00"},
    ],
    ids=["genre", "time"],
)
def test_what_is_ignored_shapes_no_answer(name: str, about: dict[str, str], client: TestClient) -> None:
    before = SURFACES[name](client)
    say(client, "ignore", **about)
    after = SURFACES[name](client)
    assert after["excluded"]["events"] >= 3
    assert "blocked_by_genre" not in after["excluded"] or after["excluded"]["blocked_by_genre"] is None
    if name == "taste":
        assert after["support"]["events"] < before["support"]["events"]
    say(client, "unignore", **about)
    assert not SURFACES[name](client).get("excluded")


@pytest.mark.parametrize(
    "abouts",
    [
        [{"track_id": track} for track in sorted(set(HEARD))],
        [{"genre": "rock"}, {"genre": "jazz"}],
        [{"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}],
        [{"artist": "Rock Artist 3"}],
    ],
    ids=["tracks", "genres", "time", "artist"],
)
def test_what_was_heard_and_is_ignored_is_not_new(
    abouts: list[dict[str, str]], client: TestClient, start: Callable[..., TestClient], tmp_path: Path
) -> None:
    for about in abouts:
        say(client, "ignore", **about)
    found = SURFACES["recommend"](client)
    assert tracks(found)
    assert not set(tracks(found)) & set(HEARD)
    mixed = [track for mix in SURFACES["mixes"](client)["mixes"] for track in mix["tracks"]]
    assert mixed
    assert not {track["track_id"] for track in mixed if not track["familiar"]} & set(HEARD)
    if "track_id" in abouts[0]:  # what is left is a stranger's answer, without what was heard
        stranger = start(SEGUE_STATE=str(tmp_path / "empty.sqlite"))
        rest = ask(stranger, "/recommend/user", user_id=LISTENER, limit=60, exclude=sorted(set(HEARD)))
        assert tracks(found) == tracks(rest)


def test_a_station_that_goes_on_respects_what_was_blocked_since(client: TestClient) -> None:
    first = ask(client, "/radio/generate", user_id=LISTENER, genre="jazz", limit=3)
    say(client, "block", artist="jazz artist 1")
    rest = ask(client, "/radio/generate", cursor=first["cursor"], limit=50)
    assert rest["excluded"]["blocked_by_artist"] == 3
    assert ["jazz artist 1"] not in [track["artists"] for track in rest["tracks"]]


def test_a_request_for_what_is_blocked_says_so(client: TestClient) -> None:
    say(client, "block", genre="rock")
    found = ask(client, "/recommend/user", user_id=LISTENER, genre="Rock", seed_tracks=["t001", "t031"])
    assert found["items"] == []
    assert "blocked" in found["because"]
    assert found["excluded"]["asked_for"] == ["t001", "Rock"]
    assert ask(client, "/recommend/similar", user_id=LISTENER, track_id="t001")["excluded"]["asked_for"] == [
        "t001"
    ]
    assert _radio(client, genres=["jazz", "rock"])["excluded"]["asked_for"] == ["rock"]
    assert _radio(client, track_id="t001")["excluded"]["asked_for"] == ["t001"]
    say(client, "block", artist="jazz artist 2")
    assert _radio(client, artist="Jazz Artist 2")["excluded"]["asked_for"] == ["Jazz Artist 2"]
    profile = ask(client, f"/taste-profile/{LISTENER}", tracks=["t001"], artists=["jazz artist 2"])
    assert profile["excluded"]["asked_for"] == ["t001", "jazz artist 2"]


def test_another_listener_is_answered_as_before(client: TestClient) -> None:
    before = ask(client, "/recommend/user", user_id="16")
    say(client, "block", genre="rock")
    after = ask(client, "/recommend/user", user_id="16")
    assert tracks(after) == tracks(before)
    assert "excluded" not in after


def test_exclusions_count_once_and_are_bounded(client: TestClient) -> None:
    once = {"user_id": LISTENER, "event": "block", "artist": "A", "event_id": "b1"}
    assert ask(client, "/feedback", 202, **once) == {"accepted": 1, "repeated": 0}
    say(client, "unblock", artist="a")
    assert ask(client, "/feedback", 202, **once) == {"accepted": 0, "repeated": 1}
    assert "excluded" not in ask(client, "/recommend/user", user_id=LISTENER)
    many = [{"user_id": LISTENER, "event": "ignore", "artist": f"A{n}"} for n in range(MOST_EXCLUSIONS)]
    mixed = {"user_id": LISTENER, "event": "play", "track_id": "t001"}
    assert ask(client, "/feedback", 202, events=[mixed, *many[1:]])["accepted"] == MOST_EXCLUSIONS
    say(client, "ignore", artist="A0")
    refused = ask(client, "/feedback", 422, user_id=LISTENER, event="block", genre="rock")
    assert refused["detail"] == (
        f"user '{LISTENER}' has 500 blocks and ignores, and the maximum is 500: "
        "undo some with unblock or unignore first."
    )
    say(client, "ignore", artist="a7")  # said again, it is no more
    say(client, "unignore", artist="A8")
    say(client, "block", genre="rock")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"event": "block"}, "body: send one of artist and genre"),
        (
            {"event": "block", "artist": "A", "genre": "b"},
            "body: send one of artist and genre",
        ),
        ({"event": "block", "track_id": "t1"}, "block takes an artist or a genre, not a track: a dislike"),
        (
            {"event": "ignore"},
            "body: send one of artist, genre, track_id, and from with to",
        ),
        ({"event": "ignore", "from": "2026-01-01T00:00:00Z"}, "body: a span of time needs both from and to"),
        (
            {"event": "ignore", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
            "before it begins",
        ),
        ({"event": "ignore", "from": "2026-02-01", "to": "2026-03-01"}, "from: send ISO 8601 with a zone"),
        ({"event": "block", "artist": ""}, "artist: must have 1 character or more"),
        ({"event": "block", "artsit": "A"}, "artsit: no such field"),
        ({"event": "unignore", "artist": ["A"]}, "artist: must be a text"),
    ],
)
def test_what_cannot_be_meant_names_the_field(body: dict[str, Any], message: str, client: TestClient) -> None:
    assert message in ask(client, "/feedback", 422, user_id=LISTENER, **body)["detail"]
    batch = ask(client, "/feedback", 422, events=[{"user_id": LISTENER, **body}])["detail"]
    assert message.removeprefix("body: ") in batch


@pytest.mark.parametrize("name", ANSWERING)
def test_every_answer_has_an_id_that_impressions_and_clicks_send_back(name: str, client: TestClient) -> None:
    answer = SURFACES[name](client)
    surface, version = read_request_id(answer["request_id"])
    assert version == answer["model_version"]
    assert surface == {"re": "recommend", "si": "similar", "mi": "daily-mix", "ra": "radio"}[name[:2]]
    assert SURFACES[name](client)["request_id"] != answer["request_id"]
    about = {
        "track_id": next(described(answer))["track_id"],
        "request_id": answer["request_id"],
        "position": 1,
    }
    sent = [{"user_id": LISTENER, "event": event, **about} for event in ("impression", "click")]
    assert ask(client, "/feedback", 202, events=sent) == {"accepted": 2, "repeated": 0}
    assert ask(client, "/feedback", 202, events=sent) == {"accepted": 0, "repeated": 2}
    assert not SURFACES[name](client).get("excluded")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": 0}, "position: must be 1 or more"),
        ({"position": None}, "position: must be a whole number"),
        ({"request_id": ""}, "request_id: must have 1 character or more"),
        ({"ms_played": 3}, "ms_played: no such field"),
    ],
)
def test_what_became_of_an_answer_names_its_place(
    change: dict[str, Any], message: str, client: TestClient
) -> None:
    body = {"user_id": "1", "track_id": "t1", "event": "click", "request_id": "r", "position": 1} | change
    assert message in ask(client, "/feedback", 422, **body)["detail"]
