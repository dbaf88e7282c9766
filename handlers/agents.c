#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/agent.h"
#include "domain/board.h"
#include "domain/dispatch/said.h"
#include "domain/life.h"
#include "domain/mailbox.h"
#include "domain/project.h"
#include "domain/question.h"
#include "domain/subscription.h"
#include "handlers/agents_configured.h"
#include "handlers/ask_person.h"
#include "handlers/mail.h"
#include "handlers/tools.h"

#define LIST_LIMIT 30 /* agents of an answer when nothing else was asked for */
#define TOOLS_MAX  32
#define WAIT_S     50 /* of an ask when nothing is said: hosts give up after a minute */

struct agents_in {
	const char *action, *name, *path, *cursor, *text, *question;
	const cJSON *options, *wait_s, *version;
	long limit, timeout_s;
	bool approval;
};

static const struct arg agents_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct agents_in, action), 0, 0, NULL,
	  "list|show|validate|start|stop|ask|answer|questions|board" },
	{ "name", ARG_TEXT, 0, offsetof(struct agents_in, name), 1, 200, NULL, NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct agents_in, path), 1, 4000, "validate: this file.",
	  NULL },
	{ "text", ARG_TEXT, 0, offsetof(struct agents_in, text), 1, BOARD_CONTENT_MAX, NULL, NULL },
	{ "question", ARG_TEXT, 0, offsetof(struct agents_in, question), 1, 100, "Its id.", NULL },
	{ "options", ARG_TEXTS, 0, offsetof(struct agents_in, options), 1, QUESTION_OPTIONS_MAX,
	  NULL, NULL },
	{ "approval", ARG_FLAG, 0, offsetof(struct agents_in, approval), 0, 0, NULL, NULL },
	{ "timeoutSeconds", ARG_COUNT, 0, offsetof(struct agents_in, timeout_s), 1, 604800, NULL,
	  NULL },
	{ "waitSeconds", ARG_WHOLE, 0, offsetof(struct agents_in, wait_s), 0, 3600, NULL, NULL },
	{ "version", ARG_WHOLE, 0, offsetof(struct agents_in, version), 0, 1000000000,
	  "board: to read; to write: the one you read.", NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct agents_in, limit), 1, AGENTS_MAX, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct agents_in, cursor), 1, 200, NULL, NULL },
	{ 0 },
};

/* What an action works on. */
struct work {
	struct call *call;
	const struct agents_in *want;
	const struct agent_set *set;
	const struct agent *chosen; /* the named one, or NULL */
	struct db *db;              /* of the actions on what is stored */
	const char *mail;           /* where to post, inside an agent that may not write; or NULL */
	struct json_build b;
	cJSON *answer;
};

static void put_findings(struct work *w)
{
	cJSON *list = json_put_array(&w->b, w->answer, "findings");

	for (size_t i = 0; i < w->set->n_findings; i++) {
		const struct agent_finding *f = &w->set->findings[i];

		if (w->want->name == NULL ||
		    (f->agent != NULL && strcmp(f->agent, w->want->name) == 0))
			json_add(&w->b, list, agent_finding_json(&w->b, f));
	}
}

/* The summary of an agent, with how it fares if it was ever started. */
static cJSON *summary(struct work *w, const struct agent *agent)
{
	cJSON *o = agent_summary_json(&w->b, agent);
	struct life life = { 0 };

	if (life_look(w->db, agent->name, w->call->arena, &life, NULL) != OK)
		w->b.failed = true;
	life_seen(w->call->project, w->call->arena, &life);
	if (life.state != LIFE_REGISTERED)
		life_put_json(&w->b, o, &life);
	return o;
}

static enum status list(struct work *w)
{
	cJSON *to = json_put_array(&w->b, w->answer, "agents");
	long limit = w->want->limit == 0 ? LIST_LIMIT : w->want->limit, shown = 0;

	for (size_t i = 0; i < w->set->n_agents; i++) {
		const struct agent *agent = &w->set->agents[i];

		if ((w->chosen != NULL && agent != w->chosen) ||
		    (w->want->cursor != NULL && strcmp(agent->name, w->want->cursor) <= 0))
			continue;
		if (shown++ == limit) {
			json_put_text(&w->b, w->answer, "nextCursor", w->set->agents[i - 1].name);
			break;
		}
		json_add(&w->b, to, summary(w, agent));
	}
	if (w->want->cursor == NULL && w->want->name == NULL)
		agents_put_configured(w->call, &w->b, w->answer);
	return OK;
}

static enum status show(struct work *w)
{
	struct life life;
	enum status st;
	cJSON *one;

	if (w->chosen == NULL)
		return err_set(&w->call->err, E_INPUT,
		               "'show' needs the 'name' of an agent; 'list' has them all");
	if ((st = life_look(w->db, w->chosen->name, w->call->arena, &life, &w->call->err)) != OK)
		return st;
	life_seen(w->call->project, w->call->arena, &life);
	one = agent_json(&w->b, w->chosen);
	life_put_json(&w->b, one, &life);
	said_put_json(&w->b, one, w->call->project, w->chosen->name);
	json_put(&w->b, w->answer, "agent", one);
	put_findings(w);
	return OK;
}

static enum status validate(struct work *w)
{
	bool sound = w->set->sound;

	if (w->set->n_agents == 0 && w->set->n_findings == 0)
		return err_set(&w->call->err, E_ABSENT,
		               "there are no agents; one is a file NAME.md in '.gadugi/agents' or "
		               "'.claude/agents' of '%s'",
		               w->call->project->root);
	if (w->want->name != NULL)
		sound = agent_sound(w->set, w->want->name, NULL) == OK;
	json_put_flag(&w->b, w->answer, "sound", sound);
	json_put_int(&w->b, w->answer, "checked",
	             w->chosen != NULL ? 1 : (int64_t)w->set->n_agents);
	put_findings(w);
	return OK;
}

static enum status commit(struct work *w)
{
	return project_commit(w->call->project, w->db, &w->call->err);
}

static int64_t now(const struct work *w)
{
	return clock_wall_ms(&w->call->project->clock);
}

/* How the named agent fares, as the answer. */
static enum status put_life(struct work *w, const char *name)
{
	struct subscription *all = NULL;
	struct life life;
	size_t n = 0;
	cJSON *list;
	enum status st = life_look(w->db, name, w->call->arena, &life, &w->call->err);

	if (st != OK ||
	    (st = subscription_all(w->db, w->call->arena, &all, &n, &w->call->err)) != OK)
		return st;
	json_put_text(&w->b, w->answer, "agent", name);
	life_put_json(&w->b, w->answer, &life);
	list = json_put_array(&w->b, w->answer, "subscribers");
	for (size_t i = 0; i < n; i++)
		if (all[i].agent != NULL && strcmp(all[i].agent, name) == 0)
			json_add(&w->b, list, subscription_json(&w->b, &all[i]));
	return OK;
}

static enum status start(struct work *w)
{
	enum status st;

	if (w->want->name == NULL)
		return err_set(&w->call->err, E_INPUT, "'start' needs the 'name' of an agent");
	if ((st = agent_sound(w->set, w->want->name, &w->call->err)) != OK ||
	    (st = life_start(w->call->project, w->db, w->chosen, w->call->arena, &w->call->err)) !=
	        OK)
		return st;
	if (!life_is_served(w->call->project, w->call->arena))
		json_put_text(&w->b, w->answer, "note",
		              "it begins to work when a server runs for this project: a host that "
		              "has gadugi installed, or 'gadugi serve'");
	return put_life(w, w->chosen->name);
}

static enum status stop(struct work *w)
{
	const char *name = w->want->name;
	enum status st;

	if (name == NULL)
		return err_set(&w->call->err, E_INPUT, "'stop' needs the 'name' of an agent");
	st = life_stop(w->call->project, w->db, name, w->call->arena, &w->call->err);
	return st == OK ? put_life(w, name) : st;
}

/* Who is asking or answering: as said, else the task we are in, else the one at the keyboard. */
static const char *who(const struct work *w, const char *otherwise)
{
	const char *task = getenv("GADUGI_TASK_ID");

	return w->want->name != NULL ? w->want->name : task != NULL ? task : otherwise;
}

/* Ask, and keep the question's id for the next look. */
static enum status put_question(struct work *w, struct question *out)
{
	struct question q = { .approval = w->want->approval,
		              .agent = who(w, "assistant"),
		              .run = getenv("GADUGI_RUN_ID"),
		              .task = getenv("GADUGI_TASK_ID"),
		              .text = w->want->text,
		              .timeout_ms = (int64_t)w->want->timeout_s * 1000 };
	const char **options;
	const cJSON *one;
	size_t n = 0;
	enum status st;

	options = arena_take(w->call->arena, (QUESTION_OPTIONS_MAX + 1) * sizeof *options);
	if (options == NULL)
		return err_nomem(&w->call->err, "a question");
	cJSON_ArrayForEach(one, w->want->options)
		options[n++] = one->valuestring;
	q.options = options;
	if ((st = db_begin(w->db, &w->call->err)) == OK &&
	    (st = question_ask(w->db, now(w), &q, w->call->arena, out, &w->call->err)) == OK)
		st = commit(w);
	return st;
}

/* What an ask that waits keeps between its looks. */
struct asked {
	const char *id;
	const char *post; /* what was posted instead, until its answer came; or NULL */
	int64_t until_ms; /* monotonic */
	struct person_asked person;
};

/* The same inside an agent: whoever started it asks. */
static enum status post_question(struct work *w, const char **post)
{
	struct json_build b = { 0 };
	cJSON *what = json_object(&b);
	enum status st;

	mail_put_author(&b, what, w->want->name);
	json_put_text(&b, what, "text", w->want->text);
	json_put_flag(&b, what, "approval", w->want->approval);
	json_put_int(&b, what, "timeoutMs", (int64_t)w->want->timeout_s * 1000);
	if (w->want->options != NULL)
		json_put(&b, what, "options", cJSON_Duplicate(w->want->options, 1));
	st = b.failed
	         ? err_nomem(&w->call->err, "a question")
	         : mailbox_post(w->mail, "question", what, w->call->arena, post, &w->call->err);
	cJSON_Delete(what);
	return st;
}

static enum status begin_to_ask(struct work *w, struct question *q)
{
	struct asked *asked = arena_take(w->call->arena, sizeof *asked);
	enum status st = OK;

	if (asked == NULL)
		return err_nomem(&w->call->err, "a question");
	asked->id = w->want->question;
	if (w->call->state != NULL)
		asked->id = asked->person.id = w->call->state; /* it comes with an answer */
	if (asked->id == NULL && w->mail != NULL) {
		if ((st = post_question(w, &asked->post)) != OK)
			return st;
	} else if (asked->id == NULL) {
		if ((st = put_question(w, q)) != OK)
			return st;
		asked->id = text_dup(w->call->arena, q->id);
	}
	asked->until_ms =
	    clock_mono_ms() +
	    1000 * (w->want->wait_s == NULL ? WAIT_S : (int64_t)w->want->wait_s->valuedouble);
	w->call->memo = asked;
	return asked->id == NULL && asked->post == NULL ? err_nomem(&w->call->err, "a question")
	                                                : OK;
}

/* Has the keeper of the mailbox asked what was posted? */
static enum status look_for_post(struct work *w, struct asked *asked)
{
	cJSON *answer = NULL;
	enum status st = mail_answer(w->call, w->mail, asked->post, &answer);

	if (st != OK)
		return st;
	asked->id = text_dup(w->call->arena, json_text(answer, "questionId"));
	asked->post = NULL;
	cJSON_Delete(answer);
	return asked->id == NULL ? err_nomem(&w->call->err, "a question") : OK;
}

/* The person at the other end is asked, unless the other end is an agent of a run. */
static enum status ask_person(struct work *w, struct asked *asked)
{
	const struct person_want want = { .only = asked->id };

	if (getenv("GADUGI_TASK_ID") != NULL || clock_mono_ms() >= asked->until_ms)
		return OK;
	return person_look(w->call, &want, &asked->person);
}

static enum status ask(struct work *w)
{
	struct asked *asked;
	struct question q = { 0 };
	int64_t left;
	enum status st;

	if (w->call->memo == NULL && (st = begin_to_ask(w, &q)) != OK)
		return st;
	asked = w->call->memo;
	if (asked->post != NULL && (st = look_for_post(w, asked)) != OK)
		return st;
	if ((st = ask_person(w, asked)) != OK && st != E_WAIT)
		return st;
	if ((st = question_look(w->db, now(w), asked->id, w->call->arena, &q, &w->call->err)) != OK)
		return st;
	if (strcmp(q.state, "timed_out") == 0 && w->mail == NULL) {
		if ((st = db_begin(w->db, &w->call->err)) != OK ||
		    (st = question_time_out(w->db, now(w), q.id, w->call->arena, &q,
		                            &w->call->err)) != OK ||
		    (st = commit(w)) != OK)
			return st;
	}
	if (strcmp(q.state, "open") == 0 && clock_mono_ms() < asked->until_ms) {
		left = q.until_ms == 0 ? INT64_MAX : q.until_ms - now(w);
		w->call->wait_until_ms = asked->until_ms;
		if (left < asked->until_ms - clock_mono_ms())
			w->call->wait_until_ms = clock_mono_ms() + left;
		return E_WAIT;
	}
	cJSON_Delete(w->answer);
	w->answer = question_json(&w->b, &q);
	return OK;
}

/* The same inside an agent: whoever started it answers. */
static enum status post_answer(struct work *w)
{
	struct json_build b = { 0 };
	cJSON *what = json_object(&b), *said = NULL;
	enum status st;

	mail_put_author(&b, what, w->want->name);
	json_put_text(&b, what, "question", w->want->question);
	json_put_text(&b, what, "text", w->want->text);
	if ((st = mail_send(w->call, w->mail, "answer", &b, what, &said)) != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = cJSON_DetachItemFromObjectCaseSensitive(said, "question");
	cJSON_Delete(said);
	return OK;
}

static enum status answer(struct work *w)
{
	const struct question_reply reply = { w->want->question, w->want->text, who(w, "user") };
	struct question q;
	enum status st;

	if (w->want->question == NULL || w->want->text == NULL)
		return err_set(
		    &w->call->err, E_INPUT,
		    "'answer' needs 'question', the id that 'questions' lists, and 'text'");
	if (w->mail != NULL)
		return post_answer(w);
	if ((st = db_begin(w->db, &w->call->err)) != OK ||
	    (st = question_answer(w->db, now(w), &reply, w->call->arena, &q, &w->call->err)) !=
	        OK ||
	    (st = commit(w)) != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = question_json(&w->b, &q);
	return OK;
}

static enum status questions(struct work *w)
{
	size_t limit = w->want->limit == 0 ? LIST_LIMIT : (size_t)w->want->limit, n = 0;
	struct question *all = NULL;
	cJSON *list;
	enum status st = question_open(w->db, now(w), w->call->arena, &all, &n, &w->call->err);

	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "questions");
	for (size_t i = 0; i < n && i < limit; i++)
		json_add(&w->b, list, question_json(&w->b, &all[i]));
	return OK;
}

static enum status boards(struct work *w, const char *run)
{
	struct board *all = NULL;
	size_t n = 0;
	cJSON *list;
	enum status st = board_all(w->db, run, w->call->arena, &all, &n, &w->call->err);

	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "boards");
	for (size_t i = 0; i < n; i++)
		json_add(&w->b, list, board_json(&w->b, &all[i]));
	return OK;
}

/* The same inside an agent: whoever started it writes. */
static enum status post_board(struct work *w)
{
	struct json_build b = { 0 };
	cJSON *what = json_object(&b), *answer = NULL;
	enum status st;

	mail_put_author(&b, what, NULL);
	json_put_text(&b, what, "name", w->want->name);
	json_put_text(&b, what, "text", w->want->text);
	if (w->want->version != NULL)
		json_put_int(&b, what, "version", (int64_t)w->want->version->valuedouble);
	if ((st = mail_send(w->call, w->mail, "board", &b, what, &answer)) != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = cJSON_DetachItemFromObjectCaseSensitive(answer, "board");
	cJSON_Delete(answer);
	return OK;
}

/*
 * With a name and a text, write a whiteboard of the run we are in, or of the project; with a
 * name, read it; without, list them.
 */
static enum status board(struct work *w)
{
	const cJSON *version = w->want->version;
	const char *author = getenv("GADUGI_TASK_ID");
	struct board b = { .run = getenv("GADUGI_RUN_ID"),
		           .name = w->want->name,
		           .author = author == NULL ? "user" : author,
		           .content = w->want->text };
	enum status st;

	if (b.name == NULL)
		return boards(w, b.run);
	if (w->mail != NULL && b.content != NULL)
		return post_board(w);
	b.version = version != NULL     ? (int64_t)version->valuedouble
	            : b.content == NULL ? 0
	                                : BOARD_LAST_VERSION;
	if (b.content == NULL)
		st = board_read(w->db, &b, w->call->arena, &w->call->err);
	else if ((st = db_begin(w->db, &w->call->err)) == OK &&
	         (st = board_write(w->db, now(w), &b, w->call->arena, &w->call->err)) == OK)
		st = commit(w);
	if (st != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = board_json(&w->b, &b);
	return OK;
}

#define READS  0x1u /* the catalogue */
#define STORED 0x2u /* what is stored */
#define WRITES 0x4u /* changes what is stored */
#define POSTED 0x8u /* also from inside an agent, by its mailbox */

static const struct {
	const char *word;
	enum status (*run)(struct work *w);
	unsigned needs;
} actions[] = {
	{ "list", list, READS | STORED },
	{ "show", show, READS | STORED },
	{ "validate", validate, READS },
	{ "start", start, READS | WRITES },
	{ "stop", stop, WRITES },
	{ "ask", ask, WRITES | POSTED },
	{ "answer", answer, WRITES | POSTED },
	{ "questions", questions, STORED },
	{ "board", board, WRITES | POSTED },
};

static enum status choose(struct work *w)
{
	const char *nearest = NULL;
	size_t at;

	if (w->want->name == NULL || w->set == NULL)
		return OK;
	at = agent_find(w->set, w->want->name, &nearest);
	if (at != AGENT_NONE)
		w->chosen = &w->set->agents[at];
	if (at != AGENT_NONE || agent_has_finding(w->set, w->want->name))
		return OK;
	return err_set(&w->call->err, E_ABSENT, "no agent is called '%s'%s%s%s", w->want->name,
	               nearest == NULL ? "; 'list' has them all" : "; did you mean '",
	               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static enum status load(struct work *w)
{
	const char *tools[TOOLS_MAX] = { NULL };
	const struct agent_places places = { .root = w->call->project->root,
		                             .home = getenv("HOME"),
		                             .config_home = getenv("XDG_CONFIG_HOME"),
		                             .more_tools = tools };
	struct agent_set *set = NULL;
	const char *path = w->want->path;
	enum status st;

	for (size_t i = 0; i < TOOLS_MAX - 1 && tool_all[i] != NULL; i++)
		tools[i] = tool_all[i]->name;
	if (path != NULL && *path != '/')
		path = text_printf(w->call->arena, "%s/%s", w->call->project->root, path);
	if (w->want->path != NULL && path == NULL)
		return err_nomem(&w->call->err, "a path");
	if (path != NULL)
		st = agent_load_file(&places, path, w->call->arena, &set, &w->call->err);
	else
		st = agent_load(&places, w->call->arena, &set, &w->call->err);
	w->set = set;
	return st;
}

/* Read the catalogue and borrow a connection, as far as the action needs them. */
static enum status prepare(struct work *w, unsigned needs)
{
	struct call *call = w->call;
	enum status st = OK;

	if ((needs & READS) != 0 && (st = load(w)) == OK)
		st = choose(w);
	if (st == OK && (needs & WRITES) != 0)
		w->mail = mailbox_needed(call->project, call->arena);
	if (w->mail != NULL && (needs & POSTED) == 0)
		return err_set(&call->err, E_DENIED,
		               "an agent can ask, answer and write whiteboards, but not '%s'",
		               w->want->action);
	if (st == OK && (needs & WRITES) != 0 && w->mail == NULL)
		st = project_write(call->project, &call->stop, &w->db, &call->err);
	else if (st == OK && (needs & (STORED | WRITES)) != 0)
		st = project_read(call->project, &call->stop, &w->db, &call->err);
	return st;
}

static enum status agents_run(struct call *call, const void *in, cJSON **result)
{
	struct work w = { .call = call, .want = in };
	enum status st = E_BUG;
	unsigned needs;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strcmp(actions[i].word, w.want->action) != 0)
			continue;
		needs = actions[i].needs;
		if (actions[i].run == board && w.want->text == NULL)
			needs = STORED; /* looking creates nothing */
		if ((st = prepare(&w, needs)) != OK)
			return st;
		w.answer = json_object(&w.b);
		st = actions[i].run(&w);
		project_done(call->project, w.db);
	}
	if (st != OK) {
		cJSON_Delete(w.answer);
		return st;
	}
	return json_built(&w.b, w.answer, result, &call->err);
}

const struct tool tool_agents = {
	.name = "agents",
	.title = "Agents",
	.about = "Who can work here: list and check agents, start and stop them, ask and answer.",
	.args = agents_args,
	.in_size = sizeof(struct agents_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES,
	.run = agents_run,
};
