"""Scrobbles in the columns of many exporters."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.left_out import BadRow
from segue.sources.export.listen import Listen
from segue.sources.export.service import FORMATS
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
    found = read(FORMATS["lastfm"], path)
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
    (found,) = read(FORMATS["lastfm"], path)
    assert isinstance(found, Listen)
    assert (found.artist, found.title, found.album, found.at_s) == (*ONE[:2], "", AT)


def test_without_a_header_the_album_is_the_column_with_gaps_or_fewer_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("".join(f"A,track {n},{'' if n % 3 else 'album'},{AT + n}\n" for n in range(9)))
    assert {row.title for row in listens(read(FORMATS["lastfm"], path))} == {f"track {n}" for n in range(9)}
    path.write_text("".join(f"A,track {n},album,{AT + n}\n" for n in range(9)))
    assert {row.album for row in listens(read(FORMATS["lastfm"], path))} == {"album"}


def test_missing_seconds_and_ids_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"artist,track,date,track_mbid\nA,B,31 Jan 2023 12:05,{MBID}\n")
    assert read(FORMATS["lastfm"], path) == [Listen("A", "B", "", AT, to_the_minute=True, ids=(MBID,))]


def test_libre_fm_s_utf_7_is_read_and_a_plus_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "+ACM- Data export from Libre.fm,,,\nArtist,Track,Album,Time\n"
        f"Bj+APY-rk,J+APM-ga,Debut,{AT}\nFlorence + The Machine,A+B,+44-,{AT}\n"
    )
    one, two = listens(read(FORMATS["lastfm"], path))
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
    found = read(FORMATS["lastfm"], path)
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
    long, short, listen = read(FORMATS["lastfm"], path)
    assert long == BadRow(
        "x.csv", "line 2", "the line has more than 65536 characters: only its beginning was read"
    )
    assert short == BadRow("x.csv", "line 3", "it has 1 cell, too few")
    assert listens([listen])


@pytest.mark.parametrize(
    "text", ["<html><body>\n", "a,b,c\nd,e,f\n", "one\ntwo\n", '{"a": 1}', "# by whom\n# when\n"]
)
def test_a_file_without_recognisable_columns_asks_for_a_header(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(SourceSchemaError, match="Artist,Album,Track,Date"):
        read(FORMATS["lastfm"], path)


@pytest.mark.parametrize(
    "text",
    [
        "2024-10-09 13:01:55,MIDDLE,MONSTA X,166213\n2024-10-09 13:04:42,Houdini,Dua Lipa,185917\n",
        "166213,MIDDLE,MONSTA X,2024-10-09 13:01:55\n185917,Houdini,Dua Lipa,2024-10-09 13:04:42\n",
        "Houdini,Dua Lipa,3:05,2024-10-09 13:04:42\nMIDDLE,MONSTA X,2:46,2024-10-09 13:01:55\n",
        "".join(f"2024-10-09 13:{n:02}:55,Title {n},{'AB'[n % 2]}\n" for n in range(20)),
    ],
)
def test_ambiguous_columns_need_a_header(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(
        SourceSchemaError, match="add a header as the first line, such as Artist,Album,Track,Date"
    ):
        read(FORMATS["lastfm"], path)


def test_carriage_returns_end_rows_or_cost_their_own(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(f"artist,album,track,uts\nSome\rArtist,X,Y,{AT}\nA,B,C,{AT}\n".encode())
    damaged, listen = read(FORMATS["lastfm"], path)
    assert damaged == BadRow(
        "x.csv",
        "line 2",
        "the line contains a carriage return: end every row in the same way",
    )
    assert [each.artist for each in listens([listen])] == ["A"]
    path.write_bytes(f'artist,album,track,uts\r"Some\rArtist",X,Y,{AT}\rA,B,C,{AT}\r'.encode())
    assert [each.artist for each in listens(read(FORMATS["lastfm"], path))] == ["Some\nArtist", "A"]
    path.write_bytes(f'artist,album,track,uts\n"Some\rArtist",X,Y,{AT}\r\nA,B,C,{AT}\n'.encode())
    assert [each.artist for each in listens(read(FORMATS["lastfm"], path))] == ["Some\rArtist", "A"]


@given(st.text(st.sampled_from("ab,;\t\"\r\n\0|'é1 "), max_size=80))
def test_no_text_ends_in_anything_but_rows_or_a_word_about_the_file(text: str) -> None:
    body = f"artist,album,track,uts\n{text}\nA,B,C,{AT}\n"
    with contextlib.suppress(SourceSchemaError):
        for _, make in FORMATS["lastfm"].rows(iter([body]), None):
            with contextlib.suppress(InvalidInputError):
                make()


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n \n")
    with pytest.raises(SourceSchemaError, match="it is empty"):
        read(FORMATS["lastfm"], path)


def test_a_header_without_rows_says_so_if_the_file_was_named(tmp_path: Path) -> None:
    path = tmp_path / "found" / "x.csv"
    path.parent.mkdir()
    path.write_text("artist,track,date\n")
    with pytest.raises(SourceSchemaError, match="it holds no listens: give a CSV"):
        read(FORMATS["lastfm"], path)
    assert read(FORMATS["lastfm"], path.parent) == []
