/* Where the elements of JSON arrays stand in their text: cJSON forgets it. */
#include <string.h>

#include "base/json.h"
#include "domain/plan/read.h"

struct walk {
	const char *at, *end;
	long line;
	size_t depth;
	bool wanted[JSON_DEPTH_MAX + 1]; /* is the array at this depth called by the key? */
};

/* Past a string that starts here; *len bytes of it are its content as written. */
static const char *string(struct walk *w, size_t *len)
{
	const char *from = ++w->at;

	while (w->at < w->end && *w->at != '"')
		w->at += *w->at == '\\' && w->at + 1 < w->end ? 2 : 1;
	*len = (size_t)(w->at - from);
	w->at += w->at < w->end;
	return from;
}

static bool opens(struct walk *w, bool wanted)
{
	if (w->depth == JSON_DEPTH_MAX)
		return false;
	w->wanted[++w->depth] = wanted;
	return true;
}

struct found {
	struct arena *a;
	long *lines;
	size_t n, room;
};

/* False when the arena is full. */
static bool found_add(struct found *f, long line)
{
	if (f->n == f->room) {
		long *grown = arena_take(f->a, 2 * f->room * sizeof *grown);

		if (grown == NULL)
			return false;
		memcpy(grown, f->lines, f->room * sizeof *grown);
		f->lines = grown;
		f->room *= 2;
	}
	f->lines[f->n++] = line;
	return true;
}

const long *read_lines(const char *bytes, size_t size, const char *key, struct arena *a, size_t *n)
{
	struct walk w = { .at = bytes, .end = bytes + size, .line = 1 };
	struct found f = { .a = a, .room = 16 };
	size_t len = 0;
	bool named = false;

	f.lines = arena_take(a, f.room * sizeof *f.lines);
	while (f.lines != NULL && w.at < w.end) {
		char c = *w.at;

		if (c == '"') {
			const char *text = string(&w, &len);

			named = len == strlen(key) && memcmp(text, key, len) == 0;
			continue;
		}
		w.line += c == '\n';
		w.at++;
		if (c == '{' && w.depth > 0 && w.wanted[w.depth] && !found_add(&f, w.line))
			return NULL;
		if ((c == '{' || c == '[') && !opens(&w, c == '[' && named))
			break;
		if ((c == '}' || c == ']') && w.depth > 0)
			w.depth--;
		/* the name counts only for the value right behind it */
		if (strchr(" \t\r\n:", c) == NULL)
			named = false;
	}
	*n = f.n;
	return f.lines;
}
