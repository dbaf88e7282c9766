-- What agents ask and what was answered (server/store/questions.h).
CREATE TABLE question (
	id        TEXT    PRIMARY KEY,
	kind      TEXT    NOT NULL CHECK (kind IN ('question', 'approval')),
	agent     TEXT    NOT NULL,             -- who asks
	run_id    TEXT,
	task_id   TEXT,
	text      TEXT    NOT NULL,
	options   TEXT    NOT NULL,             -- JSON array of texts
	state     TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'approved', 'denied',
		'timed_out', 'withdrawn')),
	answer    TEXT,
	responder TEXT,
	made_ms   INTEGER NOT NULL,
	until_ms  INTEGER,                      -- NULL: waits for ever
	ended_ms  INTEGER
) STRICT;
CREATE INDEX question_by_state ON question (state, made_ms);
-- Shared notes of a run, every version of them (server/store/boards.h).
CREATE TABLE board (
	run_id   TEXT    NOT NULL,              -- '' for the project's own
	name     TEXT    NOT NULL,
	version  INTEGER NOT NULL,              -- from 1
	author   TEXT    NOT NULL,
	content  TEXT    NOT NULL,
	made_ms  INTEGER NOT NULL,
	PRIMARY KEY (run_id, name, version)
) STRICT, WITHOUT ROWID;
-- How each agent that was ever started fares (server/store/lives.h).
CREATE TABLE agent (
	name     TEXT    PRIMARY KEY,
	state    TEXT    NOT NULL CHECK (state IN ('registered', 'starting', 'ready', 'busy', 'waiting',
		'stopping', 'stopped', 'failed')),
	cause    TEXT,                          -- of the state, in words
	since_ms INTEGER NOT NULL,              -- in this state
	beat_ms  INTEGER,                       -- when it was last seen alive
	pid      INTEGER,                       -- of the newest process at work
	active   INTEGER NOT NULL DEFAULT 0,    -- processes at work
	failures INTEGER NOT NULL DEFAULT 0,    -- in a row
	again_ms INTEGER,                       -- failed: when it is started anew; NULL: it is not
	alone    INTEGER NOT NULL DEFAULT 0     -- 1: it runs by itself, no event starts it
) STRICT;
