"""Answer a request for a taste profile: join stored and named tracks, profile and describe them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from segue.domain.listening.event import EventKind
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.exclusion import Target
from segue.domain.taste.artist_tracks import tracks_by
from segue.domain.taste.event_columns import build_event_columns
from segue.domain.taste.profile import ProfileFor, build_profile
from segue.serving.recommend.excluded_contract import ExcludedOut
from segue.serving.taste.description import described
from segue.state.listening import RECENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.listening.event import Event
    from segue.domain.listening.excluded import Excluded
    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.api.tier import Tier
    from segue.serving.live.family import Loaded
    from segue.serving.live.taste_model import TasteModel
    from segue.serving.taste.contract import TasteProfile, TasteRequest


@dataclass(frozen=True, slots=True)
class _Named:
    """Tracks that the request names, names that the listener blocked, and artists that are unknown."""

    tracks: list[str]
    blocked: list[str]
    unknown_artists: list[str]


def profile_for(
    user_id: str,
    request: TasteRequest,
    tier: Tier,
    live: Loaded[TasteModel],
    record: ListenerRecord,
) -> tuple[TasteProfile, Profile]:
    """Profile a listener from their events and the request; return the answer and the profile to draw.

    ``record`` comes from `ListeningState.read_listener`. If it has the maximum number of events, the history
    may be longer, and parts that need the whole history are left out. For an unknown listener every part is
    left out, and the first insight says so.
    """
    reference = live.value.reference
    excluded = apply_exclusions(reference.catalogue, record)
    named = _named(reference, request, excluded)
    played = build_event_columns(reference.catalogue, excluded.events, named.tracks)
    unknown = set(played.unknown)
    offset = timedelta(minutes=request.utc_offset_minutes)
    # Older opinions follow the latest events; the plays and skips of that time were not read.
    since = record.events[RECENT - 1].at if len(record.events) >= RECENT else None
    profile = build_profile(reference, played, ProfileFor(user_id, request.friends, offset, since))
    asked = set(request.tracks)
    answer = described(
        reference,
        profile,
        utc_offset=offset,
        user_id=user_id,
        events_since=None if since is None else since.astimezone(timezone(offset)),
        unknown_tracks=[track for track in request.tracks if track in unknown],
        unknown_artists=named.unknown_artists,
        unknown_stored_tracks=[track for track in played.unknown if track not in asked],
        model_tier=tier,
        model_version=live.version,
        clusters_version=live.value.clusters_version,
        excluded=ExcludedOut.of(excluded, named.blocked),
    )
    return answer, profile


def _named(reference: Reference, request: TasteRequest, excluded: Excluded) -> _Named:
    """Return the tracks that the request names, directly or by artist, without blocked ones."""
    vocabulary = reference.catalogue.vocabulary
    blocked_artists = [name for name in request.artists if excluded.blocks(Target.ARTIST, name)]
    artists = [name for name in request.artists if name not in blocked_artists]
    blocked = vocabulary.item_id[excluded.blocked].tolist() if len(excluded.blocked) else []
    by_artist, unknown = (
        tracks_by(reference.artists, artists, vocabulary.item_id, [*_disliked(excluded.events), *blocked])
        if artists
        else ([], [])
    )
    named, refused = dict.fromkeys([*request.tracks, *by_artist]), set(blocked)
    return _Named(
        [track for track in named if track not in refused],
        [*(track for track in request.tracks if track in refused), *blocked_artists],
        unknown,
    )


def _disliked(events: Sequence[Event]) -> list[str]:
    return [event.track_id for event in events if event.kind is EventKind.DISLIKE]
