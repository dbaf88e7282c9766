-- Plans as they were decomposed, runs, their tasks and every attempt (server/store/runs.h).
CREATE TABLE plan (
	id       TEXT    PRIMARY KEY,
	title    TEXT    NOT NULL,
	origin   TEXT    NOT NULL,              -- path of the document, or 'text', 'goal', 'tasks'
	document TEXT    NOT NULL,              -- the whole model as JSON (domain/plan.h)
	made_ms  INTEGER NOT NULL
) STRICT;
CREATE TABLE run (
	id           TEXT    PRIMARY KEY,
	plan_id      TEXT    REFERENCES plan (id),
	title        TEXT    NOT NULL,
	state        TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'succeeded',
		'failed', 'cancelled', 'interrupted')),
	wish         TEXT,                      -- pause, resume or cancel, asked for and not yet done
	options      TEXT    NOT NULL,          -- agent, jobs, gates, ... as JSON, as they were resolved
	mode         TEXT    NOT NULL CHECK (mode IN ('worktree', 'shared', 'sequential')),
	jobs         INTEGER NOT NULL,
	base_oid     TEXT,                      -- commit the run began on
	branch       TEXT,                      -- integration branch, NULL when nothing is merged
	head_oid     TEXT,                      -- where that branch is, or is about to be moved to
	cause        TEXT,
	notes        TEXT,                      -- JSON array of {code, message}: what a reader should know
	runner_pid   INTEGER,
	runner_start INTEGER,                   -- start time of the process, in clock ticks since boot
	boot_id      TEXT,
	made_ms      INTEGER NOT NULL,
	started_ms   INTEGER,
	ended_ms     INTEGER,
	session_ms   INTEGER,                   -- when the present runner began; NULL once it ended
	active_ms    INTEGER NOT NULL DEFAULT 0 -- time that the runners before it worked
) STRICT;
CREATE INDEX run_by_time ON run (made_ms);
CREATE TABLE task (
	run_id       TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	id           TEXT    NOT NULL,
	position     INTEGER NOT NULL,          -- place in the plan, from 0
	title        TEXT    NOT NULL,
	spec         TEXT    NOT NULL,          -- the task of the plan as JSON
	agent        TEXT,
	estimate_min INTEGER NOT NULL,
	kind         TEXT,                      -- feature, fix, ... for calibration
	state        TEXT    NOT NULL CHECK (state IN ('pending', 'ready', 'running', 'gating', 'merging',
		'succeeded', 'failed', 'skipped', 'cancelled', 'conflicted', 'timed_out')),
	wish         TEXT,                      -- retry, cancel, approve or skip, asked for and not yet done
	cause        TEXT,
	branch       TEXT,
	commit_oid   TEXT,                      -- what was merged; NULL: nothing changed
	ready_ms     INTEGER,                   -- when the last dependency was merged
	started_ms   INTEGER,
	ended_ms     INTEGER,
	waits_for    TEXT,                      -- 'approval': what somebody has to do first; else NULL
	again_ms     INTEGER,                   -- not tried again before
	PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_wish ON task (run_id) WHERE wish IS NOT NULL;
CREATE TABLE task_edge (
	run_id    TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	from_task TEXT NOT NULL,
	to_task   TEXT NOT NULL,
	PRIMARY KEY (run_id, from_task, to_task)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
	run_id      TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	task_id     TEXT    NOT NULL,
	number      INTEGER NOT NULL,           -- from 1
	state       TEXT    NOT NULL CHECK (state IN ('intent', 'started', 'result', 'gated', 'merged',
		'staged', 'returned', 'failed', 'timed_out', 'cancelled', 'conflicted', 'lost', 'limited')),
	slot        INTEGER NOT NULL,           -- which of the run's workers, from 0
	agent       TEXT    NOT NULL,
	worktree    TEXT,
	log         TEXT,                       -- path under the project's state folder
	base_oid    TEXT,                       -- commit the attempt began on
	result_oid  TEXT,                       -- commit with all that the agent left
	merged_oid  TEXT,                       -- commit of the run's branch after the merge
	saved_ref   TEXT,                       -- where the work of a failed attempt is kept
	pid         INTEGER,
	pid_start   INTEGER,
	boot_id     TEXT,
	exit_code   INTEGER,
	cause       TEXT,
	output_size INTEGER NOT NULL DEFAULT 0,
	files       INTEGER,                    -- files changed
	intent_ms   INTEGER NOT NULL,
	started_ms  INTEGER,                    -- the agent's process
	ended_ms    INTEGER,
	done_ms     INTEGER,                    -- merged, or given up
	tokens_in   INTEGER,                    -- read by the model, out of its cache too
	tokens_out  INTEGER,
	cost_usd    REAL,
	stage       TEXT,                       -- of the task's workflow; NULL: it has none
	note        TEXT,                       -- what its agent left for the stages after it
	approved_ms INTEGER,                    -- when somebody approved what it left
	resolves    INTEGER,                    -- number of the attempt whose conflict it is to resolve
	tokens_cached INTEGER,                  -- of tokens_in, out of the cache
	session     TEXT,                       -- by which the agent can be continued
	left_over   INTEGER NOT NULL DEFAULT 0, -- processes that outlived the agent and were ended
	PRIMARY KEY (run_id, task_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE gate_result (
	id         INTEGER PRIMARY KEY,
	run_id     TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	task_id    TEXT,
	attempt    INTEGER,
	name       TEXT    NOT NULL,
	tree_oid   TEXT,
	exit_code  INTEGER NOT NULL,
	passed     INTEGER NOT NULL,
	started_ms INTEGER NOT NULL,
	ended_ms   INTEGER NOT NULL,
	output     TEXT    NOT NULL
) STRICT;
CREATE INDEX gate_by_run ON gate_result (run_id, task_id);
CREATE TABLE conflict (                         -- why an attempt could not be merged
	run_id     TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	task_id    TEXT    NOT NULL,
	attempt    INTEGER NOT NULL,
	path       TEXT    NOT NULL,
	how        TEXT    NOT NULL,            -- 'both changed', 'both added', ...
	other_task TEXT,                        -- merged before, with a change to the same file
	PRIMARY KEY (run_id, task_id, attempt, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
	run_id   TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	batch    INTEGER NOT NULL,              -- from 1
	oid      TEXT,                          -- the run's branch when the batch was whole
	tag      TEXT,
	at_ms    INTEGER NOT NULL,
	PRIMARY KEY (run_id, batch)
) STRICT, WITHOUT ROWID;
-- Agents that are refused work for now, by preset or name; shared by all runs of the project.
CREATE TABLE cooldown (
	agent    TEXT    PRIMARY KEY,
	until_ms INTEGER NOT NULL,
	times    INTEGER NOT NULL               -- refusals in a row
) STRICT, WITHOUT ROWID;
