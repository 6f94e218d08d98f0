"""The live recommender: what stands in for a hybrid, what is computed once, tracks of older versions."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.family import CATALOGUE, HYBRID
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import resolve
from segue.errors import AliasNotFoundError, StoreUnavailableError, VersionNotFoundError
from segue.serving.live.recommender import LiveDerived, LiveRecommender
from segue.serving.live.turn import Latest
from segue.serving.settings.environment import ArtifactSettings
from tests.small_recommender import catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.recommend.recommender import Recommender
    from tests.small_recommender import Trained


@pytest.fixture
def artifacts(trained: Trained, tmp_path: Path) -> Path:
    trained.copy_to(LocalStore(tmp_path / "artifacts"))
    return tmp_path / "artifacts"


def follow(artifacts: Path) -> LiveRecommender:
    return LiveRecommender(ArtifactSettings(str(artifacts), artifacts.with_name("cache"), 0.0))


def test_it_is_derived_once_for_each_version(artifacts: Path) -> None:
    seen: list[Recommender] = []
    derived = LiveDerived(follow(artifacts), lambda model: seen.append(model) or len(seen))
    assert [derived.get().value for _ in range(3)] == [1, 1, 1]
    derived.expire()
    assert derived.get().value == 1
    (artifacts / HYBRID / "aliases" / "champion.json").unlink()
    again = LiveDerived(follow(artifacts), lambda model: seen.append(model) or len(seen))
    assert again.get().value == 2
    assert seen[0] is not seen[1]


def test_what_is_derived_from_the_last_version_goes_on_while_the_next_is_made() -> None:
    made: Latest[str] = Latest(in_background=True)
    old, new, ready = object(), object(), Event()
    assert made.of((old,), lambda: "old") == "old"

    def make() -> str:
        if not ready.wait(20):
            raise AssertionError("nobody was ready")
        return "new"

    assert [made.of((new,), make) for _ in range(3)] == ["old"] * 3
    ready.set()
    ends_at_s = time.monotonic() + 20
    while made.of((new,), make) != "new" and time.monotonic() < ends_at_s:
        time.sleep(0.01)
    assert made.of((new,), make) == "new"


def test_the_tracks_of_a_version_are_found_by_hybrid_and_by_catalogue(artifacts: Path) -> None:
    live, store = follow(artifacts), LocalStore(artifacts)
    for family in (HYBRID, CATALOGUE):
        version = resolve(store, family).alias.target.version
        assert live.vocabulary(version).checksum == catalogue().vocabulary.checksum
    with pytest.raises(VersionNotFoundError):
        live.vocabulary("20200101T000000Z-00000000")


def test_without_a_catalogue_the_hybrids_error_is_told(artifacts: Path) -> None:
    for family in (HYBRID, CATALOGUE):
        (artifacts / family / "aliases" / "champion.json").unlink()
    with pytest.raises(AliasNotFoundError, match="hybrid has no champion"):
        follow(artifacts).get()


def test_a_store_that_does_not_answer_takes_no_member_away(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be missing until the next version."""
    stream = LocalStore.stream

    def broken(self: LocalStore, key: str) -> object:
        if key.startswith("item-factors/"):
            raise StoreUnavailableError("the network is gone")
        return stream(self, key)

    monkeypatch.setattr(LocalStore, "stream", broken)
    with pytest.raises(StoreUnavailableError):
        follow(artifacts).get()
