/* follow.c - what the coach finds while sessions go on, told as it comes. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/command.h"

#define PAUSE_MS 200 /* between two looks: hosts write line by line */
#define CHANGES  (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO)

struct follow {
	struct cli *c;
	int fd;   /* of inotify */
	int last; /* the newest watch */
};

static void tell(struct cli *c, const cJSON *f)
{
	const cJSON *place =
	    json_get(f, "evidence") == NULL ? NULL : json_get(f, "evidence")->child;
	struct screen *s = &c->screen;
	char *json;

	if (c->options.json) {
		if ((json = json_print(f)) != NULL)
			text_add(&s->text, json);
		s->broken = s->broken || json == NULL;
		cJSON_free(json);
	} else {
		screen_text(s, json_text(f, "severity"));
		text_add_char(&s->text, ' ');
		screen_text(s, json_text(f, "code"));
		text_add(&s->text, ": ");
		screen_text(s, json_text(f, "message"));
		if (json_text(place, "file") != NULL) {
			text_add(&s->text, " (");
			screen_text(s, json_text(place, "file"));
			text_addf(&s->text, ":%lld)", (long long)json_int(place, "line", 0));
		}
	}
	text_add_char(&s->text, '\n');
}

/* Watch the folders; *more when one of them was not watched before. */
static void watch(struct follow *f, const cJSON *folders, bool *more)
{
	const cJSON *folder;

	*more = false;
	cJSON_ArrayForEach(folder, folders) {
		int wd = inotify_add_watch(f->fd, folder->valuestring, CHANGES);

		if (wd <= f->last)
			continue; /* known, or gone meanwhile */
		f->last = wd;
		*more = true;
	}
}

/* Look, and look again as long as there were folders that nobody had watched until now. */
static enum status look(struct follow *f)
{
	bool more = true;

	while (more) {
		cJSON *result = NULL;
		const cJSON *finding;
		cJSON *args = cJSON_Duplicate(f->c->args, true);
		enum status st = args == NULL ? err_nomem(&f->c->err, "the arguments")
		                              : cli_call_with(f->c, "coach", args, &result);

		if (st != OK)
			return st;
		cJSON_ArrayForEach(finding, json_get(result, "findings")) {
			tell(f->c, finding);
		}
		watch(f, json_get(result, "folders"), &more);
		cJSON_Delete(result);
		screen_flush(&f->c->screen);
		if (f->c->screen.broken)
			return E_STOP; /* nobody reads any more */
	}
	return OK;
}

/* Sleep until one of the folders changed. E_STOP: a signal came, which ends it well. */
static enum status wait_for_change(struct follow *f)
{
	struct pollfd fds[2] = { { f->c->signal_fd, POLLIN, 0 }, { f->fd, POLLIN, 0 } };
	struct signalfd_siginfo info;
	char events[4096];

	(void)poll(fds, 2, -1);
	(void)poll(fds, 1, PAUSE_MS); /* let more of it come */
	if (read(f->c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		return E_STOP;
	while (read(f->fd, events, sizeof events) > 0)
		continue;
	return OK;
}

int command_follow(struct cli *c)
{
	struct follow f = { .c = c, .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	enum status st;

	if (f.fd == -1) {
		(void)err_set(&c->err, E_IO, "cannot watch for changes");
		return cli_failed(c);
	}
	cli_catch_signals(c);
	cli_put_flag(c, "fresh", true);
	do
		st = look(&f);
	while (st == OK && (st = wait_for_change(&f)) == OK);
	(void)close(f.fd);
	return st == E_STOP ? CLI_DONE : cli_failed(c);
}
