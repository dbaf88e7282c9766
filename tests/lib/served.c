#include "tests/lib/served.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/question.h"
#include "domain/roster.h"
#include "tests/unit/unit.h"

const struct dispatch_options served_quick = {
	.backoff_ms = 1, .timeout_ms = 20000, .restart_ms = 1, .breaker_ms = 1
};

int served_set_up(void **state)
{
	static struct served p;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct served){ .folder = folder };
	/* two agents: one keeps what it is given, one fails until a file lets it */
	folder_put(p.folder, "keep.sh",
	           "#!/bin/sh\nread -r line\nprintf '%s %s %s\\n' \"$GADUGI_EVENT_TOPIC\" "
	           "\"$GADUGI_ATTEMPT\" \"$line\" >>got\n");
	folder_put(p.folder, "fail.sh",
	           "#!/bin/sh\necho x >>tries\necho not yet\n[ -e ../../../let ]\n");
	folder_put(p.folder, ".gadugi/config",
	           "agents:\n  keeper: {command: [./keep.sh]}\n  failer: {command: [./fail.sh]}\n");
	if (chmod(folder_at(p.folder, "keep.sh"), 0755) != 0 ||
	    chmod(folder_at(p.folder, "fail.sh"), 0755) != 0 ||
	    setenv("XDG_CONFIG_HOME", folder_at(p.folder, "xdg"), 1) != 0 ||
	    project_open(&p.project, p.folder->path, NULL) != OK ||
	    wake_open(&p.wake, p.project->state, NULL) != OK)
		return -1;
	*state = &p;
	return 0;
}

int served_tear_down(void **state)
{
	struct served *p = *state;
	void *folder = p->folder;

	dispatch_free(p->dispatch);
	wake_free(p->wake);
	project_free(p->project);
	return folder_teardown(&folder);
}

void served_script(struct served *p, const char *name, const char *text)
{
	folder_put(p->folder, name, text);
	assert_int_equal(chmod(folder_at(p->folder, name), 0755), 0);
}

void served_begin(struct served *p)
{
	struct dispatch_options options = served_quick;
	struct err err = { 0 };

	options.warden = getenv("GADUGI");
	if (dispatch_new(&p->dispatch, p->project, &options, &err) != OK)
		fail_msg("%s", err.text);
}

int64_t served_publish(struct served *p, const char *topic, const char *payload)
{
	const struct event_custom c = { .topic = topic, .source = "test", .payload_json = payload };
	struct db *db = NULL;
	int64_t seq = 0;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(event_put_custom(db, clock_wall_ms(NULL), &c, &seq, NULL, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	return seq;
}

void served_subscribe(struct served *p, const char *name, const char *topic, const char *agent)
{
	const struct subscription s = { .name = name, .topic = topic, .agent = agent };
	struct subscription made;
	struct db *db = NULL;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_add(db, 1, &s, p->folder->arena, &made, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
}

static struct event_page await_page(struct served *p, const char *pattern, size_t n)
{
	const struct event_want want = { .pattern = pattern, .limit = 1000 };
	int64_t until = clock_mono_ms() + SERVED_LONG_MS;
	struct event_page page = { 0 };

	while (page.n < n) {
		struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };
		struct db *db = NULL;

		wake_clear(p->wake);
		assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
		assert_int_equal(event_find(db, &want, p->folder->arena, &page, NULL), OK);
		project_done(p->project, db);
		if (clock_mono_ms() > until)
			fail_msg("%zu of %zu events '%s' came", page.n, n, pattern);
		if (page.n < n)
			(void)poll(&fd, 1, SERVED_LONG_MS);
	}
	return page;
}

const struct event_view *served_await(struct served *p, const char *pattern, size_t n)
{
	struct event_page page = await_page(p, pattern, n);

	assert_int_equal(page.n, n);
	return &page.events[n - 1];
}

const struct event_view *served_first(struct served *p, const char *pattern)
{
	return await_page(p, pattern, 1).events;
}

int64_t served_place(struct served *p, const char *name)
{
	struct subscription s = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_find(db, name, p->folder->arena, &s, NULL), OK);
	project_done(p->project, db);
	return s.after;
}

size_t served_lines(const struct served *p, const char *name)
{
	const char *s = folder_get(p->folder, name);
	size_t n = 0;

	for (; s != NULL && *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

void served_answer(struct served *p, const char *text)
{
	struct question *open = NULL, answered;
	struct db *db = NULL;
	size_t n = 0;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(question_open(db, 1, p->folder->arena, &open, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(question_answer(db, 1,
	                                 &(struct question_reply){ open[0].id, text, "test" },
	                                 p->folder->arena, &answered, NULL),
	                 OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
}

struct life served_life(struct served *p, const char *name)
{
	struct db *db = NULL;
	struct life life;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(life_look(db, name, p->folder->arena, &life, NULL), OK);
	project_done(p->project, db);
	return life;
}

void served_define(struct served *p, const char *name, const char *keys)
{
	char file[80];

	(void)snprintf(file, sizeof file, ".gadugi/agents/%s.md", name);
	folder_putf(p->folder, file, "---\nname: %s\ndescription: d\n%s---\nBe %s.\n", name, keys,
	            name);
}

void served_start(struct served *p, const char *name)
{
	const struct agent_places places = { .root = p->folder->path };
	struct agent_set *set = NULL;
	struct db *db = NULL;
	struct err err = { 0 };

	assert_int_equal(agent_load(&places, p->folder->arena, &set, NULL), OK);
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	if (life_start(p->project, db, roster_find(set, name), p->folder->arena, &err) != OK)
		fail_msg("%s", err.text);
	project_done(p->project, db);
}

void served_stop(struct served *p, const char *name)
{
	struct db *db = NULL;
	struct err err = { 0 };

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	if (life_stop(p->project, db, name, p->folder->arena, &err) != OK)
		fail_msg("%s", err.text);
	project_done(p->project, db);
}

const char *served_topics(struct served *p, const char *pattern)
{
	const struct event_want want = { .pattern = pattern, .limit = 1000 };
	struct event_page page = { 0 };
	struct text all;
	struct db *db = NULL;
	const char *out;

	text_init(&all, TEXT_LIMIT);
	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(event_find(db, &want, p->folder->arena, &page, NULL), OK);
	project_done(p->project, db);
	for (size_t i = 0; i < page.n; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : " ", strrchr(page.events[i].topic, '.') + 1);
	out = text_copy(&all, p->folder->arena);
	text_done(&all);
	return out;
}

void served_await_word(struct served *p, const char *pattern, const char *word)
{
	bool there = false;

	while (!there) {
		struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };

		wake_clear(p->wake);
		there = strstr(served_topics(p, pattern), word) != NULL;
		if (!there)
			assert_int_equal(poll(&fd, 1, SERVED_LONG_MS), 1);
	}
}

void served_pause(struct served *p)
{
	struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, SERVED_LONG_MS), 1);
	wake_clear(p->wake);
}

void served_await_subscribers(struct served *p, size_t n)
{
	for (size_t now = n + 1; now != n;) {
		struct subscription *all = NULL;
		struct db *db = NULL;

		wake_clear(p->wake);
		assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
		assert_int_equal(subscription_all(db, p->folder->arena, &all, &now, NULL), OK);
		project_done(p->project, db);
		if (now != n)
			served_pause(p);
	}
}

struct subscription served_figures(struct served *p, const char *name)
{
	struct subscription s = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_find(db, name, p->folder->arena, &s, NULL), OK);
	project_done(p->project, db);
	return s;
}
