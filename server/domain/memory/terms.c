#include "domain/memory/terms.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <libstemmer.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/words.h"

#define VERSION       2
#define HEAD_SIZE     10 /* version, flags, words, different words */
#define ENTRY_SIZE    5  /* the word's number and its count */
#define TIMES_MAX     255
#define COMPOUND_MAX  256   /* folded bytes of one unbroken run; what is longer is cut there */
#define PARTS_MAX     48    /* of one run */
#define JOINED_MAX    3     /* parts of a run with hyphens that may be written as one word */
#define CACHE_SLOTS   16384 /* stems remembered; a power of two */
#define INSERTION_MAX 48
#define FOLD_MAX      24 /* code points that one may fold to */

enum kind { SPACE, LOWER, UPPER, DIGIT, LINK, SCORE, UNSPACED };

struct known {        /* what was found out about a folded word */
	uint64_t key; /* 0: slot unused */
	uint32_t term;
	bool nothing;
	unsigned char time; /* enum words_time */
};

struct part {                    /* of the run that is being read */
	uint32_t fold, fold_end; /* in fold */
	uint32_t at, end;        /* in the text */
	enum kind before;        /* what joined it to the one before: LINK, SCORE, or another */
	char link;
	bool letters, plain; /* only letters; only ASCII */
};

struct terms {
	struct sb_stemmer *stemmer;
	struct terms_word *words;
	size_t n, size;
	unsigned flags;
	enum words_time last; /* of the word before */
	bool number;          /* the word before was a number */
	bool failed;
	char fold[COMPOUND_MAX + 8];
	size_t n_fold;
	struct part parts[PARTS_MAX];
	size_t n_parts;
	unsigned char *packed;
	size_t packed_size;
	uint32_t *sorted;
	size_t sorted_size;
	struct known cache[CACHE_SLOTS];
};

enum status terms_new(struct terms **out, struct err *err)
{
	struct terms *t = mem_zero(1, sizeof *t);

	if (t == NULL)
		return err_nomem(err, "reading words");
	t->stemmer = sb_stemmer_new("english", "UTF_8");
	if (t->stemmer == NULL) {
		terms_free(t);
		return err_nomem(err, "reading words");
	}
	*out = t;
	return OK;
}

void terms_free(struct terms *t)
{
	if (t == NULL)
		return;
	sb_stemmer_delete(t->stemmer);
	mem_free(t->words);
	mem_free(t->packed);
	mem_free(t->sorted);
	mem_free(t);
}

/* Make *p hold at least `want` items of `each` bytes. */
static bool room(void *p, size_t *size, size_t want, size_t each)
{
	void **at = p;
	size_t next = *size == 0 ? 64 : *size;
	void *grown;

	if (want <= *size)
		return true;
	while (next < want)
		next *= 2;
	if ((grown = mem_grow(*at, next * each)) == NULL)
		return false;
	*at = grown;
	*size = next;
	return true;
}

static uint32_t number(const char *s, size_t n)
{
	uint64_t h = text_hash(s, n);

	return (uint32_t)(h ^ (h >> 32));
}

static void add(struct terms *t, uint32_t term, const struct part *from, const struct part *to,
                bool part)
{
	if (t->failed || !room(&t->words, &t->size, t->n + 1, sizeof *t->words)) {
		t->failed = true;
		return;
	}
	t->words[t->n++] = (struct terms_word){
		.term = term,
		.at = from->at,
		.len = to->end - from->at,
		.part = part,
	};
}

/* Stem, number and meaning of one folded word, remembered; plain: of ASCII letters only. */
static const struct known *know_word(struct terms *t, const char *word, size_t n, bool plain)
{
	uint64_t key = text_hash(word, n) | 1;
	struct known *k = &t->cache[(key >> 8) % CACHE_SLOTS];

	if (k->key == key)
		return k;
	*k = (struct known){ .key = key, .term = number(word, n) };
	if (!plain)
		return k;
	k->nothing = words_say_nothing(word, n);
	k->time = (unsigned char)words_time(word, n);
	if (n > 2) {
		const char *base = words_base(word, n);
		const sb_symbol *stem =
		    sb_stemmer_stem(t->stemmer, (const sb_symbol *)(base == NULL ? word : base),
		                    (int)(base == NULL ? n : strlen(base)));

		if (stem == NULL) {
			t->failed = true;
			k->key = 0;
			return k;
		}
		k->term = number((const char *)stem, (size_t)sb_stemmer_length(t->stemmer));
	}
	return k;
}

static const struct known *know(struct terms *t, const struct part *p)
{
	return know_word(t, t->fold + p->fold, p->fold_end - p->fold, p->plain && p->letters);
}

/* Does this word, after the one before, say when something was? */
static void note_time(struct terms *t, const struct part *p, enum words_time time)
{
	const char *word = t->fold + p->fold;
	size_t n = p->fold_end - p->fold;
	bool digits = word[0] >= '0' && word[0] <= '9';

	if (time == WORDS_TIME || (time == WORDS_UNIT && (t->last == WORDS_BEFORE || t->number)) ||
	    (digits && n == 4 && (memcmp(word, "19", 2) == 0 || memcmp(word, "20", 2) == 0)))
		t->flags |= TERMS_DATED;
	t->last = time;
	t->number = digits;
}

/* The whole of parts from..to as one word, as it is written but for case. */
static void add_whole(struct terms *t, size_t from, size_t to, bool part)
{
	const struct part *a = &t->parts[from], *z = &t->parts[to];
	const char *word = t->fold + a->fold;
	size_t n = z->fold_end - a->fold;
	bool letters = true;

	for (size_t i = 0; i < n; i++)
		letters = letters && word[i] >= 'a' && word[i] <= 'z';
	/* getUserName is found by getusername, which is a word like others. */
	add(t, letters ? know_word(t, word, n, true)->term : number(word, n), a, z, part);
}

/* A word between links: itself, and its parts if it has several. */
static void add_simple(struct terms *t, size_t from, size_t to, bool part)
{
	if (from != to) {
		add_whole(t, from, to, part);
		part = true;
	}
	for (size_t i = from; i <= to; i++) {
		const struct known *k = know(t, &t->parts[i]);

		note_time(t, &t->parts[i], (enum words_time)k->time);
		if (!k->nothing || part)
			add(t, k->term, &t->parts[i], &t->parts[i], part);
	}
}

/* Words joined by hyphens as one word: for de-stress also destress. Others give nothing. */
static void add_joined(struct terms *t)
{
	char joined[COMPOUND_MAX];
	bool plain = true;
	size_t n = 0;

	if (t->n_parts < 2 || t->n_parts > JOINED_MAX)
		return;
	for (size_t i = 0; i < t->n_parts; i++) {
		const struct part *p = &t->parts[i];
		size_t len = p->fold_end - p->fold;

		if (!p->letters || (i > 0 && (p->before != LINK || p->link != '-')))
			return;
		if (n + len > sizeof joined)
			return;
		memcpy(joined + n, t->fold + p->fold, len);
		n += len;
		plain = plain && p->plain;
	}
	add(t, know_word(t, joined, n, plain)->term, &t->parts[0], &t->parts[t->n_parts - 1], true);
}

/* The run is over: give its words. */
static void end_run(struct terms *t)
{
	bool path = false;
	size_t from = 0;

	for (size_t i = 1; i < t->n_parts; i++)
		path = path || (t->parts[i].before == LINK && t->parts[i].link != '-' &&
		                t->parts[i].link != '\'');
	if (path)
		add_whole(t, 0, t->n_parts - 1, false);
	for (size_t i = 1; i <= t->n_parts; i++) {
		if (i < t->n_parts && t->parts[i].before != LINK)
			continue;
		add_simple(t, from, i - 1, path);
		from = i;
	}
	add_joined(t);
	t->n_parts = 0;
	t->n_fold = 0;
}

/* What an ASCII character is; capitals are folded into *cp. */
static enum kind look_ascii(unsigned char c, utf8proc_int32_t *cp)
{
	*cp = c;
	if (c >= 'a' && c <= 'z')
		return LOWER;
	if (c >= 'A' && c <= 'Z') {
		*cp = c - 'A' + 'a';
		return UPPER;
	}
	if (c >= '0' && c <= '9')
		return DIGIT;
	if (c == '_')
		return SCORE;
	return c == '/' || c == '.' || c == '-' || c == '\'' ? LINK : SPACE;
}

/* Is it of a script that is written without spaces between words? */
static bool has_no_spaces(utf8proc_int32_t c)
{
	static const struct {
		utf8proc_int32_t from, to;
	} scripts[] = {
		{ 0x0e00, 0x0eff }, { 0x1000, 0x109f }, { 0x1780, 0x17ff }, { 0x3040, 0x30ff },
		{ 0x3400, 0x9fff }, { 0xf900, 0xfaff }, { 0xff66, 0xff9d }, { 0x20000, 0x3ffff },
	};

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (c >= scripts[i].from && c <= scripts[i].to)
			return true;
	return false;
}

static enum kind kind_of_category(utf8proc_category_t category)
{
	if (category == UTF8PROC_CATEGORY_LU)
		return UPPER;
	if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME)
		return LOWER;
	return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO ? DIGIT : SPACE;
}

/* What a character is to us. Folded code points go to cp, *n of them. */
static enum kind look(const char *s, size_t n, size_t *len, utf8proc_int32_t *cp, size_t *count)
{
	unsigned char c = (unsigned char)*s;
	utf8proc_int32_t one;
	utf8proc_ssize_t got;
	int last = 0;

	*len = 1;
	*count = 1;
	if (c < 0x80)
		return look_ascii(c, cp);
	*cp = c;
	got = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &one);
	if (got < 1)
		return SPACE;
	*len = (size_t)got;
	*cp = one;
	if (one >= 0xac00 && one <= 0xd7a3)
		return UNSPACED; /* Hangul would fall apart when decomposed */
	if (one == 0x2019) {
		*cp = '\'';
		return LINK;
	}
	got = utf8proc_decompose_char(one, cp, FOLD_MAX,
	                              UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
	                                  UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
	                              &last);
	*count = got < 0 || got > FOLD_MAX ? 0 : (size_t)got;
	if (has_no_spaces(one))
		return *count == 0 ? LOWER : UNSPACED; /* a mark alone only continues */
	return kind_of_category(utf8proc_category(one));
}

static bool is_word(enum kind kind)
{
	return kind == LOWER || kind == UPPER || kind == DIGIT;
}

struct cut { /* where reading a text stands */
	const char *text;
	size_t n, at;
	enum kind before; /* the character before */
	enum kind joined; /* what stood between the last part and the next */
	char link;
	utf8proc_int32_t unspaced; /* the character before, in a script without spaces; 0: none */
	size_t unspaced_at;
	unsigned switches; /* between letters and digits in this run */
};

/* Does a new part of the run begin with this character? */
static bool begins_part(const struct terms *t, struct cut *c, enum kind kind, size_t len)
{
	enum kind next;
	utf8proc_int32_t cp[FOLD_MAX];
	size_t next_len, count;

	if (t->n_parts == 0 || c->before == LINK || c->before == SCORE)
		return true;
	if ((kind == DIGIT) != (c->before == DIGIT))
		return ++c->switches <= 6;
	if (kind != UPPER)
		return false;
	if (c->before == LOWER)
		return true;
	if (c->at + len >= c->n)
		return false;
	next = look(c->text + c->at + len, c->n - c->at - len, &next_len, cp, &count);
	return next == LOWER; /* the S of HTTPServer */
}

static void add_char(struct terms *t, struct cut *c, enum kind kind, size_t len,
                     const utf8proc_int32_t *cp, size_t count)
{
	struct part *p;

	if (t->n_fold > COMPOUND_MAX - 4 * FOLD_MAX || t->n_parts == PARTS_MAX) {
		end_run(t);
		c->joined = SPACE;
	}
	if (begins_part(t, c, kind, len)) {
		if (t->n_parts == 0)
			c->switches = 0;
		else if (c->joined == LINK || c->joined == SCORE)
			t->fold[t->n_fold++] = (char)(c->joined == SCORE ? '_' : c->link);
		t->parts[t->n_parts++] = (struct part){
			.fold = (uint32_t)t->n_fold,
			.at = (uint32_t)c->at,
			.before = c->joined,
			.link = c->link,
			.letters = true,
			.plain = true,
		};
	}
	c->joined = SPACE;
	p = &t->parts[t->n_parts - 1];
	for (size_t i = 0; i < count; i++) {
		if (cp[i] < 0x80)
			t->fold[t->n_fold++] = (char)cp[i];
		else
			t->n_fold += (size_t)utf8proc_encode_char(
			    cp[i], (utf8proc_uint8_t *)t->fold + t->n_fold);
	}
	p->letters = p->letters && kind != DIGIT;
	p->plain = p->plain && len == 1;
	p->fold_end = (uint32_t)t->n_fold;
	p->end = (uint32_t)(c->at + len);
}

/* A character of a script without spaces is a word, and so is each pair of neighbours. */
static void add_unspaced(struct terms *t, struct cut *c, size_t len, utf8proc_int32_t cp)
{
	struct part here = { .at = (uint32_t)c->at, .end = (uint32_t)(c->at + len) };
	struct part before = { .at = (uint32_t)c->unspaced_at };
	char bytes[8];
	size_t n = 0, first;

	if (c->unspaced != 0)
		n = (size_t)utf8proc_encode_char(c->unspaced, (utf8proc_uint8_t *)bytes);
	first = n;
	n += (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)bytes + n);
	add(t, number(bytes + first, n - first), &here, &here, first != 0);
	if (first != 0)
		add(t, number(bytes, n), &before, &here, false);
	c->unspaced = cp;
	c->unspaced_at = c->at;
}

/* Does the character after a link continue the run? */
static bool goes_on(const struct cut *c, size_t len)
{
	utf8proc_int32_t cp[FOLD_MAX];
	size_t next_len, count;

	return c->at + len < c->n &&
	       is_word(look(c->text + c->at + len, c->n - c->at - len, &next_len, cp, &count));
}

/* Plain small letters that go on with the part being read, all at once: most of most texts. */
static bool take_letters(struct terms *t, struct cut *c)
{
	size_t from = c->at;
	struct part *p;

	if (t->n_parts == 0 || (c->before != LOWER && c->before != UPPER))
		return false;
	while (c->at < c->n && c->text[c->at] >= 'a' && c->text[c->at] <= 'z' &&
	       t->n_fold <= COMPOUND_MAX - 4 * FOLD_MAX)
		t->fold[t->n_fold++] = c->text[c->at++];
	if (c->at == from)
		return false;
	p = &t->parts[t->n_parts - 1];
	p->fold_end = (uint32_t)t->n_fold;
	p->end = (uint32_t)c->at;
	c->before = LOWER;
	return true;
}

static void step(struct terms *t, struct cut *c)
{
	utf8proc_int32_t cp[FOLD_MAX];
	size_t len, count;
	enum kind kind;

	if (take_letters(t, c))
		return;
	kind = look(c->text + c->at, c->n - c->at, &len, cp, &count);

	if (kind == SPACE && (*cp == '?' || *cp == 0x061f || *cp == 0xff1f))
		t->flags |= TERMS_ASKS;
	if (kind != UNSPACED)
		c->unspaced = 0;
	if (is_word(kind)) {
		add_char(t, c, kind, len, cp, count);
	} else if (t->n_parts > 0 && ((kind == LINK && is_word(c->before) && goes_on(c, len)) ||
	                              (kind == SCORE && c->joined != LINK))) {
		c->joined = kind;
		c->link = (char)(kind == LINK ? *cp : '_');
	} else {
		end_run(t);
		c->joined = SPACE;
		if (kind == UNSPACED)
			add_unspaced(t, c, len, *cp);
	}
	c->before = kind;
	c->at += len;
}

enum status terms_read(struct terms *t, const char *text, size_t n, const struct terms_word **words,
                       size_t *n_words, struct err *err)
{
	struct cut c = {
		.text = text,
		.n = n > TERMS_TEXT_MAX ? TERMS_TEXT_MAX : n,
	};

	t->n = t->n_parts = t->n_fold = 0;
	t->flags = 0;
	t->last = WORDS_NO_TIME;
	t->number = t->failed = false;
	while (c.at < c.n && !t->failed)
		step(t, &c);
	end_run(t);
	if (t->failed)
		return err_nomem(err, "reading words");
	*words = t->words;
	*n_words = t->n;
	return OK;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Most texts are short, and short lists are sorted best by hand. */
static void sort(uint32_t *terms, size_t n)
{
	if (n > INSERTION_MAX) {
		qsort(terms, n, sizeof *terms, by_number);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t term = terms[i];
		size_t at = i;

		for (; at > 0 && terms[at - 1] > term; at--)
			terms[at] = terms[at - 1];
		terms[at] = term;
	}
}

static void put32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get32(const unsigned char *from)
{
	uint32_t value = 0;

	for (int i = 3; i >= 0; i--)
		value = value << 8 | from[i];
	return value;
}

enum status terms_pack(struct terms *t, const char *text, size_t n, const void **bytes,
                       size_t *size, struct err *err)
{
	const struct terms_word *words = NULL;
	size_t count = 0, different = 0;
	unsigned char *to;
	enum status st = terms_read(t, text, n, &words, &count, err);

	if (st != OK)
		return st;
	if (!room(&t->sorted, &t->sorted_size, count, sizeof *t->sorted) ||
	    !room(&t->packed, &t->packed_size, HEAD_SIZE + count * ENTRY_SIZE, 1))
		return err_nomem(err, "reading words");
	for (size_t i = 0; i < count; i++)
		t->sorted[i] = words[i].term;
	sort(t->sorted, count);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && t->sorted[next] == t->sorted[i];)
			next++;
		to = t->packed + HEAD_SIZE + different++ * ENTRY_SIZE;
		put32(to, t->sorted[i]);
		to[4] = (unsigned char)(next - i > TIMES_MAX ? TIMES_MAX : next - i);
	}
	t->packed[0] = VERSION;
	t->packed[1] = (unsigned char)t->flags;
	put32(t->packed + 2, (uint32_t)count);
	put32(t->packed + 6, (uint32_t)different);
	*bytes = t->packed;
	*size = HEAD_SIZE + different * ENTRY_SIZE;
	return OK;
}

bool terms_open(struct terms_packed *p, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	if (size < HEAD_SIZE || at[0] != VERSION)
		return false;
	p->flags = at[1];
	p->words = get32(at + 2);
	p->n = get32(at + 6);
	p->at = at + HEAD_SIZE;
	return (size - HEAD_SIZE) / ENTRY_SIZE >= p->n;
}

uint32_t terms_at(const struct terms_packed *p, uint32_t i, unsigned *times)
{
	const unsigned char *at = p->at + (size_t)i * ENTRY_SIZE;

	assert(i < p->n);
	*times = at[4];
	return get32(at);
}
