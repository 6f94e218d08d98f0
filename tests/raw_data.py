"""Raw-data folders of a few hundred tracks in groups, as `segue prepare` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.tracks import AUDIO_FEATURES

if TYPE_CHECKING:
    from pathlib import Path

RANGES = {"key": 11, "loudness": -30, "tempo": 180, "time_signature": 5}


def raw_folder(
    folder: Path, n: int = 150, *, low_level: bool = True, lyrics: bool = False, seed: int = 0
) -> Path:
    """Write spotify_tracks.csv, and low-level features of every track but the first ten."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 5
    share = np.clip(rng.normal(np.eye(12)[group] * 0.6 + 0.2, 0.03), 0, 1)
    ids = [f"t{row:04}" for row in range(n)]
    tracks = pd.DataFrame(
        {name: share[:, at] * RANGES.get(name, 1) for at, name in enumerate(AUDIO_FEATURES)}
    )
    for name in ("key", "mode", "time_signature"):
        tracks[name] = tracks[name].round().astype(int).clip(lower=int(name == "time_signature"))
    tracks.insert(0, "track_id", ids)
    tracks["track_name"] = [f"song {row}" for row in range(n)]
    tracks["artists"] = [f"artist {row % 20}" for row in range(n)]
    tracks["track_genre"] = [f"genre {one}" for one in group]
    tracks.to_csv(folder / "spotify_tracks.csv", index=False)
    if low_level:
        table = pd.DataFrame(rng.normal(np.eye(8)[group] * 3, 0.3), columns=[f"mfcc_{c}" for c in range(8)])
        table.insert(0, "track_id", ids)
        table.iloc[10:].to_csv(folder / "low_level_audio_features.csv", index=False)
    if lyrics:
        table = pd.DataFrame(rng.normal(np.eye(6)[group] * 3, 0.3), columns=[f"topic_{c}" for c in range(6)])
        table.insert(0, "track_id", ids)
        table.to_csv(folder / "lyrics_features.csv", index=False)
    return folder
