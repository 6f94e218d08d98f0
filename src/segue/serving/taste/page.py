"""A profile as what was asked for: JSON, a page with pictures, or the pictures."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.insight.sentence import counted, friend, percent
from segue.errors import InvalidInputError
from segue.serving.api.telemetry import logger
from segue.serving.api.tier import Feature, require
from segue.serving.picture.drawing import inline, standalone
from segue.serving.picture.markup import Markup, html_document, joined, style_sheet, tag
from segue.serving.picture.style import COLOURS, DRAWN, PAGE
from segue.serving.recommend.answer import answer_tier
from segue.serving.taste.answer import profile_for
from segue.serving.taste.contract import ProfileFormat
from segue.serving.taste.pictures import PART_OF, TITLES, draw

if TYPE_CHECKING:
    from segue.domain.taste.profile import Profile
    from segue.domain.taste.reference import Reference
    from segue.serving.api.tier import Tier
    from segue.serving.live.taste_model import LiveTaste
    from segue.serving.picture.drawing import Drawing, Table
    from segue.serving.taste.contract import (
        Picture,
        SupportOut,
        TasteProfile,
        TasteQuery,
        TasteRequest,
    )
    from segue.state.listening import ListeningState

PICTURED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The profile; with ?format=html a page, with ?format=svg its pictures.",
        "content": {"text/html": {}, "image/svg+xml": {}},
    }
}
"""What the route answers besides JSON, for its OpenAPI description."""

_NEARLY_ALL = 0.8  # of a profile's tracks: a part that is based on fewer says so
_STYLE = COLOURS + DRAWN + PAGE
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer's text, what it is, and which content may be loaded with it; empty for the usual policy."""

    content: str
    media_type: str
    policy: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What HTTP is to say with it."""
        return {"content-security-policy": self.policy} if self.policy else {}


def respond(
    user_id: str,
    asked: TasteRequest,
    query: TasteQuery,
    caller: Tier,
    known: tuple[LiveTaste, ListeningState],
) -> Rendered:
    """Profile a listener by what is ``known``, and answer as `rendered` does.

    Raises
    ------
    TierError
        The caller's tier does not open the profile, or is below the one that is asked for.
    """
    tier = answer_tier(caller, asked.model_tier)
    require(tier, Feature.TASTE_PROFILE)
    model, state = known
    live = model.get()
    answer, profile = profile_for(user_id, asked, tier, live, state.read_listener(user_id))
    logger.info("answered", extra={"model_version": live.version, "format": query.format})
    return rendered(answer, profile, live.value.reference, query.format, query.picture)


def rendered(
    answer: TasteProfile, profile: Profile, reference: Reference, as_: ProfileFormat, picture: Picture | None
) -> Rendered:
    """Answer as JSON, HTML or SVG.

    Raises
    ------
    InvalidInputError
        One picture is asked for that the profile does not have, or without format=svg.
    """
    if picture is not None and as_ is not ProfileFormat.SVG:
        raise InvalidInputError(f"picture: {picture} alone is answered with format=svg, not {as_}.")
    if as_ is ProfileFormat.HTML:
        return Rendered(page(answer, profile, reference), "text/html", f"{_POLICY}; frame-ancestors 'self'")
    if as_ is ProfileFormat.SVG:
        return Rendered(pictures(profile, reference, picture), "image/svg+xml", _SVG_POLICY)
    return Rendered(answer.model_dump_json(), "application/json")


def pictures(profile: Profile, reference: Reference, picture: Picture | None = None) -> str:
    """Return one picture as SVG, or all that the profile has, below each other."""
    asked = PART_OF.values() if picture is None else [PART_OF[picture]]
    found = [draw(profile, reference, part) for part in asked]
    drawings = [each for each in found if each is not None and not isinstance(each, Lack)]
    if not drawings:
        reasons = "; ".join(
            f"{part} {each.reason}" for part, each in zip(asked, found, strict=True) if isinstance(each, Lack)
        )
        raise InvalidInputError(f"there is nothing to draw yet: {reasons}.")
    return standalone(drawings)


def page(answer: TasteProfile, profile: Profile, reference: Reference) -> str:
    """Return a whole page that needs nothing from elsewhere, and runs nothing."""
    title = f"Taste profile of {answer.user_id}" if answer.user_id else "Taste profile"
    parts = [*PART_OF.values(), *(part for part in TITLES if part not in PART_OF.values())]
    cards = [_card(answer, profile, reference, part) for part in parts]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", title),
        style_sheet(_STYLE),
    )
    main = tag(
        "main",
        tag("h1", title),
        tag("p", f"Based on {_rests_on(answer.support)}{_cut(answer)}.", class_="quiet"),
        _words(answer),
        tag("div", *cards, class_="cards"),
        _unknown(answer),
        tag("p", _versions(answer), class_="quiet"),
    )
    return html_document(head, tag("body", main))


def _words(answer: TasteProfile) -> Markup:
    said = [tag("li", each.text) for each in answer.insights]
    nothing = tag("p", "Nothing can be said with certainty yet.", class_="quiet")
    return tag("section", tag("h2", "In words"), tag("ul", said) if said else nothing)


def _card(answer: TasteProfile, profile: Profile, reference: Reference, part: str) -> Markup:
    heading = tag("h2", TITLES[part])
    found = draw(profile, reference, part)
    if isinstance(found, Lack):
        return tag("section", heading, tag("p", f"Not yet: {found.reason}.", class_="quiet"))
    if found is None:
        return tag("section", heading, _mainstream(answer) if part == "mainstream" else _friends(answer))
    below = f"{_fewer(answer, getattr(answer, part).support)}{_sentence(answer, part)}"
    return tag(
        "section",
        heading,
        tag("p", below, class_="quiet") if below else None,
        inline(found),
        _numbers(found),
    )


def _sentence(answer: TasteProfile, part: str) -> str:
    """Say what the picture does not."""
    if part == "audio":
        return (
            "A number says how many % of the catalogue's tracks have less of it than your music has on "
            "average: 80 beside “fast” is faster than 80 % of them."
        )
    if part == "moods":
        return (
            "A bar to the right: your music suits the mood more than the average track of the catalogue, "
            "which is 0. Two of three tracks lie between −1 and +1."
        )
    if part == "eras" and answer.eras:
        low, high = answer.eras.middle_half
        return (
            f"Half of what you play is from {low} to {high}. "
            f"The middle year of the catalogue is {answer.eras.catalogue_median_year}."
        )
    if part == "patterns" and answer.patterns:
        sessions = answer.patterns.sessions
        return (
            f"You listened in {counted(sessions.count, 'session')}, half of them of "
            f"{sessions.median_minutes:.0f} minutes or more."
        )
    if part == "drift" and answer.drift:
        whole = answer.drift.whole
        return (
            "Each stream is a genre, as thick as its share. The first and the last part differ by "
            f"{percent(whole.divergence_bits)}: 0 % is the same genres, 100 % is none in common."
        )
    return ""


def _numbers(drawing: Drawing) -> Markup:
    told = f"The numbers of “{drawing.title}”"
    # With a place in the order of tabs it can be scrolled by keys.
    table = tag("div", _table(drawing.table), class_="scroll", tabindex=0, role="region", aria_label=told)
    return tag("details", tag("summary", "The numbers"), table)


def _table(table: Table) -> Markup:
    def cells(name: str, row: tuple[str, ...]) -> list[Markup]:
        return [tag(name, text, class_="n" if place else None) for place, text in enumerate(row)]

    return tag(
        "table",
        tag("caption", table.caption),
        tag("thead", tag("tr", cells("th", table.header))),
        tag("tbody", [tag("tr", cells("td", row)) for row in table.rows]),
    )


def _mainstream(answer: TasteProfile) -> Markup:
    found = answer.mainstream
    if found is None:
        return joined([])
    words = f"{found.meaning[0].upper()}{found.meaning[1:]}."
    if found.interval is not None:
        low, high = found.interval
        words += f" Your figure lies between {low:.0f} % and {high:.0f} %, with 95 % confidence."
    return tag("p", f"{_fewer(answer, found.support)}{words}")


def _friends(answer: TasteProfile) -> Markup:
    found = answer.friends
    if found is None:
        return joined([])
    rows = [
        tag("tr", tag("td", friend(each.user_id)), tag("td", percent(each.similarity), class_="n"))
        for each in found.nearest
    ]
    header = tag("tr", tag("th", "friend"), tag("th", "similarity", class_="n"))
    return joined(
        [
            tag("p", "0 % is nothing in common, 100 % is the same taste.", class_="quiet"),
            tag("table", tag("thead", header), tag("tbody", rows)),
        ]
    )


def _unknown(answer: TasteProfile) -> Markup | None:
    """Name what the catalogue does not have: nobody is to wonder where it went."""
    kinds = (
        ("Tracks of the request", answer.unknown_tracks),
        ("Artists of the request", answer.unknown_artists),
        ("Stored tracks", answer.unknown_stored_tracks),
    )
    named = [tag("p", f"{kind}: {', '.join(names)}.") for kind, names in kinds if names]
    return tag("section", tag("h2", "Not in the catalogue"), *named) if named else None


def _versions(answer: TasteProfile) -> str:
    clusters = "" if answer.clusters_version is None else f", clusters {answer.clusters_version}"
    return f"Model {answer.model_version}{clusters}."


def _cut(answer: TasteProfile) -> str:
    since = answer.events_since
    if since is None:
        return ""
    return f"; of a longer history these are the latest events, since {since.day} {since:%b %Y}"


def _fewer(answer: TasteProfile, support: SupportOut) -> str:
    """Say what a part is based on where that is clearly less than the whole profile is."""
    if support.tracks >= _NEARLY_ALL * answer.support.tracks:
        return ""
    return f"Based on {support.tracks} of your {counted(answer.support.tracks, 'track')}. "


def _rests_on(support: SupportOut) -> str:
    hours = f", {support.hours:.0f} hours" if support.hours >= 1 else ""
    return f"{counted(support.events, 'event')}, {counted(support.tracks, 'track')}{hours}"
