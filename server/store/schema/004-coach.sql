-- What the coach found, once for each thing it is about, and the issue that became of it.
CREATE TABLE coach_issue (
	fingerprint TEXT    PRIMARY KEY,
	code        TEXT    NOT NULL,
	severity    TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
	title       TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('drafted', 'posted', 'closed')),
	path        TEXT    NOT NULL,           -- of the draft, below the project's state folder
	link        TEXT,                       -- as the command that posted it printed it
	source      TEXT    NOT NULL CHECK (source IN ('run', 'session')), -- where such a thing is found
	made_ms     INTEGER NOT NULL,
	seen_ms     INTEGER NOT NULL,           -- when it was last found
	clean       INTEGER NOT NULL DEFAULT 0  -- runs or sessions looked at since without finding it
) STRICT;
-- The runs and sessions that were looked at; looking again is no news.
CREATE TABLE coach_looked (
	subject     TEXT    PRIMARY KEY,        -- run:ID or session:NAME
	at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- In which of them it was found.
CREATE TABLE coach_seen (
	fingerprint TEXT    NOT NULL REFERENCES coach_issue (fingerprint) ON DELETE CASCADE,
	subject     TEXT    NOT NULL REFERENCES coach_looked (subject) ON DELETE CASCADE,
	PRIMARY KEY (fingerprint, subject)
) STRICT, WITHOUT ROWID;
-- The memory that holds the lesson of a finding, as it is now.
CREATE TABLE coach_lesson (
	fingerprint TEXT    PRIMARY KEY,
	memory      TEXT    NOT NULL,           -- its id
	source      TEXT    NOT NULL CHECK (source IN ('run', 'session')),
	clean       INTEGER NOT NULL DEFAULT 0  -- runs or sessions looked at since without finding it
) STRICT, WITHOUT ROWID;
-- How far sessions were read that are watched, and what was told of them.
CREATE TABLE coach_watch (
	path       TEXT    PRIMARY KEY,         -- of the session's main file, or PLACE#ID
	stamp      TEXT    NOT NULL,            -- of its files: when it is the same nothing has changed
	offset     INTEGER NOT NULL,            -- of the next line
	line       INTEGER NOT NULL,            -- lines before it
	time_ms    INTEGER,                     -- the last time that a line told
	state      BLOB,                        -- the session so far (domain/coach/keep.h)
	told       TEXT    NOT NULL             -- fingerprints of what was told, with blanks between
) STRICT, WITHOUT ROWID;
CREATE INDEX coach_seen_by_subject ON coach_seen (subject);
