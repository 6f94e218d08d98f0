"""A small store for SQLite and PostgreSQL alike: Chinook's tables, and those that may stand beside them."""

CHINOOK = """
CREATE TABLE Artist (ArtistId INTEGER PRIMARY KEY, Name TEXT);
CREATE TABLE Album (AlbumId INTEGER PRIMARY KEY, Title TEXT, ArtistId INTEGER);
CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, Name TEXT);
CREATE TABLE Track (TrackId INTEGER PRIMARY KEY, Name TEXT, AlbumId INTEGER, GenreId INTEGER, Composer TEXT,
    Milliseconds INTEGER, UnitPrice NUMERIC);
CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY, CustomerId INTEGER, InvoiceDate TEXT);
CREATE TABLE InvoiceLine (InvoiceLineId INTEGER, InvoiceId INTEGER, TrackId INTEGER, Quantity INTEGER);
INSERT INTO Artist VALUES (1, 'AC;DC'), (2, NULL);
INSERT INTO Album VALUES (1, 'High', 1), (2, 'Low', 2);
INSERT INTO Genre VALUES (1, 'Rock'), (2, 'Jazz');
INSERT INTO Track VALUES (1, 'One', 1, 1, 'c', 1500, 1), (2, 'Two', 2, 2, NULL, 0, 1);
INSERT INTO Track VALUES (10, 'Ten', NULL, NULL, NULL, NULL, 1);
INSERT INTO Invoice VALUES (1, 7, '2021-01-01 00:00:00'), (2, 8, '0000-00-00');
INSERT INTO InvoiceLine VALUES (1, 1, 1, 2), (2, 1, 2, 1), (3, 2, 10, 1), (4, 2, 1, -1), (5, 99, 1, 1);
"""
MORE = """
CREATE TABLE track_features (
    track_id INTEGER, danceability REAL, "key" INTEGER, duration_ms INTEGER, sheen REAL);
CREATE TABLE track_genre (track_id INTEGER, genre_id INTEGER);
CREATE TABLE artist_genre (artist_id INTEGER, genre_id INTEGER);
CREATE TABLE friendS (user_id INTEGER, friend_id INTEGER);
CREATE TABLE interactions (
    id INTEGER, user_id INTEGER, track_id INTEGER, event TEXT, at TEXT, ms_played INTEGER);
INSERT INTO track_features VALUES (1, 0.5, 11, 9000, 0.25), (10, 7, -1, NULL, 0.5);
INSERT INTO track_genre VALUES (1, 2), (1, 1), (10, 2);
INSERT INTO artist_genre VALUES (2, 1);
INSERT INTO friendS VALUES (7, 8), (8, 7), (7, 7), (9, 7), (9, 7);
INSERT INTO interactions VALUES (1, 7, 1, 'purchase', '2021-01-01 00:00:00', NULL);
INSERT INTO interactions VALUES (2, 9, 2, 'play', NULL, 1000);
"""
