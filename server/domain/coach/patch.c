#include "domain/coach/patch.h"

#include <string.h>

#define CONTEXT 3 /* lines around a change */

/* Length of the line at s with its end. */
static size_t line_length(const char *s)
{
	size_t n = strcspn(s, "\n");

	return n + (s[n] == '\n');
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s += line_length(s))
		n++;
	return n;
}

static const char *skip(const char *s, size_t lines)
{
	for (; lines > 0; lines--)
		s += line_length(s);
	return s;
}

static bool same_line(const char *a, const char *b)
{
	size_t n = line_length(a);

	return n == line_length(b) && memcmp(a, b, n) == 0;
}

static size_t same_at_start(const char *a, const char *b)
{
	size_t n = 0;

	for (; *a != '\0' && *b != '\0' && same_line(a, b); n++) {
		a += line_length(a);
		b += line_length(b);
	}
	return n;
}

/* Equal lines at the end, at most `most`. */
static size_t same_at_end(const char *a, const char *b, size_t most)
{
	size_t n_a = count_lines(a), n_b = count_lines(b), n = 0;

	while (n < most && same_line(skip(a, n_a - n - 1), skip(b, n_b - n - 1)))
		n++;
	return n;
}

static void put_lines(struct text *t, char mark, const char *s, size_t lines)
{
	for (; lines > 0; lines--) {
		size_t n = line_length(s);

		text_add_char(t, mark);
		text_add_n(t, s, n);
		if (n == 0 || s[n - 1] != '\n')
			text_add(t, "\n\\ No newline at end of file\n");
		s += n;
	}
}

/* git counts an empty side from line 0. */
static void put_range(struct text *t, char mark, size_t from, size_t lines)
{
	text_addf(t, "%c%zu,%zu", mark, lines == 0 ? from : from + 1, lines);
}

void patch_add(struct text *t, const char *path, const char *before, const char *after)
{
	const char *old = before == NULL ? "" : before;
	size_t n_old = count_lines(old), n_new = count_lines(after);
	size_t head = same_at_start(old, after), least = n_old < n_new ? n_old : n_new;
	size_t tail = same_at_end(old, after, least - head);
	size_t from = head > CONTEXT ? head - CONTEXT : 0;
	size_t below = tail > CONTEXT ? CONTEXT : tail;

	if (head == n_old && head == n_new)
		return;
	text_addf(t, "diff --git a/%s b/%s\n", path, path);
	if (before == NULL)
		text_add(t, "new file mode 100644\n--- /dev/null\n");
	else
		text_addf(t, "--- a/%s\n", path);
	text_addf(t, "+++ b/%s\n@@ ", path);
	put_range(t, '-', from, n_old - tail - from + below);
	text_add_char(t, ' ');
	put_range(t, '+', from, n_new - tail - from + below);
	text_add(t, " @@\n");
	put_lines(t, ' ', skip(old, from), head - from);
	put_lines(t, '-', skip(old, head), n_old - tail - head);
	put_lines(t, '+', skip(after, head), n_new - tail - head);
	put_lines(t, ' ', skip(old, n_old - tail), below);
}
