/* Inside an agent: posting, and looking for the answer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "domain/mailbox.h"
#include "sys/fs.h"

const char *mailbox_needed(const struct project *p, struct arena *a)
{
	const char *folder = getenv(MAILBOX_VARIABLE);
	const char *lock = text_printf(a, "%s/gadugi.db-lock", p->state);
	int fd;

	if (folder == NULL || *folder == '\0' || lock == NULL)
		return NULL;
	/* what says no may be the kernel's confinement, which access(2) does not tell of */
	if ((fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) != -1) {
		(void)close(fd);
		return NULL;
	}
	return errno == EACCES || errno == EROFS ? folder : NULL;
}

enum status mailbox_post(const char *folder, const char *kind, cJSON *what, struct arena *a,
                         const char **id, struct err *err)
{
	struct json_build b = { 0 };
	const char *path;
	char *text = NULL, made[ID_SIZE];
	enum status st;

	json_put_text(&b, what, "kind", kind);
	id_new(made, 'p', clock_wall_ms(NULL));
	*id = text_dup(a, made);
	path = text_printf(a, "%s/%s.post", folder, made);
	if (!b.failed)
		text = json_print_exact(what);
	if (text == NULL || path == NULL || *id == NULL) {
		cJSON_free(text);
		return err_nomem(err, "a post");
	}
	st = fs_write(path, text, strlen(text), 0600, err);
	cJSON_free(text);
	return st;
}

enum status mailbox_answer(const char *folder, const char *id, struct arena *a, cJSON **answer,
                           struct err *err)
{
	const char *path = text_printf(a, "%s/%s.answer", folder, id);
	cJSON *root = NULL;
	const char *words;
	char *bytes = NULL;
	size_t n = 0;
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a post");
	if ((st = fs_read(path, MAILBOX_POST_MAX, a, &bytes, &n, err)) != OK)
		return st == E_ABSENT ? E_WAIT : st;
	(void)unlink(path);
	if ((st = json_read(bytes, n, &root, err)) != OK)
		return st;
	if ((words = json_text(root, "error")) != NULL) {
		st = err_set(err, (enum status)json_int(root, "status", E_INPUT), "%s", words);
		cJSON_Delete(root);
		return st;
	}
	*answer = root;
	return OK;
}
