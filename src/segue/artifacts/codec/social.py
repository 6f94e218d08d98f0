"""The files of friends and what they like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codecs import check_vocabulary
from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.friends import Friends
from segue.domain.social import Social
from segue.domain.vocabulary import Vocabulary
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

_LIKES = ("like_start", "item_index", "weight")


def write_social(social: Social, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``user_id.npy``, ``friend_start.npy``, ``friend_index.npy``, the likes, and ``model.json``.

    The likes are ``like_start.npy``, ``item_index.npy`` and ``weight.npy``.
    """
    arrays = {
        "user_id": social.friends.users.item_id,
        "friend_start": social.friends.start,
        "friend_index": social.friends.friend_index,
        "like_start": social.start,
        "item_index": social.item_index,
        "weight": social.weight,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "model.json").write_bytes(canonical_json({"vocabulary": vocabulary.checksum}))


def load_social(folder: Path, vocabulary: Vocabulary) -> Social:
    """Load what `write_social` wrote for the same vocabulary of tracks.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        check_vocabulary("social", raw["vocabulary"], vocabulary)
        users = Vocabulary(open_array(folder / "user_id.npy"))
        start, friend = (open_array(folder / f"friend_{name}.npy") for name in ("start", "index"))
        like, item, weight = (open_array(folder / f"{name}.npy") for name in _LIKES)
        return Social(Friends(users, start, friend), like, item, weight, len(vocabulary))
    except (OSError, ValueError, IndexError, KeyError, TypeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"social: {error!r}") from error
