-- What the coach found, once for each thing it is about, and the issue that became of it.
CREATE TABLE coach_issue (
	fingerprint TEXT    PRIMARY KEY,
	code        TEXT    NOT NULL,
	severity    TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
	title       TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('drafted', 'posted', 'closed')),
	path        TEXT    NOT NULL,           -- of the draft, below the project's state folder
	link        TEXT,                       -- as the command that posted it printed it
	made_ms     INTEGER NOT NULL,
	seen_ms     INTEGER NOT NULL,           -- when it was last found
	clean       INTEGER NOT NULL DEFAULT 0  -- how often it was looked for since and not found
) STRICT;
-- In which runs and sessions it was found; the same one twice is once.
CREATE TABLE coach_seen (
	fingerprint TEXT    NOT NULL REFERENCES coach_issue (fingerprint) ON DELETE CASCADE,
	subject     TEXT    NOT NULL,           -- run:ID or session:NAME
	at_ms       INTEGER NOT NULL,
	PRIMARY KEY (fingerprint, subject)
) STRICT, WITHOUT ROWID;
