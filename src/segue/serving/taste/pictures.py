"""Draw the parts of a profile that have a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.insight.sentence import counted, deviations, percent
from segue.serving.picture.bars import Bar, bars
from segue.serving.picture.heat_map import heat_map
from segue.serving.picture.radar import radar
from segue.serving.picture.ribbon import ribbon
from segue.serving.picture.taste_map import taste_map
from segue.serving.taste.contract import Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.domain.taste.part.audio import MoodProfile
    from segue.domain.taste.part.era import EraProfile
    from segue.domain.taste.part.genre import GenreProfile
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.picture.drawing import Drawing

N_GENRES = 10
LEAST_MOOD = 0.5
"""Minimum scale of the mood bars, in standard deviations, so that small differences look small."""

PART_OF = {
    Picture.TASTE_MAP: "tastes",
    Picture.RADAR: "audio",
    Picture.HEAT_MAP: "patterns",
    Picture.RIBBON: "drift",
}
"""The part of the profile that each picture shows, in the order of the page."""
TITLES = {
    "tastes": "Where your tastes lie",
    "audio": "How it sounds",
    "patterns": "When you listen",
    "drift": "How your taste moved",
    "genres": "What genres you play",
    "moods": "What moods it suits",
    "eras": "When it is from",
    "mainstream": "How popular it is",
    "friends": "Whose taste is like yours",
}


def draw(profile: Profile, reference: Reference, part: str) -> Drawing | Lack | None:
    """Return the picture of a part, its `Lack`, or None for a kind of part that has no picture."""
    value = getattr(profile, part)
    if isinstance(value, Lack):
        return value
    make: dict[str, Callable[..., Drawing]] = {
        "tastes": lambda tastes: taste_map(reference.layout, tastes),
        "audio": radar,
        "patterns": heat_map,
        "drift": ribbon,
        "genres": _genres,
        "moods": _moods,
        "eras": _eras,
    }
    return make[part](value) if part in make else None


def _genres(genres: GenreProfile) -> Drawing:
    shown = [Bar(each.name, each.share, percent(each.share)) for each in genres.shares[:N_GENRES]]
    others = genres.shares[N_GENRES:]
    rest = ((counted(len(others), "other"), percent(sum(each.share for each in others))),) if others else ()
    text = (
        f"{len(genres.shares)} genres, as varied as {genres.effective_number:.1f} played equally often: "
        + ", ".join([*(f"{bar.name} {bar.written}" for bar in shown), *map(" ".join, rest)])
    )
    return bars("genres", TITLES["genres"], f"{text}.", shown, ("genre", "share"), rest=rest)


def _moods(moods: MoodProfile) -> Drawing:
    shown = [Bar(each.mood, each.difference, deviations(each.difference)) for each in moods.moods]
    text = "How much more or less your music suits a mood than the average track of the catalogue: "
    text += ", ".join(f"{bar.name} {bar.written}" for bar in shown)
    header = ("mood", "difference")
    return bars("moods", TITLES["moods"], f"{text}.", shown, header, least_scale=LEAST_MOOD)


def _eras(eras: EraProfile) -> Drawing:
    shown = [Bar(f"{decade}s", share, percent(share)) for decade, share in eras.decades]
    text = f"Half of what you play is from {eras.low_year} to {eras.high_year}: "
    text += ", ".join(f"{bar.name} {bar.written}" for bar in shown)
    return bars("eras", TITLES["eras"], f"{text}.", shown, ("decade", "share"))
