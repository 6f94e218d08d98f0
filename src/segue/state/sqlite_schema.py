"""The tables of the SQLite state; instants are ISO 8601 in UTC to the microsecond, which sort as text."""

SCHEMA = """
PRAGMA journal_mode = WAL; -- readers do not wait for a writer
CREATE TABLE listening_event (
  user_id TEXT NOT NULL, event_id TEXT NOT NULL, at TEXT NOT NULL, track_id TEXT NOT NULL,
  kind TEXT NOT NULL, ms_played INTEGER, context TEXT NOT NULL, count REAL NOT NULL,
  PRIMARY KEY (user_id, event_id)) WITHOUT ROWID;
-- With all columns: a history is read from the index alone, without a look at the table for each event.
CREATE INDEX listening_event_recency ON listening_event
 (user_id, at, event_id, track_id, kind, ms_played, context, count);
"""
VERSION = 2
UPGRADE = f"""
BEGIN IMMEDIATE;
-- The last opinion of each track: a listener with a hundred thousand is read as fast as any other.
CREATE TABLE IF NOT EXISTS opinion (
  user_id TEXT NOT NULL, track_id TEXT NOT NULL, at TEXT NOT NULL, event_id TEXT NOT NULL,
  PRIMARY KEY (user_id, track_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS opinion_recency ON opinion (user_id, at, event_id);
-- A trigger, as only the table knows which events are new: a repeated id changes no opinion.
CREATE TRIGGER IF NOT EXISTS listening_event_opinion_last AFTER INSERT ON listening_event
 WHEN new.kind IN ('like', 'dislike') BEGIN
  INSERT INTO opinion VALUES (new.user_id, new.track_id, new.at, new.event_id)
   ON CONFLICT DO UPDATE SET at = excluded.at, event_id = excluded.event_id
   WHERE (excluded.at, excluded.event_id) > (at, event_id);
 END;
INSERT OR IGNORE INTO opinion SELECT user_id, track_id, at, event_id FROM listening_event
 WHERE kind IN ('like', 'dislike') ORDER BY at DESC, event_id DESC;
DROP INDEX IF EXISTS listening_event_opinion;

CREATE TABLE IF NOT EXISTS exclusion_event (
  user_id TEXT NOT NULL, event_id TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  target TEXT NOT NULL, value TEXT NOT NULL, about TEXT NOT NULL,
  PRIMARY KEY (user_id, event_id)) WITHOUT ROWID;
-- The last statement about each target; one that undoes another stays, as an older one may come later.
CREATE TABLE IF NOT EXISTS exclusion (
  user_id TEXT NOT NULL, about TEXT NOT NULL, at TEXT NOT NULL, event_id TEXT NOT NULL,
  kind TEXT NOT NULL, target TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (user_id, about)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exclusion_held ON exclusion (user_id, at, event_id, kind, target, value)
 WHERE kind IN ('block', 'ignore');
CREATE TRIGGER IF NOT EXISTS exclusion_event_last AFTER INSERT ON exclusion_event BEGIN
  INSERT INTO exclusion VALUES
   (new.user_id, new.about, new.at, new.event_id, new.kind, new.target, new.value)
   ON CONFLICT DO UPDATE SET at = excluded.at, event_id = excluded.event_id, kind = excluded.kind,
    target = excluded.target, value = excluded.value
   WHERE (excluded.at, excluded.event_id) > (at, event_id);
 END;

CREATE TABLE IF NOT EXISTS answer_event (
  user_id TEXT NOT NULL, event_id TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  track_id TEXT NOT NULL, request_id TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (user_id, event_id)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
COMMIT;
"""
"""Brings a file of an earlier release up to date; two connections that do so at once do no harm."""
