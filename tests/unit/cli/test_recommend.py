"""`segue recommend` and `similar`: which wishes arrive, and that reading makes no files."""

from __future__ import annotations

import re
import tempfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from segue import embedded
from segue.artifacts.place.local import LocalStore
from segue.cli import app
from segue.cli.ask.recommend import reasons_of
from segue.embedded import open_recommender
from segue.errors import ConfigError, SegueError
from segue.serving.recommend.contract import BECAUSE, RecommendedTrack, RecommendRequest
from segue.serving.similar.contract import SimilarRequest
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests that the commands make; each is answered with nothing."""
    requests: list[Any] = []

    def keep(request: Any) -> SimpleNamespace:
        requests.append(request)
        return SimpleNamespace(
            items=[], answered_by="hybrid", because="", model="hybrid", variant=None, asked=None
        )

    opened = SimpleNamespace(
        recommend=lambda user, **wishes: keep(RecommendRequest(user_id=user, **wishes)),
        similar=lambda tracks, **wishes: keep(SimilarRequest(track_id=tracks, **wishes)),
    )
    monkeypatch.setattr(embedded, "open_recommender", lambda *_, **__: opened)
    return requests


def invoke(text: str) -> None:
    done = CliRunner().invoke(app, text.split())
    assert done.exception is None, done.output


def test_every_wish_of_recommend_has_an_option(asked: list[Any]) -> None:
    invoke(
        "recommend 12 --friend 1 --friend 2 --exclude t1 --activity workout --weather rainy"
        " --time-of-day morning --day weekend"
    )
    context = {"activity": "workout", "weather": "rainy", "time_of_day": "morning", "day": "weekend"}
    assert asked == [
        RecommendRequest(user_id="12", limit=10, friends=["1", "2"], exclude=["t1"], context=context)
    ]


def test_the_tier_of_the_environment_answers_unless_another_is_asked(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_DEFAULT_TIER", "free")
    invoke("recommend 12")
    invoke("recommend 12 --tier pro")
    assert [request.model_tier for request in asked] == ["free", "pro"]


def test_without_wishes_there_is_no_context(asked: list[Any]) -> None:
    invoke("recommend 12")
    assert asked == [RecommendRequest(user_id="12", limit=10)]


def test_similar_tracks_can_be_diverse(asked: list[Any]) -> None:
    invoke("similar 1 2 --diversity 0.5")
    assert asked == [SimilarRequest(track_id=["1", "2"], limit=10, diversity=0.5)]


def test_similar_tracks_can_be_asked_by_variant(asked: list[Any]) -> None:
    invoke("similar 1 --variant pca_features --model clusters")
    assert asked == [SimilarRequest(track_id="1", limit=10, variant="pca_features", model="clusters")]


def test_neighbours_in_a_variant_have_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where fetched versions are kept
    store = LocalStore(tmp_path / "artifacts")
    publish_clustering(store, small_clustering("pca_features"))
    publish_clustering(store, small_clustering(), live=True)
    (damaged,) = store.root.glob("clusters/versions/*/components.npy")
    damaged.unlink()
    command = ["similar", "t004", "--variant", "pca_features", "--limit", "2", "--artifacts", str(store.root)]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
    assert done.exception is None, done.output
    assert "Note: pca_features cannot be served now; the live naive_features is used instead." in done.output
    assert "like t004, by clusters (naive_features)" in done.output
    assert re.search(r"^t004 is in (no cluster|cluster \d+, cluster \d+, with strength \d\.\d\d)\.$",
                     done.output, re.MULTILINE)  # fmt: skip
    assert re.search(r"distance +same cluster", done.output)
    assert re.search(r"t\d{3} .* \d\.\d{3} +(yes|no) ", done.output)
    assert re.search(r"\d+% (tempo|energy|loudness|danceability): \S+, like \S+", done.output)


@pytest.mark.parametrize(
    "command",
    ["similar 1", "models list", "models show hybrid", "models promote clusters pca_features --reason x"],
)
def test_a_missing_folder_of_artifacts_is_named_and_is_not_made(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "nope"
    done = CliRunner().invoke(app, [*command.split(), "--artifacts", str(missing)])
    assert isinstance(done.exception, SegueError)
    assert str(missing) in str(done.exception)
    made = "prepare" if "clusters" in command else "train recommend"
    assert command == "models list" or f"`segue {made}`" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["recommend 12", "explain 12 1"])
def test_a_state_that_is_not_there_is_an_error_and_is_not_made(command: str, tmp_path: Path) -> None:
    state = tmp_path / "new" / "none.sqlite"
    done = CliRunner().invoke(app, [*command.split(), "--state", str(state), "--artifacts", str(tmp_path)])
    assert isinstance(done.exception, SegueError)
    assert f"{state} is not there: fill it with `segue history load`" in str(done.exception)
    with pytest.raises(ConfigError, match="segue history load"):
        open_recommender(str(tmp_path), state=str(state))
    assert list(tmp_path.iterdir()) == []


def test_reasons_that_add_nothing_are_not_printed() -> None:
    reasons = [
        {"kind": "played", "contribution": number, "because": f"reason {number}"}
        for number in (1.0, 0.0005, -0.0005, 0.0004, -0.0004, 0.0)
    ]
    track = RecommendedTrack(
        track_id="t1", name="", artists=[], album="", genres=[], score=1.0, reasons=reasons
    )
    assert reasons_of(track) == ["+1.000 reason 1.0", "+0.001 reason 0.0005", "-0.001 reason -0.0005"]


def test_the_field_because_does_not_say_because() -> None:
    assert [words for words in BECAUSE.values() if "because" in words] == []
