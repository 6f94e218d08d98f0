"""`segue models`: tables for people, JSON for programs, errors in one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, publish
from segue.cli import app
from segue.errors import InvalidInputError, PublishError, VersionNotFoundError
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FAMILY = "genre-preference"


@pytest.fixture
def versions(tmp_path: Path) -> list[str]:
    store = LocalStore(tmp_path / "store")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    names = []
    for number in range(3):
        record = Record(params={"trees": number}, training={"seconds": 1.5})
        manifest = publish(store, FAMILY, folder, record, created_at=NOW + timedelta(days=number))
        promote(store, FAMILY, manifest.version, Decision("ann", f"number {number}", NOW))
        names.append(manifest.version)
    return names


@pytest.fixture
def run(tmp_path: Path):
    def invoke(*arguments: str):
        return CliRunner().invoke(
            app, ["models", *arguments, "--artifacts", str(tmp_path / "store")], env={"COLUMNS": "200"}
        )

    return invoke


def read(result) -> object:
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def test_list_names_versions_oldest_first_and_what_points_at_them(run, versions) -> None:
    rows = read(run("list", "--json"))
    assert [row["version"] for row in rows] == versions
    assert [row["aliases"] for row in rows] == ["", "", "champion"]
    table = run("list").stdout
    assert all(version in table for version in versions)


def test_list_of_nothing_says_where_it_looked(run, tmp_path) -> None:
    assert isinstance(run("list").exception, InvalidInputError)
    assert read(run("list", "--json")) == []


def test_show_follows_the_champion_the_previous_and_a_version(run, versions) -> None:
    assert read(run("show", FAMILY, "--json"))["manifest"]["version"] == versions[2]
    assert read(run("show", f"{FAMILY}@previous", "--json"))["manifest"]["version"] == versions[1]
    shown = read(run("show", f"{FAMILY}@{versions[0]}", "--json"))
    assert shown["manifest"]["params"] == {"trees": 0}
    assert shown["aliases"]["champion"]["reason"] == "number 2"
    assert "params.trees" in run("show", FAMILY).stdout


def test_diff_names_what_changed(run, versions) -> None:
    assert read(run("diff", FAMILY, versions[0], versions[2], "--json")) == {"params.trees": [0, 2]}
    assert read(run("diff", FAMILY, "--json")) == {"params.trees": [1, 2]}
    assert "params.trees" in run("diff", FAMILY).stdout


def test_promote_and_rollback_move_the_champion(run, versions) -> None:
    moved = read(run("promote", FAMILY, versions[0], "--reason", "better", "--json"))
    assert (moved["version"], moved["previous"]["version"]) == (versions[0], versions[2])
    back = read(run("rollback", FAMILY, "--reason", "worse", "--json"))
    assert (back["version"], back["reason"]) == (versions[2], "worse")


def test_moving_needs_a_reason_and_a_version_that_is_there(run, versions) -> None:
    assert run("promote", FAMILY, versions[0]).exit_code == 2
    assert isinstance(run("promote", FAMILY, versions[0], "--reason", " ").exception, InvalidInputError)
    absent = versions[0][:-1] + ("0" if versions[0][-1] != "0" else "1")
    assert isinstance(run("promote", FAMILY, absent, "--reason", "x").exception, VersionNotFoundError)


def test_rollback_of_a_first_version_says_there_is_nothing_before(run, tmp_path) -> None:
    folder = tmp_path / "only"
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    store = LocalStore(tmp_path / "store")
    version = publish(store, "lone", folder, Record(), created_at=NOW).version
    promote(store, "lone", version, Decision("ann", "first", NOW))
    result = run("rollback", "lone", "--reason", "x")
    assert isinstance(result.exception, PublishError)
    assert "has had one version only" in str(result.exception)


@pytest.mark.parametrize("absent", ["99", "3f9c2a7b", "Champion", "v 2", "2026-11-21"])
def test_a_version_that_is_none_is_named_with_the_list_of_those_there_are(run, versions, absent) -> None:
    shown = run("show", f"{FAMILY}@{absent}").exception
    moved = run("promote", FAMILY, absent, "--reason", "x").exception
    for error in (shown, moved):
        assert isinstance(error, InvalidInputError)
        assert str(error).startswith(f"{FAMILY} has no version or alias {absent!r}")
        assert f"`segue models list {FAMILY}` names the existing ones" in str(error)


def test_a_damaged_manifest_is_reported_with_a_remedy(run, versions, tmp_path) -> None:
    path = tmp_path / "store" / FAMILY / "versions" / versions[2] / "manifest.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"trees":2', b'"trees":9') + b"\n")
    told = str(run("show", FAMILY).exception)
    assert f"{FAMILY} {versions[2]}: its manifest changed after its promotion, or is damaged" in told
    assert f"`segue models rollback {FAMILY} --reason …`" in told
    assert run("rollback", FAMILY, "--reason", "damaged").exit_code == 0
    assert read(run("show", FAMILY, "--json"))["manifest"]["version"] == versions[1]


def test_gc_lists_first_and_then_deletes(run, versions) -> None:
    arguments = ("gc", "--keep", "1", "--min-age-days", "0")
    garbage = [{"kind": "version", "name": f"{FAMILY}@{versions[0]}"}]
    assert read(run(*arguments, "--dry-run", "--json")) == {"deleted": False, "garbage": garbage}
    assert len(read(run("list", "--json"))) == 3
    assert read(run(*arguments, "--json")) == {"deleted": True, "garbage": garbage}
    assert [row["version"] for row in read(run("list", "--json"))] == versions[1:]


def test_list_names_a_damaged_alias_and_goes_on_with_the_others(run, versions, tmp_path) -> None:
    folder = tmp_path / "files"
    other = publish(LocalStore(tmp_path / "store"), "rules", folder, Record(), created_at=NOW).version
    (tmp_path / "store" / FAMILY / "aliases" / "champion.json").write_bytes(b"{")
    rows = read(run("list", "--json"))
    assert (rows[0]["family"], rows[0]["aliases"]) == (FAMILY, "unreadable")
    assert [row["version"] for row in rows[1:]] == [*versions, other]
    assert "unreadable" in run("list").stdout


@pytest.mark.parametrize(("family", "warned"), [("rules", True), ("catalogue", True), ("hybrid", False)])
def test_moving_a_member_says_that_the_hybrid_pins_its_own(
    run, versions, tmp_path, family: str, warned: bool
) -> None:
    store = LocalStore(tmp_path / "store")
    names = []
    for number in range(2):
        record = Record(params={"number": number})
        names.append(publish(store, family, tmp_path / "files", record, created_at=NOW).version)
        told = run("promote", family, names[-1], "--reason", "x", "--json")
        assert read(told)["version"] == names[-1]
        assert ("functions serve hybrid" in told.stderr) is warned
    assert ("functions serve hybrid" in run("rollback", family, "--reason", "x").stderr) is warned


def test_variants_are_named_and_switched_by_name(run, tmp_path) -> None:
    store = LocalStore(tmp_path / "store")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    made = {}
    for variant in ("naive_features", "pca_features"):
        record = Record(params={"variant": variant})
        made[variant] = publish(store, "clusters", folder, record, created_at=NOW).version
        alias = variant.replace("_", "-")
        promote(store, "clusters", made[variant], Decision("ann", "prepared", NOW), alias=alias)
    moved = read(run("promote", "clusters", "pca_features", "--reason", "finer", "--json"))
    assert moved["version"] == made["pca_features"]
    rows = {row["variant"]: row["aliases"] for row in read(run("list", "clusters", "--json"))}
    assert rows == {"naive_features": "naive-features", "pca_features": "champion, pca-features"}
    assert "pca_features" in run("list").stdout
    shown = read(run("show", "clusters@naive_features", "--json"))
    assert shown["manifest"]["version"] == made["naive_features"]
    assert isinstance(run("show", "clusters@llav_pca").exception, InvalidInputError)


def test_gc_keeps_what_the_aliases_of_variants_name(run, tmp_path) -> None:
    store = LocalStore(tmp_path / "store")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    versions = [
        publish(store, "clusters", folder, Record(params={"number": number}), created_at=NOW).version
        for number in range(5)
    ]
    for alias, version in zip(("naive-features", "pca-features", "pca-features"), versions, strict=False):
        promote(store, "clusters", version, Decision("ann", "prepared", NOW), alias=alias)
    read(run("gc", "--keep", "0", "--min-age-days", "0", "--json"))
    assert {row["version"] for row in read(run("list", "--json"))} == set(versions[:3])


def test_an_unknown_name_lists_the_existing_ones_and_how_to_make_one(run, tmp_path) -> None:
    store = LocalStore(tmp_path / "store")
    publish_clustering(store, small_clustering(), live=True)
    error = run("promote", "clusters", "llav_pca", "--reason", "test").exception
    assert isinstance(error, InvalidInputError)
    assert "clusters has no 'llav_pca'" in str(error)
    assert "only champion, naive-features;" in str(error)
    assert "`segue prepare`" in str(error)


def test_a_list_breaks_no_word_at_80_columns(tmp_path, versions) -> None:
    store = LocalStore(tmp_path / "store")
    publish_clustering(store, small_clustering("combined_features"), live=True)
    command = ["models", "list", "--artifacts", str(store.root)]
    lines = CliRunner().invoke(app, command, env={"COLUMNS": "80"}).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    words = " ".join(lines).split()
    assert words.count("champion") == 2
    assert {"combined_features", "combined-features", "version", "aliases", "metric"} <= set(words)
    assert set(versions) <= set(words)


def put_measured(store: LocalStore, folder, family: str, metrics: dict, **params) -> str:
    return publish(store, family, folder, Record(params=params, metrics=metrics), created_at=NOW).version


def measured(value: float) -> dict:
    return {
        "value": value,
        "ci95": [round(value - 0.01, 6), round(value + 0.01, 6)],
        "n": 500,
        "split": "later",
    }


@pytest.mark.parametrize(
    ("family", "metrics", "params", "name"),
    [
        (
            "hybrid",
            {"ndcg@20/hybrid-pro": measured(0.2), "ndcg@20/served": measured(0.1375)},
            {},
            "ndcg@20/served",
        ),
        ("hybrid", {"ndcg@20/hybrid-pro": measured(0.1375)}, {}, "ndcg@20/hybrid-pro"),
        (
            "genre-preference",
            {"accuracy/forest": measured(0.1375), "accuracy/own_past_favourite": measured(0.9)},
            {"answerer": "forest"},
            "accuracy/forest",
        ),
        (
            "item-factors",
            {"ndcg@20/factors": measured(0.1375), "recall@20/factors": measured(0.9)},
            {},
            "ndcg@20/factors",
        ),
    ],
)
def test_list_shows_the_main_metric_with_its_interval(
    run, tmp_path, versions, family, metrics, params, name
) -> None:
    put_measured(LocalStore(tmp_path / "store"), tmp_path / "files", family, metrics, **params)
    (row,) = [row for row in read(run("list", family, "--json")) if row["metric"]]
    assert row["metric"] == {"name": name, "value": 0.1375, "ci95": [0.1275, 0.1475]}
    table = run("list", family).stdout
    assert "0.138 (0.128–0.147)" in table
    assert f"{name} of {family}" in table


def test_odd_figures_are_no_metric(run, tmp_path, versions) -> None:
    odd = {"ndcg@20/served": {"value": "high"}, "ndcg@20/hybrid-pro": 7, "relative_validity": {"value": True}}
    put_measured(LocalStore(tmp_path / "store"), tmp_path / "files", "hybrid", odd)
    assert [row["metric"] for row in read(run("list", "hybrid", "--json"))] == [None]


def test_several_versions_are_compared_side_by_side(run, tmp_path, versions) -> None:
    store = LocalStore(tmp_path / "store")
    names = [
        put_measured(
            store, tmp_path / "files", "hybrid", {"ndcg@20/served": measured(value), "p_value/x": 0.5}
        )
        for value in (0.1, 0.2, 0.3)
    ]
    found = read(run("compare", "hybrid", *names, "--json"))
    assert [found[name]["ndcg@20/served"]["value"] for name in names] == [0.1, 0.2, 0.3]
    lines = (
        CliRunner()
        .invoke(
            app,
            ["models", "compare", "hybrid", *names, "--artifacts", str(store.root)],
            env={"COLUMNS": "80"},
        )
        .stdout.splitlines()
    )
    assert all(any(name in line for line in lines) for name in names)
    assert any("0.1 (0.09–0.11) 0.2 (0.19–0.21) 0.3 (0.29–0.31)" in " ".join(line.split()) for line in lines)
    assert isinstance(run("compare", "taste-of-nobody").exception, InvalidInputError)


@pytest.mark.parametrize(
    "command", ["show nope", "show nope@previous", "list nope", "diff nope", "rollback nope --reason x"]
)
def test_a_family_that_does_not_exist_is_named_with_those_that_do(command: str, run, versions) -> None:
    result = run(*command.split())
    assert isinstance(result.exception, InvalidInputError)
    assert "there is no family 'nope': give one of genre-preference, hybrid" in str(result.exception)
