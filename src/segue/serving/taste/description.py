"""Describe a profile for the API: rounded numbers, instants with their zone, tracks by name."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.listening.mood import FEATURES
from segue.domain.listening.situation import TimeOfDay
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.profile import PARTS
from segue.serving.recommend.contract import TrackOut
from segue.serving.taste import contract as out

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from segue.domain.taste.distinct import Tastes
    from segue.domain.taste.event_columns import Support
    from segue.domain.taste.neighbour import Neighbours
    from segue.domain.taste.part.audio import AudioProfile, MoodProfile
    from segue.domain.taste.part.drift import Change, Drift
    from segue.domain.taste.part.era import EraProfile
    from segue.domain.taste.part.genre import GenreProfile
    from segue.domain.taste.part.mainstream import Mainstream
    from segue.domain.taste.part.pattern import Pattern
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.domain.taste.weighted_mean import WeightedMean

MAX_GENRES = 20
_DIGITS = 4


def described(
    reference: Reference, profile: Profile, *, utc_offset: timedelta, **known: Any
) -> out.TasteProfile:
    """Describe a profile; ``known`` are the fields of `TasteProfile` that come from the request."""
    zone = timezone(utc_offset) if utc_offset else UTC
    describe: dict[str, Callable[[Any], BaseModel]] = {
        "genres": _genres,
        "tastes": lambda found: _tastes(reference, found),
        "audio": _audio,
        "moods": _moods,
        "eras": _eras,
        "mainstream": _mainstream,
        "patterns": lambda found: _patterns(found, zone),
        "drift": lambda found: _drift(found, zone),
        "friends": _friends,
    }
    parts = {name: getattr(profile, name) for name in PARTS}
    return out.TasteProfile(
        support=_support(profile.support),
        insights=[
            out.Insight(
                about=each.kind,
                text=each.text,
                value=_round(each.value),
                unit=each.unit,
                support=_support(each.support),
            )
            for each in profile.insights
        ],
        left_out={
            name: out.LeftOut(reason=part.reason, support=_support(part.support))
            for name, part in parts.items()
            if isinstance(part, Lack)
        },
        **{name: None if isinstance(part, Lack) else describe[name](part) for name, part in parts.items()},
        **known,
    )


def _genres(found: GenreProfile) -> out.GenresOut:
    shown = found.shares[:MAX_GENRES]
    return out.GenresOut(
        support=_support(found.support),
        shares=[
            out.GenreShareOut(
                name=each.name, share=_round(each.share), catalogue_share=_round(each.catalogue_share)
            )
            for each in shown
        ],
        other_share=_round(sum(each.share for each in found.shares[MAX_GENRES:])),
        n_genres=len(found.shares),
        shannon_nats=_round(found.entropy_nats),
        effective_genres=_round(found.effective_number),
    )


def _tastes(reference: Reference, found: Tastes) -> out.TastesOut:
    return out.TastesOut(
        support=_support(found.support),
        tastes=[
            out.TasteOut(
                title=each.title,
                weight=_round(each.weight),
                n_tracks=each.n_tracks,
                representative=[TrackOut.of(reference.catalogue, row) for row in each.representative],
                position=None if each.position is None else _pair(*each.position),
            )
            for each in found.tastes
        ],
        map_made_by=reference.layout.made_by,
    )


def _audio(found: AudioProfile) -> out.AudioOut:
    return out.AudioOut(
        support=_support(found.support),
        features=[
            out.AudioFeatureOut(
                feature=each.name,
                percentile=_percentile(each.percentile.mean),
                interval=_interval(each.percentile),
                quarter_below=_percentile(each.low),
                quarter_above=_percentile(each.high),
                median=_round(each.value),
            )
            for each in found.features
        ],
    )


def _moods(found: MoodProfile) -> out.MoodsOut:
    return out.MoodsOut(
        support=_support(found.support),
        moods=[
            out.MoodOut(
                mood=each.mood,
                score=_round(each.score.mean),
                catalogue=_round(each.catalogue_mean),
                difference=_round(each.difference),
            )
            for each in found.moods
        ],
    )


def _eras(found: EraProfile) -> out.ErasOut:
    return out.ErasOut(
        support=_support(found.support),
        decades=[out.DecadeOut(decade=decade, share=_round(share)) for decade, share in found.decades],
        median_year=found.median_year,
        middle_half=(found.low_year, found.high_year),
        catalogue_median_year=found.catalogue_year,
    )


def _mainstream(found: Mainstream) -> out.MainstreamOut:
    place, usual = _percentile(found.percentile.mean), None
    meaning = f"on average, what you play is more popular than {place:.0f} % of the catalogue's tracks"
    if not math.isnan(found.usual):
        usual = _percentile(found.usual)
        meaning += f"; what all listeners play is more popular than {usual:.0f} %"
    return out.MainstreamOut(
        support=_support(found.support),
        percentile=place,
        interval=_interval(found.percentile),
        everybody=usual,
        meaning=meaning,
    )


def _patterns(found: Pattern, zone: timezone) -> out.PatternsOut:
    sessions = found.sessions
    return out.PatternsOut(
        support=_support(found.support),
        heat=found.heat.tolist(),
        sessions=out.SessionsOut(
            count=sessions.count,
            median_tracks=sessions.median_tracks,
            median_minutes=round(sessions.median_minutes, 1),
            per_week=round(sessions.per_week, 2),
            weekend_share=_round(sessions.weekend_share),
            by_part_of_day={
                str(part): _round(share)
                for part, share in zip(TimeOfDay, sessions.by_part_of_day.tolist(), strict=True)
            },
        ),
        skip_share=_round(found.skip_share),
        repeat_share=None if found.repeat_share is None else _round(found.repeat_share),
        discovery_rate=None if found.discovery_rate is None else _round(found.discovery_rate),
        began_at=_instant(found.began_at, zone),
        ended_at=_instant(found.ended_at, zone),
        utc_offset_minutes=round(_offset(zone).total_seconds() / 60),
    )


def _drift(found: Drift, zone: timezone) -> out.DriftOut:
    share, audio = found.share.round(_DIGITS), (100 * found.audio).round(1)
    return out.DriftOut(
        support=_support(found.support),
        windows=[
            out.WindowOut(
                began_at=_instant(window.began_at, zone),
                ended_at=_instant(window.ended_at, zone),
                events=window.n_events,
                genres=dict(zip(found.genres, share[place].tolist(), strict=True)),
                other_share=_round(max(1 - float(found.share[place].sum()), 0.0)),
                audio={
                    name: value
                    for name, value in zip(FEATURES, audio[place].tolist(), strict=True)
                    if not math.isnan(value)
                },
            )
            for place, window in enumerate(found.windows)
        ],
        broad_genres=found.is_broad,
        steps=[_change(each) for each in found.steps],
        whole=_change(found.whole),
    )


def _change(found: Change) -> out.ChangeOut:
    return out.ChangeOut(
        divergence_bits=_round(found.divergence_bits),
        by_chance_bits=_round(found.by_chance_bits),
        sure=found.is_sure,
    )


def _friends(found: Neighbours) -> out.FriendsOut:
    return out.FriendsOut(
        support=_support(found.support),
        nearest=[out.FriendOut(user_id=each.user_id, similarity=each.similarity) for each in found.nearest],
        compared=found.n_compared,
        left_out=found.n_left_out,
    )


def _support(found: Support) -> out.SupportOut:
    return out.SupportOut(events=found.events, tracks=found.tracks, hours=round(found.hours, 1))


def _interval(found: WeightedMean) -> tuple[float, float] | None:
    interval = found.interval()
    if interval is None:
        return None
    return _percentile(max(interval[0], 0.0)), _percentile(min(interval[1], 1.0))


def _percentile(share: float) -> float:
    return round(100 * share, 2)


def _pair(x: float, y: float) -> tuple[float, float]:
    return _round(x), _round(y)


def _round(value: float) -> float:
    return round(float(np.float64(value)), _DIGITS)


def _instant(at: float, zone: timezone) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(microsecond=0)


def _offset(zone: timezone) -> timedelta:
    return zone.utcoffset(None)
