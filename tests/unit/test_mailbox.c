/* Posts of agents: what is done for whom, and what hostile or broken ones cannot do. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/mailbox.h"
#include "domain/memory.h"
#include "domain/question.h"
#include "tests/lib/folder.h"

#define LONG_MS 60000

struct place {
	struct folder *folder;
	struct project *project;
	struct mailbox *mailbox;
	const char *one, *two; /* the folders of two agents */
};

static void keep(struct place *p)
{
	struct err err = { 0 };

	if (mailbox_new(&p->mailbox, p->project, "r1", "r1", &err) != OK)
		fail_msg("%s", err.text);
	p->one = mailbox_folder(p->mailbox, "one", p->folder->arena);
	p->two = mailbox_folder(p->mailbox, "two", p->folder->arena);
	assert_non_null(p->one);
	assert_non_null(p->two);
}

static int set_up(void **state)
{
	static struct place p;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct place){ .folder = folder };
	if (setenv("XDG_CONFIG_HOME", folder_at(p.folder, "xdg"), 1) != 0 ||
	    setenv("XDG_DATA_HOME", folder_at(p.folder, "data"), 1) != 0 ||
	    project_open(&p.project, p.folder->path, NULL) != OK)
		return -1;
	keep(&p);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	void *folder = p->folder;

	mailbox_free(p->mailbox);
	project_free(p->project);
	return folder_teardown(&folder);
}

/* The answer to a post; *st is E_INPUT and the like when it was refused. */
static const char *answer_to(struct place *p, const char *folder, const char *id, enum status *st)
{
	int64_t until = clock_mono_ms() + LONG_MS;
	struct err err = { 0 };
	cJSON *answer = NULL;
	const char *words;
	char *text;

	while ((*st = mailbox_answer(folder, id, p->folder->arena, &answer, &err)) == E_WAIT &&
	       clock_mono_ms() < until)
		(void)poll(NULL, 0, 2);
	if (*st != OK)
		return text_dup(p->folder->arena, err.text);
	text = json_print(answer);
	words = text_dup(p->folder->arena, text);
	cJSON_free(text);
	cJSON_Delete(answer);
	return words;
}

/* Post what the JSON says, as the agent whose folder it is, and wait for what came of it. */
static const char *post(struct place *p, const char *folder, const char *kind, const char *json,
                        enum status *st)
{
	cJSON *what = NULL;
	const char *id = NULL;

	assert_int_equal(json_read(json, strlen(json), &what, NULL), OK);
	assert_int_equal(mailbox_post(folder, kind, what, p->folder->arena, &id, NULL), OK);
	cJSON_Delete(what);
	return answer_to(p, folder, id, st);
}

/* A file that looks like a post, there all at once: the keeper may look at any moment. */
static const char *put(struct place *p, const char *folder, const char *name, const char *bytes,
                       size_t n)
{
	const char *path = text_printf(p->folder->arena, "%s/%s", folder, name);
	const char *before = text_printf(p->folder->arena, "%s/.before", folder);
	int fd = open(before, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	(void)close(fd);
	assert_int_equal(rename(before, path), 0);
	return path;
}

static void await_gone(const char *path)
{
	int64_t until = clock_mono_ms() + LONG_MS;
	struct stat st;

	while (lstat(path, &st) == 0 && clock_mono_ms() < until)
		(void)poll(NULL, 0, 2);
	assert_int_not_equal(lstat(path, &st), 0);
}

static size_t events_of(struct place *p, const char *pattern)
{
	const struct event_want want = { .pattern = pattern, .limit = 1000 };
	struct event_page page = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(event_find(db, &want, p->folder->arena, &page, NULL), OK);
	project_done(p->project, db);
	return page.n;
}

static void each_kind_is_done_and_answered(void **state)
{
	struct place *p = *state;
	enum status st;
	const char *said, *id;

	said =
	    post(p, p->one, "event", "{\"topic\":\"a.b\",\"payload\":\"{}\",\"task\":\"t\"}", &st);
	assert_int_equal(st, OK);
	assert_non_null(strstr(said, "\"seq\":"));
	assert_int_equal(events_of(p, "a.b"), 1);
	said = post(p, p->one, "board", "{\"name\":\"n\",\"text\":\"one\",\"task\":\"t\"}", &st);
	assert_non_null(strstr(said, "\"version\":1,\"author\":\"t\""));
	(void)post(p, p->two, "board", "{\"name\":\"n\",\"text\":\"two\",\"version\":0}", &st);
	assert_int_equal(st, E_BUSY);
	said = post(p, p->one, "question", "{\"text\":\"Which?\",\"task\":\"t\"}", &st);
	assert_int_equal(st, OK);
	id = strstr(said, "\"q1") == NULL ? NULL : strstr(said, "\"questionId\":\"") + 14;
	assert_non_null(id);
	id =
	    text_printf(p->folder->arena, "{\"question\":\"%.*s\",\"text\":\"red\",\"task\":\"u\"}",
	                (int)strcspn(id, "\""), id);
	said = post(p, p->two, "answer", id, &st);
	assert_non_null(
	    strstr(said, "\"state\":\"answered\",\"answer\":\"red\",\"responder\":\"u\""));
	assert_non_null(strstr(post(p, p->one, "dance", "{}", &st), "nothing of that kind"));
	assert_int_equal(st, E_INPUT);
	/* who answers a question that nobody asked is told so, and does not wait */
	(void)post(p, p->two, "answer", "{\"question\":\"q1none\",\"text\":\"x\"}", &st);
	assert_int_equal(st, E_ABSENT);
}

static void what_is_remembered_is_the_agents_whose_folder_it_is(void **state)
{
	struct place *p = *state;
	enum status st;
	const char *said;

	folder_put(p->folder, ".gadugi/config",
	           "memory:\n  permissions:\n"
	           "    - {actor: 'agent:one', read: [project, 'agent:one'], write: [project]}\n"
	           "    - {actor: 'agent:two', read: [project], write: []}\n"
	           "    - {actor: '*', read: ['*'], write: ['*']}\n");
	said = post(p, p->one, "remember",
	            "{\"task\":\"t1\",\"memories\":[{\"text\":\"frames are "
	            "cut\",\"entity\":\"cutter\",\"author\":\"user\","
	            "\"origin\":\"user\",\"relations\":[{\"type\":\"about\",\"to\":\"frames\"}]}]}",
	            &st);
	assert_int_equal(st, OK);
	assert_non_null(strstr(said, "\"stored\":[\"m"));
	said = post(p, p->one, "recall", "{\"query\":\"frames cut\"}", &st);
	assert_non_null(strstr(said, "\"author\":\"one\",\"run\":\"r1\",\"task\":\"t1\""));
	assert_null(strstr(said, "\"origin\":\"user\""));
	/* as another agent it may call itself what it likes */
	said = post(
	    p, p->two, "remember",
	    "{\"agent\":\"one\",\"memories\":[{\"text\":\"two was here\",\"author\":\"one\"}]}",
	    &st);
	assert_int_equal(st, E_DENIED);
	assert_non_null(strstr(said, "'agent:two' may not write memories of scope 'project'"));
	(void)post(p, p->one, "remember", "{\"memories\":[{\"text\":\"x\",\"scope\":\"team\"}]}",
	           &st);
	assert_int_equal(st, E_DENIED);
	assert_non_null(
	    strstr(post(p, p->two, "recall", "{\"query\":\"frames\"}", &st), "frames are"));
}

static void what_an_agent_may_not_read_it_does_not_recall(void **state)
{
	struct place *p = *state;
	struct memory_item item = { .text = "the zebra is striped", .scope = "agent:one" };
	struct memory_stored out = { 0 };
	enum status st;

	folder_put(p->folder, ".gadugi/config",
	           "memory:\n  permissions:\n"
	           "    - {actor: 'agent:one', read: ['agent:one'], write: []}\n"
	           "    - {actor: 'agent:two', read: [project], write: []}\n"
	           "    - {actor: '*', read: ['*'], write: ['*']}\n");
	assert_int_equal(memory_remember(p->project, NULL, &(struct memory_batch){ &item, 1, &out },
	                                 p->folder->arena, NULL),
	                 OK);
	assert_non_null(strstr(post(p, p->one, "recall", "{\"query\":\"zebra\"}", &st), "striped"));
	assert_null(strstr(post(p, p->two, "recall", "{\"query\":\"zebra\"}", &st), "striped"));
	assert_int_equal(st, OK);
	assert_null(
	    strstr(post(p, p->two, "recall", "{\"query\":\"zebra\",\"scope\":\"agent:one\"}", &st),
	           "striped"));
}

static void a_post_whose_sender_is_unknown_remembers_nothing(void **state)
{
	struct place *p = *state;
	const char *folder = folder_at(p->folder, ".gadugi/mail/r1");
	enum status st;

	assert_non_null(
	    strstr(post(p, folder, "remember", "{\"memories\":[{\"text\":\"x\"}]}", &st),
	           "whose post this is"));
	assert_int_equal(st, E_DENIED);
	(void)post(p, folder, "recall", "{\"query\":\"x\"}", &st);
	assert_int_equal(st, E_DENIED);
}

static void no_two_agents_share_a_folder(void **state)
{
	static const char *const names[] = { "a b",    "a_b", "a/b", "a%20b",
		                             "../one", "a.b", ".",   "A b" };
	struct place *p = *state;
	struct stat seen[8];

	for (size_t i = 0; i < 8; i++) {
		const char *folder = mailbox_folder(p->mailbox, names[i], p->folder->arena);

		assert_non_null(folder);
		assert_int_equal(stat(folder, &seen[i]), 0);
		assert_int_equal(strncmp(folder, p->one, strlen(p->one) - 3), 0);
		assert_null(strchr(folder + strlen(p->one) - 3, '/'));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[i].st_ino, seen[k].st_ino);
	}
}

static void hostile_files_are_removed_and_hurt_nobody(void **state)
{
	struct place *p = *state;
	size_t big = (size_t)10 << 20;
	char *bytes = mem_zero(1, big);
	const char *paths[8], *outside = folder_at(p->folder, "outside"), *link;
	enum status st;
	size_t n = 0;

	assert_non_null(bytes);
	memset(bytes, 'x', big);
	paths[n++] = put(p, p->one, "big.post", bytes, big);
	mem_free(bytes);
	paths[n++] = put(p, p->one, "half.post", "{\"kind\":\"event\",\"topic\":\"half", 28);
	paths[n++] = put(p, p->one, "zero.post", "", 0);
	paths[n++] = put(p, p->one, "nul.post", "{\"kind\":\"ev\0nt\"}", 16);
	paths[n++] = put(p, p->one, "list.post", "[1,2]", 5);
	/* a file elsewhere that would be a good post */
	folder_put(p->folder, "outside", "{\"kind\":\"event\",\"topic\":\"from.outside\"}");
	link = text_printf(p->folder->arena, "%s/link.post", p->one);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(mkfifo(text_printf(p->folder->arena, "%s/pipe.post", p->one), 0600), 0);
	/* these are no posts, and stay where they are */
	(void)put(p, p->one, ".hidden.post", "{}", 2);
	(void)put(p, p->one, "other.txt", "{}", 2);
	assert_int_equal(mkdir(text_printf(p->folder->arena, "%s/sub.post", p->one), 0700), 0);
	for (size_t i = 0; i < n; i++)
		await_gone(paths[i]);
	(void)answer_to(p, p->one, "big", &st);
	assert_int_not_equal(st, OK);
	(void)answer_to(p, p->one, "half", &st);
	assert_int_equal(st, E_INPUT);
	/* and others are served as before */
	(void)post(p, p->two, "event", "{\"topic\":\"still.here\"}", &st);
	assert_int_equal(st, OK);
	(void)post(p, p->one, "event", "{\"topic\":\"still.here\"}", &st);
	assert_int_equal(st, OK);
	assert_int_equal(events_of(p, "from.outside"), 0);
	assert_non_null(folder_get(p->folder, "outside"));
}

static void the_same_event_posted_twice_is_one(void **state)
{
	struct place *p = *state;
	enum status st;

	(void)post(p, p->one, "event", "{\"topic\":\"a\",\"id\":\"e-1\"}", &st);
	assert_int_equal(st, OK);
	assert_non_null(strstr(post(p, p->one, "event", "{\"topic\":\"a\",\"id\":\"e-1\"}", &st),
	                       "\"duplicate\":true"));
	assert_int_equal(events_of(p, "a"), 1);
}

static void an_answer_that_somebody_put_there_first_is_written_over(void **state)
{
	struct place *p = *state;
	const char *victim = folder_at(p->folder, "victim");
	enum status st;

	folder_put(p->folder, "victim", "precious");
	assert_int_equal(symlink(victim, text_printf(p->folder->arena, "%s/x.answer", p->one)), 0);
	(void)put(p, p->one, "x.post", "{\"kind\":\"event\",\"topic\":\"a\"}", 28);
	await_gone(text_printf(p->folder->arena, "%s/x.post", p->one));
	assert_string_equal(folder_get(p->folder, "victim"), "precious");
	assert_non_null(strstr(answer_to(p, p->one, "x", &st), "\"seq\":"));
}

static void what_was_posted_before_is_read_by_the_next_keeper(void **state)
{
	struct place *p = *state;
	const char *one = p->one;
	enum status st;

	mailbox_free(p->mailbox);
	p->mailbox = NULL;
	/* as a keeper that was killed leaves it: folder, post, half a post under a temporary name
	 */
	folder_put(p->folder, ".gadugi/mail/r1/one/p1.post",
	           "{\"kind\":\"event\",\"topic\":\"a\"}");
	folder_put(p->folder, ".gadugi/mail/r1/one/.p2.post.tmp", "{\"kind\":");
	folder_put(p->folder, ".gadugi/mail/r1/one/p3.post",
	           "{\"kind\":\"remember\",\"memories\":[{\"text\":\"kept over a crash\"}]}");
	keep(p);
	assert_non_null(strstr(answer_to(p, one, "p1", &st), "\"seq\":"));
	assert_non_null(strstr(answer_to(p, one, "p3", &st), "\"stored\":[\"m"));
	assert_int_equal(events_of(p, "a"), 1);
}

static void a_folder_removed_and_made_anew_is_heard_again(void **state)
{
	struct place *p = *state;
	enum status st;

	(void)post(p, p->one, "event", "{\"topic\":\"a\"}", &st);
	assert_int_equal(st, OK);
	folder_drop(p->folder, ".gadugi/mail/r1/one");
	assert_string_equal(mailbox_folder(p->mailbox, "one", p->folder->arena), p->one);
	(void)post(p, p->one, "event", "{\"topic\":\"a\"}", &st);
	assert_int_equal(st, OK);
	/* also when all of it went */
	folder_drop(p->folder, ".gadugi/mail");
	assert_string_equal(mailbox_folder(p->mailbox, "one", p->folder->arena), p->one);
	(void)post(p, p->one, "event", "{\"topic\":\"a\"}", &st);
	assert_int_equal(st, OK);
	assert_int_equal(events_of(p, "a"), 3);
}

static void many_posts_at_once_are_all_done(void **state)
{
	struct place *p = *state;
	const char *ids[300];
	enum status st;

	for (int i = 0; i < 300; i++) {
		cJSON *what = cJSON_CreateObject();

		assert_non_null(cJSON_AddStringToObject(what, "topic", "many"));
		assert_int_equal(mailbox_post(i % 2 == 0 ? p->one : p->two, "event", what,
		                              p->folder->arena, &ids[i], NULL),
		                 OK);
		cJSON_Delete(what);
	}
	for (int i = 0; i < 300; i++) {
		(void)answer_to(p, i % 2 == 0 ? p->one : p->two, ids[i], &st);
		assert_int_equal(st, OK);
	}
	assert_int_equal(events_of(p, "many"), 300);
}

static void nothing_is_left_of_a_mailbox_that_is_freed(void **state)
{
	struct place *p = *state;
	struct stat st;

	(void)put(p, p->one, "late.post", "{\"kind\":\"event\",\"topic\":\"late\"}", 31);
	mailbox_free(p->mailbox);
	p->mailbox = NULL;
	assert_int_not_equal(stat(p->one, &st), 0);
	assert_int_equal(events_of(p, "late"), 1); /* what was there was read */
	assert_null(mailbox_folder(NULL, "one", p->folder->arena));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_is_done_and_answered),
		TEST(what_is_remembered_is_the_agents_whose_folder_it_is),
		TEST(what_an_agent_may_not_read_it_does_not_recall),
		TEST(a_post_whose_sender_is_unknown_remembers_nothing),
		TEST(no_two_agents_share_a_folder),
		TEST(hostile_files_are_removed_and_hurt_nobody),
		TEST(the_same_event_posted_twice_is_one),
		TEST(an_answer_that_somebody_put_there_first_is_written_over),
		TEST(what_was_posted_before_is_read_by_the_next_keeper),
		TEST(a_folder_removed_and_made_anew_is_heard_again),
		TEST(many_posts_at_once_are_all_done),
		TEST(nothing_is_left_of_a_mailbox_that_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
