-- Memory: what was observed, about which entity, in which scope and session, and how entities relate
-- (server/store/memory.h, server/store/graph.h).
CREATE TABLE memory_scope (
	id   INTEGER PRIMARY KEY,
	kind TEXT    NOT NULL CHECK (kind IN ('agent', 'session', 'project', 'team', 'global')),
	key  TEXT    NOT NULL,                  -- the agent's, session's or team's name, the project's identity
	UNIQUE (kind, key)
) STRICT;
CREATE TABLE memory_session (
	id   INTEGER PRIMARY KEY,
	name TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TABLE entity (
	id      INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL,               -- as first written
	folded  TEXT    NOT NULL UNIQUE,        -- without case and marks
	type    TEXT,
	made_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE relation (
	id         INTEGER PRIMARY KEY,
	from_id    INTEGER NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
	to_id      INTEGER NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
	type       TEXT    NOT NULL,
	scope_id   INTEGER NOT NULL REFERENCES memory_scope (id),
	memory_id  INTEGER REFERENCES memory (id) ON DELETE SET NULL, -- the memory that said so
	made_ms    INTEGER NOT NULL,
	valid_from INTEGER,
	valid_to   INTEGER,                     -- when it ceased to be true
	expired_ms INTEGER,                     -- when it was forgotten
	change     INTEGER NOT NULL
) STRICT;
CREATE INDEX relation_by_ends ON relation (from_id, type, to_id);
CREATE INDEX relation_by_target ON relation (to_id);
CREATE INDEX relation_by_memory ON relation (memory_id) WHERE memory_id IS NOT NULL;
CREATE INDEX relation_by_change ON relation (change);
CREATE TABLE memory (
	id           INTEGER PRIMARY KEY,       -- order of arrival
	uid          TEXT    NOT NULL UNIQUE,   -- the id shown outside
	scope_id     INTEGER NOT NULL REFERENCES memory_scope (id),
	session_id   INTEGER REFERENCES memory_session (id),
	kind         TEXT    NOT NULL,
	entity_id    INTEGER REFERENCES entity (id),
	author       TEXT,
	origin       TEXT    NOT NULL CHECK (origin IN ('user', 'agent', 'run', 'tool', 'web', 'import')),
	run_id       TEXT,
	task_id      TEXT,                      -- of that run
	commit_oid   TEXT,
	hash         INTEGER NOT NULL,          -- of the folded text, its scope and entity
	importance   REAL    NOT NULL,          -- 0 to 1
	made_ms      INTEGER NOT NULL,          -- when it became known
	valid_from   INTEGER,                   -- when it began to be true, if that was told
	valid_to     INTEGER,                   -- when it ceased to be true
	expired_ms   INTEGER,                   -- when it was forgotten
	superseded_by INTEGER,
	seen         INTEGER NOT NULL,          -- how often it was told
	hits         INTEGER NOT NULL,          -- how often it was recalled
	last_hit_ms  INTEGER,
	change       INTEGER NOT NULL,          -- number of the last change of this row
	size         INTEGER NOT NULL,          -- bytes of the text
	terms        BLOB    NOT NULL           -- its words as numbers (domain/memory/terms.h)
) STRICT;
-- What is about one entity stands together, so a batch about a new one touches few pages.
CREATE INDEX memory_by_entity ON memory (entity_id, hash);
CREATE INDEX memory_by_change ON memory (change);
CREATE INDEX memory_by_use ON memory (last_hit_ms) WHERE last_hit_ms IS NOT NULL;
-- The texts stand apart, so that reading all words does not read all texts.
CREATE TABLE memory_text (
	id   INTEGER PRIMARY KEY REFERENCES memory (id) ON DELETE CASCADE,
	body TEXT    NOT NULL
) STRICT;
-- One row: the number of the last change, how often rows went for good, and how often an entity that was
-- there became of another type.
CREATE TABLE memory_state (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	change  INTEGER NOT NULL,
	purges  INTEGER NOT NULL,
	types   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO memory_state (id, change, purges) VALUES (1, 0, 0);
-- Who changed what: one row a call that wrote.
CREATE TABLE memory_audit (
	id     INTEGER PRIMARY KEY,
	at_ms  INTEGER NOT NULL,
	actor  TEXT    NOT NULL,
	action TEXT    NOT NULL,                -- stored, superseded, expired, purged, denied, imported
	scope  TEXT    NOT NULL,
	count  INTEGER NOT NULL,
	detail TEXT                             -- ids, at most the first few
) STRICT;
