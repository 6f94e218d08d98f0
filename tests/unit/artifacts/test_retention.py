"""What is reachable stays, whatever the graph."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from segue.artifacts.manifest import Alias, Manifest, Record, VersionRef
from segue.artifacts.retention import RetentionPolicy, expired

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=100)
ONLY_ALIASES = RetentionPolicy(keep_newest=0, min_age=timedelta(0))

Key = tuple[str, str]


def _version(number: int) -> str:
    return f"20260101T000000Z-{number:08x}"


def _history(*made: tuple[str, int, dict[str, int]], created_at: datetime = OLD) -> dict[Key, Manifest]:
    return {
        (family, _version(number)): Manifest(
            family,
            _version(number),
            created_at,
            {},
            Record(depends_on={other: _version(pinned) for other, pinned in pins.items()}),
        )
        for family, number, pins in made
    }


def _alias(target: int, previous: int | None = None) -> Alias:
    before = None if previous is None else VersionRef(_version(previous), "")
    return Alias(VersionRef(_version(target), ""), before, NOW, "tester", "why")


def _expired(
    manifests: dict[Key, Manifest], aliases: dict[str, list[Alias]], policy: RetentionPolicy
) -> list[Key]:
    return expired(manifests, aliases, now=NOW, policy=policy)


def test_a_chain_of_dependencies_is_kept() -> None:
    manifests = _history(
        ("c", 3, {"b": 2}), ("b", 2, {"a": 1}), ("a", 1, {}), ("a", 9, {}), ("b", 8, {"a": 9})
    )
    assert _expired(manifests, {"c": [_alias(3)]}, ONLY_ALIASES) == [("a", _version(9)), ("b", _version(8))]


def test_what_the_previous_version_needs_is_kept() -> None:
    manifests = _history(("c", 1, {"a": 1}), ("c", 2, {"a": 2}), ("c", 3, {}), ("a", 1, {}), ("a", 2, {}))
    assert _expired(manifests, {"c": [_alias(3, previous=2)]}, ONLY_ALIASES) == [
        ("a", _version(1)),
        ("c", _version(1)),
    ]


def test_every_alias_counts() -> None:
    manifests = _history(("c", 1, {}), ("c", 2, {}), ("c", 3, {}))
    assert _expired(manifests, {"c": [_alias(1), _alias(2)]}, ONLY_ALIASES) == [("c", _version(3))]


def test_the_newest_five_of_each_family_are_kept_with_their_dependencies() -> None:
    manifests = _history(*(("c", n, {}) for n in range(7)), ("b", 0, {"c": 0}), ("b", 1, {}))
    assert _expired(manifests, {}, RetentionPolicy()) == [("c", _version(1))]


def test_the_fourteenth_day_is_the_last() -> None:
    policy = RetentionPolicy(keep_newest=0)
    young = _history(("c", 1, {}), created_at=NOW - timedelta(days=14) + timedelta(seconds=1))
    old = _history(("c", 2, {}), created_at=NOW - timedelta(days=14))
    assert _expired(young | old, {}, policy) == [("c", _version(2))]


def test_a_young_version_keeps_its_old_dependency() -> None:
    young = _history(("c", 1, {"a": 1}), created_at=NOW - timedelta(days=1))
    old = _history(("a", 1, {}), ("a", 2, {}))
    assert _expired(young | old, {}, RetentionPolicy(keep_newest=0)) == [("a", _version(2))]


def test_an_empty_store_has_nothing_to_lose() -> None:
    assert _expired({}, {}, RetentionPolicy()) == []


@st.composite
def stores(draw: st.DrawFn) -> tuple[dict[Key, Manifest], dict[str, list[Alias]]]:
    made: list[tuple[str, int, dict[str, int]]] = []
    for number in range(draw(st.integers(1, 14))):
        family = draw(st.sampled_from("abcd"))
        pins = draw(st.lists(st.sampled_from(made), max_size=3)) if made else []
        made.append((family, number, {other: pinned for other, pinned, _ in pins}))
    pointers: dict[str, list[Alias]] = {}
    for family, number, _ in draw(st.lists(st.sampled_from(made), max_size=4)):
        siblings = [n for other, n, _ in made if other == family]
        pointers.setdefault(family, []).append(_alias(number, draw(st.none() | st.sampled_from(siblings))))
    return _history(*made), pointers


@given(stores(), st.integers(0, 3))
def test_nothing_that_is_reachable_expires_and_everything_else_does(
    store: tuple[dict[Key, Manifest], dict[str, list[Alias]]], keep_newest: int
) -> None:
    manifests, aliases = store
    gone = set(_expired(manifests, aliases, RetentionPolicy(keep_newest, timedelta(0))))

    # An independent reading of the rule: a version is needed if an alias names it, if it is among the
    # newest, or if something needed pins it.
    def needed(key: Key) -> bool:
        family, version = key
        named = {ref.version for a in aliases.get(family, []) for ref in (a.target, a.previous) if ref}
        newer = sum(other[0] == family and other[1] > version for other in manifests)
        pinned_by = [k for k, m in manifests.items() if m.record.depends_on.get(family) == version]
        return version in named or newer < keep_newest or any(needed(k) for k in pinned_by)

    assert gone == {key for key in manifests if not needed(key)}
