#include "domain/config/trust.h"

#include <string.h>

#include "base/text.h"
#include "sys/fs.h"

/* Does the line of n bytes name that path? */
static bool is_of(const char *line, size_t n, const char *path)
{
	const char *space = memchr(line, ' ', n);

	return space != NULL && n - (size_t)(space - line) - 1 == strlen(path) &&
	       memcmp(space + 1, path, strlen(path)) == 0;
}

static enum status read_list(const char *list, struct arena *a, char **bytes, struct err *err)
{
	size_t n;
	enum status st = fs_read(list, TRUST_BYTES_MAX, a, bytes, &n, err);

	if (st != E_ABSENT)
		return st;
	*bytes = arena_copy(a, "", 0);
	return *bytes == NULL ? err_nomem(err, "the list of trusted files") : OK;
}

enum status trust_has(const char *list, const char *path, const char *hash, struct arena *a,
                      bool *out, struct err *err)
{
	char *bytes;
	enum status st = read_list(list, a, &bytes, err);

	*out = false;
	if (st != OK)
		return st;
	for (const char *line = bytes; *line != '\0' && !*out;) {
		size_t n = strcspn(line, "\n"), hash_n = strlen(hash);

		*out =
		    is_of(line, n, path) && strncmp(line, hash, hash_n) == 0 && line[hash_n] == ' ';
		line += n + (line[n] == '\n');
	}
	return OK;
}

enum status trust_add(const char *list, const char *path, const char *hash, struct arena *a,
                      struct err *err)
{
	const char *slash = strrchr(list, '/');
	char *folder = arena_copy(a, list, (size_t)(slash - list)), *bytes;
	struct text all;
	enum status st;

	if (strchr(path, '\n') != NULL)
		return err_set(err, E_INPUT, "a path with a line break cannot be trusted");
	if (folder == NULL)
		return err_nomem(err, "the list of trusted files");
	if ((st = fs_make_folders(folder, 0700, err)) != OK ||
	    (st = read_list(list, a, &bytes, err)) != OK)
		return st;
	text_init(&all, TRUST_BYTES_MAX);
	for (const char *line = bytes; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		if (!is_of(line, n, path)) {
			text_add_n(&all, line, n);
			text_add_char(&all, '\n');
		}
		line += n + (line[n] == '\n');
	}
	text_addf(&all, "%s %s\n", hash, path);
	st = all.failed ? err_nomem(err, "the list of trusted files")
	                : fs_write(list, text_string(&all), all.len, 0600, err);
	text_done(&all);
	return st;
}
