#include "domain/coach/keep.h"

#include <string.h>

#define FORMAT 2 /* another number whenever what is kept changes */

/* ---- writing ---- */

static void put(struct text *t, const void *bytes, size_t n)
{
	text_add_n(t, bytes, n);
}

static void put_number(struct text *t, uint64_t n)
{
	put(t, &n, sizeof n);
}

/* Length + 1 and the bytes; 0 for NULL. */
static void put_text(struct text *t, const char *s)
{
	size_t n = s == NULL ? 0 : strlen(s);

	put_number(t, s == NULL ? 0 : n + 1);
	if (n > 0)
		put(t, s, n);
}

static void put_call(struct text *t, const struct session_call *c)
{
	struct session_call bare = *c;

	bare.tool = bare.target = bare.command = bare.head = bare.error = NULL;
	put(t, &bare, sizeof bare);
	put_text(t, c->tool);
	put_text(t, c->target);
	put_text(t, c->command);
	put_text(t, c->head);
	put_text(t, c->error);
}

/* The numbers of a session that are neither lists nor texts. */
struct plain {
	int64_t first_ms, last_ms, last_mark_ms;
	uint64_t seen[SESSION_SEEN];
	double cost_usd;
	uint64_t n_seen, n_messages, rate_limits, lines, unknown_lines, bad_lines, long_lines;
	uint64_t mixed, prompted, own, price;
};

static struct plain plain_of(const struct session *s)
{
	struct plain p = { .first_ms = s->first_ms,
		           .last_ms = s->last_ms,
		           .last_mark_ms = s->files[0].last_ms,
		           .cost_usd = s->cost_usd,
		           .n_seen = s->n_seen,
		           .n_messages = s->n_messages,
		           .rate_limits = s->rate_limits,
		           .lines = s->lines,
		           .unknown_lines = s->unknown_lines,
		           .bad_lines = s->bad_lines,
		           .long_lines = s->long_lines,
		           .mixed = s->mixed,
		           .prompted = s->prompted,
		           .own = s->own,
		           .price = s->price };

	memcpy(p.seen, s->seen, sizeof p.seen);
	return p;
}

void session_save(const struct session *s, uint64_t seed, struct text *t)
{
	struct plain p = plain_of(s);
	size_t start = t->len;

	put_number(t, FORMAT);
	put_number(t, seed);
	put_number(t, sizeof p + 1000 * sizeof(struct session_call) +
	                  1000000 * sizeof(struct session_mark));
	put(t, &p, sizeof p);
	put_text(t, s->version);
	put_text(t, s->model);
	put_text(t, s->folder);
	put_number(t, s->n_calls);
	for (size_t i = 0; i < s->n_calls; i++)
		put_call(t, &s->calls[i]);
	put_number(t, s->n_marks);
	if (s->n_marks > 0)
		put(t, s->marks, s->n_marks * sizeof *s->marks);
	put_number(t, s->usage.n);
	if (s->usage.n > 0)
		put(t, s->usage.items, s->usage.n * sizeof *s->usage.items);
	put_number(t, s->known.len);
	put(t, text_string(&s->known), s->known.len);
	put_number(t, s->recent.len);
	put(t, text_string(&s->recent), s->recent.len);
	if (!t->failed)
		put_number(t, text_hash(t->bytes + start, t->len - start));
}

/* ---- reading ---- */

struct from {
	const char *p;
	size_t left;
	bool failed;
};

static bool get(struct from *f, void *out, size_t n)
{
	if (f->failed || n > f->left) {
		f->failed = true;
		memset(out, 0, n);
		return false;
	}
	memcpy(out, f->p, n);
	f->p += n;
	f->left -= n;
	return true;
}

static uint64_t get_number(struct from *f)
{
	uint64_t n = 0;

	(void)get(f, &n, sizeof n);
	return n;
}

/* How many things of that size follow; 0 and failed when so many cannot. */
static size_t get_count(struct from *f, size_t size)
{
	uint64_t n = get_number(f);

	if (n > f->left / size) {
		f->failed = true;
		return 0;
	}
	return (size_t)n;
}

static const char *get_text(struct from *f, struct arena *a)
{
	uint64_t n = get_number(f);
	const char *s;

	if (n == 0 || n - 1 > f->left) {
		f->failed = f->failed || n > 0;
		return NULL;
	}
	s = arena_copy(a, f->p, (size_t)n - 1);
	f->p += n - 1;
	f->left -= (size_t)n - 1;
	f->failed = f->failed || s == NULL;
	return s;
}

static void get_calls(struct from *f, struct session *s)
{
	size_t n = get_count(f, sizeof(struct session_call));

	for (size_t i = 0; i < n && !f->failed; i++) {
		struct session_call c;

		(void)get(f, &c, sizeof c);
		c.tool = get_text(f, s->a);
		c.target = get_text(f, s->a);
		c.command = get_text(f, s->a);
		c.head = get_text(f, s->a);
		c.error = get_text(f, s->a);
		f->failed = f->failed || !session_put_call(s, &c);
	}
}

static void get_marks(struct from *f, struct session *s)
{
	size_t n = get_count(f, sizeof *s->marks);

	if (n == 0)
		return;
	if ((s->marks = arena_take(s->a, n * sizeof *s->marks)) == NULL) {
		f->failed = true;
		return;
	}
	(void)get(f, s->marks, n * sizeof *s->marks);
	s->n_marks = s->room_marks = n;
}

static void get_usage(struct from *f, struct session *s)
{
	size_t n = get_count(f, sizeof(struct usage));
	struct usage u;

	for (size_t i = 0; i < n && get(f, &u, sizeof u); i++)
		(void)usage_add(&s->usage, &u);
	f->failed = f->failed || s->usage.n != n;
}

static void get_bytes(struct from *f, struct text *t)
{
	size_t n = get_count(f, 1);

	text_add_n(t, f->p, n);
	f->p += n;
	f->left -= n;
	f->failed = f->failed || t->failed;
}

static void set_plain(struct session *s, const struct plain *p)
{
	s->first_ms = p->first_ms;
	s->last_ms = p->last_ms;
	s->files[0].last_ms = p->last_mark_ms;
	s->cost_usd = p->cost_usd;
	s->n_seen = p->n_seen;
	s->n_messages = (uint32_t)p->n_messages;
	s->rate_limits = p->rate_limits;
	s->lines = p->lines;
	s->unknown_lines = p->unknown_lines;
	s->bad_lines = p->bad_lines;
	s->long_lines = p->long_lines;
	s->mixed = p->mixed != 0;
	s->prompted = p->prompted != 0;
	s->own = p->own != 0;
	s->price = (uint32_t)p->price;
	memcpy(s->seen, p->seen, sizeof s->seen);
}

bool session_load(struct session *s, uint64_t seed, const void *bytes, size_t n)
{
	struct from f = { bytes, n, false };
	struct plain p;
	uint64_t sum = 0;

	if (n < sizeof sum || s->n_files == 0)
		return false;
	memcpy(&sum, f.p + n - sizeof sum, sizeof sum);
	f.left -= sizeof sum;
	if (sum != text_hash(f.p, f.left) || get_number(&f) != FORMAT || get_number(&f) != seed ||
	    get_number(&f) != sizeof p + 1000 * sizeof(struct session_call) +
	                          1000000 * sizeof(struct session_mark))
		return false;
	(void)get(&f, &p, sizeof p);
	s->version = get_text(&f, s->a);
	s->model = get_text(&f, s->a);
	s->folder = get_text(&f, s->a);
	get_calls(&f, s);
	get_marks(&f, s);
	get_usage(&f, s);
	get_bytes(&f, &s->known);
	get_bytes(&f, &s->recent);
	set_plain(s, &p);
	return !f.failed && f.left == 0;
}
