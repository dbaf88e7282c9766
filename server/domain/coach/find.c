#include "domain/coach/find.h"

#include <stdarg.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/memory.h"

#define WORDS_SHOWN 160 /* bytes of a command or error in a place */

static const struct {
	const char *word, *advice;
} codes[FIND_N] = {
	[FIND_REPEAT_FAILURE] = { "repeat-failure",
	                          "The same call fails the same way until something changes: read "
	                          "the error and change the "
	                          "input or the code before trying again; write down what works in "
	                          "CLAUDE.md or AGENTS.md." },
	[FIND_ERROR_LOOP] = { "error-loop", "Stop after the second equal error and look for its "
	                                    "cause; what has to be there first "
	                                    "belongs into the project's set-up." },
	[FIND_EDIT_TEST_LOOP] = { "edit-test-loop",
	                          "Reproduce the failure in the smallest test, print what is there "
	                          "and what is expected, and "
	                          "change one thing at a time; or split the task." },
	[FIND_FLAKY_GATE] = { "flaky-gate", "The gate gives both answers for the same tree: find "
	                                    "what it depends on (time, order, "
	                                    "network, ports) or take it out of the gates." },
	[FIND_REREAD] = { "reread", "The file was in the context already: read a part by offset "
	                            "and limit, or keep notes." },
	[FIND_OVERSIZE_READ] = { "oversize-read", "Read a part, or search first: an answer this "
	                                          "large pushes everything else out of the "
	                                          "context." },
	[FIND_STALE_EDIT] = { "stale-edit", "Read the place again right before editing it, and "
	                                    "give more of the text around it." },
	[FIND_PERMISSION_DENIED] = { "permission-denied",
	                             "Allow it by a rule in the host's settings, or say in "
	                             "CLAUDE.md or AGENTS.md that it is not "
	                             "to be tried." },
	[FIND_INTERRUPT] = { "interrupt", "Say before what is wanted and what is not; a rule in "
	                                  "CLAUDE.md or AGENTS.md saves the next "
	                                  "interruption." },
	[FIND_CONTEXT_EXHAUSTION] = { "context-exhaustion", "Split the task, or give searches and "
	                                                    "large reads to subagents." },
	[FIND_IDLE] = { "idle", "More than half of the time went by waiting for a person: give the "
	                        "next tasks ahead, or "
	                        "let a run do them." },
	[FIND_SERIAL] = { "serial-parallelisable", "These looks did not depend on each other: ask "
	                                           "for them in one message." },
	[FIND_HOT_SPOT_FILE] = { "hot-file", "Most errors come from this file: give it a test of "
	                                     "its own, or split it." },
	[FIND_HOT_SPOT_COMMAND] = { "hot-command", "Most errors come from this command: write down "
	                                           "in CLAUDE.md or AGENTS.md how it is called "
	                                           "here, or wrap it in a script." },
	[FIND_CHURN] = { "churn", "The same file was changed over and over: settle the design "
	                          "first, then write it once." },
	[FIND_NO_VERIFY] = { "no-verify", "Run the tests after the last edit; make it a gate, so "
	                                  "that nobody has to think of it." },
	[FIND_NO_COMMIT] = { "no-commit", "The task ended without a change: say in it what file or "
	                                  "behaviour shows that it is done." },
	[FIND_COST_OUTLIER] = { "cost-outlier", "This one used far more than others of its kind: "
	                                        "look at its findings first." },
	[FIND_ESTIMATE_MISS] = { "estimate-miss", "Correct the estimate; a plan without any gets "
	                                          "what such tasks took." },
	[FIND_CRITICAL_PATH_SLIP] = { "critical-path-slip",
	                              "Everything after it waited: start it first, split it, or "
	                              "give it to the fastest agent." },
	[FIND_IDLE_WORKERS] = { "idle-workers",
	                        "When tasks were ready, look at what kept them from starting; when "
	                        "none was, the plan is too "
	                        "narrow for so many workers: split tasks or relax an edge." },
	[FIND_RETRY_WASTE] = { "retry-waste", "Look at the log of the failed attempts: what they "
	                                      "lacked belongs into the task's text or "
	                                      "the set-up." },
	[FIND_MERGE_CONFLICT] = { "merge-conflict", "Tasks that change the same files need an edge "
	                                            "between them, or a cut between their files." },
	[FIND_FALSE_PARALLEL] = { "false-parallel",
	                          "Tasks ran one after another although they could have run "
	                          "together: look at locks, gates and "
	                          "set-up that all of them wait for." },
	[FIND_MISSING_ENV] = { "missing-env", "Install it in the project's set-up (`setup` in "
	                                      ".gadugi/config), before the agent starts." },
	[FIND_ZOMBIE] = { "zombie",
	                  "The task left processes behind that had to be ended: start servers "
	                  "and watchers so that they end with the command, or say in the task "
	                  "that they are to be stopped." },
};

static void (*const rules[])(struct finder *f) = {
	find_repeat_failures,    find_error_loops, find_edit_test_loops,
	find_flaky_gates,        find_rereads,     find_oversize_reads,
	find_stale_edits,        find_denials,     find_interrupts,
	find_context_exhaustion, find_idle,        find_serial_reads,
	find_hot_spots,          find_churn,       find_no_verify,
	find_cache_misses,       find_missing_env,
};

const char *find_code_word(enum finding_code code)
{
	return codes[code].word;
}

void find_all(struct finder *f)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		rules[i](f);
}

struct coach_finding *find_note(struct finder *f, enum finding_code code,
                                enum coach_severity severity, const char *subject, const char *fmt,
                                ...)
{
	struct coach_report *r = f->report;
	struct coach_finding *items, *new;
	struct text words;
	const char *said;
	uint64_t print;
	va_list ap;
	bool masked;
	const char *about = text_dup(r->a, subject);

	items = list_room(r->a, r->findings, r->n_findings, &r->findings_room, sizeof *items);
	if (items == NULL)
		return NULL;
	r->findings = items;
	new = &items[r->n_findings++];
	print = text_hash(codes[code].word, strlen(codes[code].word)) * 31 +
	        text_hash(subject, strlen(subject));
	text_init(&words, TEXT_LIMIT);
	va_start(ap, fmt);
	text_addv(&words, fmt, ap);
	va_end(ap);
	said = text_copy(&words, r->a);
	*new = (struct coach_finding){
		.code = codes[code].word,
		.severity = severity,
		.message = said == NULL ? NULL : memory_mask(said, r->a, &masked),
		.advice = codes[code].advice,
		.host = f->s == NULL ? NULL : f->s->host,
		.about = about == NULL ? NULL : memory_mask(about, r->a, &masked),
		.session = f->s == NULL ? f->session : text_dup(r->a, f->s->name),
		.run = f->run,
		.fingerprint = text_printf(r->a, "%016llx", (unsigned long long)print),
		.cost_ms = -1,
		.cost_tokens = -1,
	};
	text_done(&words);
	if (new->message == NULL || new->about == NULL)
		(void)arena_take(r->a, SIZE_MAX); /* the words did not fit: the report fails */
	return new;
}

static struct coach_place *new_place(struct finder *f, struct coach_finding *to)
{
	struct coach_place *items;

	if (to == NULL || to->count++ >= COACH_EVIDENCE_MAX)
		return NULL;
	items = list_room(f->report->a, to->places, to->n_places, &to->places_room, sizeof *items);
	if (items == NULL)
		return NULL;
	to->places = items;
	return &items[to->n_places++];
}

/* Words from a session, without secrets and cut short. */
static const char *shown(struct finder *f, const char *words)
{
	bool masked;

	if (words == NULL || (words = memory_mask(words, f->report->a, &masked)) == NULL)
		return NULL;
	return arena_copy(f->report->a, words, text_utf8_cut(words, strlen(words), WORDS_SHOWN));
}

void find_place_file(struct finder *f, struct coach_finding *to, const char *path, long line,
                     const char *words)
{
	struct coach_place *p = new_place(f, to);

	if (p != NULL)
		*p = (struct coach_place){ .file = text_dup(f->report->a, path),
			                   .line = line,
			                   .words = shown(f, words) };
}

void find_place_line(struct finder *f, struct coach_finding *to, uint32_t file, uint32_t line,
                     const char *words)
{
	find_place_file(f, to, f->s->files[file].path, (long)line, words);
}

void find_place_call(struct finder *f, struct coach_finding *to, const struct session_call *c)
{
	find_place_line(f, to, c->file, c->line, c->error != NULL ? c->error : find_about(c));
}

void find_place_task(struct finder *f, struct coach_finding *to, const char *task,
                     const char *words)
{
	struct coach_place *p = new_place(f, to);

	if (p != NULL)
		*p = (struct coach_place){ .task = task, .words = shown(f, words) };
}

const char *find_about(const struct session_call *c)
{
	return c->command != NULL ? c->command : c->target != NULL ? c->target : c->tool;
}

int64_t find_call_ms(const struct session_call *c)
{
	if (c->start_ms == SESSION_NO_TIME || c->end_ms == SESSION_NO_TIME ||
	    c->end_ms < c->start_ms)
		return 0;
	return c->end_ms - c->start_ms;
}

const char *find_path(const struct finder *f, const char *path)
{
	size_t n = f->s->folder == NULL ? 0 : strlen(f->s->folder);

	if (n > 1 && strncmp(path, f->s->folder, n) == 0 && path[n] == '/')
		return path + n + 1;
	return path;
}

const char *find_subject(const struct finder *f, const struct session_call *c)
{
	if (c->command != NULL)
		return c->command;
	return c->target == NULL ? c->tool
	                         : text_printf(f->s->a, "%s %s", c->tool, find_path(f, c->target));
}

bool find_succeeded(const struct session_call *c)
{
	return c->answered && c->failure == FAIL_NONE;
}

bool find_failed(const struct session_call *c)
{
	return c->answered && c->failure == FAIL_ERROR;
}

bool find_edited(const struct session_call *c)
{
	return c->act == ACT_EDIT && find_succeeded(c);
}

bool find_changed(const struct session_call *c)
{
	return find_edited(c) || (find_succeeded(c) && (c->writes || c->moves_head)) ||
	       c->act == ACT_AGENT;
}

uint32_t *chain_links(const struct finder *f)
{
	return arena_take(f->s->a, (f->s->n_calls + 1) * sizeof(uint32_t));
}

void chain_add(struct chain *c, uint32_t *links, uint32_t call)
{
	if (c->n++ == 0)
		c->first = call;
	else
		links[c->last] = call;
	c->last = call;
}

void find_place_chain(struct finder *f, struct coach_finding *to, const struct chain *c,
                      const uint32_t *links)
{
	uint32_t at = c->first;

	if (to == NULL)
		return;
	to->cost_ms = 0;
	for (size_t i = 0; i < c->n; i++, at = links[at]) {
		find_place_call(f, to, &f->s->calls[at]);
		to->cost_ms += find_call_ms(&f->s->calls[at]);
	}
}
