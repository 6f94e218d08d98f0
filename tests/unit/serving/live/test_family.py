"""The live holder: refresh by time-to-live, whole swaps, and what happens when the store is down."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, publish, rollback
from segue.errors import AliasNotFoundError, ArtifactError, CorruptArtifactError, StoreUnavailableError
from segue.serving.live.family import Live
from segue.serving.settings.environment import ArtifactSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAMILY = "numbers"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Switched(LocalStore):
    """A store that can be switched off, and counts what is asked of it."""

    down = False

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gets: list[str | None] = []
        self.streams = 0

    def get(self, key, *, unless_etag=None):
        self.gets.append(unless_etag)
        if self.down:
            raise StoreUnavailableError("switched off")
        return super().get(key, unless_etag=unless_etag)

    @contextmanager
    def stream(self, key: str) -> Iterator[Iterator[bytes]]:
        self.streams += 1
        if self.down:
            raise StoreUnavailableError("switched off")
        with super().stream(key) as chunks:
            yield chunks


@pytest.fixture
def store(tmp_path: Path) -> Switched:
    return Switched(tmp_path / "store")


def decision(reason: str = "test") -> Decision:
    return Decision("tester", reason, NOW)


def publish_number(store: LocalStore, tmp_path: Path, number: int) -> str:
    folder = tmp_path / f"files-{number}"
    folder.mkdir()
    for name in ("left", "right"):  # a mixed answer would show two different numbers
        np.save(folder / f"{name}.npy", np.full(20_000, number))
    return publish(store, FAMILY, folder, Record(params={"number": number}), created_at=NOW).version


def load(folder: Path, _: object) -> tuple[int, int]:
    left, right = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("left", "right"))
    return int(left[0]), int(right[-1])


def settings(tmp_path: Path, ttl_s: float = 0.0, *, in_background: bool = False) -> ArtifactSettings:
    return ArtifactSettings("", tmp_path / "cache", ttl_s, in_background=in_background)


def live(store: LocalStore, tmp_path: Path, *, ttl_s: float = 0.0, failures: list | None = None) -> Live:
    on_failure = (failures if failures is not None else []).append
    return Live(store, FAMILY, load, settings(tmp_path, ttl_s), on_failure=on_failure)


def test_nothing_promoted_is_an_error_until_there_is_something(store, tmp_path) -> None:
    holder = live(store, tmp_path)
    with pytest.raises(AliasNotFoundError):
        holder.get()
    promote(store, FAMILY, publish_number(store, tmp_path, 1), decision())
    assert holder.get().value == (1, 1)


def test_a_promotion_and_a_rollback_are_followed(store, tmp_path) -> None:
    one, two = (publish_number(store, tmp_path, number) for number in (1, 2))
    promote(store, FAMILY, one, decision())
    holder = live(store, tmp_path)
    assert holder.get().version == one
    promote(store, FAMILY, two, decision())
    assert (holder.get().version, holder.get().value) == (two, (2, 2))
    rollback(store, FAMILY, decision())
    assert (holder.get().version, holder.get().value) == (one, (1, 1))


def test_within_the_time_to_live_the_store_is_not_asked(store, tmp_path) -> None:
    promote(store, FAMILY, publish_number(store, tmp_path, 1), decision())
    holder = live(store, tmp_path, ttl_s=1000)
    holder.get()
    asked = len(store.gets)
    promote(store, FAMILY, publish_number(store, tmp_path, 2), decision())
    asked_by_promote = len(store.gets) - asked
    assert holder.get().value == (1, 1)
    assert len(store.gets) == asked + asked_by_promote
    holder.expire()
    assert holder.get().value == (2, 2)


def test_a_look_at_an_unmoved_alias_is_one_conditional_read(store, tmp_path) -> None:
    promote(store, FAMILY, publish_number(store, tmp_path, 1), decision())
    holder = live(store, tmp_path)
    etag = holder.get().live.etag
    store.gets.clear()
    store.streams = 0
    holder.get()
    assert (store.gets, store.streams) == ([etag], 0)


def test_a_good_version_goes_on_serving_while_the_store_is_down(store, tmp_path) -> None:
    promote(store, FAMILY, publish_number(store, tmp_path, 1), decision())
    failures: list[ArtifactError] = []
    holder = live(store, tmp_path, failures=failures)
    holder.get()
    store.down = True
    assert holder.get().value == (1, 1)
    assert [type(failure) for failure in failures] == [StoreUnavailableError]
    store.down = False
    assert holder.get().value == (1, 1)
    assert len(failures) == 1


def test_a_corrupt_new_version_never_replaces_a_good_one(store, tmp_path) -> None:
    one, two = (publish_number(store, tmp_path, number) for number in (1, 2))
    promote(store, FAMILY, one, decision())
    failures: list[ArtifactError] = []
    holder = live(store, tmp_path, failures=failures)
    holder.get()
    promote(store, FAMILY, two, decision())
    file = store.root / FAMILY / "versions" / two / "left.npy"
    body = bytearray(file.read_bytes())
    body[-1] ^= 1
    file.write_bytes(body)
    assert holder.get().version == one
    assert [type(failure) for failure in failures] == [CorruptArtifactError]


def test_a_store_that_never_answered_is_left_alone_for_a_moment(store, tmp_path) -> None:
    store.down = True
    holder = live(store, tmp_path, ttl_s=1000)
    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            holder.get()
    assert len(store.gets) == 1


def test_a_version_that_is_damaged_from_the_start_is_not_fetched_again_and_again(
    store, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.serving.live.family.RETRY_S", 0.0)
    version = publish_number(store, tmp_path, 1)
    promote(store, FAMILY, version, decision())
    (store.root / FAMILY / "versions" / version / "left.npy").write_bytes(b"")
    holder = live(store, tmp_path, ttl_s=1000)
    with pytest.raises(CorruptArtifactError):
        holder.get()
    read = store.streams
    for _ in range(2):
        with pytest.raises(CorruptArtifactError):
            holder.get()
    assert store.streams == read
    promote(store, FAMILY, publish_number(store, tmp_path, 2), decision())
    holder.expire()
    assert holder.get().value == (2, 2)


def test_another_alias_is_followed_by_itself(store, tmp_path) -> None:
    one, two = (publish_number(store, tmp_path, number) for number in (1, 2))
    promote(store, FAMILY, one, decision())
    promote(store, FAMILY, two, decision(), alias="challenger")
    follow = settings(tmp_path)
    challenger = Live(store, FAMILY, load, follow, on_failure=print, alias="challenger")
    champion = Live(store, FAMILY, load, follow, on_failure=print)
    assert (challenger.get().version, champion.get().version) == (two, one)
    promote(store, FAMILY, one, decision(), alias="challenger")
    assert challenger.get().version == one


def test_sixteen_threads_see_whole_versions_while_they_change(store, tmp_path) -> None:
    versions = {publish_number(store, tmp_path, number): number for number in range(4)}
    names = list(versions)
    promote(store, FAMILY, names[0], decision())
    failures: list[ArtifactError] = []
    holder = live(store, tmp_path, failures=failures)
    stop = threading.Event()

    seen: set[str] = set()

    def call() -> None:
        while not stop.is_set():
            loaded = holder.get()
            number = versions[loaded.version]
            if loaded.value != (number, number):
                raise AssertionError(f"{loaded.version} answered {loaded.value}, not {number}")
            seen.add(loaded.version)
            time.sleep(0.0005)  # sixteen spinning threads would leave the promoter no time

    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(call) for _ in range(16)]
        ends_at_s = time.monotonic() + 20
        turn = 0
        while (turn < 60 or seen != set(names)) and time.monotonic() < ends_at_s:
            promote(store, FAMILY, names[turn % 4], decision(f"turn {turn}"))
            if turn % 3 == 2:
                rollback(store, FAMILY, decision(f"back {turn}"))
            turn += 1
        stop.set()
        for future in calls:
            future.result()
    assert failures == []
    assert seen == set(names)


class Gated(Switched):
    """A store that accepts a read, and answers when the gate opens."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate, self.asked = threading.Event(), threading.Event()
        self.gate.set()

    def get(self, key, *, unless_etag=None):
        self.asked.set()
        if not self.gate.wait(20):
            raise AssertionError("nobody opened the gate")
        return super().get(key, unless_etag=unless_etag)

    def close(self) -> None:
        self.gate.clear()
        self.asked.clear()


def in_background(store: LocalStore, tmp_path: Path, failures: list | None = None) -> Live:
    on_failure = (failures if failures is not None else []).append
    follow = settings(tmp_path, in_background=True)
    return Live(store, FAMILY, load, follow, on_failure=on_failure)


def until(holds) -> None:
    ends_at_s = time.monotonic() + 20
    while not holds():
        if time.monotonic() > ends_at_s:
            raise AssertionError("it never came to hold")
        time.sleep(0.01)


def test_nobody_waits_for_a_store_that_hangs_while_there_is_a_version(tmp_path) -> None:
    store = Gated(tmp_path / "store")
    one, two = (publish_number(store, tmp_path, number) for number in (1, 2))
    promote(store, FAMILY, one, decision())
    holder = in_background(store, tmp_path)
    holder.get()
    promote(store, FAMILY, two, decision())
    store.close()
    assert [holder.get().version for _ in range(5)] == [one] * 5
    assert store.asked.wait(20)
    assert not store.gate.is_set()
    store.gate.set()
    until(lambda: holder.get().version == two)


def test_nobody_waits_a_second_time_for_a_store_that_hangs_without_a_version(tmp_path) -> None:
    store = Gated(tmp_path / "store")
    store.down = True
    holder = in_background(store, tmp_path)
    with pytest.raises(StoreUnavailableError):
        holder.get()
    store.close()
    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            holder.get()
    store.down = False
    promoted = LocalStore(store.root)
    promote(promoted, FAMILY, publish_number(promoted, tmp_path, 1), decision())
    store.gate.set()
    until(lambda: answers(holder))
    assert holder.get().value == (1, 1)


def answers(holder: Live) -> bool:
    try:
        return holder.get().value is not None
    except ArtifactError:
        return False


def test_each_look_that_fails_doubles_the_wait_for_the_next_one(
    store, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1000.0
    monkeypatch.setattr("segue.serving.live.family.time.monotonic", lambda: now_s)
    promote(store, FAMILY, publish_number(store, tmp_path, 1), decision())
    holder = live(store, tmp_path, ttl_s=60)
    holder.get()
    store.down = True
    looked_at_s: list[float] = []
    for now_s in np.arange(1000.0, 3000.0, 10.0):
        store.gets.clear()
        holder.get()
        if store.gets:
            looked_at_s.append(float(now_s))
    assert np.diff(looked_at_s).tolist() == [120.0, 240.0, 480.0, 480.0, 480.0]
    store.down = False
    now_s = looked_at_s[-1] + 480
    holder.get()
    store.gets.clear()
    now_s += 60
    holder.get()
    assert len(store.gets) == 1
