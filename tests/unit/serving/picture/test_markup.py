"""No text becomes markup, whatever a track is called."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from segue.serving.picture.drawing import shortened, wrapped
from segue.serving.picture.markup import html_document, joined, number, tag

NASTY = "</text><script>alert('x')</script>\" onload=\"alert(1)&amp;\x00\x1b￾"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  # our own


def test_text_and_attributes_are_escaped() -> None:
    found = str(tag("text", NASTY, class_=NASTY, x=1.25, y=None))
    read = parsed(found)
    assert read.tag == "text"
    assert set(read.attrib) == {"class", "x"}
    assert list(read) == []
    assert "<script" not in found
    assert (read.text or "").startswith("</text><script>alert('x')</script>")


@given(st.text(max_size=60))
def test_any_name_stays_one_text(name: str) -> None:
    read = parsed(str(tag("g", tag("title", name), tag("text", [name, "!"]), data_name=name)))
    assert [child.tag for child in read] == ["title", "text"]
    assert (read[1].text or "").endswith("!")


def test_a_page_of_markup_parses_as_what_it_is() -> None:
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda name, attributes: tags.append(name)  # type: ignore[method-assign]
    parser.feed(html_document(tag("body", joined([tag("p", "<b>"), tag("p", None, 3)]))))
    assert tags == ["html", "body", "p", "p"]


def test_numbers_are_as_short_as_can_be_seen() -> None:
    assert [number(value) for value in (1.0, 0.04, 12.345, -3)] == ["1", "0", "12.3", "-3"]


def test_long_texts_go_on_in_the_next_line() -> None:
    assert wrapped("short", 10) == ["short"]
    assert wrapped("one two three four", 10) == ["one two", "three four"]
    assert wrapped("exactly te n", 10) == ["exactly te", "n"]
    assert wrapped("日本の歌手の名前", 10) == ["日本の歌手", "の名前"]
    assert wrapped("a b c " * 10, 6) == ["a b c", "a b c", "a b c…"]


def test_long_names_are_cut_and_say_so() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("a name that is too long", 10) == "a name tha…"
    assert shortened("日本の歌手の名前", 10) == "日本の歌手…"
