#include "sys/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define READY "ready"

static enum status set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int out,
                          const char *log_path, struct err *err)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, out, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, 2, log_path,
		                                      O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (rc == 0)
		rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		                                        POSIX_SPAWN_SETSID);
	return rc == 0 ? OK : err_sys(err, rc, "cannot prepare a process");
}

static enum status spawn(const char *const *argv, const char *log_path, int out, pid_t *pid,
                         struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *words[16];
	size_t n = 0;
	enum status st = OK;
	int rc;

	/* posix_spawn does not change the words; its type only forgets to say so. */
	for (; argv[n] != NULL && n + 1 < sizeof words / sizeof *words; n++)
		memcpy(&words[n], &argv[n], sizeof words[n]);
	words[n] = NULL;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_nomem(err, "a process");
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return err_nomem(err, "a process");
	}
	if ((st = set_up(&actions, &attr, out, log_path, err)) == OK) {
		rc = posix_spawn(pid, "/proc/self/exe", &actions, &attr, words, environ);
		if (rc != 0)
			st = err_sys(err, rc, "cannot start this program again");
	}
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return st;
}

/* Read words up to their end or the time; the number of bytes, or -1 for no end in time. */
static ssize_t listen_to(int fd, char *bytes, size_t most, int64_t wait_ms)
{
	int64_t until = clock_mono_ms() + wait_ms;
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		ssize_t got;

		if (left <= 0)
			return -1;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		got = read(fd, bytes + n, most - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || n + (size_t)got == most)
			return (ssize_t)n + (got > 0 ? got : 0);
		n += (size_t)got;
	}
}

enum status detach_start(const char *const *argv, const char *log_path, int64_t wait_ms,
                         struct err *err)
{
	char words[ERR_TEXT_MAX];
	int ends[2];
	enum status st;
	ssize_t n;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, errno, "cannot make a pipe");
	st = spawn(argv, log_path, ends[1], &pid, err);
	(void)close(ends[1]);
	if (st != OK) {
		(void)close(ends[0]);
		return st;
	}
	n = listen_to(ends[0], words, sizeof words - 1, wait_ms);
	(void)close(ends[0]);
	if (n < 0) /* it is alive and silent: not ours to end, but nothing to wait for either */
		return err_set(err, E_IO, "the runner did not begin within %lld s; see '%s'",
		               (long long)(wait_ms / 1000), log_path);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	words[n] = '\0';
	if (strcmp(words, READY) == 0)
		return OK;
	return err_set(err, E_IO, "%s",
	               n > 0 ? words : "the runner ended before it began; see its log");
}

/* Pass on what the child says; it lives on without us. */
static int relay(int from)
{
	char words[ERR_TEXT_MAX];
	ssize_t n;
	bool ready;

	while ((n = read(from, words, sizeof words)) == -1 && errno == EINTR)
		continue;
	if (n <= 0)
		return 1;
	ready = (size_t)n == strlen(READY) && memcmp(words, READY, (size_t)n) == 0;
	return write(1, words, (size_t)n) == n && ready ? 0 : 1;
}

static enum status go_alone(const char *folder, struct err *err)
{
	if (setsid() == -1)
		return err_sys(err, errno, "cannot begin a session");
	if (chdir(folder) != 0)
		return err_sys(err, errno, "cannot go to '%s'", folder);
	if (dup2(2, 1) == -1)
		return err_sys(err, errno, "cannot leave the caller's output");
	return OK;
}

enum status detach_part(const char *folder, bool *child, int *exit_code, int *word, struct err *err)
{
	int ends[2];
	pid_t pid;

	*child = true;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, errno, "cannot make a pipe");
	if ((pid = fork()) == -1) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err_sys(err, errno, "cannot split from the caller");
	}
	if (pid > 0) {
		(void)close(ends[1]);
		*child = false;
		*exit_code = relay(ends[0]);
		(void)close(ends[0]);
		return OK;
	}
	(void)close(ends[0]);
	*word = ends[1];
	return go_alone(folder, err);
}

void detach_word(int word, const char *failure)
{
	const char *words = failure == NULL ? READY : failure;
	ssize_t n;

	do
		n = write(word, words, strlen(words));
	while (n == -1 && errno == EINTR);
	(void)close(word);
}
