"""What listeners are answered over HTTP: feedback that counts at once, tiers, steps, reasons, stations."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segue.artifacts.family import CATALOGUE, CONTENT, FAMILIES, HYBRID, MEMBERS
from segue.domain.catalogue.tracks import AUDIO_FEATURES
from tests.contract.client import ask, say, tracks
from tests.small_recommender import LISTENER, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

COLLABORATIVE = ("item-factors", "item-similarity", "nonnegative-factors")


# --- feedback counts at once -------------------------------------------------------------------------


def test_a_like_changes_the_very_next_answer(client: TestClient) -> None:
    before = ask(client, "/recommend/user", user_id="new", limit=10)
    say(client, "new", "like", "t095")
    after = ask(client, "/recommend/user", user_id="new", limit=10)
    assert (before["answered_by"], after["answered_by"]) == ("popularity", "hybrid")
    assert "t095" not in tracks(after)
    told = {reason.get("track_id") for item in after["items"] for reason in item["reasons"]}
    assert "t095" in told
    opera = [item for item in after["items"] if item["genres"] == ["opera"]]
    assert len(opera) > len([item for item in before["items"] if item["genres"] == ["opera"]])


def test_a_dislike_removes_the_track_everywhere(client: TestClient) -> None:
    first = tracks(ask(client, "/recommend/user", user_id=LISTENER, limit=1))[0]
    mixes = ask(client, "/daily-mix", user_id=LISTENER)["mixes"]
    mixed = mixes[0]["tracks"][0]["track_id"]
    for track in (first, mixed):
        say(client, LISTENER, "dislike", track)
    assert first not in tracks(ask(client, "/recommend/user", user_id=LISTENER, limit=100))
    again = ask(client, "/daily-mix", user_id=LISTENER)["mixes"]
    left = [[track for track in tracks(mix) if track not in {first, mixed}] for mix in mixes]
    assert [tracks(mix) for mix in again] == left
    station = ask(client, "/radio/generate", genre="rock", user_id=LISTENER, limit=100)
    assert "similar tracks follow" in station["because"]
    assert not {first, mixed} & set(tracks(station))


# --- tiers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "path", "body", "status"),
    [
        ("free", "/recommend/user", {"user_id": LISTENER}, 200),
        ("free", "/recommend/user", {"user_id": LISTENER, "model_tier": "starter"}, 403),
        ("starter", "/recommend/user", {"user_id": LISTENER, "model_tier": "pro"}, 403),
        ("pro", "/recommend/user", {"user_id": LISTENER, "model_tier": "pro"}, 200),
        ("free", "/recommend/similar", {"track_id": "t001", "model": "hybrid"}, 403),
        ("starter", "/recommend/similar", {"track_id": "t001", "model": "hybrid"}, 200),
        ("free", "/daily-mix", {"user_id": LISTENER}, 403),
        ("starter", "/daily-mix", {"user_id": LISTENER}, 200),
        ("pro", "/daily-mix", {"user_id": LISTENER, "model_tier": "free"}, 403),
        ("free", "/radio/generate", {"user_id": LISTENER}, 200),
        ("free", "/radio/generate", {"user_id": LISTENER, "model_tier": "starter"}, 403),
    ],
)
def test_a_key_opens_its_tier_and_what_it_refuses_names_the_tier(
    tier: str, path: str, body: dict[str, Any], status: int, serve: Callable[..., TestClient]
) -> None:
    answer = ask(serve(SEGUE_DEFAULT_TIER=tier), path, status, **body)
    if status == 403:
        assert answer["code"] == "tier"
        assert re.search(r"needs? the tier (starter|pro), yours is (free|starter)", answer["detail"])


@pytest.mark.parametrize("live", [HYBRID, CATALOGUE])
@pytest.mark.parametrize(
    ("settings", "left_out"),
    [
        ({"SEGUE_DEFAULT_TIER": "free"}, {CONTENT, "social"}),
        ({"SEGUE_DEFAULT_TIER": "free", "SEGUE_KEY_TIERS": "k1=starter"}, set()),
        ({"SEGUE_DEFAULT_TIER": "enterprise"}, set()),
    ],
)
def test_what_no_tier_opens_is_not_fetched_and_not_missed(
    settings: dict[str, str], left_out: set[str], live: str, start: Callable[..., TestClient], folder: Path
) -> None:
    if live == CATALOGUE:
        (folder / "artifacts" / HYBRID / "aliases" / "champion.json").unlink()
    client = start(**settings)
    answer = ask(client, "/recommend/user", user_id=LISTENER, model_tier="free")
    ask(client, "/recommend/similar", track_id="t001")
    ask(client, "/radio/generate", user_id=LISTENER)
    fetched = {path.name for path in (folder / "cache").iterdir()}
    assert fetched == {CATALOGUE, *MEMBERS, live} - left_out
    assert not {CONTENT, "social"} & set(answer["because"].replace(",", "").split())


def test_friends_are_for_those_whose_tier_opens_them(
    client: TestClient, serve: Callable[..., TestClient]
) -> None:
    wish = {"user_id": "new", "friends": ["16"]}
    refused = ask(client, "/recommend/user", 403, **wish, model_tier="free")
    assert refused["detail"].startswith("friends needs the tier starter, yours is free: ask for less")
    for tier in ("starter", "pro", "enterprise"):
        found = ask(serve(SEGUE_DEFAULT_TIER=tier), "/recommend/user", **wish)
        assert found["model_tier"] == tier
        assert "friend" in {reason["kind"] for item in found["items"] for reason in item.get("reasons", ())}


def test_enterprise_opens_what_pro_opens(serve: Callable[..., TestClient]) -> None:
    pro, enterprise = serve(), serve(SEGUE_DEFAULT_TIER="enterprise")
    for path, body in (
        ("/recommend/user", {"user_id": LISTENER}),
        ("/daily-mix", {"user_id": LISTENER}),
        (f"/taste-profile/{LISTENER}", {}),
    ):
        mine, theirs = ask(enterprise, path, **body), ask(pro, path, **body)
        assert (mine.pop("model_tier"), theirs.pop("model_tier")) == ("enterprise", "pro")
        for answer in (mine, theirs):
            answer.pop("request_id", None)  # a new one for every answer
        assert mine == theirs
        assert ask(pro, path, 403, **body, model_tier="enterprise")["code"] == "tier"


def test_several_genres_are_asked_for_at_once(client: TestClient) -> None:

    def genres_of(**wish: Any) -> set[str]:
        found = ask(client, "/recommend/user", user_id=LISTENER, limit=100, **wish)
        return {genre for item in found["items"] for genre in item["genres"]}

    assert genres_of(genres=["Jazz", "opera"]) == {"jazz", "opera"}
    assert genres_of(genre="techno", genres=["opera"]) == {"techno", "opera"}
    assert genres_of(genres=[]) == {"rock", "jazz", "techno", "opera"}
    refused = ask(client, "/recommend/user", 422, user_id=LISTENER, genres=["jazz", "polka"])
    assert "genre 'polka' is neither" in refused["detail"]
    assert (
        "genres.0: must be a text"
        in ask(client, "/recommend/user", 422, user_id=LISTENER, genres=[["jazz"]])["detail"]
    )


# --- steps that stand in -------------------------------------------------------------------------------


def lose_alias(artifacts: Path, family: str) -> None:
    (artifacts / family / "aliases" / "champion.json").unlink()


def damage_files(artifacts: Path, family: str) -> None:
    for path in (artifacts / family / "versions").glob("*/*"):
        if path.name != "manifest.json":
            body = bytearray(path.read_bytes())
            body[-1] ^= 1
            path.write_bytes(body)


def lose_manifest(artifacts: Path, family: str) -> None:
    for path in (artifacts / family / "versions").glob("*/manifest.json"):
        path.unlink()


@pytest.mark.parametrize("lose", [lose_alias, damage_files, lose_manifest])
@pytest.mark.parametrize(
    ("families", "step"),
    [
        ((), "hybrid"),
        ((HYBRID,), "collaborative"),
        ((HYBRID, *COLLABORATIVE), "content"),
        ((HYBRID, *COLLABORATIVE, CONTENT), "genre"),
        ((HYBRID, *COLLABORATIVE, CONTENT, "social", "popularity"), "genre"),
    ],
)
def test_the_strongest_step_left_answers_and_is_named(
    lose: Callable[[Path, str], None],
    families: tuple[str, ...],
    step: str,
    start: Callable[..., TestClient],
    folder: Path,
) -> None:
    for family in families:
        lose(folder / "artifacts", family)
    client = start()
    answer = ask(client, "/recommend/user", user_id=LISTENER, limit=10)
    assert answer["answered_by"] == step
    assert len(answer["items"]) == 10
    assert ("no ranker can be served" in answer["because"]) is (HYBRID in families)
    for path, body in (
        ("/daily-mix", {"user_id": LISTENER}),
        ("/radio/generate", {"user_id": LISTENER}),
    ):
        assert ask(client, path, **body)["answered_by"] == step


@pytest.mark.parametrize("family", [*COLLABORATIVE, CONTENT, "social", "popularity"])
def test_a_hybrid_answers_without_a_member_that_is_damaged(
    family: str, start: Callable[..., TestClient], folder: Path
) -> None:
    damage_files(folder / "artifacts", family)
    answer = ask(start(), "/recommend/user", user_id=LISTENER, limit=10)
    assert (answer["answered_by"], len(answer["items"])) == ("hybrid", 10)
    assert answer["because"].endswith(f"models are missing: {family}")


@pytest.mark.parametrize(
    ("lose", "why"), [(lose_alias, "none is live"), (lose_manifest, "the live version is missing or damaged")]
)
def test_a_hybrid_that_is_gone_is_told_from_one_that_never_was(
    lose: Callable[[Path, str], None], why: str, start: Callable[..., TestClient], folder: Path
) -> None:
    lose(folder / "artifacts", HYBRID)
    answer = ask(start(), "/recommend/user", user_id=LISTENER)
    assert answer["because"] == f"no ranker can be served ({why})"


def test_similar_tracks_say_which_model_found_them(start: Callable[..., TestClient], folder: Path) -> None:
    for family in COLLABORATIVE:
        damage_files(folder / "artifacts", family)
    client = start()
    assert ask(client, "/recommend/similar", track_id="t001")["model"] == "content"
    refused = ask(client, "/recommend/similar", 503, track_id="t001", model="collaborative")
    assert refused["code"] == "model_missing"


def test_a_stranger_who_dislikes_one_track_is_told_so(client: TestClient) -> None:
    say(client, "new", "dislike", "t001")
    answer = ask(client, "/recommend/user", user_id="new")
    assert answer["because"] == "only dislikes are known of this listener yet"


def test_when_everything_is_excluded_nothing_is_left(client: TestClient) -> None:
    everything = catalogue().vocabulary.item_id.tolist()
    answer = ask(client, "/recommend/user", user_id=LISTENER, exclude=everything)
    assert (answer["items"], answer["because"][:16]) == ([], "no track is left")


def test_a_broad_genre_without_a_track_is_named(client: TestClient) -> None:
    answer = ask(client, "/recommend/user", user_id=LISTENER, genre="country")
    assert (answer["items"], answer["because"]) == ([], "this catalogue has no track of the genre country")


@pytest.mark.parametrize("user_id", [LISTENER, "nobody"])
def test_a_field_without_a_value_is_missing_from_every_list(user_id: str, client: TestClient) -> None:
    for path, body in (
        ("/recommend/user", {"user_id": user_id}),
        ("/recommend/similar", {"track_id": "t000"}),
        ("/daily-mix", {"user_id": user_id}),
        ("/radio/generate", {"user_id": user_id, "genre": "rock"}),
    ):
        assert "null" not in json.dumps(ask(client, path, **body)), path


def test_a_stranger_gets_what_is_popular(client: TestClient) -> None:
    answer = ask(client, "/recommend/user", user_id="nobody", limit=5)
    assert (answer["answered_by"], answer["because"]) == (
        "popularity",
        "nothing is known of this listener yet",
    )
    (mix,) = ask(client, "/daily-mix", user_id="nobody")["mixes"]
    assert (mix["title"], mix["representative"], len(mix["tracks"])) == ("Popular now", [], 25)


def test_without_anything_live_503_says_what_to_train(start: Callable[..., TestClient], folder: Path) -> None:
    for family in (HYBRID, CATALOGUE):
        lose_alias(folder / "artifacts", family)
    answer = ask(start(), "/recommend/user", 503, user_id=LISTENER)
    assert (answer["code"], answer["error"]) == ("alias_not_found", "Recommender not found")
    assert "segue train recommend" in answer["detail"]


# --- reasons -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/recommend/user", {"user_id": LISTENER, "limit": 50}),
        ("/recommend/user", {"user_id": LISTENER, "mood": "chill", "context": {"activity": "workout"}}),
        (
            "/recommend/user",
            {"user_id": LISTENER, "genre": "jazz", "seed_tracks": ["t090"], "friends": ["16"]},
        ),
        ("/recommend/user", {"user_id": "nobody"}),
        ("/recommend/similar", {"track_id": ["t001", "t031"]}),
        ("/recommend/similar", {"track_id": "t001", "model": "content"}),
    ],
)
def test_reasons_sum_to_the_score(path: str, body: dict[str, Any], client: TestClient) -> None:
    items = ask(client, path, **body)["items"]
    assert items
    for item in items:
        total = sum(reason["contribution"] for reason in item["reasons"])
        assert total == pytest.approx(item["score"], rel=1e-4, abs=1e-5)
        assert all(reason["because"] for reason in item["reasons"])


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/recommend/user", "diversity", "0.5"),
        ("/recommend/user", "diversity", True),
        ("/recommend/user", "explain", "yes"),
        ("/daily-mix", "familiar", "0.5"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(
    path: str, field: str, value: object, client: TestClient
) -> None:
    answer = ask(client, path, 422, user_id=LISTENER, **{field: value})
    assert field in answer["detail"]


# --- stations and mixes --------------------------------------------------------------------------------


def play_on(client: TestClient, answer: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Go on with a station until it starts again."""
    for _ in range(len(catalogue())):  # every page has a track at least
        answer = ask(client, "/radio/generate", cursor=answer["cursor"], limit=limit)
        yield answer
        if "starts again" in answer.get("because", ""):
            return
    pytest.fail(f"the station never starts again: {answer}")


def test_a_station_plays_everything_once_and_then_begins_again(client: TestClient) -> None:
    first = ask(client, "/radio/generate", track_id="t024", limit=7)
    heard = tracks(first) + [track for answer in play_on(client, first, 30) for track in tracks(answer)]
    assert "t024" not in heard
    n = len(catalogue()) - 1
    assert sorted([*heard[:n], "t024"]) == catalogue().vocabulary.item_id.tolist()
    assert len(heard) > n


def test_a_station_goes_on_under_another_version(start: Callable[..., TestClient], folder: Path) -> None:
    client = start("radio_generate")
    answer = ask(client, "/radio/generate", mood="party", limit=40)
    heard = tracks(answer)
    lose_alias(folder / "artifacts", HYBRID)  # the members answer, under the version of their catalogue
    client = start()
    after = ask(client, "/radio/generate", cursor=answer["cursor"], limit=40)
    assert answer["model_version"] != after["model_version"]
    heard += tracks(after)
    heard += [track for more in play_on(client, after, 40) for track in tracks(more)]
    assert sorted(heard[: len(catalogue())]) == catalogue().vocabulary.item_id.tolist()


def test_a_station_of_a_version_that_is_gone_is_to_be_begun_anew(
    start: Callable[..., TestClient], folder: Path
) -> None:
    cursor = ask(start("radio_generate"), "/radio/generate", mood="party", limit=5)["cursor"]
    lose_manifest(folder / "artifacts", HYBRID)
    answer = ask(start(), "/radio/generate", 422, cursor=cursor)
    assert "start a new station" in answer["detail"]


def test_a_listener_who_dislikes_a_track_does_not_hear_it_later(client: TestClient) -> None:
    first = ask(client, "/radio/generate", artist="jazz artist 1", user_id="new", limit=2)
    unheard = sorted(set(catalogue().vocabulary.item_id.tolist()) - set(tracks(first)))[10]
    say(client, "new", "dislike", unheard)
    later = [track for answer in play_on(client, first, 50) for track in tracks(answer)]
    assert unheard not in later
    assert len(set(later) | set(tracks(first))) == len(catalogue()) - 1


def test_mixes_stay_for_a_day_whatever_is_played(client: TestClient) -> None:
    before = ask(client, "/daily-mix", user_id=LISTENER)
    assert datetime.fromisoformat(before["changes_at"]) > datetime.now(UTC)
    assert {track["familiar"] for mix in before["mixes"] for track in mix["tracks"]} == {True, False}
    for number in range(20):
        say(client, LISTENER, "play", f"t{90 + number:03}")
    after = ask(client, "/daily-mix", user_id=LISTENER)
    assert after | {"request_id": before["request_id"]} == before


# --- health --------------------------------------------------------------------------------------------


def test_health_is_ok_where_all_that_was_promoted_can_be_served(
    client: TestClient,
) -> None:
    found = client.get("/health").json()
    assert (found["status"], found["models"]["genre-preference"]) == ("ok", None)
    assert found["models"][HYBRID]["servable"]


def test_health_without_a_version_in_memory_goes_by_what_is_stored(
    start: Callable[..., TestClient], folder: Path
) -> None:
    lose_manifest(folder / "artifacts", HYBRID)
    client = start()
    found = client.get("/health").json()
    assert (found["status"], found["models"][HYBRID]["servable"]) == ("degraded", False)
    assert client.get("/health?ready=true").status_code == 503
    lose_alias(folder / "artifacts", HYBRID)
    found = client.get("/health").json()
    assert (found["status"], found["models"]) == ("degraded", dict.fromkeys(FAMILIES))
    assert client.get("/health?ready=true").status_code == 503


@pytest.mark.parametrize(("family", "servable"), [(CATALOGUE, False), (CONTENT, True)])
def test_health_is_degraded_by_what_the_hybrid_pins(
    family: str, servable: bool, start: Callable[..., TestClient], folder: Path
) -> None:
    lose_manifest(folder / "artifacts", family)
    found = start().get("/health").json()
    hybrid = found["models"][HYBRID]
    assert (found["status"], hybrid["servable"], hybrid["missing"]) == ("degraded", servable, [family])


def test_health_names_the_family_whose_alias_is_damaged(
    start: Callable[..., TestClient], folder: Path
) -> None:
    (folder / "artifacts" / HYBRID / "aliases" / "champion.json").write_bytes(b"{")
    answer = start().get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["models"][HYBRID] == {
        "version": None,
        "live_since": None,
        "previous": None,
        "servable": False,
        "missing": [HYBRID],
        "problem": None,
    }


def damage_alias(artifacts: Path, family: str) -> None:
    (artifacts / family / "aliases" / "champion.json").write_bytes(b"{")


@pytest.mark.parametrize(
    ("damage", "family", "said"),
    [
        (damage_alias, HYBRID, "the alias of hybrid is damaged"),
        (lose_alias, HYBRID, "the alias of hybrid is gone"),
        (lose_manifest, HYBRID, "which the alias of hybrid names, is damaged (hybrid)"),
        (lose_manifest, CATALOGUE, "which the alias of hybrid names, is damaged (catalogue)"),
    ],
)
def test_health_names_the_version_in_memory_that_serves_and_a_probe_finds_it_ready(
    damage: Callable[[Path, str], None],
    family: str,
    said: str,
    start: Callable[..., TestClient],
    folder: Path,
) -> None:
    client = start("recommend_user", "health", SEGUE_REFRESH_TTL_S="0")
    ask(client, "/recommend/user", user_id=LISTENER)
    good = client.get("/health").json()["models"][HYBRID]
    damage(folder / "artifacts", family)
    assert ask(client, "/recommend/user", user_id=LISTENER)["model_version"] == good["version"]
    found = client.get("/health").json()
    hybrid = found["models"][HYBRID]
    assert (found["status"], hybrid["servable"], hybrid["missing"]) == ("degraded", True, [family])
    assert {name: hybrid[name] for name in ("version", "live_since", "previous")} == {
        name: good[name] for name in ("version", "live_since", "previous")
    }
    assert said in hybrid["problem"]
    assert f"{good['version']} answers from memory" in hybrid["problem"]
    assert client.get("/health?ready=true").status_code == 200


DEEP = b"[" * 200_000


@pytest.mark.parametrize("family", [HYBRID, CATALOGUE, CONTENT, "popularity"])
@pytest.mark.parametrize("lost", ["aliases/champion.json", "versions/*/manifest.json", "versions/*/*.json"])
@pytest.mark.parametrize("is_running", [True, False])
def test_a_service_goes_on_with_what_is_good_whatever_lies_in_the_store(
    family: str, lost: str, is_running: bool, start: Callable[..., TestClient], folder: Path
) -> None:
    client = start("recommend_user", "health", SEGUE_REFRESH_TTL_S="0")
    before = ask(client, "/recommend/user", user_id=LISTENER, limit=10) if is_running else {}
    for path in (folder / "artifacts" / family).glob(lost):
        path.write_bytes(DEEP)
    if not is_running:
        client = start(SEGUE_REFRESH_TTL_S="0")
    nothing_left = family == CATALOGUE and lost.startswith("versions") and not is_running
    answer = ask(client, "/recommend/user", 503 if nothing_left else 200, user_id=LISTENER, limit=10)
    assert len(tracks(answer)) == (0 if nothing_left else 10)
    if is_running:  # what is in memory is whole
        assert tracks(answer) == tracks(before)
    assert client.get("/health").status_code == 200


def test_seeds_may_be_audio_features_without_a_track(client: TestClient) -> None:
    energy = catalogue().audio[:, AUDIO_FEATURES.index("energy")]

    def energies(**wish: Any) -> list[float]:
        found = ask(client, "/recommend/user", user_id="nobody", limit=20, diversity=0.0, **wish)
        return [float(energy[int(track[1:])]) for track in tracks(found)]

    for wanted in (0.1, 0.5, 0.9):
        away = np.abs(np.array(energies(seed_features={"energy": wanted})) - wanted).mean()
        assert away < 0.5 * np.abs(np.array(energies()) - wanted).mean()
        nearest = np.sort(np.abs(energy - wanted))[:20].mean()
        assert away < nearest + 0.05
    stranger = ask(client, "/recommend/user", user_id="nobody", limit=20, seed_features={"energy": 0.9})
    assert stranger["answered_by"] == "content"
    assert "the audio features asked for choose the tracks" in stranger["because"]
    two = ask(client, "/recommend/user", user_id=LISTENER, seed_features={"energy": 0.2, "tempo": 90})
    asked = {
        (reason["name"], reason["because"])
        for item in two["items"]
        for reason in item["reasons"]
        if reason["kind"] == "asked"
    }
    assert asked == {(name, f"its {name} is near the requested value") for name in ("energy", "tempo")}
    assert tracks(ask(client, "/recommend/user", user_id=LISTENER, seed_features={})) == tracks(
        ask(client, "/recommend/user", user_id=LISTENER)
    )


def test_a_station_starts_from_several_genres_or_from_a_sound(client: TestClient) -> None:
    energy = catalogue().audio[:, AUDIO_FEATURES.index("energy")]
    both = ask(client, "/radio/generate", genre="jazz", genres=["opera"], limit=40)
    assert {genre for track in both["tracks"] for genre in track["genres"]} == {"jazz", "opera"}
    more = ask(client, "/radio/generate", cursor=both["cursor"], limit=40)
    assert more["because"] == "every track of jazz and opera was played or is left out: similar tracks follow"
    quiet, loud = (
        ask(client, "/radio/generate", seed_features={"energy": wanted}, limit=20) for wanted in (0.1, 0.9)
    )
    of = [energy[[int(track[1:]) for track in tracks(found)]].mean() for found in (quiet, loud)]
    assert of[0] + 0.2 < of[1]
    assert tracks(ask(client, "/radio/generate", cursor=quiet["cursor"], limit=5))
    for wish in ({"genre": "jazz", "mood": "chill"}, {"genres": ["jazz"], "seed_features": {"energy": 0.1}}):
        assert "start from only one of" in ask(client, "/radio/generate", 422, **wish)["detail"]
    assert "send one of track_id" in ask(client, "/radio/generate", 422, seed_features={})["detail"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"energy": 80}, "seed_features.energy: must be 1 or less, got 80"),
        ({"enery": 0.8}, "seed_features.enery: no such field"),
        ({"tempo": "fast"}, "seed_features.tempo: must be a number"),
        ({"key": 12}, "seed_features.key: must be 11 or less"),
        ([0.8], "seed_features: must be an object"),
    ],
)
def test_a_feature_that_cannot_be_is_named(features: object, message: str, client: TestClient) -> None:
    refused = ask(client, "/recommend/user", 422, user_id="1", seed_features=features)
    assert message in refused["detail"]
