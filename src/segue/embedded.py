"""Segue inside your own process: the answers of the functions, without HTTP.

::

    from segue.embedded import open_recommender
    segue = open_recommender("var/artifacts", state="var/state.sqlite")
    best = segue.recommend("12", mood="chill", n=5).items[0]
    segue.similar(best.track_id), segue.explain("12", best.track_id)
    segue.feedback("12", "like", best.track_id)
    segue.taste(artists=["Nina Simone"])
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from pydantic import TypeAdapter, ValidationError

from segue.artifacts.place.location import open_store
from segue.backends.faiss import open_index
from segue.domain.catalogue.external_id import read_id
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.exclusion import ListenerRecord
from segue.domain.listening.heard import read_heard
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.recommender import RecommendFor, explain
from segue.errors import ConfigError, InvalidInputError, TrackNotFoundError
from segue.serving.api.tier import Tier
from segue.serving.api.validation import say_what_is_wrong
from segue.serving.feedback.answer import accept, build_events
from segue.serving.feedback.contract import FeedbackRequest, FeedbackResponse
from segue.serving.live.clusterings import LiveClusterings
from segue.serving.live.recommender import LiveRecommender
from segue.serving.live.taste_model import LiveTaste
from segue.serving.recommend.answer import recommend_to
from segue.serving.recommend.contract import RecommendedTrack, RecommendRequest
from segue.serving.settings.environment import ArtifactSettings
from segue.serving.similar.answer import similar_tracks
from segue.serving.similar.contract import SimilarRequest
from segue.serving.taste.answer import profile_for
from segue.serving.taste.contract import TasteRequest
from segue.serving.taste.page import page
from segue.state.location import open_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.recommend.contract import RecommendResponse
    from segue.serving.similar.contract import SimilarResponse
    from segue.serving.taste.contract import TasteProfile
    from segue.state.listening import ListeningState

ALL_REASONS = 10_000
"""A number of reasons that no listener's history reaches."""

_NOBODY = uuid4().hex
"""An id that no listener has, for requests without a listener."""


def open_recommender(
    artifacts: str, *, state: str = "", lake: str = "", cache: Path | None = None, refresh_ttl_s: float = 60.0
) -> EmbeddedRecommender:
    """Open published models; nothing is read before the first call.

    Parameters
    ----------
    artifacts : str
        A folder, or ``s3://bucket/prefix``.
    state : str
        Listeners' events: an existing SQLite file, or ``dynamodb://table``. Without it every listener is
        unknown, and only seeds and similar tracks are useful.
    lake : str
        Place where feedback is also kept for the next training: a folder, or ``s3://bucket/prefix``.
    cache : Path, optional
        Folder of fetched versions; default: a temporary folder of the system.
    refresh_ttl_s : float
        Seconds between checks for newer models.

    Raises
    ------
    ConfigError
        A location has an unknown form, or the state's file does not exist; ``segue history load`` makes it.
    """
    cache = Path(tempfile.gettempdir()) / "segue" if cache is None else cache
    settings = ArtifactSettings(artifacts, cache, refresh_ttl_s)
    return EmbeddedRecommender(
        LiveRecommender(settings, open_index=open_index),
        LiveClusterings(settings),
        open_state(state, must_exist=True) if state else None,
        open_store(lake, setting="lake") if lake else None,
    )


class EmbeddedRecommender:
    """Gives the same answers as the functions; made by `open_recommender`.

    Every method raises InvalidInputError for a wrong value, which the message names, TrackNotFoundError for a
    track that is not in the catalogue, and ArtifactError if no model is live.
    """

    def __init__(
        self,
        model: LiveRecommender,
        clusterings: LiveClusterings,
        state: ListeningState | None,
        lake: ObjectStore | None = None,
    ) -> None:
        self._model, self._clusterings, self._state, self._lake = model, clusterings, state, lake
        self._taste = LiveTaste(model, clusterings)

    @property
    def catalogue(self) -> Catalogue:
        """Return the live catalogue."""
        return self._model.get().value.catalogue

    def recommend(
        self,
        user_id: str | None = None,
        *,
        seed_tracks: Sequence[str] = (),
        mood: str | None = None,
        genre: str | None = None,
        n: int = 20,
        **wishes: Any,
    ) -> RecommendResponse:
        """Recommend tracks to a listener, or without one.

        Parameters
        ----------
        user_id : str, optional
            The listener; their stored events count.
        seed_tracks : sequence of str
            Recommend tracks similar to these.
        mood, genre : str, optional
        n : int
            Number of tracks.
        **wishes
            Other fields of `RecommendRequest`; its ``limit`` is ``n`` here.
        """
        request: RecommendRequest = _validated(
            RecommendRequest,
            n=n,
            user_id=_NOBODY if user_id is None else user_id,
            seed_tracks=seed_tracks,
            mood=mood,
            genre=genre,
            **wishes,
        )
        record = self._record(request.user_id)
        return recommend_to(request, request.model_tier or Tier.PRO, self._model.get(), record)

    def similar(self, track_id: str | Sequence[str], *, n: int = 20, **wishes: Any) -> SimilarResponse:
        """Find ``n`` tracks similar to one or several; ``wishes`` are other fields of `SimilarRequest`."""
        asked = list(track_id) if isinstance(track_id, tuple) else track_id
        request = _validated(SimilarRequest, n=n, track_id=asked, **wishes)
        record = self._record(_NOBODY if request.user_id is None else request.user_id)
        return similar_tracks(request, Tier.PRO, self._model, self._clusterings, record)

    def explain(self, user_id: str, track_id: str) -> RecommendedTrack:
        """Return a track's score for a listener, with all reasons."""
        user_id, track_id = read_id(user_id, "user_id"), read_id(track_id, "track_id")
        model = self._model.get().value
        (row,) = model.catalogue.vocabulary.index_of([track_id]).tolist()
        if row == UNKNOWN_ITEM:
            raise TrackNotFoundError(track_id)
        heard = read_heard(model.catalogue, self._record(user_id))
        allowed = np.ones(len(model.catalogue), bool)
        allowed[heard.rows] = False
        explained = explain(
            model, RecommendFor(heard.history, user_id), row, Query(1, allowed, n_reasons=ALL_REASONS)
        )
        return RecommendedTrack.all_of(model.catalogue, [explained])[0]

    def feedback(
        self, user_id: str, event: str, track_id: str | None = None, **more: Any
    ) -> FeedbackResponse:
        """Record an event of a listener; it counts in the next answer.

        Parameters
        ----------
        user_id : str
        event : str
            An event of POST /feedback, such as play, like or block.
        track_id : str, optional
            The track of the event, if it is about a track.
        **more
            Other fields of the event, see `segue.serving.feedback.contract`. ``from_`` is the field ``from``,
            which is a keyword in Python.

        Raises
        ------
        ConfigError
            The recommender was opened without a state.
        StateUnavailableError, StoreUnavailableError
            The event was not kept or does not count yet; send it again.
        """
        if self._state is None:
            raise ConfigError(
                "state", "not given: use open_recommender(…, state=FILE) to say where events are kept."
            )
        about: dict[str, Any] = {} if track_id is None else {"track_id": track_id}
        about |= {name.removesuffix("_"): value for name, value in more.items()}
        request = _validated(FeedbackRequest, user_id=user_id, event=event, **about)
        now = datetime.now(UTC)
        done = accept(build_events(request, now, None), now, self._lake, self._state)
        return FeedbackResponse(accepted=done.new, repeated=done.repeated)

    def taste(
        self,
        user_id: str | None = None,
        *,
        tracks: Sequence[str] = (),
        artists: Sequence[str] = (),
        **known: Any,
    ) -> TasteProfile:
        """Profile the taste of a listener, of tracks and artists, or of all together.

        Parameters
        ----------
        user_id : str, optional
            The listener; their stored events count.
        tracks, artists : sequence of str
            Each track counts as a like; an artist counts as up to ten of their tracks.
        **known
            Other fields of `TasteRequest`.
        """
        return self._profile(user_id, tracks=tracks, artists=artists, **known)[0]

    def taste_page(self, user_id: str | None = None, **known: Any) -> str:
        """Return the same as an HTML page with pictures, which loads no other files."""
        return page(*self._profile(user_id, **known))

    def _profile(self, user_id: str | None, **known: Any) -> tuple[TasteProfile, Profile, Reference]:
        live = self._taste.get()
        known_as = _NOBODY if user_id is None else read_id(user_id, "user_id")
        request: TasteRequest = _validated(TasteRequest, **known)
        if user_id is None and not (request.tracks or request.artists):
            raise InvalidInputError("no taste to profile: give a user_id, tracks or artists.")
        tier, record = request.model_tier or Tier.PRO, self._record(known_as)
        answer, profile = profile_for("" if user_id is None else known_as, request, tier, live, record)
        return answer, profile, live.value.reference

    def _record(self, user_id: str) -> ListenerRecord:
        if self._state is None or user_id == _NOBODY:
            return ListenerRecord()
        return self._state.read_listener(user_id)


_adapter = cache(TypeAdapter)


def _validated(kind: Any, *, n: int | None = None, **fields: Any) -> Any:
    """Build a request; ``n`` is the field ``limit``, unless ``limit`` is given."""
    asked = fields if n is None else {"limit": n} | fields
    try:
        return _adapter(kind).validate_python(asked)
    except ValidationError as error:
        faults: list[Any] = error.errors()
        for fault in faults:
            if fault["loc"] == ("limit",) and "limit" not in fields:
                fault["loc"] = ("n",)
        raise InvalidInputError(f"{say_what_is_wrong(faults, asked)}.") from error
