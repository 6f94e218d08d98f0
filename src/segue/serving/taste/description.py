"""Describe a profile for the API: rounded numbers, times with their zone, tracks by name."""

from __future__ import annotations

import math
from datetime import UTC, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.domain.listening.mood import FEATURES
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.profile import PARTS
from segue.serving.recommend.contract import TrackOut
from segue.serving.taste.contract import TasteProfile
from segue.serving.taste.part_contract import DIGITS, percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.domain.taste.distinct import Tastes
    from segue.domain.taste.part.drift import Drift
    from segue.domain.taste.part.genre import GenreProfile
    from segue.domain.taste.part.mainstream import Mainstream
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference

MAX_GENRES = 20


def described(reference: Reference, profile: Profile, *, utc_offset: timedelta, **known: Any) -> TasteProfile:
    """Describe a profile; ``known`` are the fields of `TasteProfile` that come from the request."""
    describe: Mapping[str, Callable[[Any], Mapping[str, object]]] = {
        "genres": _genres,
        "tastes": partial(_tastes, reference),
        "mainstream": _mainstream,
        "drift": _drift,
    }
    fields: dict[str, Any] = {
        **known,
        "support": profile.support,
        "insights": list(profile.insights),
        "left_out": {},
    }
    for name in PARTS:
        part = getattr(profile, name)
        if isinstance(part, Lack):
            fields["left_out"][name] = part
            fields[name] = None
        else:
            fields[name] = describe[name](part) if name in describe else part
    return TasteProfile.model_validate(fields, context=timezone(utc_offset) if utc_offset else UTC)


def _genres(genres: GenreProfile) -> dict[str, object]:
    return {
        "support": genres.support,
        "shares": list(genres.shares[:MAX_GENRES]),
        "other_share": sum(each.share for each in genres.shares[MAX_GENRES:]),
        "n_genres": len(genres.shares),
        "shannon_nats": genres.entropy_nats,
        "effective_genres": genres.effective_number,
    }


def _tastes(reference: Reference, tastes: Tastes) -> dict[str, object]:
    return {
        "support": tastes.support,
        "tastes": [
            {
                "title": taste.title,
                "weight": taste.weight,
                "n_tracks": taste.n_tracks,
                "representative": [TrackOut.of(reference.catalogue, row) for row in taste.representative],
                "position": taste.position,
            }
            for taste in tastes.tastes
        ],
        "map_made_by": reference.layout.made_by,
    }


def _mainstream(mainstream: Mainstream) -> dict[str, object]:
    place, usual = percentile(mainstream.percentile.mean), None
    meaning = f"on average, what you play is more popular than {place:.0f} % of the catalogue's tracks"
    if not math.isnan(mainstream.usual):
        usual = percentile(mainstream.usual)
        meaning += f"; what all listeners play is more popular than {usual:.0f} %"
    return {
        "support": mainstream.support,
        "percentile": mainstream.percentile.mean,
        "interval": mainstream.percentile,
        "everybody": usual,
        "meaning": meaning,
    }


def _drift(drift: Drift) -> dict[str, object]:
    audio = (100 * drift.audio).round(1)
    return {
        "support": drift.support,
        "windows": [
            {
                "began_at": window.began_at,
                "ended_at": window.ended_at,
                "events": window.n_events,
                "genres": dict(zip(drift.genres, share.round(DIGITS).tolist(), strict=True)),
                "other_share": max(1 - float(share.sum()), 0.0),
                "audio": {
                    name: value
                    for name, value in zip(FEATURES, row.tolist(), strict=True)
                    if not math.isnan(value)
                },
            }
            for window, share, row in zip(drift.windows, drift.share, audio, strict=True)
        ],
        "broad_genres": drift.is_broad,
        "steps": list(drift.steps),
        "whole": drift.whole,
    }
