"""The files of friends and what they like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.domain.catalogue.vocabulary import Vocabulary
from segue.domain.listening.friends import Friends
from segue.domain.model.popularity.social import Social

if TYPE_CHECKING:
    from pathlib import Path

_FORMS: dict[str, Form] = {
    "user_id": (np.str_, 1),
    "friend_start": (np.int64, 1),
    "friend_index": (np.int32, 1),
    "like_start": (np.int64, 1),
    "item_index": (np.int32, 1),
    "weight": (np.float32, 1),
}


def write_social(social: Social, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``user_id.npy``, ``friend_start.npy``, ``friend_index.npy``, the likes, and ``model.json``.

    The likes are ``like_start.npy``, ``item_index.npy`` and ``weight.npy``.
    """
    friends = social.friends
    arrays = (friends.users.item_id, friends.start, friends.friend_index, social.start, social.item_index)
    save_arrays(folder, dict(zip(_FORMS, (*arrays, social.weight), strict=True)))
    save_named(folder, vocabulary=vocabulary.checksum)


def load_social(folder: Path, vocabulary: Vocabulary) -> Social:
    """Load what `write_social` wrote for the same vocabulary of tracks.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("social"):
        open_named_for(folder, vocabulary)
        users, start, friend, like_start, item, weight = open_arrays(folder, _FORMS)
        friends = Friends(Vocabulary(users), start, friend)
        return Social(friends, like_start, item, weight, len(vocabulary))
