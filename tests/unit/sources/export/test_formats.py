"""Exports of further services: each as the service writes it, whatever the file is called."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.left_out import BadRow
from segue.sources.export.listen import Listen
from segue.sources.export.moment import read_zone
from segue.sources.export.part import find_parts
from segue.sources.export.read import NoMusic, recognise
from segue.sources.export.service import FORMATS, find_format
from tests.unit.sources.export.exports import extended, listenbrainz, listens, read, write_json, write_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = 1675166709  # 2023-01-31 12:05:09
ISO = "2023-01-31T12:05:09Z"
NINA = Listen("Nina Simone", "Feeling Good", "", AT)


def whys(rows: list[Listen | NoMusic | BadRow]) -> list[str]:
    return [row.why for row in rows if isinstance(row, BadRow)]


def watched(
    title: str, channel: str = "Nina Simone - Topic", header: str = "YouTube Music"
) -> dict[str, object]:
    return {
        "header": header,
        "title": title,
        "titleUrl": "https://www.youtube.com/watch?v=-e8Nfjl_AKk",
        "subtitles": [{"name": channel, "url": "https://www.youtube.com/channel/x"}],
        "time": "2023-01-31T12:05:09.784Z",
        "products": ["YouTube"],
    }


@pytest.mark.parametrize(
    "title",
    [
        "Watched Feeling Good",
        "Feeling Good angesehen",
        "Vous avez regardé Feeling Good",
        "Has visto Feeling Good",
        "Hai guardato Feeling Good",
        "Je hebt Feeling Good bekeken",
        "Você assistiu a Feeling Good",
        "Feeling Good を視聴しました",
        "Feeling Good을(를) 시청했습니다.",
        "Feeling Good",
    ],
)
def test_youtube_music_in_the_language_of_the_account(tmp_path: Path, title: str) -> None:
    path = write_json(tmp_path / "watch-history.json", [watched(title)])
    assert read(FORMATS["youtube-music"], path) == [NINA]


def test_videos_of_youtube_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        watched("Watched A film", "Somebody", "YouTube"),
        watched("Watched Feeling Good", header="YouTube"),
        watched("Watched https://www.youtube.com/watch?v=x"),
        {"header": "YouTube", "title": "Visited a page", "time": ISO},
        watched("Watched Feeling Good", ""),
    ]
    found = read(FORMATS["youtube-music"], write_json(tmp_path / "x", rows))
    assert found[:4] == [NoMusic(), NINA, NoMusic(), NoMusic()]
    assert whys(found) == ["the channel or the title is missing"]


APPLE = (
    "Album Name,Apple Music Subscription,End Reason Type,Event End Timestamp,Event Start Timestamp,"
    "Event Type,Media Duration In Milliseconds,Media Type,Play Duration Milliseconds,"
    "Song Name,UTC Offset In Seconds"
)


def test_apple_music_names_no_artist_and_ends_each_play_in_a_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        f"{APPLE}\n"
        f"I Put,true,,,{ISO},PLAY_START,174000,AUDIO,0,Feeling Good,3600\n"
        f"I Put,true,NATURAL_END_OF_TRACK,2023-01-31T12:08:03Z,{ISO},PLAY_END,174000,AUDIO,"
        "174000,Feeling Good,3600\n"
        f"I Put,true,TRACK_SKIPPED_FORWARDS,,{ISO},PLAY_END,174000,AUDIO,12000,Feeling Good,3600\n"
        f",true,OTHER,,{ISO},PLAY_END,174000,AUDIO,12000,Feeling Good,3600\n"
        f"I Put,true,OTHER,,{ISO},PLAY_END,174000,VIDEO,12000,Feeling Good,3600\n"
        f"I Put,true,OTHER,,,PLAY_END,174000,AUDIO,12000,Feeling Good,3600\n"
    )
    found = read(FORMATS["apple-music"], path)
    assert found[:3] == [
        NoMusic(),
        Listen("", "Feeling Good", "I Put", AT, ms_played=174_000),
        Listen("", "Feeling Good", "I Put", AT, ms_played=12_000, skipped=True),
    ]
    assert whys(found) == [
        "artist and album are missing: the title alone does not identify a track",
        "the time is missing",
    ]
    path.write_text(f"Artist Name,{APPLE}\nNina Simone,,,,,{ISO},PLAY_END,1,AUDIO,174000,Feeling Good,0\n")
    assert read(FORMATS["apple-music"], path) == [
        Listen("Nina Simone", "Feeling Good", "", AT, ms_played=174_000)
    ]


LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Major Version</key><integer>1</integer>
  <key>Tracks</key>
  <dict>
    <key>601</key>
    <dict>
      <key>Track ID</key><integer>601</integer>
      <key>Name</key><string>Feeling Good &amp; Bad</string>
      <key>Artist</key><string>Nina Simone</string>
      <key>Play Count</key><integer>PLAYS</integer>
      <key>Play Date UTC</key><date>2023-01-31T12:05:09Z</date>
      <key>Skip Count</key><integer>1</integer>
      <key>Skip Date</key><date>2023-01-31T12:05:09Z</date>
    </dict>
    <key>602</key>
    <dict><key>Name</key><string>Never played</string><key>Artist</key><string>Nina Simone</string></dict>
    <key>603</key>
    <dict>
      <key>Name</key><string>News</string><key>Podcast</key><true/>
      <key>Play Count</key><integer>5</integer>
    </dict>
    <key>604</key>
    <dict><key>Name</key><string>No time</string><key>Artist</key><string>A</string>
      <key>Play Count</key><integer>7</integer></dict>
    <key>605</key>
    <dict><key>Name</key><string>&bomb;</string></dict>
  </dict>
  <key>Playlists</key><array></array>
</dict>
</plist>
"""


def test_an_itunes_library_gives_a_bounded_number_of_plays_and_skips(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(LIBRARY.replace("PLAYS", "2"))
    found = read(FORMATS["itunes"], path)
    one = Listen("Nina Simone", "Feeling Good & Bad", "", AT, nth=1)
    two = Listen("Nina Simone", "Feeling Good & Bad", "", AT, nth=2)
    skip = Listen("Nina Simone", "Feeling Good & Bad", "", AT, nth=1, skipped=True)
    assert found[:4] == [one, two, skip, NoMusic()]
    assert [why.partition(":")[0] for why in whys(found)] == [
        "Play Date UTC is missing",
        "it is not a property list",
    ]
    path.write_text(LIBRARY.replace("PLAYS", "1000000000"))
    assert len(listens(read(FORMATS["itunes"], path))) == 20 + 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + LIBRARY, "declares XML entities"),
        ("<plist><dict></dict></plist>", "not an XML property list"),
        (LIBRARY.partition("<key>602")[0], "the file is damaged after track"),
    ],
)
def test_other_xml_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(text)
    with pytest.raises(SourceSchemaError, match=why):
        read(FORMATS["itunes"], path)


TABLES = {
    "extended": "ts,platform,ms_played,master_metadata_track_name,master_metadata_album_artist_name,"
    "master_metadata_album_album_name,spotify_track_uri,episode_name,reason_end,skipped\n"
    f"{ISO},ios,200000,Feeling Good,Nina Simone,,,,trackdone,False\n"
    f"{ISO},ios,200000,,,,,News,trackdone,False\n",
    "account": "endTime,artistName,trackName,msPlayed\n2023-01-31 12:05,Nina Simone,Feeling Good,200000\n",
    "simple": f"ts,artist,track\n{ISO},Nina Simone,Feeling Good\n",
    "numbers": f"played_at;track name;artist name;ms_played\n{AT};Feeling Good;Nina Simone;200000.0\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_spotify_as_a_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(TABLES[name])
    found = read(FORMATS["spotify"], path)
    (listen,) = listens(found)
    assert (listen.artist, listen.title, listen.skipped) == ("Nina Simone", "Feeling Good", False)
    assert (listen.at_s, listen.to_the_minute) == ((AT - 9, True) if name == "account" else (AT, False))
    assert listen.ms_played == (None if name == "simple" else 200_000)
    assert found[1:] == ([NoMusic()] if name == "extended" else [])


def test_a_skip_in_a_table_of_spotify_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"ts,artist,track,ms_played,skipped\n{ISO},A,B,soon,true\n{ISO},A,B,5000,TRUE\n")
    found = read(FORMATS["spotify"], path)
    assert whys(found) == ["ms_played is not a number of milliseconds from 0 to 86400000"]
    assert [listen.skipped for listen in listens(found)] == [True]


@pytest.mark.parametrize("indent", [None, 1])
def test_lastfmstats_and_maloja_hold_their_rows_in_one_object(tmp_path: Path, indent: int | None) -> None:
    rows = [{"track": "Feeling Good", "artist": "Nina Simone", "album": "", "albumId": "", "date": AT * 1000}]
    whole = {"username": "me", "scrobbles": rows}
    assert read(FORMATS["lastfmstats"], write_json(tmp_path / "x", whole, indent=indent)) == [NINA]
    track = {"artists": ["Nina Simone", "Hot Chip"], "title": "Feeling Good", "album": None, "length": 174}
    rows = [
        {"time": AT, "track": track, "duration": 100, "origin": "client:x"},
        {"time": AT, "track": track | {"album": {"artists": [], "albumtitle": "I Put"}}, "duration": None},
        {"time": AT, "track": {"artists": [], "title": "x"}},
    ]
    whole = {"maloja": {"export_time": 1}, "scrobbles": rows}
    found = read(FORMATS["maloja"], write_json(tmp_path / "y", whole, indent=indent))
    both = "Nina Simone, Hot Chip"
    assert found[:2] == [
        Listen(both, "Feeling Good", "", AT, ms_played=100_000),
        Listen(both, "Feeling Good", "I Put", AT),
    ]
    assert whys(found) == ["artists or title is missing"]
    old = [{"artists": ["Nina Simone"], "title": "Feeling Good", "album": "", "duration": 174, "time": AT}]
    assert read(FORMATS["maloja"], write_json(tmp_path / "z", {"scrobbles": old})) == [NINA]


def test_pano_scrobbler_writes_lines_or_a_table(tmp_path: Path) -> None:
    row = {"timeMs": AT * 1000, "artist": "Nina Simone", "track": "Feeling Good", "durationMs": 174_000}
    rows = [row | {"event": "scrobble"}, row | {"event": "love"}, {"timestamp": ISO, **row, "timeMs": None}]
    assert read(FORMATS["pano-scrobbler"], write_lines(tmp_path / "x", rows)) == [NINA, NoMusic(), NINA]
    path = tmp_path / "x.csv"
    path.write_text(
        "timeHuman,timeMs,artist,track,album,albumArtist,durationMs,mediaPlayerPackage,event\n"
        f"2023-01-31 12:05,{AT}000,Nina Simone,Feeling Good,,,174000,x,scrobble\n"
        f"2023-01-31 12:05,{AT}000,Nina Simone,Feeling Good,,,174000,x,love\n"
    )
    assert read(FORMATS["pano-scrobbler"], path) == [NINA, NoMusic()]


LOG = (
    "#AUDIOSCROBBLER/1.1\n#TZ/{}\n#CLIENT/Rockbox ipod $Revision$\n"
    "#ARTIST #ALBUM #TITLE #TRACKNUM #LENGTH #RATING #TIMESTAMP #MUSICBRAINZ_TRACKID\n"
    "Nina Simone\t\tFeeling Good\t7\t174\tL\t{}\t\nNina Simone\t\tFeeling Good\t\t174\tS\t{}\n"
    "Nina Simone\t\tFeeling Good\t7\t174\tX\t1\n"
)


def test_a_rockbox_log_has_skips_and_needs_a_zone(tmp_path: Path) -> None:
    path, form = tmp_path / ".scrobbler.log", FORMATS["rockbox"]
    path.write_text(LOG.format("UTC", AT, AT))
    found = read(form, path, zone=ZoneInfo("Europe/Berlin"))  # the log itself says UTC
    assert found[:2] == [NINA, Listen("Nina Simone", "Feeling Good", "", AT, skipped=True)]
    assert whys(found) == ["its rating is 'X': it must be L (listened) or S (skipped)"]
    path.write_text(LOG.format("UNKNOWN", AT + 3600, AT + 3600))
    assert read(form, path, zone=read_zone("Europe/Berlin"))[0] == NINA
    with pytest.raises(SourceSchemaError, match="add --zone"):
        read(form, path)


def test_a_zone_is_of_times_that_name_none(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        f"artist,track,date\nNina Simone,Feeling Good,2023-01-31 14:05:09\nNina Simone,Feeling Good,{ISO}\n"
    )
    assert read(FORMATS["lastfm"], path, zone=read_zone("+02:00")) == [NINA, NINA]
    summer = datetime(2023, 7, 1, 12, tzinfo=UTC).astimezone(read_zone("Europe/Berlin"))
    assert summer.hour == 14
    assert read_zone("utc") is UTC


@pytest.mark.parametrize(
    "name", ["", "Nowhere", "../../etc/passwd", "Europe", "+25:00", "CEST-ish", "a" * 300]
)
def test_a_zone_that_is_unknown_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="give a name such as Europe/Berlin, or an offset"):
        read_zone(name)


def test_a_file_of_another_format_is_recognised(tmp_path: Path) -> None:
    row = {"timeMs": AT * 1000, "artist": "Nina Simone", "track": "Feeling Good", "event": "scrobble"}
    log = tmp_path / "renamed.csv"
    log.write_text(LOG.format("UTC", AT, AT))
    files = {
        "spotify": write_json(tmp_path / "a.txt", [extended(ISO, "A", "B")]),
        "youtube-music": write_json(tmp_path / "b.txt", [watched("Watched Feeling Good")]),
        "pano-scrobbler": write_lines(tmp_path / "c", [row]),
        "rockbox": log,
    }
    for name, path in files.items():
        (part,) = find_parts([(path.name, path)], ())
        assert [form.name for form in recognise(part, FORMATS.values())] == [name]


def test_every_format_has_a_line_in_the_documentation() -> None:
    docs = Path("docs/import.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `segue import (\S+)` \| (.+) \| (.+) \|$", docs, re.MULTILINE)
    assert told == [(form.name, form.title, form.files) for form in FORMATS.values()]
    with pytest.raises(InvalidInputError, match="must be one of apple-music, "):
        find_format("napster")


ODD = [
    None, True, False, -1, 0.1, 1e308, float("nan"), 10**30, "", "\0", "\ud800", "x" * 600, "9" * 30, [],
    "NaN", [[]], [None], {}, {"name": 1}, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "٢٠٢٣-01-31T10:00:00Z",
]  # fmt: skip
ROWS = {
    "spotify": extended(ISO, "A", "B"),
    "listenbrainz": listenbrainz(AT, "A", "B", isrc="x", spotify_id="y", recording_mbid="z"),
    "youtube-music": watched("Watched Feeling Good"),
    "lastfmstats": {"track": "A", "artist": "B", "album": "C", "date": AT},
    "maloja": {
        "time": AT,
        "track": {"artists": ["A"], "title": "B", "album": {"albumtitle": "C"}},
        "duration": 1,
    },
    "pano-scrobbler": {"timeMs": AT, "artist": "A", "track": "B", "album": "C", "event": "scrobble"},
}


def fields(row: dict[str, Any], *path: str) -> Iterator[tuple[str, ...]]:
    """Every field of an object, and of the objects in it."""
    for name, value in row.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from fields(value, *path, name)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_whatever_a_field_holds_costs_its_own_row_at_most(tmp_path: Path, name: str, odd: object) -> None:
    rows = []
    for path in fields(ROWS[name]):
        rows.append(copy.deepcopy(ROWS[name]))
        holder = rows[-1]
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = odd
    found = read(FORMATS[name], write_json(tmp_path / "x.json", [ROWS[name], *rows]))
    assert len(found) == 1 + len(rows)
    assert listens(found[:1])


def test_a_file_with_too_much_damage_is_left(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" + json.dumps(extended(ISO, "A", "B")) + "," + '{"k":[0,' * 130_000)
    rows = []
    with pytest.raises(SourceSchemaError, match="more than 1000 of its rows are damaged"):
        rows += read(FORMATS["spotify"], path)
