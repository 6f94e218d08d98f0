"""The tables of the store: Chinook's in snake case, then the additional ones of the sample."""

from __future__ import annotations

TABLES = """
CREATE TABLE artist (artist_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE album (
    album_id INTEGER PRIMARY KEY, title TEXT NOT NULL, artist_id INTEGER NOT NULL REFERENCES artist);
CREATE TABLE genre (genre_id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE media_type (media_type_id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE track (
    track_id INTEGER PRIMARY KEY, name TEXT NOT NULL, album_id INTEGER REFERENCES album,
    media_type_id INTEGER NOT NULL REFERENCES media_type, genre_id INTEGER REFERENCES genre,
    composer TEXT, milliseconds INTEGER NOT NULL, bytes INTEGER, unit_price NUMERIC(10,2) NOT NULL);
CREATE TABLE employee (
    employee_id INTEGER PRIMARY KEY, last_name TEXT NOT NULL, first_name TEXT NOT NULL, title TEXT,
    reports_to INTEGER REFERENCES employee, birth_date TEXT, hire_date TEXT, address TEXT, city TEXT,
    state TEXT, country TEXT, postal_code TEXT, phone TEXT, fax TEXT, email TEXT);
CREATE TABLE customer (
    customer_id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL, company TEXT,
    address TEXT, city TEXT, state TEXT, country TEXT, postal_code TEXT, phone TEXT, fax TEXT,
    email TEXT NOT NULL, support_rep_id INTEGER REFERENCES employee);
CREATE TABLE invoice (
    invoice_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer,
    invoice_date TEXT NOT NULL, billing_address TEXT, billing_city TEXT, billing_state TEXT,
    billing_country TEXT, billing_postal_code TEXT, total NUMERIC(10,2) NOT NULL);
CREATE TABLE invoice_line (
    invoice_line_id INTEGER PRIMARY KEY, invoice_id INTEGER NOT NULL REFERENCES invoice,
    track_id INTEGER NOT NULL REFERENCES track, unit_price NUMERIC(10,2) NOT NULL,
    quantity INTEGER NOT NULL);
CREATE TABLE playlist (playlist_id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE playlist_track (
    playlist_id INTEGER NOT NULL REFERENCES playlist, track_id INTEGER NOT NULL REFERENCES track,
    PRIMARY KEY (playlist_id, track_id)) WITHOUT ROWID;

CREATE TABLE track_feature (
    track_id INTEGER PRIMARY KEY REFERENCES track, release_date TEXT NOT NULL,
    popularity INTEGER NOT NULL, duration_ms INTEGER NOT NULL, explicit INTEGER NOT NULL,
    danceability REAL NOT NULL, energy REAL NOT NULL, "key" INTEGER NOT NULL, loudness REAL NOT NULL,
    mode INTEGER NOT NULL, speechiness REAL NOT NULL, acousticness REAL NOT NULL,
    instrumentalness REAL NOT NULL, liveness REAL NOT NULL, valence REAL NOT NULL, tempo REAL NOT NULL,
    time_signature INTEGER NOT NULL);
CREATE TABLE track_genre (
    track_id INTEGER NOT NULL REFERENCES track, genre_id INTEGER NOT NULL REFERENCES genre,
    PRIMARY KEY (track_id, genre_id)) WITHOUT ROWID;
CREATE TABLE artist_genre (
    artist_id INTEGER NOT NULL REFERENCES artist, genre_id INTEGER NOT NULL REFERENCES genre,
    PRIMARY KEY (artist_id, genre_id)) WITHOUT ROWID;
CREATE TABLE friend (
    user_id INTEGER NOT NULL REFERENCES customer, friend_id INTEGER NOT NULL REFERENCES customer,
    PRIMARY KEY (user_id, friend_id)) WITHOUT ROWID;
CREATE TABLE interaction (
    interaction_id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES customer,
    track_id INTEGER NOT NULL REFERENCES track, event TEXT NOT NULL, at TEXT NOT NULL,
    ms_played INTEGER, session_id INTEGER NOT NULL, context TEXT NOT NULL);
"""

INDEXES = """
CREATE INDEX album_artist ON album (artist_id);
CREATE INDEX track_album ON track (album_id);
CREATE INDEX track_of_genre ON track (genre_id);
CREATE INDEX track_media_type ON track (media_type_id);
CREATE INDEX employee_manager ON employee (reports_to);
CREATE INDEX customer_support_rep ON customer (support_rep_id);
CREATE INDEX invoice_customer ON invoice (customer_id);
CREATE INDEX invoice_line_invoice ON invoice_line (invoice_id);
CREATE INDEX invoice_line_track ON invoice_line (track_id);
CREATE INDEX playlist_track_track ON playlist_track (track_id);
CREATE INDEX track_genre_genre ON track_genre (genre_id);
CREATE INDEX interaction_user_at ON interaction (user_id, at);
ANALYZE;
"""

MEDIA_TYPES = ("MPEG audio file", "AAC audio file", "FLAC audio file")
