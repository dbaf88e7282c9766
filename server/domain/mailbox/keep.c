/* The keeper of a mailbox: a thread that reads posts and does what they ask for. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "bus/wake.h"
#include "domain/board.h"
#include "domain/event.h"
#include "domain/mailbox.h"
#include "domain/memory/json.h"
#include "domain/question.h"
#include "sys/changes.h"
#include "sys/folder.h"
#include "sys/fs.h"

#define ENDING     ".post"
#define POST_ARENA ((size_t)64 << 20)
#define LOOK_ARENA ((size_t)32 << 20)
#define NAME_LONG  128

struct mailbox {
	struct project *project;
	struct arena *arena; /* of the texts */
	const char *folder, *run;
	struct changes *changes;
	int bell; /* eventfd: the end */
	atomic_bool stop;
	pthread_t thread;
	bool started;
};

/* One post being done. */
struct post {
	const struct mailbox *mailbox;
	const char *folder; /* where it lies, and where its answer goes */
	const char *sender; /* whose folder that is; NULL: the mailbox's own, nobody's */
	const cJSON *what;
	struct db *db;
	int64_t now_ms;
	struct arena *arena;
	struct json_build b;
	cJSON *answer;
	struct err *err;
};

static const char *text_of(const struct post *p, const char *key)
{
	return json_text(p->what, key);
}

/* Who posts: the task, or the agent, as it says. */
static const char *author(const struct post *p)
{
	const char *task = text_of(p, "task"), *agent = text_of(p, "agent");

	return agent != NULL ? agent : task != NULL ? task : "agent";
}

static enum status do_question(struct post *p)
{
	const cJSON *list = json_get(p->what, "options"), *one;
	const char **options = arena_take(p->arena, (QUESTION_OPTIONS_MAX + 1) * sizeof *options);
	struct question q = { .approval = json_flag(p->what, "approval"),
		              .agent = author(p),
		              .run = p->mailbox->run,
		              .task = text_of(p, "task"),
		              .text = text_of(p, "text"),
		              .options = options,
		              .timeout_ms = json_int(p->what, "timeoutMs", 0) };
	struct question asked;
	size_t n = 0;
	enum status st;

	if (options == NULL)
		return err_nomem(p->err, "a question");
	cJSON_ArrayForEach(one, list)
		if (cJSON_IsString(one) && n < QUESTION_OPTIONS_MAX)
			options[n++] = one->valuestring;
	if ((st = question_ask(p->db, p->now_ms, &q, p->arena, &asked, p->err)) == OK)
		json_put_text(&p->b, p->answer, "questionId", asked.id);
	return st;
}

static enum status do_event(struct post *p)
{
	struct event_custom e = { .topic = text_of(p, "topic"),
		                  .source = text_printf(p->arena, "agent:%s", author(p)),
		                  .id = text_of(p, "id"),
		                  .correlation = p->mailbox->run,
		                  .causation = text_of(p, "cause"),
		                  .traceparent = text_of(p, "traceparent"),
		                  .tracestate = text_of(p, "tracestate"),
		                  .payload_json = text_of(p, "payload") };
	int64_t seq = 0;
	bool duplicate = false;
	enum status st;

	if (e.topic == NULL || e.source == NULL)
		return err_set(p->err, E_INPUT, "an event needs a topic");
	if (text_of(p, "priority") != NULL)
		(void)event_priority_read(text_of(p, "priority"), &e.priority);
	if ((st = event_put_custom(p->db, p->now_ms, &e, &seq, &duplicate, p->err)) == OK)
		json_put_int(&p->b, p->answer, "seq", seq);
	if (duplicate)
		json_put_flag(&p->b, p->answer, "duplicate", true);
	return st;
}

static enum status do_board(struct post *p)
{
	struct board board = { .run = p->mailbox->run,
		               .name = text_of(p, "name"),
		               .author = author(p),
		               .content = text_of(p, "text"),
		               .version = json_int(p->what, "version", BOARD_LAST_VERSION) };
	enum status st;

	if (board.name == NULL || board.content == NULL)
		return err_set(p->err, E_INPUT, "a whiteboard needs a name and a text");
	if ((st = board_write(p->db, p->now_ms, &board, p->arena, p->err)) == OK)
		json_put(&p->b, p->answer, "board", board_json(&p->b, &board));
	return st;
}

/* Agents answer each other; what needs a person's consent they do not decide. */
static enum status do_answer(struct post *p)
{
	const struct question_reply reply = { text_of(p, "question"), text_of(p, "text"),
		                              author(p) };
	struct question q;
	enum status st;

	if (reply.id == NULL || reply.answer == NULL)
		return err_set(p->err, E_INPUT, "an answer needs a question and a text");
	if ((st = question_look(p->db, p->now_ms, reply.id, p->arena, &q, p->err)) != OK)
		return st;
	if (q.approval || strcmp(q.agent, reply.responder) == 0)
		return err_set(p->err, E_DENIED, "%s",
		               q.approval ? "an approval is a person's to give"
		                          : "who asks cannot answer");
	if ((st = question_answer(p->db, p->now_ms, &reply, p->arena, &q, p->err)) == OK)
		json_put(&p->b, p->answer, "question", question_json(&p->b, &q));
	return st;
}

/* Who it is, as permissions name it. */
static const char *actor(struct post *p)
{
	if (p->sender == NULL) {
		(void)err_set(p->err, E_DENIED, "whose post this is cannot be known");
		return NULL;
	}
	return text_printf(p->arena, "agent:%s", p->sender);
}

static enum status do_remember(struct post *p)
{
	const cJSON *list = json_get(p->what, "memories"), *one;
	size_t most = list == NULL ? 0 : (size_t)cJSON_GetArraySize(list), n = 0;
	struct memory_item *items = arena_take(p->arena, (most + 1) * sizeof *items);
	struct memory_stored *stored = arena_take(p->arena, (most + 1) * sizeof *stored);
	const char *who = actor(p);
	enum status st = OK;

	if (who == NULL)
		return p->sender == NULL ? E_DENIED : err_nomem(p->err, "what to remember");
	if (items == NULL || stored == NULL)
		return err_nomem(p->err, "what to remember");
	cJSON_ArrayForEach(one, list) {
		if ((st = memory_item_read(one, p->arena, &items[n], p->err)) != OK)
			return st;
		/* what it says is an agent's word, and this agent's, whatever it calls itself */
		if (items[n].origin != NULL && strcmp(items[n].origin, "user") == 0)
			items[n].origin = "agent";
		items[n].author = p->sender;
		items[n].run = p->mailbox->run;
		items[n].task = text_of(p, "task");
		n++;
	}
	st = memory_remember_as(p->mailbox->project, NULL, who,
	                        &(struct memory_batch){ items, n, stored }, p->arena, p->err);
	if (st == OK)
		json_put(&p->b, p->answer, "result", memory_stored_json(&p->b, stored, n));
	return st;
}

static enum status do_recall(struct post *p)
{
	struct memory_query q;
	struct memory_found found;
	enum status st = memory_query_read(p->what, p->arena, &q, p->err);

	if (st != OK)
		return st;
	if ((q.actor = actor(p)) == NULL)
		return p->sender == NULL ? E_DENIED : err_nomem(p->err, "a question");
	st = memory_recall(p->mailbox->project, NULL, &q, p->arena, &found, p->err);
	if (st == OK)
		json_put(&p->b, p->answer, "result", memory_found_json(&p->b, &found));
	return st;
}

static const struct {
	const char *kind;
	enum status (*act)(struct post *p);
	bool alone; /* it sees to its own transaction */
} kinds[] = {
	{ "question", do_question, false }, { "answer", do_answer, false },
	{ "event", do_event, false },       { "board", do_board, false },
	{ "remember", do_remember, true },  { "recall", do_recall, true },
};

static enum status act(struct post *p)
{
	const char *kind = text_of(p, "kind");
	struct project *project = p->mailbox->project;
	enum status st = E_INPUT;
	size_t i = 0;

	while (i < sizeof kinds / sizeof *kinds &&
	       (kind == NULL || strcmp(kinds[i].kind, kind) != 0))
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		return err_set(p->err, E_INPUT, "nothing of that kind can be posted");
	if (kinds[i].alone)
		return kinds[i].act(p);
	if ((st = project_write(project, NULL, &p->db, p->err)) == OK &&
	    (st = db_begin(p->db, p->err)) == OK && (st = kinds[i].act(p)) == OK)
		st = project_commit(project, p->db, p->err);
	project_done(project, p->db);
	return st;
}

/* Beside the post: what came of it, or why nothing did. */
static void leave_answer(struct post *p, const char *stem, enum status st)
{
	const char *path = text_printf(p->arena, "%s/%s.answer", p->folder, stem);
	struct err err = { 0 };
	char *text;

	if (st != OK) {
		json_put_text(&p->b, p->answer, "error", p->err->text);
		json_put_int(&p->b, p->answer, "status", st);
	}
	text = p->b.failed ? NULL : json_print(p->answer);
	if (text == NULL || path == NULL || fs_write(path, text, strlen(text), 0600, &err) != OK)
		log_line(LOG_WARN, "the answer to a post of an agent is lost: %s", err.text);
	cJSON_free(text);
	wake_touch(p->mailbox->project->state);
}

/* One file: done, answered, removed. */
static void take(const struct mailbox *m, const char *folder, const char *sender, const char *name)
{
	struct err err = { 0 };
	struct arena *a = arena_new(POST_ARENA);
	struct post p = {
		.mailbox = m, .folder = folder, .sender = sender, .arena = a, .err = &err
	};
	size_t stem = strlen(name) - strlen(ENDING);
	const char *path = a == NULL ? NULL : fs_join(a, folder, name);
	struct fs_bytes bytes = { 0 };
	cJSON *what = NULL;
	enum status st;

	if (path == NULL) {
		arena_free(a);
		return; /* it stays for the next look */
	}
	p.now_ms = clock_wall_ms(&m->project->clock);
	p.answer = json_object(&p.b);
	/* whatever lies there under that name, nothing outside is read */
	if ((st = fs_read_under(folder, path, MAILBOX_POST_MAX, a, &bytes, &err)) == E_ABSENT)
		goto out; /* it was taken back */
	if (st == OK)
		st = json_read(bytes.bytes, bytes.size, &what, &err);
	p.what = what;
	if (st == OK)
		st = act(&p);
	leave_answer(&p, arena_copy(a, name, stem), st);
	(void)unlink(path);
out:
	cJSON_Delete(what);
	cJSON_Delete(p.answer);
	arena_free(a);
}

/*
 * The name of an agent's folder: its name, where what is no letter, digit, - or _ is written as two
 * digits after a %, so that no two agents share one.
 */
static const char *folder_name(const char *agent, struct arena *a)
{
	char *out = arena_take(a, 3 * strlen(agent) + 1), *to = out;

	for (; out != NULL && *agent != '\0'; agent++)
		if (isalnum((unsigned char)*agent) || *agent == '-' || *agent == '_')
			*to++ = *agent;
		else
			to += snprintf(to, 4, "%%%02x", (unsigned)(unsigned char)*agent);
	if (out != NULL)
		*to = '\0';
	return out;
}

/* The other way; NULL when it is no such name. */
static const char *sender_of(const char *name, struct arena *a)
{
	char *out = arena_take(a, strlen(name) + 1), *to = out;
	unsigned byte;

	for (; out != NULL && *name != '\0'; name++) {
		if (*name != '%') {
			*to++ = *name;
			continue;
		}
		if (!isxdigit((unsigned char)name[1]) || !isxdigit((unsigned char)name[2]))
			return NULL;
		byte = (unsigned)strtoul((const char[]){ name[1], name[2], '\0' }, NULL, 16);
		*to++ = (char)byte;
		name += 2;
	}
	if (out != NULL)
		*to = '\0';
	return out;
}

static bool is_post(const struct folder_entry *e)
{
	size_t n = strlen(e->name), end = strlen(ENDING);

	return !e->is_folder && n > end && n < NAME_LONG && e->name[0] != '.' &&
	       strcmp(e->name + n - end, ENDING) == 0;
}

/* The posts of one folder, by name, which is by age: ids ascend. */
static void look_in(const struct mailbox *m, const char *folder, const char *sender)
{
	struct arena *a = arena_new(LOOK_ARENA);
	struct folder_entry *entries = NULL;
	size_t n = 0;

	if (a == NULL || folder_list(folder, a, &entries, &n, NULL) != OK)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (is_post(&entries[i]))
			take(m, folder, sender, entries[i].name);
	arena_free(a);
}

/* All folders: those that are new are watched before they are looked at, so that nothing is missed.
 */
static void look(struct mailbox *m)
{
	struct arena *a = arena_new(LOOK_ARENA);
	struct folder_entry *entries = NULL;
	struct err err = { 0 };
	size_t n = 0;

	if (a == NULL || folder_list(m->folder, a, &entries, &n, NULL) != OK)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		const char *folder, *sender;

		if (!entries[i].is_folder || (sender = sender_of(entries[i].name, a)) == NULL ||
		    (folder = fs_join(a, m->folder, entries[i].name)) == NULL)
			continue;
		if (changes_add(m->changes, folder, &err) != OK)
			log_line(LOG_WARN, "agent '%s' is not heard: %s", sender, err.text);
		look_in(m, folder, sender);
	}
	look_in(m, m->folder, NULL);
	arena_free(a);
}

static void *keeper(void *arg)
{
	struct mailbox *m = arg;
	struct pollfd fds[] = { { .fd = changes_fd(m->changes), .events = POLLIN },
		                { .fd = m->bell, .events = POLLIN } };

	while (!atomic_load(&m->stop)) {
		(void)changes_heard(m->changes);
		look(m);
		(void)poll(fds, 2, -1);
	}
	look(m);
	return NULL;
}

static enum status start(struct mailbox *m, struct err *err)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&m->thread, NULL, keeper, m);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	m->started = rc == 0;
	return rc == 0 ? OK : err_sys(err, rc, "cannot start the keeper of a mailbox");
}

enum status mailbox_new(struct mailbox **out, struct project *p, const char *name, const char *run,
                        struct err *err)
{
	static const char *const endings[] = { ENDING, NULL };
	struct mailbox *m = mem_zero(1, sizeof *m);
	enum status st;

	if (m == NULL || (m->arena = arena_new((size_t)1 << 16)) == NULL) {
		mem_free(m);
		return err_nomem(err, "a mailbox");
	}
	m->project = p;
	m->run = text_dup(m->arena, run);
	m->folder = text_printf(m->arena, "%s/mail/%s", p->state, name);
	m->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&m->stop, false);
	if (arena_failed(m->arena))
		st = err_nomem(err, "a mailbox");
	else if (m->bell == -1)
		st = err_sys(err, errno, "cannot keep a mailbox");
	else if ((st = fs_make_folders(m->folder, 0700, err)) == OK &&
	         (st = changes_new(&m->changes, &m->folder, 1, endings, err)) == OK)
		st = start(m, err);
	if (st != OK) {
		mailbox_free(m);
		return st;
	}
	*out = m;
	return OK;
}

/* Nobody posts any more: the folder goes, with answers that nobody took. */
static void remove_folder(const struct mailbox *m)
{
	(void)fs_remove_tree(m->project->state, m->folder, NULL);
}

void mailbox_free(struct mailbox *m)
{
	const uint64_t one = 1;

	if (m == NULL)
		return;
	atomic_store(&m->stop, true);
	if (m->started && write(m->bell, &one, sizeof one) == (ssize_t)sizeof one)
		(void)pthread_join(m->thread, NULL);
	changes_free(m->changes);
	if (m->bell != -1)
		(void)close(m->bell);
	if (m->folder != NULL)
		remove_folder(m);
	arena_free(m->arena);
	mem_free(m);
}

const char *mailbox_folder(const struct mailbox *m, const char *agent, struct arena *a)
{
	const char *name = m == NULL ? NULL : folder_name(agent, a), *folder;
	struct err err = { 0 };

	if (name == NULL || (folder = fs_join(a, m->folder, name)) == NULL)
		return NULL;
	if (fs_make_folders(folder, 0700, &err) == OK)
		return folder;
	log_line(LOG_WARN, "agent '%s' cannot post: %s", agent, err.text);
	return NULL;
}
