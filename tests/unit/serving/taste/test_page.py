"""The page and its pictures: whole, self-contained, harmless, and told in words too."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from segue.domain.listening.exclusion import ListenerRecord
from segue.domain.listening.mood import Mood
from segue.domain.taste.event_columns import Support
from segue.domain.taste.part.audio import MoodProfile, MoodScore
from segue.domain.taste.weighted_mean import WeightedMean
from segue.errors import InvalidInputError
from segue.serving.api.tier import Tier
from segue.serving.live.taste_model import TasteModel
from segue.serving.picture.drawing import WIDTH, Drawing
from segue.serving.taste.answer import profile_for
from segue.serving.taste.contract import Picture, ProfileFormat, TasteRequest
from segue.serving.taste.page import page, pictures, rendered
from segue.serving.taste.pictures import draw
from tests.small_catalogue import small_catalogue
from tests.small_taste import JAZZ, ROCK, catalogue, plays, reference

EVIL = "</title><script>alert(1)</script><img src=x onerror=alert(1)>"
SVG = "{http://www.w3.org/2000/svg}"


class Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.text += data


def made(played: list[str], user: str = "12", of: Any = None, **known: Any) -> tuple[Any, Any, Any]:
    found = reference() if of is None else of
    live: Any = SimpleNamespace(value=TasteModel(found), version="v1")
    answer, profile = profile_for(
        user, TasteRequest(**known), Tier.PRO, live, ListenerRecord(plays(played)[::-1])
    )
    return answer, profile, found


def parsed(text: str | bytes) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  # our own


WHOLE = made(ROCK * 6 + JAZZ * 6)


def test_the_page_has_every_picture_in_words_too() -> None:
    read = Reader(page(*WHOLE))
    assert read.tags.count("svg") == 7
    hours, streams = read.text.count(":00: "), len(WHOLE[1].drift.genres) + 1
    assert read.tags.count("title") == 1 + 7 + hours + streams
    assert read.tags.count("desc") == 7
    assert read.tags.count("details") == read.tags.count("table") == 7
    labelled = [value.split() for name, value in read.attributes if name == "aria-labelledby"]
    ids = {value for name, value in read.attributes if name == "id"}
    assert len(labelled) == 7
    assert all(set(names) <= ids for names in labelled)
    assert len(ids) == 14
    for each in WHOLE[0].insights:
        assert each.text in read.text


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = page(*WHOLE)
    read = Reader(text)
    assert {"script", "link", "img", "iframe", "object", "form", "a"}.isdisjoint(read.tags)
    assert [
        name for name, _ in read.attributes if name.startswith("on") or name in {"src", "href", "style"}
    ] == []
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_lets_only_our_own_style_in() -> None:
    response = rendered(*WHOLE, ProfileFormat.HTML, None)
    text = response.content
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    expected = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{expected}'" in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert f"sha256-{expected}" in text
    assert response.media_type == "text/html"


def test_dark_light_and_a_phone_are_thought_of() -> None:
    text = page(*WHOLE)
    assert "prefers-color-scheme:dark" in text
    assert 'content="width=device-width, initial-scale=1"' in text
    light, dark = re.findall(r":root\{([^}]*)\}", text)
    assert set(re.findall(r"--\w+", light)) == set(re.findall(r"--\w+", dark))


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for the parts of a picture."""
    rules = re.findall(r":root\{([^}]*)\}", page(*WHOLE))[scheme]
    colour = dict(re.findall(r"--(\w+):(#\w+)", rules))
    for ink in ("ink", "soft"):
        assert min(contrast(colour[ink], colour[back]) for back in ("card", "page")) >= 4.5
    for number in range(6):
        assert contrast(colour[f"c{number}"], colour["card"]) >= 3
        assert contrast(colour[f"c{number}"], colour["on"]) >= 4.5


def contrast(left: str, right: str) -> float:
    def light(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(left), light(right)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_names_cannot_become_markup() -> None:
    evil = small_catalogue(
        [[EVIL]] * 40,
        names=[EVIL] * 40,
        genres=[[f"{EVIL}{row % 7}"] for row in range(40)],
        audio={"energy": [0.5] * 40, "valence": [0.9] * 40},
    )
    found = made(ROCK * 6 + JAZZ * 6, EVIL, reference(evil), tracks=[EVIL], artists=[EVIL, f"{EVIL}?"])
    read = Reader(page(*found))
    assert {"script", "img"}.isdisjoint(read.tags)
    assert f"Taste profile of {EVIL}" in read.text
    drawn = parsed(pictures(*found[1:]))
    assert {"script", "img"}.isdisjoint(element.tag.removeprefix(SVG) for element in drawn.iter())


def test_a_stranger_gets_a_page_that_says_what_is_missing() -> None:
    read = Reader(page(*made([])))
    assert "Nothing is known of this taste yet" in read.text
    assert read.text.count("Not yet: needs") == 8
    assert "no friendships and likes are live" in read.text
    assert "svg" not in read.tags


def test_what_the_catalogue_lacks_is_named() -> None:
    found = made([*ROCK[:5], "from-elsewhere"], tracks=["nope"], artists=["Nobody"])
    text = Reader(page(*found)).text
    for name in ("nope", "Nobody", "from-elsewhere"):
        assert name in text


@pytest.mark.parametrize("picture", [None, *Picture])
def test_pictures_are_svg_on_their_own(picture: Picture | None) -> None:
    response = rendered(*WHOLE, ProfileFormat.SVG, picture)
    assert response.media_type == "image/svg+xml"
    drawn = parsed(response.content)
    assert drawn.tag == f"{SVG}svg"
    assert len(drawn.findall(f".//{SVG}desc")) == (4 if picture is None else 1)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    assert width > WIDTH
    assert height > 200


def test_what_is_drawn_stays_within_the_picture() -> None:
    drawn = parsed(pictures(*WHOLE[1:]))
    for element in drawn.iter():
        for name in ("x", "cx", "x1", "x2"):
            if name in element.attrib:
                assert -1 <= float(element.attrib[name]) <= WIDTH + 28, element.attrib


def test_a_picture_that_cannot_be_drawn_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidInputError, match="there is nothing to draw yet: tastes needs 5 tracks"):
        rendered(*made([]), ProfileFormat.SVG, None)
    with pytest.raises(InvalidInputError, match="drift needs 80 events"):
        rendered(*made(ROCK), ProfileFormat.SVG, Picture.RIBBON)
    with pytest.raises(InvalidInputError, match="radar needs format=svg, not html"):
        rendered(*WHOLE, ProfileFormat.HTML, Picture.RADAR)


def test_json_is_the_answer_itself() -> None:
    response = rendered(*WHOLE, ProfileFormat.JSON, None)
    assert json.loads(response.content) == json.loads(WHOLE[0].model_dump_json())


def test_a_cut_history_is_called_one_in_the_page() -> None:
    cut = made((ROCK + JAZZ) * 50)
    text = Reader(page(*cut)).text
    assert "these are the latest events of a longer history, since 5 Jan 2026" in text
    assert "longer history" not in Reader(page(*WHOLE)).text


def test_the_ribbon_says_the_day_where_it_begins_and_ends() -> None:
    (drawn,) = parsed(pictures(*WHOLE[1:], Picture.RIBBON)).iter(f"{SVG}svg")
    texts = {element.text for element in drawn.iter(f"{SVG}text")}
    assert {"5 Jan 2026", "6 Mar 2026"} <= texts
    late = made(ROCK * 6 + JAZZ * 6, utc_offset_minutes=13 * 60)
    texts = {element.text for element in parsed(pictures(*late[1:], Picture.RIBBON)).iter(f"{SVG}text")}
    assert "6 Jan 2026" in texts


def test_small_differences_of_moods_look_small() -> None:
    support = Support(30, 30, 1)
    score = WeightedMean(0.5, 0.1, 30)
    moods = tuple(
        MoodScore(mood, score, 0.5, value) for mood, value in zip(Mood, (0.02, -0.01), strict=False)
    )
    found = draw(replace(WHOLE[1], moods=MoodProfile(support, moods)), WHOLE[2], "moods")
    assert isinstance(found, Drawing)
    bars = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', str(found.body))]
    assert max(bars) < 0.05 * WIDTH
    assert [row[1] for row in found.table.rows] == ["0.0", "0.0"]


def test_the_tables_hold_all_that_the_pictures_show() -> None:
    hours = draw(WHOLE[1], WHOLE[2], "patterns")
    assert isinstance(hours, Drawing)
    assert len(hours.table.rows) == 25
    heat = WHOLE[1].patterns.heat
    assert [list(map(int, row[1:8])) for row in hours.table.rows[:24]] == heat.T.tolist()
    many = made(ROCK, of=reference(catalogue([[f"genre {row:02}"] for row in range(40)])))
    genres = draw(many[1], many[2], "genres")
    assert isinstance(genres, Drawing)
    assert len(genres.table.rows) == 11
    assert genres.table.rows[-1] == ("10 others", "50 %")


def test_one_track_of_one_taste_draws_too() -> None:
    few = made(ROCK[:5])
    read = Reader(page(*few))
    assert read.tags.count("svg") == 5
    bare = made(ROCK[:5], of=reference(catalogue([["x"]] * 40)))
    assert "svg" in Reader(page(*bare)).tags


def test_what_the_profile_is_based_on_is_said_once_and_in_plain_words() -> None:
    text = Reader(page(*WHOLE)).text
    assert text.count("Based on") == 1
    for technical in ("nats", " bits", "standard deviation", "Shannon"):
        assert technical not in text


def test_no_card_repeats_what_is_said_in_words() -> None:
    answer = WHOLE[0]
    text = Reader(page(*WHOLE)).text
    assert {"genres", "patterns"} <= {each.kind for each in WHOLE[1].insights}
    assert all(text.count(each.text) == 1 for each in answer.insights)
    assert text.count("played equally often.") == text.count("played before.") == 1


def test_a_long_name_of_a_taste_is_told_whole() -> None:
    name = "The Very Long Named Orchestra of the Far Northern Isles"
    of = small_catalogue([[name]] * 40, genres=[["rock"]] * 40, audio={"energy": [0.5] * 40})
    long = made(ROCK * 6, of=reference(of))
    (drawn,) = parsed(pictures(*long[1:], Picture.TASTE_MAP)).iter(f"{SVG}svg")
    lines = [element.text or "" for element in drawn.iter(f"{SVG}text")]
    assert name in " ".join(lines)
    assert max(map(len, lines)) < 60


def test_a_colour_of_a_taste_means_that_taste_alone() -> None:
    drawn = parsed(pictures(*WHOLE[1:], Picture.TASTE_MAP))
    assert any(re.search(r"\bf0\b", element.attrib.get("class", "")) for element in drawn.iter())
    for picture in (Picture.RADAR, Picture.HEAT_MAP, Picture.RIBBON):
        for element in parsed(pictures(*WHOLE[1:], picture)).iter():
            assert not re.search(r"\b[fs]\d\b", element.attrib.get("class", "")), picture
