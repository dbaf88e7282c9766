-- What was built of which recipe, and from what (server/store/recipes.h). How it went is the state of
-- its tasks in the run.
CREATE TABLE recipe_build (
	id        INTEGER PRIMARY KEY,
	recipe    TEXT    NOT NULL,
	hash      TEXT    NOT NULL,             -- of all that it is made from
	run_id    TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	made_ms   INTEGER NOT NULL,
	undone_ms INTEGER,                      -- when it was rolled back; NULL: it counts
	UNIQUE (run_id, recipe)
) STRICT;
CREATE INDEX recipe_build_by_name ON recipe_build (recipe, id);
-- A check runs gates in a process of its own, so that requirements can be judged by what they say.
CREATE TABLE recipe_check (
	id       TEXT    PRIMARY KEY,
	recipe   TEXT,                          -- the chosen one; NULL: all
	state    TEXT    NOT NULL CHECK (state IN ('running', 'ended', 'cancelled', 'failed')),
	cause    TEXT,
	made_ms  INTEGER NOT NULL,
	ended_ms INTEGER
) STRICT;
CREATE INDEX recipe_check_by_state ON recipe_check (made_ms) WHERE state = 'running';
CREATE TABLE recipe_check_gate (
	check_id  TEXT    NOT NULL REFERENCES recipe_check (id) ON DELETE CASCADE,
	position  INTEGER NOT NULL,             -- from 0, in the order they are run
	recipe    TEXT,                         -- whose gate it is; NULL: one of the configuration
	name      TEXT    NOT NULL,
	outcome   TEXT,                         -- NULL: it has not ended
	exit_code INTEGER,
	wall_ms   INTEGER,
	PRIMARY KEY (check_id, position)
) STRICT, WITHOUT ROWID;
