"""Answer for a taste profile: read what is known of the listener, profile it, describe it."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from segue.domain.event import EventKind
from segue.domain.taste.named import tracks_by
from segue.domain.taste.played import build_played
from segue.domain.taste.profile import Listener, build_profile
from segue.serving.taste_answer import described
from segue.state.listening import RECENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.event import Event
    from segue.domain.taste.played import Played
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.live import Loaded
    from segue.serving.taste_contract import TasteProfile, TasteRequest
    from segue.serving.taste_model import TasteModel
    from segue.serving.tier import Tier


def profile_for(
    user_id: str,
    request: TasteRequest,
    tier: Tier,
    live: Loaded[TasteModel],
    events: Sequence[Event],
) -> tuple[TasteProfile, Profile]:
    """Profile a listener by their events and what the request names; returns it for people and for pictures.

    ``events`` are as `ListeningState.read_recent` gives them: if there are as many as that reads, the history
    may go on before, and what needs all of it is left out.
    Of a listener of whom nothing is known every part is left out, and the first insight says so.
    """
    reference = live.value.reference
    played, unknown_tracks, unknown_artists = _played(reference, request, events)
    offset = timedelta(minutes=request.utc_offset_minutes)
    # Older opinions follow the latest events: what is beside them then nobody has read.
    since = events[RECENT - 1].at if len(events) >= RECENT else None
    profile = build_profile(reference, played, Listener(user_id, request.friends, offset, since))
    asked = set(request.tracks)
    answer = described(
        reference,
        profile,
        utc_offset=offset,
        user_id=user_id,
        events_since=None if since is None else since.astimezone(timezone(offset)),
        unknown_tracks=unknown_tracks,
        unknown_artists=unknown_artists,
        unknown_stored_tracks=[track for track in played.unknown if track not in asked],
        model_tier=tier,
        model_version=live.version,
        clusters_version=live.value.clusters_version,
    )
    return answer, profile


def _played(
    reference: Reference, request: TasteRequest, events: Sequence[Event]
) -> tuple[Played, list[str], list[str]]:
    item_id = reference.catalogue.vocabulary.item_id
    by_artist: list[str] = []
    unknown_artists: list[str] = []
    if request.artists:
        by_artist, unknown_artists = tracks_by(reference.artists, request.artists, item_id, _disliked(events))
    named = list(dict.fromkeys([*request.tracks, *by_artist]))
    played = build_played(reference.catalogue, events, named)
    unknown = set(played.unknown)
    return played, [track for track in request.tracks if track in unknown], unknown_artists


def _disliked(events: Sequence[Event]) -> list[str]:
    return [event.track_id for event in events if event.kind is EventKind.DISLIKE]
