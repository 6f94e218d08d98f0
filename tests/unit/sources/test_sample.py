"""The sample store: whole, deterministic, consistent, and with the structure it promises."""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from segue.domain.genre_preference.features import customer_features, favourite_genre
from segue.errors import InvalidInputError, SourceError
from segue.sources.sample import database, parameter
from segue.sources.sample import store as generator
from segue.sources.sample.info import GENERATOR_VERSION, SampleInfo, describe
from segue.sources.sample.store import generate
from segue.sources.store import open_store
from training.genre_preference.evaluation import better_than
from training.genre_preference.examples import split_by_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMERS, TRACKS = 400, 1500
CHINOOK = {
    "artist": "artist_id name",
    "album": "album_id title artist_id",
    "genre": "genre_id name",
    "media_type": "media_type_id name",
    "track": "track_id name album_id media_type_id genre_id composer milliseconds bytes unit_price",
    "employee": "employee_id last_name first_name title reports_to birth_date hire_date address city state "
    "country postal_code phone fax email",
    "customer": "customer_id first_name last_name company address city state country postal_code phone fax "
    "email support_rep_id",
    "invoice": "invoice_id customer_id invoice_date billing_address billing_city billing_state "
    "billing_country billing_postal_code total",
    "invoice_line": "invoice_line_id invoice_id track_id unit_price quantity",
    "playlist": "playlist_id name",
    "playlist_track": "playlist_id track_id",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, customers=CUSTOMERS, tracks=TRACKS)
    return folder


@pytest.fixture
def store(out: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(out / "store.sqlite")) as connection:
        yield connection


def truth(out: Path, name: str) -> Any:
    return np.load(out / "truth" / f"{name}.npy", allow_pickle=False)


def column(store: sqlite3.Connection, query: str) -> Any:
    return np.array([row[0] for row in store.execute(query)])


def plays(store: sqlite3.Connection) -> Any:
    """Which tracks each listener played, int64 (CUSTOMERS, TRACKS), 0 or 1."""
    pairs = store.execute("SELECT user_id - 1, track_id - 1 FROM interaction WHERE event = 'play'").fetchall()
    played = np.zeros((CUSTOMERS, TRACKS), np.int64)
    played[tuple(np.array(pairs).T)] = 1
    return played


def contents(out: Path) -> dict[str, str]:
    """Digest of every file, the database by its dump."""
    files = {path.name: path.read_bytes() for path in (out / "truth").iterdir()}
    with closing(sqlite3.connect(out / "store.sqlite")) as connection:
        files["dump"] = "\n".join(connection.iterdump()).encode()
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_the_same_seed_makes_the_same_store_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        generate(tmp_path / name, seed=seed, customers=30, tracks=80)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    other = contents(tmp_path / "c")
    assert all(contents(tmp_path / "a")[name] != other[name] for name in ("dump", "track_trait.npy"))


def test_it_has_chinooks_columns(store: sqlite3.Connection) -> None:
    for table, columns in CHINOOK.items():
        found = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
        assert found == columns.split(), table


def test_every_reference_leads_somewhere(store: sqlite3.Connection) -> None:
    assert store.execute("PRAGMA foreign_key_check").fetchall() == []
    assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    unmatched = """SELECT COUNT(*) FROM track WHERE NOT EXISTS (
        SELECT 1 FROM track_genre AS g WHERE g.track_id = track.track_id AND g.genre_id = track.genre_id)"""
    assert store.execute(unmatched).fetchone() == (0,)
    asymmetric = "SELECT user_id, friend_id FROM friend EXCEPT SELECT friend_id, user_id FROM friend"
    assert store.execute(asymmetric).fetchall() == []
    assert store.execute("SELECT COUNT(*) FROM friend WHERE user_id = friend_id").fetchone() == (0,)


def test_sizes_and_names(store: sqlite3.Connection) -> None:
    counts = [
        store.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in ("customer", "track", "genre")
    ]
    assert counts == [CUSTOMERS, TRACKS, 25]
    duplicates = "SELECT name FROM artist GROUP BY name HAVING COUNT(*) > 1"
    assert store.execute(duplicates).fetchall() == []
    assert store.execute("SELECT COUNT(*) FROM customer WHERE email NOT LIKE '%@example.com'").fetchone() == (
        0,
    )


def test_invoices_and_purchase_interactions_tell_the_same(store: sqlite3.Connection) -> None:
    lines = store.execute("""SELECT i.customer_id, l.track_id, i.invoice_date FROM invoice AS i
        JOIN invoice_line AS l USING (invoice_id) ORDER BY 1, 2, 3""").fetchall()
    bought = store.execute("""SELECT user_id, track_id, at FROM interaction WHERE event = 'purchase'
        ORDER BY 1, 2, 3""").fetchall()
    assert lines == bought
    assert len(lines) > 20 * CUSTOMERS
    assert len({line[:2] for line in lines}) == len(lines), "a track was sold twice to a customer"
    wrong = """SELECT invoice_id FROM invoice JOIN invoice_line USING (invoice_id) GROUP BY invoice_id
        HAVING ABS(total - SUM(unit_price * quantity)) > 0.001"""
    assert store.execute(wrong).fetchall() == []
    strange = """SELECT COUNT(*) FROM invoice_line AS l JOIN track USING (track_id)
        WHERE l.unit_price <> track.unit_price OR l.unit_price NOT IN (0.99, 1.29)"""
    assert store.execute(strange).fetchone() == (0,)


def test_interactions_are_in_the_two_years_after_release_and_one_session_at_a_time(
    store: sqlite3.Connection,
) -> None:
    first, last = store.execute("SELECT MIN(at), MAX(at) FROM interaction").fetchone()
    assert str(parameter.START).replace("T", " ") <= first < last < str(parameter.END).replace("T", " ")
    early = """SELECT COUNT(*) FROM interaction AS i JOIN track_feature AS f USING (track_id)
        WHERE i.at < f.release_date"""
    assert store.execute(early).fetchone() == (0,)
    shared = "SELECT session_id FROM interaction GROUP BY session_id HAVING COUNT(DISTINCT user_id) > 1"
    assert store.execute(shared).fetchall() == []
    mixed = "SELECT session_id FROM interaction GROUP BY session_id HAVING COUNT(DISTINCT context) > 1"
    assert store.execute(mixed).fetchall() == []
    overlapping = """SELECT COUNT(*) FROM (SELECT at, ms_played, LEAD(at) OVER (
        PARTITION BY user_id ORDER BY at, interaction_id) AS next FROM interaction
        WHERE event IN ('play', 'skip'))
        WHERE STRFTIME('%s', next) - STRFTIME('%s', at) < ms_played / 1000"""
    assert store.execute(overlapping).fetchone() == (0,)


def test_events_are_the_promised_ones_and_only_listening_has_a_length(store: sqlite3.Connection) -> None:
    events = dict(store.execute("SELECT event, COUNT(ms_played) FROM interaction GROUP BY event"))
    assert set(events) == {"play", "skip", "like", "dislike", "save", "purchase"}
    assert {event for event, lengths in events.items() if lengths} == {"play", "skip"}
    assert store.execute("SELECT MAX(ms_played) FROM interaction WHERE event = 'skip'").fetchone()[0] < 30_000
    past_end = (
        """SELECT COUNT(*) FROM interaction JOIN track USING (track_id) WHERE ms_played > milliseconds"""
    )
    assert store.execute(past_end).fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [(name, 0, 1) for name in ("danceability", "energy", "speechiness", "acousticness", "valence")]
    + [(name, 0, 1) for name in ("instrumentalness", "liveness", "mode", "explicit")]
    + [("loudness", -50, 0), ("tempo", 45, 220), ("key", 0, 11), ("popularity", 0, 100)]
    + [("time_signature", 1, 5), ("duration_ms", 45_000, 1_200_000)],
)
def test_audio_features_are_in_range_and_vary(
    store: sqlite3.Connection, name: str, low: float, high: float
) -> None:
    values = column(store, f'SELECT "{name}" FROM track_feature')
    assert low <= values.min() < values.max() <= high


def test_tracks_of_an_artist_and_of_an_album_sound_alike(out: Path) -> None:
    trait, artist, album = (truth(out, f"track_{name}") for name in ("trait", "artist", "album"))
    one, other = np.triu_indices(len(artist), 1)
    similarity = (trait[one] * trait[other]).mean(axis=1)
    same_artist, same_album = artist[one] == artist[other], album[one] == album[other]
    strangers = similarity[~same_artist].mean()
    assert similarity[same_album].mean() > similarity[same_artist & ~same_album].mean() + 0.1
    assert similarity[same_artist & ~same_album].mean() > strangers + 0.2
    assert abs(strangers) < 0.05


def test_genres_differ_in_sound(store: sqlite3.Connection) -> None:
    energy = dict(
        store.execute("""SELECT genre.name, AVG(energy) FROM track_feature JOIN track USING (track_id)
        JOIN genre USING (genre_id) GROUP BY 1""")
    )
    assert energy["Metal"] > energy["Pop"] > energy["Classical"]


def test_friends_are_more_alike_than_strangers(out: Path) -> None:
    taste, pairs = truth(out, "listener_taste_start"), truth(out, "friend_pairs")
    unit = taste / np.linalg.norm(taste, axis=1, keepdims=True)
    friends = (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1).mean()
    everyone = (unit @ unit.T)[np.triu_indices(CUSTOMERS, 1)].mean()
    assert friends > 1.5 * everyone


def test_friends_play_more_of_the_same_tracks_than_strangers_of_the_same_taste(
    out: Path, store: sqlite3.Connection
) -> None:
    taste, pairs = truth(out, "listener_taste_start"), truth(out, "friend_pairs")
    unit = taste / np.linalg.norm(taste, axis=1, keepdims=True)
    alike = unit @ unit.T
    friends = np.eye(CUSTOMERS, dtype=bool)
    friends[tuple(pairs.T)] = friends[tuple(pairs.T[::-1])] = True
    one, friend = pairs.T
    # The stranger is no friend of the one, and as near to the one's taste as the friend is.
    gap = np.abs(alike[one] - alike[one, friend][:, None])
    gap[friends[one]] = np.inf
    stranger = gap.argmin(axis=1)
    assert np.median(gap.min(axis=1)) < 0.01
    shared = plays(store) @ plays(store).T
    assert shared[one, friend].mean() > 1.1 * shared[one, stranger].mean()


def test_what_friends_passed_on_was_liked_by_one_and_reached_by_the_other_soon_after(
    out: Path, store: sqlite3.Connection
) -> None:
    passed_on = truth(out, "passed_on")
    assert len(passed_on) > CUSTOMERS
    assert len(np.unique(passed_on[:, 1:], axis=0)) == len(passed_on)
    pairs = {frozenset(pair) for pair in truth(out, "friend_pairs").tolist()}
    assert {frozenset(pair) for pair in passed_on[:, :2].tolist()} <= pairs
    store.execute("CREATE TEMP TABLE told (friend, listener, track)")
    store.executemany("INSERT INTO told VALUES (?, ?, ?)", (passed_on + 1).tolist())
    late = """SELECT COUNT(*) FROM told WHERE NOT EXISTS (
        SELECT 1 FROM interaction AS l JOIN interaction AS h USING (track_id)
        WHERE l.track_id = track AND l.user_id = friend AND l.event IN ('like', 'save')
        AND h.user_id = listener AND h.event IN ('play', 'skip')
        AND JULIANDAY(h.at) - JULIANDAY(l.at) BETWEEN 0 AND 61)"""
    store.execute("CREATE INDEX temp.told_by ON told (track)")
    assert store.execute(late).fetchone() == (0,)


def test_themes_cross_genres_and_bring_listeners_together_whom_no_taste_does(
    out: Path, store: sqlite3.Connection
) -> None:
    genre, taste = truth(out, "track_genre"), truth(out, "listener_taste_start")
    tracks, listeners = truth(out, "theme_tracks"), truth(out, "theme_listeners")
    names = json.loads((out / "truth" / "truth.json").read_text())["themes"]
    played = plays(store)
    assert np.array_equal(np.unique(tracks[:, 0]), np.arange(len(names)))
    for theme in range(len(names)):
        own = tracks[tracks[:, 0] == theme, 1]
        follows = np.isin(np.arange(CUSTOMERS), listeners[listeners[:, 1] == theme, 0])
        share = played[:, own].sum(axis=1) / played.sum(axis=1)
        assert len(np.unique(genre[own])) == 5, names[theme]
        assert share[follows].mean() > 1.5 * share[~follows].mean(), names[theme]
        # A listener's taste for the theme's genres says next to nothing of who follows it.
        wanted = taste[:, np.unique(genre[own])].sum(axis=1)
        assert abs(wanted[follows].mean() - wanted[~follows].mean()) < 0.15, names[theme]


def test_shared_tracks_add_listens_and_no_purchases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = "SELECT * FROM interaction"
    tables = (
        "invoice",
        "invoice_line",
        "interaction WHERE event = 'purchase'",
        "customer",
        "track",
        "friend",
    )
    paths = [generate(tmp_path / "shared", seed=5, customers=60, tracks=300)]
    alone = functools.partial(parameter.Params, pass_on=0.0, theme_followers=0.0)
    monkeypatch.setattr(generator, "Params", alone)
    paths.append(generate(tmp_path / "alone", seed=5, customers=60, tracks=300))
    with closing(sqlite3.connect(paths[0])) as shared, closing(sqlite3.connect(paths[1])) as by_themselves:
        for table in tables:
            rows = by_themselves.execute(f"SELECT * FROM {table}").fetchall()
            assert rows
            assert rows == shared.execute(f"SELECT * FROM {table}").fetchall(), table
        few, all_of_it = by_themselves.execute(everything).fetchall(), shared.execute(everything).fetchall()
    assert all_of_it[: len(few)] == few
    assert 1.05 * len(few) < len(all_of_it) < 1.4 * len(few)


def test_listeners_react_once_to_a_track(store: sqlite3.Connection) -> None:
    twice = """SELECT user_id, track_id, event FROM interaction WHERE event NOT IN ('play', 'skip')
        GROUP BY 1, 2, 3 HAVING COUNT(*) > 1"""
    assert store.execute(twice).fetchall() == []


def test_what_is_played_follows_the_true_taste(out: Path, store: sqlite3.Connection) -> None:
    start, end = truth(out, "listener_taste_start"), truth(out, "listener_taste_end")
    assert np.allclose(start.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(end.sum(axis=1), 1, atol=1e-5)
    plays = np.array(
        store.execute("""SELECT user_id - 1, genre_id - 1, at > '2025-01-01' FROM interaction
        JOIN track USING (track_id) WHERE event = 'play'""").fetchall()
    )
    early, late = plays[plays[:, 2] == 0], plays[plays[:, 2] == 1]
    drift = end - start
    assert drift[late[:, 0], late[:, 1]].mean() > drift[early[:, 0], early[:, 1]].mean() + 0.05
    assert start[early[:, 0], early[:, 1]].mean() > 3 / 25


def test_popularity_has_a_long_tail_and_buyers_differ(store: sqlite3.Connection) -> None:
    plays = np.sort(column(store, "SELECT COUNT(*) FROM interaction WHERE event = 'play' GROUP BY track_id"))
    assert plays[-TRACKS // 10 :].sum() > 0.3 * plays.sum()
    bought = column(
        store,
        """SELECT COUNT(invoice_line_id) FROM customer LEFT JOIN invoice USING (customer_id)
        LEFT JOIN invoice_line USING (invoice_id) GROUP BY customer_id""",
    )
    assert 0.0 < (bought == 0).mean() < 0.04
    assert np.quantile(bought, 0.95) > 5 * np.quantile(bought, 0.05)


def test_likes_come_from_better_tracks_than_skips(out: Path, store: sqlite3.Connection) -> None:
    quality = truth(out, "track_quality")
    liked, skipped = (
        quality[column(store, f"SELECT track_id FROM interaction WHERE event = '{event}'") - 1].mean()
        for event in ("like", "skip")
    )
    assert liked > skipped + 0.1


def test_mornings_and_workouts_sound_different(store: sqlite3.Connection) -> None:
    energy = dict(
        store.execute("""SELECT context, AVG(energy) FROM interaction JOIN track_feature USING (track_id)
        WHERE event = 'play' GROUP BY context""")
    )
    assert energy["workout"] > energy["morning"] > energy["night"]


def test_a_forest_beats_both_baselines_on_the_next_favourite(tmp_path: Path) -> None:
    path = generate(tmp_path, customers=1200, tracks=2500)
    split = split_by_time(open_store(str(path)).read_purchases())
    train, test = split.train[-1], split.test
    genres = train.history.genres
    forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
    forest.fit(customer_features(train.history, genres), train.label)
    answer = forest.predict(customer_features(test.history, genres))
    own = favourite_genre(test.history)
    common = np.full(len(own), np.bincount(train.label).argmax())
    better_baseline = max((own == test.label).mean(), (common == test.label).mean())
    assert better_baseline + 0.04 < (answer == test.label).mean() < 0.75
    assert better_than(answer, own, test.label) < 0.01
    assert better_than(answer, common, test.label) < 0.01


@pytest.mark.parametrize(("customers", "tracks"), [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_tiny_stores_are_whole(tmp_path: Path, customers: int, tracks: int) -> None:
    path = generate(tmp_path, customers=customers, tracks=tracks)
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store.execute("SELECT COUNT(*) FROM interaction").fetchone()[0] > 0
        assert store.execute("SELECT COUNT(*) FROM customer").fetchone() == (customers,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("customers", value) for value in (0, 100_001, True)],
        *[("tracks", value) for value in (-1, 200_001, 1.5)],
        *[("seed", value) for value in (-1, 2**63, "7")],
    ],
)
def test_a_bad_number_is_named_with_its_range(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=rf"{name} is .*{value}.*from \d+ to \d+"):
        generate(tmp_path / "out", **{name: value})
    assert not (tmp_path / "out").exists()


def test_a_file_where_the_folder_should_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(InvalidInputError, match=r"cannot be written to .*taken.*--out"):
            generate(out, customers=1, tracks=1)
    assert (tmp_path / "taken").read_text() == "mine"


def test_describe_identifies_the_store(tmp_path: Path) -> None:
    assert describe(tmp_path) is None
    path = generate(tmp_path, seed=5, customers=3, tracks=4)
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert describe(tmp_path) == SampleInfo(5, 3, 4, GENERATOR_VERSION, digest)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["store.sqlite", "truth"]


def test_describe_finds_nothing_in_a_half_or_outdated_store(tmp_path: Path) -> None:
    path = generate(tmp_path, customers=3, tracks=4)
    summary = tmp_path / "truth" / "truth.json"
    good = summary.read_text()
    for bad in ("", "[]", "{}", json.dumps(json.loads(good) | {"generator_version": 0})):
        summary.write_text(bad)
        assert describe(tmp_path) is None, bad
    summary.write_text(good)
    assert describe(tmp_path) is not None
    path.unlink()
    assert describe(tmp_path) is None


def test_a_failure_keeps_the_old_store_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path, seed=1, customers=3, tracks=4)
    before = contents(tmp_path)
    monkeypatch.setattr(database, "INDEXES", "CREATE INDEX broken ON nothing (at);")
    with pytest.raises(SourceError, match="not finished"):
        generate(tmp_path, seed=2, customers=3, tracks=4)
    assert contents(tmp_path) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["store.sqlite", "truth"]


def test_a_new_store_replaces_the_old_and_progress_grows_to_one(tmp_path: Path) -> None:
    generate(tmp_path, seed=1, customers=3, tracks=4)
    (tmp_path / "store.sqlite-wal").write_bytes(b"of the old store")
    seen: list[float] = []
    generate(tmp_path, seed=2, customers=3, tracks=4, progress=lambda _stage, share: seen.append(share))
    found = describe(tmp_path)
    assert found is not None
    assert found.seed == 2
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert not (tmp_path / "store.sqlite-wal").exists()
