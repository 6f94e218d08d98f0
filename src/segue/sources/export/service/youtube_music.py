"""YouTube Music: the watch history of Google Takeout, which also contains videos.

A row has ``header`` (the product), ``title`` ("Watched Heart", in the language of the account), ``titleUrl``,
``subtitles`` (the channel, "Sault - Topic" for an artist) and ``time``.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.json_object import mapping, object_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_PRODUCT = "YouTube Music"
_TOPIC = re.compile(
    r"\s+[-–]\s+(?:Topic|Thema|Tema|Thème|Argomento|Onderwerp|Temat|Тема|トピック|주제|主题)$"
)
_PHRASES = (
    "Watched {}", "Listened to {}", "„{}“ angesehen", '"{}" angesehen', "{} angesehen",
    "Vous avez regardé {}", "Vous avez écouté {}", "Has visto {}", "Has escuchado {}",
    "Hai guardato {}", "Hai ascoltato {}", "Je hebt {} bekeken", "Je hebt gekeken naar {}", "{} bekeken",
    "Você assistiu a {}", "Você ouviu {}", "Assistiu a {}", "Viste {}", "Obejrzano: {}", "Obejrzano {}",
    "Вы посмотрели видео {}", "Просмотрено: {}", "Har tittat på {}", "Tittade på {}", "Du så {}",
    "Har set {}", "Katsottu: {}", "{} adlı videoyu izlediniz", "{} を視聴しました",
    "{}을(를) 시청했습니다.", "{}을(를) 시청했습니다", "已观看 {}", "观看了 {}", "觀看了「{}」",
)  # fmt: skip
"""Forms of the title field, in the languages of accounts."""

_TITLES = tuple(re.compile(re.escape(phrase).replace(r"\{\}", "(.+)"), re.DOTALL) for phrase in _PHRASES)
_ADDRESS = re.compile(r"https?://")


def _is_row(row: Mapping[str, Any]) -> bool:
    return "header" in row and "title" in row and "time" in row


def _read_row(row: Mapping[str, Any], zone: tzinfo | None) -> Listen | None:
    if not _is_row(row):
        raise InvalidInputError("it has no header, title and time")
    channels = row.get("subtitles")
    channel = mapping(channels[0]).get("name") if isinstance(channels, list) and channels else None
    channel = read_name(channel, "subtitles")
    if row["header"] != _PRODUCT and not _TOPIC.search(channel):
        return None  # a video
    title = _title(read_name(row["title"], "title"))
    if _ADDRESS.match(title):
        return None  # a deleted video: only its address is left
    artist = _TOPIC.sub("", channel)
    if not (artist and title):
        raise InvalidInputError("the channel or the title is missing")
    at_s, to_the_minute = read_moment(row["time"], zone or UTC)
    return Listen(artist, title, "", at_s, to_the_minute)


def _title(text: str) -> str:
    matches = (phrase.fullmatch(text) for phrase in _TITLES)
    return next((match[1].strip() for match in matches if match), text)


FORMAT = ExportFormat(
    name="youtube-music",
    title="YouTube Music",
    files="`watch-history.json` of Google Takeout (choose JSON there, not HTML); its videos are left out "
    "and counted",
    wanted="watch-history.json of Google Takeout, as JSON and not as HTML",
    suffixes=(".json",),
    file_name=re.compile(r"watch-history.*\.json", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=object_rows(_is_row, _read_row),
)
