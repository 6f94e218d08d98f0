"""When the gate compares with what is live, and what it decides where it cannot."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from segue.artifacts.family import CATALOGUE, HYBRID
from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, publish, read_manifest, resolve
from segue.errors import GateRejectedError
from tests.small_recommender import SMALL, train_hybrid
from training.algorithm.collaborative.linear import Ease
from training.hybrid.pipeline import HybridTraining
from training.hybrid.rival import Rival, open_rival
from training.release.gate import Verdict, find_champion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.small_recommender import Trained

CLASSES = {"ials": "IalsRecommender", "rp3beta": "Rp3Beta", "nmf": "NmfRecommender"}


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> LocalStore:
    shutil.copytree(trained.folder, tmp_path / "artifacts")
    return LocalStore(tmp_path / "artifacts")


def live(store: LocalStore):
    return read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version)


def put_live(
    store: LocalStore,
    alter: Callable[[dict[str, Any]], Any] = lambda record: None,
    ranker: Callable[[dict[str, Any]], Any] = lambda ranker: None,
) -> None:
    """Publish and promote the live version again, with another record or ranker, all hashes right."""
    manifest = live(store)
    record = {name: getattr(manifest.record, name) for name in Record.__dataclass_fields__}
    alter(record)
    folder = store.root.parent / "altered"
    folder.mkdir()
    raw = json.loads((store.root / HYBRID / "versions" / manifest.version / "ranker.json").read_bytes())
    ranker(raw)
    (folder / "ranker.json").write_text(json.dumps(raw), encoding="utf-8")
    published = publish(store, HYBRID, folder, Record(**record), created_at=datetime.now(UTC))
    promote(store, HYBRID, published.version, Decision("tester", "altered", datetime.now(UTC)))


def settings_of(record: dict[str, Any]) -> dict[str, Any]:
    return record["params"]["settings"]


def opened(store: LocalStore) -> Rival | Verdict[bool]:
    return open_rival(store, find_champion(store, HYBRID))


def test_what_is_live_is_read_whole(store: LocalStore) -> None:
    rival = opened(store)
    assert isinstance(rival, Rival)
    assert rival.settings.members["factors"].n_factors == SMALL.members["factors"].n_factors
    assert rival.extent["interactions", "users"] == 60
    assert len(rival.tracks) == 120


def test_names_of_classes_in_an_old_manifest_are_read(store: LocalStore) -> None:
    before = opened(store)

    def alter(record: dict[str, Any]) -> None:
        for member in ("factors", "similarity", "parts"):
            made = settings_of(record)[member]
            made["kind"] = CLASSES.get(made["kind"], made["kind"])

    put_live(store, alter)
    assert settings_of({"params": live(store).record.params})["factors"]["kind"] == "IalsRecommender"
    assert opened(store).settings == before.settings


@pytest.mark.parametrize(
    ("alter", "says"),
    [
        (lambda record: record["params"].pop("settings"), "settings is None"),
        (lambda record: record["params"].update(settings=[1]), r"settings is \[1\]"),
        (lambda record: settings_of(record).pop("seed"), "settings.seed is missing"),
        (lambda record: settings_of(record).update(neural={"kind": "gru"}), "settings.neural is not known"),
        (lambda record: settings_of(record)["factors"].update(kind="LightGcn"), "kind is 'LightGcn'"),
        (lambda record: settings_of(record)["factors"].update(kind="rp3beta"), "kind is 'rp3beta'"),
        (lambda record: settings_of(record)["factors"].update(kind=["ials"]), r"kind is \['ials'\]"),
        (lambda record: settings_of(record)["factors"].update(n_factors="8"), "n_factors is '8'"),
        (lambda record: settings_of(record)["factors"].update(n_sweeps=True), "n_sweeps is True"),
        (lambda record: settings_of(record)["factors"].pop("ridge"), "factors.ridge is missing"),
        (lambda record: settings_of(record)["parts"].update(sparsity=0.5), "parts.sparsity is not known"),
        (lambda record: settings_of(record).update(similarity=None), "settings.similarity is None"),
        (lambda record: record["data"].pop("interactions"), "no number of users"),
        (lambda record: record["data"]["catalogue"].update(tracks="many"), "no number of tracks"),
        (lambda record: record["data"].update(catalogue=7), "no number of tracks"),
    ],
)
def test_a_record_that_is_not_understood_refuses_the_challenger(store: LocalStore, alter, says: str) -> None:
    put_live(store, alter)
    verdict = opened(store)
    assert verdict.choice is False
    assert re.search(f"The champion cannot be compared with: .*{says}", verdict.reason)


@pytest.mark.parametrize(
    ("alter", "says"),
    [
        (lambda ranker: ranker.pop("weight"), "weight"),
        (lambda ranker: ranker.update(trees=ranker.pop("sources")), "sources"),
        (lambda ranker: ranker.update(sources=["neural", *ranker["sources"][1:]]), "ranks by neural"),
        (lambda ranker: ranker.update(tiers=["free", "starter", "gold"]), "no weights for pro"),
        (lambda ranker: ranker.update(weight="heavy"), "ranker"),
    ],
)
def test_a_ranker_of_another_form_refuses_the_challenger(store: LocalStore, alter, says: str) -> None:
    put_live(store, ranker=alter)
    verdict = opened(store)
    assert verdict.choice is False
    assert says in verdict.reason


def test_a_member_that_this_version_does_not_know_refuses_the_challenger(
    store: LocalStore, tmp_path: Path
) -> None:
    folder = tmp_path / "neural"
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    neural = publish(store, "neural", folder, Record(), created_at=datetime.now(UTC))
    put_live(store, lambda record: record["depends_on"].update(neural=neural.version))
    verdict = opened(store)
    assert verdict.choice is False
    assert "ranks by neural" in verdict.reason


@pytest.mark.parametrize(
    ("family", "name"),
    [
        (HYBRID, "ranker.json"),
        (HYBRID, "manifest.json"),
        (CATALOGUE, "item_id.npy"),
        (CATALOGUE, "manifest.json"),
    ],
)
@pytest.mark.parametrize("gone", [True, False])
def test_what_nobody_can_serve_is_replaced_without_a_comparison(
    store: LocalStore, family: str, name: str, gone: bool
) -> None:
    version = live(store).record.depends_on.get(family) or live(store).version
    path = store.root / family / "versions" / version / name
    path.unlink() if gone else path.write_bytes(b"{}")
    verdict = opened(store)
    assert verdict.choice is True
    assert "The champion cannot be served" in verdict.reason


def test_a_damaged_member_is_no_reason_not_to_compare(store: LocalStore) -> None:
    version = live(store).record.depends_on["item-similarity"]
    shutil.rmtree(store.root / "item-similarity" / "versions" / version)
    assert isinstance(opened(store), Rival)


def test_where_nothing_is_live_any_challenger_is_accepted(tmp_path: Path) -> None:
    assert opened(LocalStore(tmp_path)) == Verdict(True, "There was no champion.")


@pytest.mark.parametrize(
    ("member", "made", "says"),
    [
        ("factors", {"kind": "LightGcn"}, "LightGcn"),
        ("similarity", {"kind": "ease"} | asdict(Ease(max_items=10)), "cannot be fitted to these events"),
    ],
)
def test_a_champion_that_cannot_be_compared_with_stays_live(
    store: LocalStore, member: str, made: dict[str, Any], says: str
) -> None:
    put_live(store, lambda record: settings_of(record).update({member: made}))
    before = resolve(store, HYBRID).alias
    with pytest.raises(GateRejectedError, match=rf"cannot be compared with: .*{says}.*overrules the gate"):
        train_hybrid(store, training=HybridTraining(SMALL, k=10))
    assert resolve(store, HYBRID).alias == before
