"""Tables as people publish and export them become tracks with their own ids, titles and genres."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.domain.catalogue.track_match import name_id
from segue.errors import SourceSchemaError
from segue.sources.dataset import Effect, read_catalogue, read_interactions
from segue.sources.dataset.features import read_features
from tests.unit.sources.dataset.test_catalogue import audio, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_a_track_column_with_an_artist_column_holds_titles(tmp_path: Path) -> None:
    catalogue, account = read(tmp_path, "Track,Artist,Album\nHoudini,Eminem,X\nHoudini,Dua Lipa,Y\n")
    found = {catalogue.artists.of(row): (catalogue.name[row], catalogue.album[row]) for row in range(2)}
    assert found == {("Eminem",): ("Houdini", "X"), ("Dua Lipa",): ("Houdini", "Y")}
    assert set(catalogue.vocabulary.item_id) == {name_id("Eminem", "Houdini"), name_id("Dua Lipa", "Houdini")}
    assert told(account, Effect.KEPT) == {("Track", "no column of ids: one is made from artist and title"): 2}


@pytest.mark.parametrize("name", ["track", "Song", "title", "Track.Name", "song_name"])
def test_a_made_id_is_the_same_in_every_table(tmp_path: Path, name: str) -> None:
    """Also a spelling of the artist, and an event, come to the same id."""
    catalogue, _ = read(tmp_path, f"artist,{name}\nRøyksopp,Eple\n")
    again, _ = read(tmp_path, f"energy,{name},Artist Name(s)\n0.5,EPLE,Royksopp\n")
    assert catalogue.vocabulary.item_id.tolist() == again.vocabulary.item_id.tolist()
    events = tmp_path / "events.csv"
    events.write_text(f"user_id,artist,{name}\nu,Royksopp,Eple\n", encoding="utf-8")
    assert read_interactions(events)[0].items.item_id.tolist() == catalogue.vocabulary.item_id.tolist()


def test_the_id_is_the_isrc_where_there_is_one(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "track,artist,isrc\nOne,A,USRC17607839\nTwo,A,\n,,\n")
    assert set(catalogue.vocabulary.item_id) == {"USRC17607839", name_id("A", "Two")}


def test_files_with_and_without_ids_are_one_catalogue(tmp_path: Path) -> None:
    """Also where an id is empty in a row of one file, and in a table of events."""
    without, spotify = tmp_path / "a.csv", tmp_path / "b.csv"
    without.write_text("Track Name,Artist Name(s)\nHello,Adele\nHurt,Cash\n", encoding="utf-8")
    ids = "spotify:track:4uLU6hMCjMI75M1A2tKUQC"
    spotify.write_text(f"Track URI,Track Name,Artist Name(s)\n{ids},A,X\n,B,X\n,,X\n", encoding="utf-8")
    catalogue, account = read_catalogue([without, spotify])
    made = {name_id("Adele", "Hello"), name_id("Cash", "Hurt"), name_id("X", "B")}
    assert set(catalogue.vocabulary.item_id) == {"4uLU6hMCjMI75M1A2tKUQC", *made}
    assert told(account, Effect.KEPT) == {
        ("Track URI", "the row has no id: one is made from artist and title"): 3
    }
    assert told(account, Effect.DROPPED) == {("Track URI", "no id, and not both artist and title"): 1}
    events = tmp_path / "events.csv"
    events.write_text("user_id,track_id,artist,title\nu,,Adele,Hello\nu,7,,\n", encoding="utf-8")
    assert set(read_interactions(events)[0].items.item_id) == {name_id("Adele", "Hello"), "7"}


def test_recordings_with_codes_of_their_own_are_no_copies(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "track,artist,isrc\nOne,A,USRC17607839\nOne,A,USRC17607840\n")
    assert catalogue.vocabulary.item_id.tolist() == ["USRC17607839", "USRC17607840"]


@pytest.mark.parametrize(
    ("text", "ids", "names"),
    [
        ("track,artist\n6rqhFgbbKwnb9MLmUQDhG6,A\n0VjIjW4GlUZAMYd2vXMi3b,B\n", "06", ["", ""]),
        ("track,artist\n17,A\n18,B\n", "11", ["", ""]),
        ("track,title,artist\n17,x,A\n18,y,B\n", "11", ["x", "y"]),
        ("track,title\na,x\n", "a", ["x"]),
    ],
)
def test_a_track_column_without_titles_holds_ids(
    tmp_path: Path, text: str, ids: str, names: list[str]
) -> None:
    catalogue, _ = read(tmp_path, text)
    assert "".join(each[0] for each in catalogue.vocabulary.item_id) == ids
    assert list(catalogue.name) == names


def test_a_title_alone_makes_no_id(tmp_path: Path) -> None:
    with pytest.raises(
        SourceSchemaError, match=r"no column track_id .* and no artist and title to make ids from"
    ):
        read(tmp_path, "title,energy\nx,0.5\n")


def test_places_on_albums_are_not_ids(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "album,track,title,artist\nX,1,One,A\nX,2,Two,A\nY,1,Three,A\n")
    assert sorted(catalogue.name) == ["One", "Three", "Two"]
    assert catalogue.low_level_names == ()


def test_an_id_with_several_titles_is_refused_or_later_rows_are_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match="id 1 is 'A' in one row and 'B' in row 2"):
        read(tmp_path, "id,title\n1,A\n1,B\n")
    many = "".join(f"{row},Song {row}\n" for row in range(200))
    catalogue, account = read(tmp_path, f"id,title\n{many}7,Another\n8,Song 8 - Remastered 2011\n")
    assert len(catalogue) == 200
    assert catalogue.name[int(catalogue.vocabulary.index_of(["7"])[0])] == "Song 7"
    assert told(account, Effect.DROPPED) == {("id", "an earlier row gives the id to another title"): 1}


@pytest.mark.parametrize(
    "text",
    [
        "id,artist,album\nHello,Adele,25\nHello,Lionel Richie,X\n",
        "uri,title,artist\nHello,Hello,Adele\nHello,Hello,Lionel Richie\n",
    ],
)
def test_an_id_of_several_artists_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceSchemaError, match="Hello is 'Adele' in one row and 'Lionel Richie' in row 2"):
        read(tmp_path, text)


def test_few_ids_of_several_artists_lose_the_later_row(tmp_path: Path) -> None:
    many = "".join(f"{row},Song {row},Artist {row}\n" for row in range(200))
    catalogue, account = read(tmp_path, f"id,title,artist\n{many}7,Song 7,Another\n")
    assert catalogue.artists.of(int(catalogue.vocabulary.index_of(["7"])[0])) == ("Artist 7",)
    assert told(account, Effect.DROPPED) == {("id", "an earlier row gives the id to another artist"): 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Miles Davis;Bill Evans", "Bill Evans"),
        ("['A', 'B']", "['B', 'A', 'C']"),
        ("Latto feat. Jung Kook", "Jung Kook & Latto"),
        ("Santana (feat. Rob Thomas)", "Rob Thomas"),
        ("Røyksopp", "ROYKSOPP"),
        ("Various Artists", "Adele"),
        ("NA", "Adele"),
    ],
)
def test_credits_that_share_an_artist_are_one_track(tmp_path: Path, one: str, other: str) -> None:
    catalogue, account = read(tmp_path, f'id,title,artist\n1,x,"{one}"\n1,x,"{other}"\n')
    assert len(catalogue) == 1
    assert account.count(Effect.DROPPED) == 0


def test_numbers_called_track_are_reported_as_ids(tmp_path: Path) -> None:
    _, account = read(tmp_path, "track,artist\n1979,Smashing Pumpkins\n1999,Prince\n")
    assert told(account, Effect.KEPT) == {("track", "all cells look like ids: they are not titles"): 2}


def test_spotify_2023_is_read(tmp_path: Path) -> None:
    """No ids, Latin-1, percent, and columns that count playlists, charts and streams."""
    path = tmp_path / "spotify-2023.csv"
    path.write_bytes(
        "track_name,artist(s)_name,artist_count,released_year,released_month,released_day,"
        "in_spotify_playlists,in_spotify_charts,streams,in_deezer_playlists,in_shazam_charts,bpm,key,mode,"
        "danceability_%,valence_%,energy_%,acousticness_%,instrumentalness_%,liveness_%,speechiness_%\n"
        'Seven (feat. Latto),"Latto, Jung Kook",2,2023,7,14,553,147,141381703,45,826,125,B,Major,'
        "80,89,83,31,0,8,4\n"
        "LALA,Myke Towers,1,2023,3,23,1474,48,133716286,58,382,92,C#,Major,71,61,74,7,1,10,100\n"
        "Señorita,Shawn Mendes,1,2019,6,19,1,1,1,1,1,117,A,Minor,76,75,55,4,0,8,3\n".encode("latin-1")
    )
    catalogue, account = read_catalogue(path)
    assert sorted(catalogue.name) == ["LALA", "Seven (feat. Latto)", "Señorita"]
    order = np.argsort(list(catalogue.name))
    assert [catalogue.artists.of(row) for row in order] == [
        ("Myke Towers",), ("Latto, Jung Kook",), ("Shawn Mendes",)
    ]  # fmt: skip
    assert catalogue.low_level_names == ()
    assert [audio(catalogue, "danceability")[row] for row in order] == [0.71, 0.8, 0.76]
    assert [audio(catalogue, "instrumentalness")[row] for row in order] == [0.01, 0, 0]
    assert [audio(catalogue, "speechiness")[row] for row in order] == [1, 0.04, 0.03]
    assert [audio(catalogue, "tempo")[row] for row in order] == [92, 125, 117]
    assert catalogue.release_date[order].astype("datetime64[Y]").astype(int).tolist() == [53, 53, 49]
    assert account.count(Effect.BLANKED) == 0


def test_top10s_is_read(tmp_path: Path) -> None:
    catalogue, account = read(
        tmp_path,
        '"",title,artist,top genre,year,bpm,nrgy,dnce,dB,live,val,dur,acous,spch,pop\n'
        '1,"Hey, Soul Sister",Train,neo mellow,2010,97,89,67,-4,8,80,217,19,4,83\n'
        "2,TiK ToK,Kesha,dance pop,2010,120,84,76,-3,29,71,200,0,1,80\n",
    )
    first = list(catalogue.name).index("Hey, Soul Sister")
    assert catalogue.genres.of(first) == ("neo mellow",)
    assert (catalogue.duration_s[first], catalogue.popularity[first]) == (217, 83)
    assert catalogue.audio[first].tolist() == pytest.approx(
        [0.67, 0.89, np.nan, -4, np.nan, 0.04, 0.19, np.nan, 0.08, 0.8, 97, np.nan], nan_ok=True
    )
    assert audio(catalogue, "speechiness")[1 - first] == 0.01
    assert told(account, Effect.IGNORED) == {("without a name", "numbers or names the rows"): 1}


def test_an_exportify_playlist_is_read(tmp_path: Path) -> None:
    catalogue, _ = read(
        tmp_path,
        "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Genres,"
        "Danceability,Loudness,Tempo\n"
        'spotify:track:6rqhFgbbKwnb9MLmUQDhG6,So What,Kind of Blue,"Miles Davis;Bill Evans",1959-08-17,'
        '545000,60,"bebop,cool jazz,jazz",0.5,-16.6,136.8\n',
    )
    assert catalogue.genres.of(0) == ("bebop", "cool jazz", "jazz")
    assert catalogue.artists.of(0) == ("Miles Davis", "Bill Evans")
    assert catalogue.duration_s.tolist() == [545]


def test_genres_of_every_column_are_joined(tmp_path: Path) -> None:
    catalogue, account = read(
        tmp_path,
        "track_id,track_name,track_artist,track_popularity,playlist_genre,playlist_subgenre,artist_genres\n"
        "a,x,\"Tyler, The Creator\",50,rap,southern hip hop,\"['hip hop', 'rap']\"\n"
        "a,x,\"Tyler, The Creator\",50,pop,dance pop,\"['hip hop', 'rap']\"\n",
    )
    assert catalogue.artists.of(0) == ("Tyler, The Creator",)
    assert catalogue.genres.of(0) == ("hip hop", "rap", "pop", "southern hip hop", "dance pop")
    assert account.count(Effect.IGNORED) == 0


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("genre_1,genre_2", "rock,pop"),
        ("genre1,Genre 2", "rock,pop"),
        ("genres_list", "\"['rock', 'pop']\""),
        ("tags", "rock;pop"),
        ("main_genre,secondaryGenre", "rock,pop"),
        ("Style,artist_genre_3", "rock,pop"),
        ("genre,primary_genre", "rock,pop"),
    ],
)
def test_genres_are_read_by_a_rule_of_names(tmp_path: Path, header: str, cells: str) -> None:
    catalogue, account = read(tmp_path, f"id,{header},genre_id,tag_count\na,{cells},9,8\n")
    assert catalogue.genres.of(0) == ("rock", "pop")
    assert {column for column, _ in told(account, Effect.IGNORED)} == {"genre_id", "tag_count"}


@pytest.mark.parametrize(
    ("header", "cells", "values"),
    [
        ("acousticness", [94, 1, 0], [0.94, 0.01, 0]),
        ("acousticness", [0.94, 1, 0], [0.94, 1, 0]),
        ("acousticness", [1, 0, 1], [1, 0, 1]),
        ("acousticness_%", [1, 0, 1], [0.01, 0, 0.01]),
        ("Acousticness (%)", [50.5, 0.5, 7], [0.505, 0.005, 0.07]),
        ("acousticness", [94, 101, 50], [0.94, None, 0.5]),
        ("acousticness", [0.94, 94, 0.5], [None, None, None]),
        ("acousticness", [94, 94.5, "?"], [0.94, 0.945, None]),
        ("acousticness", ["94%", "0.5 %", "0"], [0.94, 0.005, 0]),
        ("acousticness", ["0.5%", "0.94%"], [0.005, 0.0094]),
        ("acousticness", ["94%", "0.5"], [None, None]),
    ],
)
def test_the_unit_of_shares_is_one_of_a_whole_column(
    tmp_path: Path, header: str, cells: list[object], values: list[float | None]
) -> None:
    rows = "".join(f"{row},{cell}\n" for row, cell in enumerate(cells))
    catalogue, account = read(tmp_path, f"id,{header}\n{rows}")
    assert audio(catalogue, "acousticness") == values
    changed = [reason for _, reason in told(account, Effect.CHANGED) if "divided" in reason]
    assert bool(changed) == (
        0.01 in values or (0.94 in values[:1] and cells[0] == 94) or 0.505 in values or 0.005 in values
    )


def test_a_decimal_comma_is_one_of_a_whole_column(tmp_path: Path) -> None:
    catalogue, account = read(
        tmp_path,
        "id;singer;energy;tempo;loudness;popularity;mfcc;count of plays\n"
        "1;A;0,87;120,125;-7,5;50%;1,5;1,000\n2;B;1;99;-10;7;-,25;2\n3;C;87,5%;?;-6.5;x;1;3\n",
    )
    assert [catalogue.artists.of(row) for row in range(3)] == [("A",), ("B",), ("C",)]
    assert catalogue.low_level_names == ("mfcc",)
    assert catalogue.low_level.ravel().tolist() == [1.5, -0.25, 1]
    assert audio(catalogue, "tempo") == [None, 99, None]  # 120 125 or 120.125: nobody can tell
    assert audio(catalogue, "loudness") == [None, -10, -6.5]
    assert catalogue.popularity[:2].tolist() == [50, 7]
    assert ("mfcc", "has a decimal comma or a percent sign") in told(account, Effect.CHANGED)
    catalogue, _ = read(tmp_path, "id;energy;duration\n1;0,87;217,5\n2;0,5;200,25\n")
    assert audio(catalogue, "energy") == [0.87, 0.5]
    assert catalogue.duration_s.tolist() == [217.5, 200.25]


def test_a_column_that_leaves_its_unit_open_follows_the_others(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "id,energy,instrumentalness,liveness\n1,80,1,0.5\n2,90,0,30\n")
    assert audio(catalogue, "instrumentalness") == [0.01, 0]
    assert audio(catalogue, "liveness") == [0.005, 0.3]


@pytest.mark.parametrize(
    ("header", "cells", "seconds"),
    [
        ("duration", ["217", "200"], [217, 200]),
        ("duration", ["217000", "200000"], [217, 200]),
        ("Length (Duration)", ["3:37", "1:03:20"], [217, 3800]),
        ("Duration (ms)", ["217000", "200000"], [217, 200]),
    ],
)
def test_the_unit_of_a_duration_is_one_of_a_whole_column(
    tmp_path: Path, header: str, cells: list[str], seconds: list[float]
) -> None:
    rows = "".join(f"{row},{cell}\n" for row, cell in enumerate(cells))
    catalogue, _ = read(tmp_path, f"id,{header}\n{rows}")
    assert catalogue.duration_s.tolist() == seconds


def test_numbers_that_are_not_of_the_sound_are_no_features(tmp_path: Path) -> None:
    names = "target,track_number,artist_followers,streams,released_day,discNumber,chart_weeks,mfcc_1,rms_mean"
    catalogue, account = read(tmp_path, f"id,{names}\na,1,2,3,4,5,6,7,8,9\nb,2,3,4,5,6,7,8,9,1\n")
    assert catalogue.low_level_names == ("mfcc_1", "rms_mean")
    assert len(told(account, Effect.IGNORED)) == 7


def test_a_database_with_text_of_old_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE track (track_id INTEGER, name TEXT, artist TEXT, genre_1 TEXT)")
        database.execute("INSERT INTO track VALUES (1, 'Zo\u00eb', 'A', 'rock')")
        old = "Beyonc\u00e9".encode("cp1252")
        database.execute("INSERT INTO track VALUES (2, 'x', CAST(? AS TEXT), 'pop')", [old])
        database.commit()
    catalogue, account = read_catalogue(path)
    assert list(catalogue.name) == ["Zo\u00eb", "x"]
    assert [catalogue.artists.of(row) for row in range(2)] == [("A",), ("Beyonc\u00e9",)]
    assert [catalogue.genres.of(row) for row in range(2)] == [("rock",), ("pop",)]
    assert told(account, Effect.CHANGED) == {("", "text is not UTF-8 and was read as Windows-1252"): 1}


def test_a_message_names_every_column_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE invoice (invoice_id INTEGER); "
            "CREATE TABLE invoice_line (invoice_id INTEGER, track_id)"
        )
    with pytest.raises(SourceSchemaError, match="table invoice, has no column user_id") as error:
        read_interactions(path)
    assert str(error.value).count("customer_id") == 1


def test_whole_numbers_are_one_id_however_they_were_saved(tmp_path: Path) -> None:
    catalogue, _ = read(tmp_path, "track_id,title\n1.0,x\n2.0,y\n10.00,z\n?,w\n")
    assert catalogue.vocabulary.item_id.tolist() == ["1", "10", "2"]
    events = tmp_path / "events.csv"
    events.write_text("user_id,track_id\n7.0,2\n7,1.0\n", encoding="utf-8")
    interactions, _ = read_interactions(events)
    assert interactions.users.item_id.tolist() == ["7"]
    assert interactions.items.item_id.tolist() == ["1", "2"]
    names, _ = read(tmp_path, "track_id\n1.0\nv1.1\n")
    assert names.vocabulary.item_id.tolist() == ["1", "v1.1"]


def test_a_table_of_features_without_ids_has_those_of_its_titles(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    path.write_text("artist,song,mfcc\nA,x,1\nB,x,2\n", encoding="utf-8")
    table, _ = read_features(path)
    assert set(table.vocabulary.item_id) == {name_id("A", "x"), name_id("B", "x")}
