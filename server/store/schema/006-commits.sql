-- The repository's history as far as it was read, to tell which files a task will touch
-- (server/store/commits.h). It can be made anew from the repository at any time.
CREATE TABLE commit_read (
	oid   TEXT    PRIMARY KEY,
	at_ms INTEGER NOT NULL,                 -- when it was committed
	terms BLOB    NOT NULL,                 -- the words of its message (domain/memory/terms.h)
	files TEXT    NOT NULL                  -- what it changed, one path a line
) STRICT, WITHOUT ROWID;
CREATE INDEX commit_by_time ON commit_read (at_ms);
CREATE TABLE commit_state (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	head  TEXT    NOT NULL,                 -- all before this one was read
	whole INTEGER NOT NULL                  -- ... or, when 0, the newest of it
) STRICT;
-- Estimates are learned from tasks that ended after this (server/store/finished.h).
CREATE TABLE estimate_reset (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	at_ms INTEGER NOT NULL
) STRICT;
