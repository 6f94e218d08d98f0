"""A model family is two files, its value and its algorithm: trained, gated, served and explained."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.place.local import LocalStore

if TYPE_CHECKING:
    from tests.small_recommender import Trained

ROOT = Path(__file__).parents[2]

MODEL = '''
"""Tracks by the listeners they share: each track is a vector of random projections of its listeners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.top_n import top_n
from segue.errors import EmptyHistoryError, InvalidInputError


@dataclass(frozen=True)
class ListenerSketch:
    """Unit rows, float32 (n_items, d)."""

    vectors: np.ndarray


@dataclass(frozen=True)
class SketchSource:
    """Mean cosine with the tracks of one history."""

    vectors: np.ndarray
    history: object

    def __post_init__(self):
        if not (self.history.confidence > 0).any():
            raise EmptyHistoryError

    def best(self, n):
        return top_n(self.scores(np.arange(len(self.vectors))), n)

    def scores(self, rows):
        return self.shares(rows).sum(axis=1).astype(np.float32)

    def shares(self, rows):
        heard = self.vectors[self.history.item_index] * self.history.confidence[:, None]
        return (self.vectors[rows] @ heard.T).astype(np.float64)


def _build(n_items, vectors):
    if len(vectors) != n_items:
        raise InvalidInputError(f"{len(vectors)} vectors for {n_items} tracks")
    return ListenerSketch(vectors)


MEMBER = Member(
    name="sketch",
    arrays={"vectors": (np.float32, 2)},
    take_apart=lambda model: ((model.vectors,), {}),
    build=_build,
    sources=(
        SourceSpec(
            "sketch",
            35,
            lambda sketch, _, listener: SketchSource(sketch.vectors, listener.history),
            ladder={Step.COLLABORATIVE: 0.5},
            tier="pro",
        ),
    ),
)
'''

ALGORITHM = '''
"""Fit the sketch of each track's listeners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.domain.model.collaborative.listener_sketch import ListenerSketch
from training.algorithm.kind import AlgorithmKind


@dataclass(frozen=True, slots=True)
class SketchScorer:
    model: ListenerSketch

    def scores(self, histories):
        return (histories @ self.model.vectors) @ self.model.vectors.T


@dataclass(frozen=True, slots=True)
class SketchRecommender:
    """Random projections (Achlioptas 2003)."""

    n_columns: int = 32
    seed: int = 17

    def fit(self, interactions, progress):
        progress("sketching")
        draws = np.random.default_rng(self.seed).normal(size=(interactions.shape[0], self.n_columns))
        raw = interactions.T @ draws
        size = np.linalg.norm(raw, axis=1, keepdims=True)
        return SketchScorer(ListenerSketch((raw / np.where(size > 0, size, 1)).astype(np.float32)))


KINDS = {
    "listener-sketch": AlgorithmKind(
        SketchRecommender, 75, {}, member="sketch", usual={}, quick=({},), fixed=("n_columns", "seed")
    )
}
'''

USE = """
import json, sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import read_manifest
from segue.domain.listening.history import History
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.recommender import RecommendFor, answer, prepare
from segue.embedded import open_recommender
from segue.serving.live.recommender import LiveRecommender
from segue.serving.settings.environment import ArtifactSettings
from tests.small_recommender import LISTENER, SMALL, train_hybrid
from training.hybrid.pipeline import HybridTraining
from training.hybrid.settings import HybridSettings

store = LocalStore(Path(sys.argv[1]))
settings = replace(SMALL, members=HybridSettings.of().members | SMALL.members)
outcome = train_hybrid(store, training=HybridTraining(settings), force=True)
version = outcome.manifest.record.depends_on["listener-sketch"]
family = read_manifest(store, "listener-sketch", version)
model = LiveRecommender(ArtifactSettings(sys.argv[1], store.root / "cache", 0.0, {})).get().value
history = History(np.arange(3, dtype=np.int32), np.ones(3, np.float32))
alone = replace(model.with_models(**dict.fromkeys(set(model.models) - {"sketch"})), ranker=None)
query = Query(3, np.ones(len(model.catalogue), bool), n_reasons=2)
found = answer(alone, RecommendFor(history), query)
print(json.dumps({
    "gate": outcome.verdict.reason,
    "tiers": {tier: "sketch" in prepare(model, RecommendFor(history, tier=tier)) for tier in ("free", "pro")},
    "metrics": sorted(family.record.metrics),
    "kind": family.record.params["sketch"]["kind"],
    "files": sorted(family.files),
    "step": found.step.value,
    "rest": [item.score - sum(reason.contribution for reason in item.reasons) for item in found.items],
    "about": sorted({reason.kind.value for item in found.items for reason in item.reasons}),
    "answered": len(open_recommender(sys.argv[1]).recommend(LISTENER, n=5).items),
}))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout's code, where the family does not exist yet."""
    for name in ("src", "training", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "families", "integration", "contract", "*.egg-info")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    return tmp_path


def test_a_family_in_two_files_is_trained_compared_published_served_and_explained(
    copy: Path, trained: Trained
) -> None:
    trained.copy_to(LocalStore(copy / "artifacts"))  # what is live does not know the family
    for source, folder in ((MODEL, "src/segue/domain/model"), (ALGORITHM, "training/algorithm")):
        path = copy / folder / "collaborative/listener_sketch.py"
        path.write_text(source.lstrip(), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", USE, str(copy / "artifacts")],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert "cannot be compared" not in found["gate"]
    assert found["tiers"] == {"free": False, "pro": True}
    assert "ndcg@20/sketch" in found["metrics"]
    assert (found["kind"], found["answered"]) == ("listener-sketch", 5)
    assert found["files"] == ["model.json", "report.html", "vectors.npy"]
    assert (found["step"], found["about"]) == ("collaborative", ["played", "rest"])
    assert found["rest"] == pytest.approx([0, 0, 0], abs=1e-5)
