"""What friends liked lately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.catalogue.vocabulary import Vocabulary
from segue.domain.listening.friends import Friends
from segue.domain.model.candidate_source import ReasonKind, ScoreParts
from segue.domain.model.collaborative.item_similarity import said_of, spoken_of
from segue.domain.model.member import Member, SourceSpec
from segue.domain.vector.top_n import look_up, spans, top_n
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.collaborative.item_similarity import Neighbours

ACQUAINTANCE = 0.1
"""Weight of a friend with nothing in common; a friend with the very same taste weighs 1 + this. So every
friend counts, and the most similar ones count most."""

MAX_FRIENDS = 200
"""Maximum number of friends used, the most similar first."""


@dataclass(frozen=True, slots=True)
class Social:
    """The friends of each user, and what each user liked lately.

    Attributes
    ----------
    friends : Friends
        Its ``users`` are all of whom likes or friends are known.
    start : int64 (n_users + 1,)
        User i likes ``item_index[start[i] : start[i + 1]]`` with as much of ``weight``.
    item_index : int32 (n_likes,)
        Rows of the catalogue, without repeats for a user, newest first.
    weight : float32 (n_likes,)
        In (0, 1]: how much the like counts now, less the older it is.
    n_items : int
        Tracks of the catalogue.

    Raises
    ------
    InvalidInputError
        The arrays do not fit each other: build them again.
    """

    friends: Friends
    start: NDArray[np.int64]
    item_index: NDArray[np.int32]
    weight: NDArray[np.float32]
    n_items: int

    def __post_init__(self) -> None:
        n_users, n_likes, item = len(self.friends.users), len(self.item_index), self.item_index
        start, friend = self.friends.start, self.friends.friend_index
        if (
            len(start) != n_users + 1
            or start[0] != 0
            or start[-1] != len(friend)
            or (np.diff(start) < 0).any()
        ):
            raise InvalidInputError(f"the friends of {n_users} users must ascend from 0.")
        if len(friend) and not 0 <= friend.min() <= friend.max() < n_users:
            raise InvalidInputError(f"a friend lies outside the {n_users} users.")
        if len(self.start) != n_users + 1 or self.start[0] != 0 or (np.diff(self.start) < 0).any():
            raise InvalidInputError(f"the likes of {n_users} users must ascend from 0.")
        if self.start[-1] != n_likes or self.weight.shape != (n_likes,):
            raise InvalidInputError(f"{n_likes} likes do not fit their users and weights.")
        if n_likes and not (0 <= item.min() <= item.max() < self.n_items and (self.weight > 0).all()):
            raise InvalidInputError("a like has no weight, or is of a track outside the catalogue.")


@dataclass(frozen=True, slots=True)
class SocialSource:
    """What one listener's friends like, as a source of candidates; from `social_source`.

    Attributes
    ----------
    friend_ids : tuple of str (n_friends,)
    similarity : float64 (n_friends,)
        How much each friend is heard; they sum to 1.
    item_index : int32 (m,)
        Tracks they like, ascending.
    score : float32 (m,)
    likes : tuple of int32, float32, int64 (n_likes,)
        Every like: the track, what it counts, and whose it is.
    n_items : int
        Tracks of the catalogue.
    n_unknown : int
        Friends who were named and of whom nothing is known.
    """

    friend_ids: tuple[str, ...]
    similarity: NDArray[np.float64]
    item_index: NDArray[np.int32]
    score: NDArray[np.float32]
    likes: Neighbours
    n_items: int
    n_unknown: int = 0

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks that friends like, best first, int32."""
        return self.item_index.take(top_n(self.score, n))

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [0, 1]: Σ_f similarity_f weight_f of the like."""
        return look_up(self.item_index, self.score, rows)

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Name the friends who like the tracks."""
        at, weight, friends = said_of(self.likes, rows, self.n_items)
        value = self.similarity.take(friends) * weight
        return [ScoreParts(ReasonKind.FRIEND, at, value, friends, self.friend_ids)]


def social_source(
    social: Social, history: History, user_id: str = "", friend_ids: Sequence[str] = ()
) -> SocialSource | None:
    """Prepare what a listener's friends like, each friend heard as much as they are alike.

    A friend weighs (β + max(0, cos)) / Σ, where cos is the cosine of the listener's history (square roots of
    its confidence, that one favourite does not decide) with the friend's likes and β `ACQUAINTANCE`.

    Parameters
    ----------
    social : Social
    history : History
        May be empty: then all friends are alike.
    user_id : str
        Whose friends are asked; may be unknown.
    friend_ids : sequence of str
        Asked besides. Unknown ones are counted in ``n_unknown``.

    Returns
    -------
    SocialSource or None
        None where no friend is known who likes anything.
    """
    users = social.friends.users
    named = users.index_of(list(dict.fromkeys(friend_ids)))
    (own,) = users.index_of([user_id]).tolist()
    stored = social.friends.of(own) if own >= 0 else np.empty(0, np.int32)
    asked = sorted({*stored.tolist(), *named[(named >= 0) & (named != own)].tolist()})
    rows = np.array(asked, np.intp)
    rows = rows[social.start[rows + 1] > social.start[rows]]
    if not len(rows):
        return None
    likes = _likes_of(social, rows)
    alike = ACQUAINTANCE + _cosines(history, likes)
    if len(rows) > MAX_FRIENDS:
        kept = np.sort(np.argsort(-alike, kind="stable")[:MAX_FRIENDS])
        rows, alike = rows[kept], alike[kept]
        likes = _likes_of(social, rows)
    similarity = alike / alike.sum()
    return SocialSource(
        tuple(users.item_id[rows].tolist()),
        similarity,
        *spoken_of(likes, similarity, social.n_items),
        likes,
        social.n_items,
        int((named < 0).sum()),
    )


def _likes_of(social: Social, rows: NDArray[np.intp]) -> Neighbours:
    """Likes of some users one after the other: the track, the weight, and the place in ``rows``."""
    start = social.start.take(rows)
    place, by = spans(start, social.start.take(rows + 1) - start)
    return social.item_index.take(place), social.weight.take(place), by


def _cosines(history: History, likes: Neighbours) -> NDArray[np.float64]:
    """Cosine of a history with every friend's likes, float64 (n_friends,), 0 where it is negative."""
    liked, weight, friend = likes
    confidence = np.sign(history.confidence) * np.sqrt(np.abs(history.confidence))
    common = np.bincount(friend, look_up(history.item_index, confidence, liked) * weight)
    size = np.sqrt(float(confidence @ confidence) * np.bincount(friend, np.square(weight, dtype=np.float64)))
    return np.maximum(common / np.where(size > 0, size, 1), 0)


def _take_apart(social: Social) -> tuple[tuple[NDArray[Any], ...], dict[str, Any]]:
    friends = social.friends
    known = (friends.users.item_id, friends.start, friends.friend_index)
    return (*known, social.start, social.item_index, social.weight), {}


def _build(n_items: int, users: NDArray[np.str_], *arrays: NDArray[Any]) -> Social:
    friend_start, friend_index, like_start, item_index, weight = arrays
    friends = Friends(Vocabulary(users), friend_start, friend_index)
    return Social(friends, like_start, item_index, weight, n_items)


MEMBER = Member(
    name="social",
    arrays={
        "user_id": (np.str_, 1),
        "friend_start": (np.int64, 1),
        "friend_index": (np.int32, 1),
        "like_start": (np.int64, 1),
        "item_index": (np.int32, 1),
        "weight": (np.float32, 1),
    },
    take_apart=_take_apart,
    build=_build,
    sources=(
        SourceSpec(
            "social",
            60,
            lambda social, _, listener: social_source(
                social, listener.history, listener.user_id, listener.friends
            ),
            tier="starter",
            alike=False,
            similar=False,
        ),
    ),
)
