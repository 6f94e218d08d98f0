"""Render a profile as JSON, as a page with pictures, or as the pictures alone."""

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
    from segue.serving.taste.contract import Picture, TasteProfile, TasteQuery, TasteRequest
    from segue.serving.taste.part_contract import SupportOut
    from segue.state.listening import ListeningState

PICTURED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The profile; a page with ?format=html, its pictures with ?format=svg.",
        "content": {"text/html": {}, "image/svg+xml": {}},
    }
}
"""OpenAPI description of the route's responses besides JSON."""

_NEARLY_ALL = 0.8  # share of the profile's tracks; a part that is based on fewer says so
_STYLE = COLOURS + DRAWN + PAGE
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer's text, media type and content security policy; an empty policy is the usual one."""

    content: str
    media_type: str
    policy: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the HTTP headers of the answer."""
        return {"content-security-policy": self.policy} if self.policy else {}


def respond(
    user_id: str,
    asked: TasteRequest,
    query: TasteQuery,
    caller: Tier,
    known: tuple[LiveTaste, ListeningState],
) -> Rendered:
    """Profile a listener from the live model and the state in ``known``, and render the answer.

    Raises
    ------
    TierError
        The caller's tier does not include the profile, or is below the requested one.
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
    """Render an answer as JSON, HTML or SVG.

    Raises
    ------
    InvalidInputError
        A picture is requested without format=svg, or the profile has nothing to draw.
    """
    if picture is not None and as_ is not ProfileFormat.SVG:
        raise InvalidInputError(f"picture: {picture} needs format=svg, not {as_}.")
    if as_ is ProfileFormat.HTML:
        return Rendered(page(answer, profile, reference), "text/html", f"{_POLICY}; frame-ancestors 'self'")
    if as_ is ProfileFormat.SVG:
        return Rendered(pictures(profile, reference, picture), "image/svg+xml", _SVG_POLICY)
    return Rendered(answer.model_dump_json(), "application/json")


def pictures(profile: Profile, reference: Reference, picture: Picture | None = None) -> str:
    """Return one picture as SVG, or all pictures of the profile, one below the other."""
    parts = PART_OF.values() if picture is None else [PART_OF[picture]]
    results = {part: draw(profile, reference, part) for part in parts}
    drawings = [each for each in results.values() if each is not None and not isinstance(each, Lack)]
    if not drawings:
        reasons = (f"{part} {lack.reason}" for part, lack in results.items() if isinstance(lack, Lack))
        raise InvalidInputError(f"there is nothing to draw yet: {'; '.join(reasons)}.")
    return standalone(drawings)


def page(answer: TasteProfile, profile: Profile, reference: Reference) -> str:
    """Return a whole HTML page that loads no other files and runs no scripts."""
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
    sentences = [tag("li", each.text) for each in answer.insights]
    nothing = tag("p", "Nothing can be said with certainty yet.", class_="quiet")
    return tag("section", tag("h2", "In words"), tag("ul", sentences) if sentences else nothing)


def _card(answer: TasteProfile, profile: Profile, reference: Reference, part: str) -> Markup:
    heading = tag("h2", TITLES[part])
    drawing = draw(profile, reference, part)
    if isinstance(drawing, Lack):
        return tag("section", heading, tag("p", f"Not yet: {drawing.reason}.", class_="quiet"))
    if drawing is None:
        return tag("section", heading, _mainstream(answer) if part == "mainstream" else _friends(answer))
    below = f"{_fewer(answer, getattr(answer, part).support)}{_sentence(answer, part)}"
    return tag(
        "section",
        heading,
        tag("p", below, class_="quiet") if below else None,
        inline(drawing),
        _numbers(drawing),
    )


def _sentence(answer: TasteProfile, part: str) -> str:
    """Explain how to read a picture, or add what it does not show."""
    if part == "audio":
        return (
            "Each number compares your music with the catalogue: 80 for “fast” means that your music, on "
            "average, is faster than 80 % of the catalogue's tracks."
        )
    if part == "moods":
        return (
            "A bar to the right means that your music suits the mood more than the average track of the "
            "catalogue, which is at 0. Two of three tracks are between −1 and +1."
        )
    if part == "eras" and answer.eras:
        low, high = answer.eras.middle_half
        return (
            f"Half of what you play was released from {low} to {high}. "
            f"The middle year of the catalogue is {answer.eras.catalogue_median_year}."
        )
    if part == "patterns" and answer.patterns:
        sessions = answer.patterns.sessions
        return (
            f"You listened in {counted(sessions.count, 'session')}. Half of them lasted "
            f"{sessions.median_minutes:.0f} minutes or more."
        )
    if part == "drift" and answer.drift:
        whole = answer.drift.whole
        return (
            "Each stream is a genre; its width is the genre's share. The first and the last part differ by "
            f"{percent(whole.divergence_bits)}: 0 % means the same genres, 100 % means none in common."
        )
    return ""


def _numbers(drawing: Drawing) -> Markup:
    label = f"The numbers of “{drawing.title}”"
    # A tabindex lets the reader scroll the table with the keyboard.
    table = tag("div", _table(drawing.table), class_="scroll", tabindex=0, role="region", aria_label=label)
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
    mainstream = answer.mainstream
    if mainstream is None:
        return joined([])
    words = f"{mainstream.meaning[0].upper()}{mainstream.meaning[1:]}."
    if mainstream.interval is not None:
        low, high = mainstream.interval
        words += f" Your figure lies between {low:.0f} % and {high:.0f} %, with 95 % confidence."
    return tag("p", f"{_fewer(answer, mainstream.support)}{words}")


def _friends(answer: TasteProfile) -> Markup:
    if answer.friends is None:
        return joined([])
    rows = [
        tag("tr", tag("td", friend(each.user_id)), tag("td", percent(each.similarity), class_="n"))
        for each in answer.friends.nearest
    ]
    header = tag("tr", tag("th", "friend"), tag("th", "similarity", class_="n"))
    return joined(
        [
            tag("p", "0 % means nothing in common, 100 % means the same taste.", class_="quiet"),
            tag("table", tag("thead", header), tag("tbody", rows)),
        ]
    )


def _unknown(answer: TasteProfile) -> Markup | None:
    """List the tracks and artists that the catalogue does not have."""
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
    return f"; these are the latest events of a longer history, since {since.day} {since:%b %Y}"


def _fewer(answer: TasteProfile, support: SupportOut) -> str:
    """Say how many tracks a part is based on, if they are clearly fewer than the profile's."""
    if support.tracks >= _NEARLY_ALL * answer.support.tracks:
        return ""
    return f"Based on {support.tracks} of your {counted(answer.support.tracks, 'track')}. "


def _rests_on(support: SupportOut) -> str:
    hours = f", {support.hours:.0f} hours" if support.hours >= 1 else ""
    return f"{counted(support.events, 'event')}, {counted(support.tracks, 'track')}{hours}"
