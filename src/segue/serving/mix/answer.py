"""Answer for daily mixes: the listener's day, their history as it began, and what the recommender adds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.recording import recordings
from segue.domain.listening.heard import read_heard, unwelcome
from segue.domain.listening.history import History
from segue.domain.mix.daily_mix import MixFor, MixRules, daily_mixes
from segue.domain.mix.title import ordinary_tone
from segue.domain.recommend.catalogue_score import score_catalogue
from segue.domain.recommend.recommender import RecommendFor
from segue.domain.vector.seeded_draw import draw_seed
from segue.domain.vector.top_n import top_n
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.mix.contract import DailyMixResponse, MixOut, MixTrackOut
from segue.serving.recommend.contract import TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut
from segue.state.listening import RECENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.listening.heard import Heard
    from segue.domain.mix.daily_mix import Mix
    from segue.domain.model.member import Step
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.api.tier import Tier
    from segue.serving.live.family import Loaded
    from segue.serving.mix.contract import DailyMixRequest

N_CANDIDATES = 1000
ROOM_FOR_TODAY = 500
"""Of the latest events that are read so many are left out at the far end: today's push as many out of sight,
and the history that a day began with must not change."""

_NOTHING_LEFT = "nothing is left for a mix: the listener heard, blocked or dislikes every track that fits"
_NOTHING = History(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class MixModel:
    """A recommender with what mixes need of it, computed once for a version.

    Attributes
    ----------
    recommender : Recommender
    vectors : float32 (n_items, d)
        What is alike points the same way: content, or else factors, or else genres.
    recording : int32 (n_items,)
    rules : MixRules
        With the ordinary tone of the catalogue.
    """

    recommender: Recommender
    vectors: NDArray[np.float32]
    recording: NDArray[np.int32]
    rules: MixRules


def build_mixer(recommender: Recommender) -> MixModel:
    """Choose the vectors, look for tracks that are the same, and for what is neither sad nor wild."""
    content, factors, catalogue = recommender.content, recommender.factors, recommender.catalogue
    if content is not None:
        vectors = content.vectors
    else:
        vectors = recommender.groups if factors is None else factors.factors
    rules = MixRules(ordinary=ordinary_tone(catalogue))
    return MixModel(recommender, vectors, recordings(catalogue), rules)


def mix_for(
    request: DailyMixRequest, tier: Tier, live: Loaded[MixModel], record: ListenerRecord, now: datetime
) -> DailyMixResponse:
    """Make a listener's mixes of the day that it is by their clock.

    Of a listener who began today everything counts, so that their mixes change until tomorrow. Who has
    liked nothing yet gets one mix of what is popular.

    Parameters
    ----------
    record : ListenerRecord
        Of the listener, up to ``now``. What they exclude holds from now on, not from tomorrow.
    now : datetime
        UTC.
    """
    offset = timedelta(minutes=request.utc_offset_minutes)
    day = (now + offset).date()
    began_at = datetime.combine(day, time(), UTC) - offset
    before = [event for event in record.events if event.at < began_at][: RECENT - ROOM_FOR_TODAY]
    made = live.value
    heard = read_heard(made.recommender.catalogue, replace(record, events=before or record.events))
    if (heard.history.confidence > 0).any():
        step, found = _mixes(request, tier, made, heard, draw_seed(request.user_id, day.isoformat()))
        now_heard = read_heard(made.recommender.catalogue, record)
        disliked = made.recording[unwelcome(now_heard.history)]
        shown = [_described(made, mix, disliked) for mix in found]
    else:
        step, shown = _popular(request, tier, made, heard)
    mixes = [mix for mix in shown if mix.tracks][: request.mixes]
    return DailyMixResponse(
        mixes=mixes,
        because=None if mixes else _NOTHING_LEFT,
        day=day,
        changes_at=began_at + timedelta(days=1),
        answered_by=step,
        model_tier=tier,
        model_version=live.version,
        request_id=new_request_id(Surface.DAILY_MIX, live.version),
        excluded=ExcludedOut.of(heard.excluded),
    )


def _mixes(
    request: DailyMixRequest, tier: Tier, made: MixModel, heard: Heard, seed: int
) -> tuple[Step, list[Mix]]:
    found = score_catalogue(
        made.recommender, RecommendFor(heard.history, request.user_id, tier=tier.draws_as)
    )
    candidates = top_n(found.scores, N_CANDIDATES, heard.rows)
    rules = replace(made.rules, n_tracks=request.limit, familiar=request.familiar)
    whom = MixFor(heard.history, candidates, seed)
    return found.step, daily_mixes(made.recommender.catalogue, made.vectors, made.recording, whom, rules)


def _described(made: MixModel, mix: Mix, disliked: NDArray[np.int32]) -> MixOut:
    """Describe a mix without what the listener dislikes by now: the rest of it stays for the day."""
    catalogue = made.recommender.catalogue
    kept = [track for track in mix.tracks if made.recording[track.item_index] not in disliked]
    return MixOut(
        title=mix.title,
        representative=[TrackOut.of(catalogue, row) for row in mix.representative],
        tracks=[MixTrackOut.chosen(catalogue, track) for track in kept],
    )


def _popular(request: DailyMixRequest, tier: Tier, made: MixModel, heard: Heard) -> tuple[Step, list[MixOut]]:
    """Make one mix of what is popular, without asking friends: it says that many listeners play it."""
    catalogue = made.recommender.catalogue
    found = score_catalogue(made.recommender, RecommendFor(_NOTHING, tier=tier.draws_as))
    ranked = top_n(np.where(found.scores > 0, found.scores, -np.inf), N_CANDIDATES, heard.rows)
    _, first = np.unique(made.recording[ranked], return_index=True)
    rows = ranked[np.sort(first)][: request.limit].tolist()
    tracks = [MixTrackOut.popular(catalogue, row) for row in rows]
    return found.step, [MixOut(title="Popular now", representative=[], tracks=tracks)]
