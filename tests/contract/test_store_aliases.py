"""Aliases move by compare-and-swap: one winner, a way back, and a cheap answer when nothing moved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.listing import diff, list_aliases, list_families, list_versions
from segue.artifacts.release import poll, promote, read_manifest, resolve, rollback
from segue.errors import (
    AliasMovedError,
    AliasNotFoundError,
    InvalidInputError,
    PublishError,
    VersionNotFoundError,
)
from tests.contract.stores import (
    FAMILY,
    Crash,
    Crashing,
    Overtaken,
    Racing,
    add,
    add_live,
    decide,
)

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore


def test_before_the_first_promotion_there_is_no_alias(
    store: ObjectStore, reader: ObjectReader, tmp_path: Path
) -> None:
    add(store, tmp_path, 1)
    with pytest.raises(AliasNotFoundError, match="make one with `segue train"):
        resolve(reader, FAMILY)
    with pytest.raises(VersionNotFoundError):
        read_manifest(reader, FAMILY, "20261121T120000Z-00000000")
    with pytest.raises(VersionNotFoundError):
        promote(store, FAMILY, "20261121T120000Z-00000000", decide())
    with pytest.raises(AliasNotFoundError):
        rollback(store, FAMILY, decide())


def test_polling_answers_only_when_the_alias_moved(
    store: ObjectStore, reader: ObjectReader, tmp_path: Path
) -> None:
    add_live(store, tmp_path, 1)
    live = poll(reader, FAMILY, "champion", unless_etag=None)
    assert live is not None
    assert poll(reader, FAMILY, "champion", unless_etag=live.etag) is None
    second = add_live(store, tmp_path, 2)
    moved = poll(reader, FAMILY, "champion", unless_etag=live.etag)
    assert moved is not None
    assert moved.alias.target == second.ref


@pytest.mark.parametrize("effective", [False, True])
def test_a_crash_while_promoting_leaves_one_of_the_two_live(
    store: ObjectStore, tmp_path: Path, effective: bool
) -> None:
    old = add_live(store, tmp_path, 1)
    new = add(store, tmp_path, 2)
    with pytest.raises(Crash):
        promote(Crashing(store, 0, effective=effective), FAMILY, new.version, decide())
    assert resolve(store, FAMILY).alias.target == (new.ref if effective else old.ref)
    again = promote(store, FAMILY, new.version, decide())
    assert (again.target, again.previous) == (new.ref, old.ref)


@pytest.mark.parametrize("first", [True, False], ids=["the first promotion", "a later one"])
def test_of_racing_promotions_one_wins(store: ObjectStore, tmp_path: Path, first: bool) -> None:
    before = None if first else add_live(store, tmp_path, 9)
    versions = [add(store, tmp_path, seed).version for seed in (1, 2, 3)]
    racing = Racing(store, len(versions))

    def race(version: str) -> str | None:
        try:
            return promote(racing, FAMILY, version, decide()).target.version
        except AliasMovedError:
            return None

    with ThreadPoolExecutor(len(versions)) as pool:
        winners = [winner for winner in pool.map(race, versions) if winner]
    alias = resolve(store, FAMILY).alias
    assert winners == [alias.target.version]
    assert alias.previous == (before.ref if before else None)


@pytest.mark.parametrize("first", [True, False], ids=["the first promotion", "a later one"])
def test_a_decision_on_an_alias_that_moved_is_void(store: ObjectStore, tmp_path: Path, first: bool) -> None:
    if not first:
        add_live(store, tmp_path, 9)
    slow, quick = add(store, tmp_path, 1), add(store, tmp_path, 2)
    overtaken = Overtaken(store, lambda: promote(store, FAMILY, quick.version, decide()))
    with pytest.raises(AliasMovedError, match="somebody else"):
        promote(overtaken, FAMILY, slow.version, decide())
    assert resolve(store, FAMILY).alias.target == quick.ref


def test_a_promotion_that_races_a_rollback_loses_or_wins_whole(store: ObjectStore, tmp_path: Path) -> None:
    one, two = add_live(store, tmp_path, 1), add_live(store, tmp_path, 2)
    three = add(store, tmp_path, 3)
    racing = Racing(store, 2)
    with ThreadPoolExecutor(2) as pool:
        moves = [
            pool.submit(promote, racing, FAMILY, three.version, decide()),
            pool.submit(rollback, racing, FAMILY, decide()),
        ]
    failures = [move.exception() for move in moves]
    assert sum(isinstance(failure, AliasMovedError) for failure in failures) == 1
    alias = resolve(store, FAMILY).alias
    assert alias.target == (three.ref if failures[0] is None else one.ref)
    assert alias.previous == two.ref


def test_rolling_back_and_back_again(store: ObjectStore, tmp_path: Path) -> None:
    one = add_live(store, tmp_path, 1)
    with pytest.raises(PublishError, match="has had one version only"):
        rollback(store, FAMILY, decide())
    two = add_live(store, tmp_path, 2)
    back = rollback(store, FAMILY, decide("complaints about polka"))
    assert (back.target, back.previous, back.reason) == (one.ref, two.ref, "complaints about polka")
    assert resolve(store, FAMILY).alias == back
    assert rollback(store, FAMILY, decide()).target == two.ref
    with pytest.raises(InvalidInputError, match="reason"):
        rollback(store, FAMILY, decide(" "))


def test_promoting_what_is_live_keeps_the_way_back(store: ObjectStore, tmp_path: Path) -> None:
    one, two = add_live(store, tmp_path, 1), add_live(store, tmp_path, 2)
    promote(store, FAMILY, two.version, decide("twice"))
    assert resolve(store, FAMILY).alias.previous == one.ref


def test_the_store_is_listed(store: ObjectStore, tmp_path: Path) -> None:
    one, two = add_live(store, tmp_path, 1), add(store, tmp_path, 2)
    promote(store, FAMILY, two.version, decide(), alias="challenger")
    add(store, tmp_path, 3, family="taste", depends_on={FAMILY: one.version})
    store.put("reports/index.html", b"")
    assert list_families(store) == [FAMILY, "taste"]
    assert list_versions(store, FAMILY) == [one.version, two.version]
    assert {name: alias.target for name, alias in list_aliases(store, FAMILY).items()} == {
        "champion": one.ref,
        "challenger": two.ref,
    }
    changes = diff(one, two)
    assert changes["params.seed"] == (1, 2)
    assert "files.item_factors.npy.sha256" in changes
    assert not any(path.startswith("metrics") for path in changes)
