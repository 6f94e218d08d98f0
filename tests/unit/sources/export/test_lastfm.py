"""Scrobbles in the columns of many exporters."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.lastfm import read_row, read_rows
from segue.sources.export.left_out import BadRow
from segue.sources.export.listen import Format, Listen
from segue.sources.export.text import read_lines
from tests.unit.sources.export.exports import listens, read

if TYPE_CHECKING:
    from pathlib import Path

AT = 1675166700  # 2023-01-31 12:05
MBID = "c7d0bf6e-b2aa-4ffa-bded-2448415b39b0"
ONE = ("Nina Simone", "Feeling Good", "I Put a Spell on You")
TWO = ("Queen", "Don't Stop Me Now, Please", "Jazz")


GHAN = """"1675166700","31 Jan 2023, 12:05","Nina Simone","","I Put a Spell on You","","Feeling Good",""
"1675166760","31 Jan 2023, 12:06","Queen","","Jazz","","Don't Stop Me Now, Please",""
"""
EXPORTS = {
    # artist, album, track, date; no header
    "lastfm-to-csv": """Nina Simone,I Put a Spell on You,Feeling Good,31 Jan 2023 12:05
Queen,Jazz,"Don't Stop Me Now, Please",31 Jan 2023 12:06
""",
    "ghan": f"uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n{GHAN}",
    "ghan-bare": GHAN,
    "lastfmstats": """Artist;Album;AlbumId;Track;Date#someone
"Nina Simone";"I Put a Spell on You";"";"Feeling Good";"1675166700000"
"Queen";"Jazz";"";"Don't Stop Me Now, Please";"1675166760000"
""",
    # with what stands above its header
    "librefm": """+ACM- Data export from Libre.fm,,,
+ACM- 2025+AC0-07+AC0-23 15:05:47 +AC0-0400,,,
+ACM- host.example,,,
Artist,Track,Album,Time
Nina Simone,Feeling Good,I Put a Spell on You,1675166700
Queen,"Don't Stop Me Now, Please",Jazz,1675166760
""",
    # time, track, artist, album, ids, between tabs; no header
    "lastexport": f"1675166700\tFeeling Good\tNina Simone\tI Put a Spell on You\t{MBID}\t{MBID}\t\n"
    f"1675166760\tDon't Stop Me Now, Please\tQueen\tJazz\t{MBID}\t{MBID}\t\n",
    # Last.fm's own
    "archive": "ISO time\tunixtime\ttrack name\ttrack mbid\tartist name\tartist mbid\talbum name\t\n"
    "2023-01-31T12:05:00\t1675166700\tFeeling Good\t\tNina Simone\t\tI Put a Spell on You\t\n"
    "2023-01-31T12:06:00\t1675166760\tDon't Stop Me Now, Please\t\tQueen\t\tJazz\t\n",
    "bom": "\ufeffTitle,Artist,Album,Played at\r\n"
    "Feeling Good,Nina Simone,I Put a Spell on You,2023-01-31 12:05:00\r\n"
    '"Don\'t Stop Me Now, Please",Queen,Jazz,2023-01-31 12:06:00\r\n',
}


@pytest.mark.parametrize("text", EXPORTS.values(), ids=EXPORTS)
def test_every_exporter_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scrobbles.csv"
    path.write_bytes(text.encode())
    found = read(Format.LASTFM, path)
    assert [(row.artist, row.title, row.album) for row in listens(found)] == [ONE, TWO]
    assert [row.at_s for row in listens(found)] == [AT, AT + 60]
    assert len(found) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Artist,Track,Time\nNina Simone,Feeling Good,1675166700\n",
        "Nina Simone,Feeling Good,31 Jan 2023 12:05\n",
        "2023-01-31,12:05:00,Nina Simone,Feeling Good\n",
        "Date,Time,Artist,Track\n2023-01-31,12:05:00,Nina Simone,Feeling Good\n",
        "# my scrobbles\n# of today\nNina Simone,Feeling Good,1675166700\n",
    ],
)
def test_there_need_be_no_album(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    (found,) = read(Format.LASTFM, path)
    assert isinstance(found, Listen)
    assert (found.artist, found.title, found.album, found.at_s) == (*ONE[:2], "", AT)


def test_without_a_header_the_album_is_the_column_with_gaps_or_fewer_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("".join(f"A,track {n},{'' if n % 3 else 'album'},{AT + n}\n" for n in range(9)))
    assert {row.title for row in listens(read(Format.LASTFM, path))} == {f"track {n}" for n in range(9)}
    path.write_text("".join(f"A,track {n},album,{AT + n}\n" for n in range(9)))
    assert {row.album for row in listens(read(Format.LASTFM, path))} == {"album"}


def test_minutes_and_ids_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"artist,track,date,track_mbid\nA,B,31 Jan 2023 12:05,{MBID}\n")
    assert read(Format.LASTFM, path) == [Listen("A", "B", "", AT, to_the_minute=True, ids=(MBID,))]


def test_libre_fm_s_utf_7_is_read_and_a_plus_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "+ACM- Data export from Libre.fm,,,\nArtist,Track,Album,Time\n"
        f"Bj+APY-rk,J+APM-ga,Debut,{AT}\nFlorence + The Machine,A+B,+44-,{AT}\n"
    )
    one, two = listens(read(Format.LASTFM, path))
    assert (one.artist, one.title) == ("Björk", "Jóga")
    assert (two.artist, two.title, two.album) == ("Florence + The Machine", "A+B", "+44-")


def test_bad_rows_are_named_by_line_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "artist,track,album,date\n"
        f"A,B,C,{AT}\n"
        ",B,C,1675166700\n"
        "A,B,C,\n"
        "A,B\n"
        'A,"never closed,C,1675166700\n'
        f'"A","two\nlines","C",{AT}\n'
        f'A,12" Mix,C,{AT}\n'
        "A,B,C,soon\n"
        f"A,B,C,{AT},\n"
    )
    found = read(Format.LASTFM, path)
    assert [row.title for row in listens(found)] == ["B", '"never closed', "two\nlines", '12" Mix', "B"]
    bad = [(row.place, row.why) for row in found if isinstance(row, BadRow)]
    assert [place for place, _ in bad] == ["line 3", "line 4", "line 5", "line 10"]
    assert "artist or track is missing" in bad[0][1]
    assert "was playing when the export was made" in bad[1][1]
    assert "2 cells" in bad[2][1]
    assert "'soon'" in bad[3][1]


def test_a_line_that_was_not_read_whole_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"artist,track,date\n{'x' * 5_000_000}\nA\nA,B,{AT}\n")
    long, short, listen = read(Format.LASTFM, path)
    assert long == BadRow("x.csv", "line 2", "the line has more than 65536 characters: it was not read whole")
    assert short == BadRow("x.csv", "line 3", "it has 1 cell, too few")
    assert listens([listen])


@pytest.mark.parametrize(
    "text", ["<html><body>\n", "a,b,c\nd,e,f\n", "one\ntwo\n", '{"a": 1}', "# by whom\n# when\n"]
)
def test_a_file_that_says_nothing_says_what_to_add(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(SourceSchemaError, match="Artist,Album,Track,Date"):
        read(Format.LASTFM, path)


def test_carriage_returns_end_rows_or_cost_their_own(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(f"artist,album,track,uts\nSome\rArtist,X,Y,{AT}\nA,B,C,{AT}\n".encode())
    damaged, listen = read(Format.LASTFM, path)
    assert damaged == BadRow(
        "x.csv",
        "line 2",
        "a carriage return stands in the middle of the line: end every row in the same way",
    )
    assert [each.artist for each in listens([listen])] == ["A"]
    path.write_bytes(f'artist,album,track,uts\r"Some\rArtist",X,Y,{AT}\rA,B,C,{AT}\r'.encode())
    assert [each.artist for each in listens(read(Format.LASTFM, path))] == ["Some\nArtist", "A"]
    path.write_bytes(f'artist,album,track,uts\n"Some\rArtist",X,Y,{AT}\r\nA,B,C,{AT}\n'.encode())
    assert [each.artist for each in listens(read(Format.LASTFM, path))] == ["Some\rArtist", "A"]


@given(st.text(st.sampled_from("ab,;\t\"\r\n\0|'é1 "), max_size=80))
def test_no_text_ends_in_anything_but_rows_or_a_word_about_the_file(text: str) -> None:
    body = f"artist,album,track,uts\n{text}\nA,B,C,{AT}\n"
    rows = list(read_rows(read_lines(iter([body]))))
    for _, row, columns in rows:
        with contextlib.suppress(InvalidInputError):
            read_row(row, columns)
    assert rows


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n \n")
    with pytest.raises(SourceSchemaError, match="it is empty"):
        read(Format.LASTFM, path)


def test_a_header_without_rows_says_so_if_the_file_was_named(tmp_path: Path) -> None:
    path = tmp_path / "found" / "x.csv"
    path.parent.mkdir()
    path.write_text("artist,track,date\n")
    with pytest.raises(SourceSchemaError, match="it holds no listens: give a CSV"):
        read(Format.LASTFM, path)
    assert read(Format.LASTFM, path.parent) == []
