"""Segue inside your own process: what the functions answer, without HTTP.

::

    from segue.embedded import open_recommender
    segue = open_recommender("var/artifacts", state="var/state.sqlite")
    best = segue.recommend("12", mood="chill").items[0]
    segue.similar(best.track_id), segue.explain("12", best.track_id)
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from segue.domain.listener import read_heard
from segue.domain.recommend import Query
from segue.domain.recommender import Listener, explain
from segue.domain.vocabulary import UNKNOWN_ITEM
from segue.errors import InvalidInputError, TrackNotFoundError
from segue.serving.clusterings import LiveClusterings
from segue.serving.recommend_contract import RecommendedTrack, RecommendRequest
from segue.serving.recommendation import recommend_to
from segue.serving.recommender import LiveRecommender
from segue.serving.settings import ArtifactSettings, aws_environment
from segue.serving.similar import similar_tracks
from segue.serving.similar_contract import SimilarRequest
from segue.serving.taste import profile_for
from segue.serving.taste_contract import TasteRequest
from segue.serving.taste_model import LiveTaste
from segue.serving.taste_page import page
from segue.serving.tier import Tier
from segue.serving.validation import say_what_is_wrong
from segue.state.location import open_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.event import Event
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.recommend_contract import RecommendResponse
    from segue.serving.similar_contract import SimilarResponse
    from segue.serving.taste_contract import TasteProfile
    from segue.state.listening import ListeningState

ALL_REASONS = 10_000
"""More than any listener's history gives."""


def open_recommender(
    artifacts: str, *, state: str = "", cache: Path | None = None, refresh_ttl_s: float = 60.0
) -> EmbeddedRecommender:
    """Open what was trained and published; nothing is read before the first question.

    Parameters
    ----------
    artifacts : str
        A folder, or ``s3://bucket/prefix``.
    state : str
        Where listeners' events are: an SQLite file that is there, or ``dynamodb://table``; without it
        everybody is a stranger, and seeds or similar tracks are what can be asked.
    cache : Path, optional
        Where fetched versions are kept; a folder of the system's temporary ones unless given.
    refresh_ttl_s : float
        Seconds between looks at what is live.

    Raises
    ------
    ConfigError
        A location is of no known form, or the state's file is not there: ``segue history load`` makes it.
    """
    cache = Path(tempfile.gettempdir()) / "segue" if cache is None else cache
    settings = ArtifactSettings(artifacts, cache, refresh_ttl_s, aws_environment())
    return EmbeddedRecommender(
        LiveRecommender(settings),
        LiveClusterings(settings),
        open_state(state, must_exist=True) if state else None,
    )


class EmbeddedRecommender:
    """Answers as the functions do; from `open_recommender`.

    Every method raises InvalidInputError for a wrong value, which it names, TrackNotFoundError for a
    track that the catalogue lacks, and ArtifactError while nothing is live.
    """

    def __init__(
        self, model: LiveRecommender, clusterings: LiveClusterings, state: ListeningState | None
    ) -> None:
        self._model, self._clusterings, self._state = model, clusterings, state
        self._taste = LiveTaste(model, clusterings)

    def recommend(self, user_id: str, **wishes: Any) -> RecommendResponse:
        """Recommend tracks; ``wishes`` are the fields of `RecommendRequest`."""
        request = _validated(RecommendRequest, user_id=user_id, **wishes)
        tier = request.model_tier or Tier.PRO
        return recommend_to(request, tier, self._model.get(), self._events(request.user_id))

    def similar(self, track_id: str | Sequence[str], **wishes: Any) -> SimilarResponse:
        """Find tracks like one or several; ``wishes`` are the fields of `SimilarRequest`."""
        request = _validated(SimilarRequest, track_id=track_id, **wishes)
        return similar_tracks(request, Tier.PRO, self._model, self._clusterings)

    def explain(self, user_id: str, track_id: str) -> RecommendedTrack:
        """Say what a track's score is for a listener, and what it is made of."""
        model = self._model.get().value
        (row,) = model.catalogue.vocabulary.index_of([track_id]).tolist()
        if row == UNKNOWN_ITEM:
            raise TrackNotFoundError(track_id)
        heard = read_heard(model.catalogue, self._events(user_id))
        allowed = np.ones(len(model.catalogue), bool)
        allowed[heard.rows] = False
        found = explain(
            model, Listener(heard.history, user_id), row, Query(1, allowed, n_reasons=ALL_REASONS)
        )
        return RecommendedTrack.all_of(model.catalogue, [found])[0]

    def taste(self, user_id: str, **known: Any) -> TasteProfile:
        """Profile a listener's taste; ``known`` are the fields of `TasteRequest`."""
        return self._profile(user_id, **known)[0]

    def taste_page(self, user_id: str, **known: Any) -> str:
        """Return the same as a page of HTML with pictures, which needs nothing from elsewhere."""
        return page(*self._profile(user_id, **known))

    def _profile(self, user_id: str, **known: Any) -> tuple[TasteProfile, Profile, Reference]:
        live = self._taste.get()
        request = _validated(TasteRequest, **known)
        tier = request.model_tier or Tier.PRO
        answer, profile = profile_for(user_id, request, tier, live, self._events(user_id))
        return answer, profile, live.value.reference

    def _events(self, user_id: str) -> list[Event]:
        return self._state.read_recent(user_id) if self._state else []


def _validated(kind: Any, **fields: Any) -> Any:
    try:
        return kind(**fields)
    except ValidationError as error:
        raise InvalidInputError(f"{say_what_is_wrong(error.errors(), fields)}.") from error
