"""The join of Last.fm-2k with Spotify's tracks, on a few rows of each."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.errors import SourceUnavailableError
from segue.sources.dataset import Effect, read_catalogue, read_friends, read_interactions
from segue.sources.dataset.lastfm2k.join import (
    LASTFM,
    SPOTIFY,
    find_files,
    import_joined,
    is_there,
    join_lastfm2k,
)

TABLES = {
    f"{LASTFM}/artists.dat": """id|name|url
1|Beyonce|x
2|Beatles, The|x
3|Nobody|x
4|Various Artists|x
5|BEYONCÉ feat. Jay-Z|x
""",
    f"{LASTFM}/user_artists.dat": """userID|artistID|weight
2|1|100
2|5|11
2|3|50
3|2|7
4|3|1
4|4|9
""",
    f"{LASTFM}/user_taggedartists.dat": """userID|artistID|tagID|day|month|year
2|1|1|1|4|2009
2|1|2|1|4|2009
2|2|1|1|1|1956
2|3|1|1|1|2009
""",
    f"{LASTFM}/user_friends.dat": "userID|friendID\n2|3\n3|2\n3|4\n",
    f"{SPOTIFY}/dataset.csv": """track_id,artists,track_name,popularity,tempo
t1,Beyoncé,Halo,80,80
t2,Jay-Z;Beyoncé,Crazy,90,99
t3,The Beatles,Help!,70,0
t4,Various Artists,Hits,1,90
""",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("|", "\t"), encoding="utf-8")
    return tmp_path / "data"


def quiet(_stage: str, _share: float) -> None:
    """Show no progress."""


def test_plays_tags_and_friends_are_joined_and_accounted_for(data: Path) -> None:
    joined = join_lastfm2k(find_files(data), 7, quiet)
    events = joined.interactions
    assert events.users.item_id.tolist() == ["2", "3"]
    assert events.items.item_id.tolist() == ["t1", "t2", "t3"]
    plays = events.kind == EVENT_KINDS.index(EventKind.PLAY)
    per_user = np.bincount(events.user_index[plays], events.count[plays])
    assert per_user.tolist() == [111, 7]
    assert np.isnat(events.at[plays]).all()
    (like,) = np.flatnonzero(events.kind == EVENT_KINDS.index(EventKind.LIKE))
    assert (str(events.at[like]), events.item_index[like]) == ("2009-04-01T00:00:00", 0)
    (save,) = np.flatnonzero(events.kind == EVENT_KINDS.index(EventKind.SAVE))
    assert np.isnat(events.at[save])
    assert events.items.item_id[events.item_index[save]] == "t3"
    assert joined.friends.users.item_id.tolist() == ["2", "3", "4"]
    assert len(joined.catalogue) == 4
    told = {
        (found.effect, found.reason): found.count for account in joined.accounts for found in account.findings
    }
    assert told[Effect.DROPPED, "artist has no track"] == 1
    assert told[Effect.DROPPED, "stands for no artist in particular"] == 1
    assert told[Effect.MERGED, "is another spelling of an artist before"] == 1
    assert told[Effect.DROPPED, "plays of artists without tracks: 60 of 178 plays"] == 3
    assert told[Effect.DROPPED, "listener none of whose played artists has tracks"] == 1
    assert told[Effect.DROPPED, "tag of an artist without tracks"] == 1
    assert told[Effect.MERGED, "further tag of one listener, artist and day"] == 1
    assert told[Effect.BLANKED, "no date, or before Last.fm had tags"] == 1


def test_a_second_import_is_known_and_another_seed_is_not(data: Path, tmp_path: Path) -> None:
    files, out = find_files(data), tmp_path / "out"
    assert not is_there(out, files, 7)
    import_joined(files, out, 7, quiet)
    assert is_there(out, files, 7)
    assert not is_there(out, files, 8)
    once = {path.name: path.read_bytes() for path in out.iterdir()}
    import_joined(files, out, 7, quiet)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == once
    (out / "friends.parquet").unlink()
    assert not is_there(out, files, 7)
    with files["user_friends"].open("a", encoding="utf-8") as file:
        file.write("4\t2\n")
    import_joined(files, out, 7, quiet)
    assert len(read_friends(out)[0].friend_index) == 6
    assert len(read_catalogue(out)[0]) == 4
    assert read_interactions(out)[1].count(Effect.DROPPED) == 0


@pytest.mark.parametrize("missing", [f"{LASTFM}/user_friends.dat", f"{SPOTIFY}/dataset.csv"])
def test_a_missing_table_is_named_with_its_place(data: Path, missing: str) -> None:
    (data / missing).unlink()
    with pytest.raises(SourceUnavailableError, match="user_friends" if LASTFM in missing else "0 tables"):
        find_files(data)


@pytest.mark.realdata
@pytest.mark.skipif(
    "SEGUE_DATA_DIR" not in os.environ,
    reason="SEGUE_DATA_DIR does not name the folder of the public data sets",
)
def test_the_real_listeners_are_joined_as_documented() -> None:
    joined = join_lastfm2k(find_files(Path(os.environ["SEGUE_DATA_DIR"])), 7, quiet)
    events = joined.interactions
    assert (len(joined.catalogue), len(events.users), len(events.items)) == (89_741, 1_883, 21_602)
    plays = events.kind == EVENT_KINDS.index(EventKind.PLAY)
    assert events.count[plays].sum(dtype=np.float64) == 69_183_975 - 21_980_619
    assert len(joined.friends.friend_index) == 25_434
