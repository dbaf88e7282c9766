/* work.c - running tools from a command, and answering. */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/judge.h"
#include "cli/yes.h"

#define HINT_MAX_MS 2000 /* a wake-up that was lost costs no more than this */

bool command_offered(const struct cli_world *world, const struct command *command)
{
	if (command->tool == NULL)
		return true;
	for (const struct tool *const *t = world->tools; *t != NULL; t++)
		if (strcmp((*t)->name, command->tool) == 0)
			return true;
	return false;
}

enum status cli_open(struct cli *c)
{
	if (c->project != NULL)
		return OK;
	return c->world->open(c->world->arg, &c->options, &c->project, &c->root, &c->err);
}

void cli_catch_signals(struct cli *c)
{
	sigset_t set;

	if (c->signal_fd != -1)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if ((c->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) != -1)
		(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

enum status cli_sleep(struct cli *c, int64_t most_ms)
{
	struct signalfd_siginfo info;
	struct pollfd fds[2];
	enum status st = OK;

	if (c->wake_fd == -1 && (st = c->world->wake(c->world->arg, &c->wake_fd, &c->err)) != OK)
		return st;
	cli_catch_signals(c);
	fds[0] = (struct pollfd){ c->wake_fd, POLLIN, 0 };
	fds[1] = (struct pollfd){ c->signal_fd, POLLIN, 0 };
	if (most_ms > HINT_MAX_MS)
		most_ms = HINT_MAX_MS;
	(void)poll(fds, 2, most_ms < 0 ? 0 : (int)most_ms);
	if ((fds[0].revents & POLLIN) != 0)
		c->world->wake_clear(c->world->arg);
	if (c->signal_fd != -1 && read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		return err_set(&c->err, E_STOP, "stopped");
	return OK;
}

static void call_init(struct call *call, struct cli *c)
{
	*call = (struct call){ .project = c->project, .answer_max = SIZE_MAX };
	atomic_init(&call->stop, false);
	call->arena = arena_new(CALL_ARENA_MAX);
	call->can_ask = c->asks ? CALL_ASK_FORM : 0;
}

/* A tool that waits either wants an answer of the person or has to be looked at again. */
static enum status go_on(struct cli *c, struct call *call, cJSON **answers)
{
	cJSON *asks = call->asks;
	enum status st;

	if (asks == NULL)
		return cli_sleep(c, call->wait_until_ms - clock_mono_ms());
	call->asks = NULL;
	cJSON_Delete(*answers);
	*answers = NULL;
	st = cli_answer(c, asks, answers);
	cJSON_Delete(asks);
	call->answers = *answers;
	return st;
}

static enum status run_tool(struct cli *c, const struct tool *tool, const cJSON *args,
                            cJSON **result)
{
	struct call call;
	cJSON *answers = NULL;
	void *in;
	enum status st;

	call_init(&call, c);
	in = call.arena == NULL ? NULL : arena_take(call.arena, tool->in_size + 1);
	if (in == NULL) {
		arena_free(call.arena);
		return err_nomem(&c->err, "the call");
	}
	st = arg_read(tool->args, args, in, &call.err);
	while (st == OK && (st = tool->run(&call, in, result)) == E_WAIT) {
		if ((st = go_on(c, &call, &answers)) == OK)
			continue;
		call.err = c->err;
		if (call.dropped != NULL)
			call.dropped(&call);
	}
	if (st != OK)
		c->err = call.err;
	cJSON_Delete(answers);
	arena_free(call.arena);
	bell_done(&call.bell);
	return st;
}

static enum status unknown_tool(struct cli *c, const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct tool *const *t = c->world->tools; *t != NULL && n < 64; t++)
		names[n++] = (*t)->name;
	near = text_nearest(name, names, n);
	return err_set(&c->err, E_INPUT, "there is no tool '%.60s'%s%s%s", name,
	               near == NULL ? "; 'gadugi help call' lists them" : "; is it '",
	               near == NULL ? "" : near, near == NULL ? "" : "'?");
}

enum status cli_call_with(struct cli *c, const char *tool_name, cJSON *args, cJSON **result)
{
	const struct tool *tool = NULL;
	enum status st;

	for (const struct tool *const *t = c->world->tools; *t != NULL; t++)
		if (strcmp((*t)->name, tool_name) == 0)
			tool = *t;
	if (args == NULL || c->no_memory)
		st = err_nomem(&c->err, "the arguments");
	else if (tool == NULL)
		st = unknown_tool(c, tool_name);
	else if ((st = cli_open(c)) == OK)
		st = run_tool(c, tool, args, result);
	cJSON_Delete(args);
	return st;
}

enum status cli_call(struct cli *c, const char *tool, cJSON **result)
{
	cJSON *args = c->args;

	c->args = NULL;
	return cli_call_with(c, tool, args, result);
}

int cli_print_json(struct cli *c, const cJSON *value)
{
	char *printed = c->screen.terminal ? json_print_pretty(value) : json_print(value);

	if (printed == NULL) {
		(void)err_nomem(&c->err, "printing the answer");
		return cli_failed(c);
	}
	text_add(&c->screen.text, printed);
	text_add_char(&c->screen.text, '\n');
	mem_free(printed);
	screen_flush(&c->screen);
	return CLI_DONE;
}

int cli_failed(struct cli *c)
{
	struct screen *s = &c->errors;

	screen_flush(&c->screen);
	screen_styled(s, STYLE_RED, "gadugi:", SIZE_MAX);
	text_add_char(&s->text, ' ');
	screen_text(s, c->err.text);
	text_add_char(&s->text, '\n');
	screen_flush(s);
	return CLI_FAILED;
}

int cli_usage(struct cli *c, const char *fmt, ...)
{
	struct screen *s = &c->errors;
	const char *name = c->command == NULL ? NULL : c->command->name;
	struct text words;
	va_list ap;

	text_init(&words, 4096);
	va_start(ap, fmt);
	text_addv(&words, fmt, ap);
	va_end(ap);
	screen_styled(s, STYLE_RED, "gadugi:", SIZE_MAX);
	text_add_char(&s->text, ' ');
	screen_text(s, text_string(&words));
	text_done(&words);
	if (name != NULL)
		text_addf(&s->text, "\nusage: gadugi %s%s%s   ('gadugi help %s' says more)\n", name,
		          c->command->words[0] == '\0' ? "" : " ", c->command->words, name);
	else
		text_add(&s->text, "\n'gadugi help' lists the commands\n");
	screen_flush(s);
	return CLI_USAGE;
}

int cli_simple(struct cli *c, void render(struct cli *c, const cJSON *result))
{
	cJSON *result = NULL;
	int rc = CLI_DONE;

	if (cli_call(c, c->command->tool, &result) != OK)
		return cli_failed(c);
	if (c->options.json) {
		rc = cli_print_json(c, result);
	} else {
		render(c, result);
		screen_flush(&c->screen);
	}
	if (rc == CLI_DONE)
		rc = judge(c->command->tool, result);
	cJSON_Delete(result);
	return rc;
}
