"""The files of a ranker."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import read_object, reading
from segue.artifacts.manifest import canonical_json
from segue.artifacts.strict_json import number, texts
from segue.domain.recommend.ranker import NOTHING_BEATS_IT, Ranker
from segue.domain.recommend.rerank import MAX_ARTIST_SHARE

if TYPE_CHECKING:
    from pathlib import Path


def write_ranker(ranker: Ranker, folder: Path) -> None:
    """Write ``ranker.json``."""
    named = asdict(ranker) | {"weight": ranker.weight.tolist()}
    (folder / "ranker.json").write_bytes(canonical_json(named))


def load_ranker(folder: Path) -> Ranker:
    """Load what `write_ranker` wrote.

    Raises
    ------
    CorruptArtifactError
        The weights do not fit the names.
    """
    with reading("ranker"):
        raw = read_object(folder, "ranker.json")
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which a ranker refuses
            weight = np.array(raw["weight"], np.float32)
        return Ranker(
            sources=texts(raw["sources"]),
            tiers=texts(raw["tiers"]),
            weight=weight,
            diversity=number(raw["diversity"]),
            calibration=number(raw["calibration"]),
            artist_share=number(raw.get("artist_share", MAX_ARTIST_SHARE)),  # older rankers say neither
            why_popular=texts([raw.get("why_popular", NOTHING_BEATS_IT)])[0],
        )
