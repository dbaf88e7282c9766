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
