#include "domain/memory/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "domain/memory/index_build.h"
#include "sys/fs.h"

#define MAGIC    "gadugiix"
#define VERSION  2 /* raise it with the version of packed terms (terms.c) and any change here */
#define FILE_MAX ((size_t)2 << 30)
#define NO_TEXT  UINT32_MAX /* the length of a text that is NULL */

/* Numbers stand as the machine has them: who has others passes the file over. */
struct head {
	char magic[8];
	uint32_t version, order, doc_size, relation_size;
	uint64_t size, sum; /* of the whole file; the sum with this member zero */
	struct index_file_mark mark;
	int64_t change, purges, last_entity, last_session;
	uint64_t total_words, session_words, used_sessions;
	uint64_t n_docs, n_entities, n_relations, n_sessions, n_names, n_words, n_name_words;
};

struct entity_row {
	uint32_t docs, out, in, words, degree, name, type; /* name, type: lengths */
};

struct session_row {
	uint32_t last, n, words, name;
};

struct name_row {
	uint64_t hash;
	uint32_t uses, n_terms, text;
};

struct list_row {
	uint32_t term, documents, last, len;
};

struct pack { /* a file being made */
	unsigned char *bytes;
	size_t len, size;
	bool failed;
};

struct source { /* one being read */
	const unsigned char *at;
	size_t left;
	bool bad, nomem;
};

/* Eight bytes at a time: it is to find damage, not an adversary. */
static uint64_t sum_of(const unsigned char *bytes, size_t n)
{
	uint64_t sum = 1469598103934665603u ^ n, word;

	for (; n >= sizeof word; n -= sizeof word, bytes += sizeof word) {
		memcpy(&word, bytes, sizeof word);
		sum = (sum ^ word) * 1099511628211u;
		sum ^= sum >> 29;
	}
	for (; n > 0; n--)
		sum = (sum ^ *bytes++) * 1099511628211u;
	return sum;
}

static void put(struct pack *p, const void *from, size_t n)
{
	size_t size = p->size == 0 ? (size_t)1 << 20 : p->size;
	unsigned char *grown;

	if (p->failed || n == 0)
		return;
	while (size - p->len < n)
		size += size / 2;
	if (size != p->size) {
		if ((grown = mem_grow(p->bytes, size)) == NULL) {
			p->failed = true;
			return;
		}
		p->bytes = grown;
		p->size = size;
	}
	memcpy(p->bytes + p->len, from, n);
	p->len += n;
}

static uint32_t length(const char *s)
{
	return s == NULL ? NO_TEXT : (uint32_t)strlen(s);
}

static void put_text(struct pack *p, const char *s)
{
	if (s != NULL)
		put(p, s, strlen(s));
}

static void put_entities(struct pack *p, const struct index_data *d)
{
	for (size_t i = 0; i < d->n_entities; i++) {
		const struct index_entity *e = &d->entities[i];
		const struct entity_row row = { e->docs,        e->out,    e->in,
			                        e->words,       e->degree, length(e->name),
			                        length(e->type) };

		put(p, &row, sizeof row);
	}
	for (size_t i = 0; i < d->n_entities; i++) {
		put_text(p, d->entities[i].name);
		put_text(p, d->entities[i].type);
	}
}

static void put_sessions(struct pack *p, const struct index_data *d)
{
	for (size_t i = 0; i < d->n_sessions; i++) {
		const struct index_session *s = &d->sessions[i];

		put(p, &(struct session_row){ s->last, s->n, s->words, length(s->name) },
		    sizeof(struct session_row));
	}
	for (size_t i = 0; i < d->n_sessions; i++)
		put_text(p, d->sessions[i].name);
}

static void put_names(struct pack *p, const struct index_data *d)
{
	for (size_t i = 0; i < d->n_names; i++) {
		const struct index_name *name = &d->name[i];
		struct name_row row;

		memset(&row, 0, sizeof row); /* what lies between its members too */
		row.hash = name->hash;
		row.uses = name->uses;
		row.n_terms = name->n_terms;
		row.text = length(name->text);
		put(p, &row, sizeof row);
	}
	for (size_t i = 0; i < d->n_names; i++) {
		put_text(p, d->name[i].text);
		put(p, d->name[i].terms, d->name[i].n_terms * sizeof *d->name[i].terms);
	}
}

static void put_postings(struct pack *p, const struct postings *postings)
{
	for (size_t i = 0; i < postings->n_slots; i++) {
		const struct postings_list *l = &postings->slots[i];

		if (l->documents == 0)
			continue;
		put(p, &(struct list_row){ l->term, l->documents, l->last, l->len },
		    sizeof(struct list_row));
		put(p, l->bytes, l->len);
	}
}

static void put_all(struct pack *p, const struct index_data *d, const struct head *head)
{
	put(p, head, sizeof *head);
	put(p, d->docs, d->n_docs * sizeof *d->docs);
	put(p, d->doc_session, d->n_docs * sizeof *d->doc_session);
	put(p, d->doc_words, d->n_docs * sizeof *d->doc_words);
	put(p, d->doc_filter, d->n_docs * sizeof *d->doc_filter);
	put(p, d->relations, d->n_relations * sizeof *d->relations);
	put_entities(p, d);
	put_sessions(p, d);
	put_names(p, d);
	put_postings(p, &d->words);
	put_postings(p, &d->names);
}

static void fill_head(struct head *h, const struct index_data *d,
                      const struct index_file_mark *mark)
{
	memset(h, 0, sizeof *h);
	memcpy(h->magic, MAGIC, sizeof h->magic);
	h->version = VERSION;
	h->order = 0x01020304;
	h->doc_size = sizeof(struct index_doc);
	h->relation_size = sizeof(struct index_relation);
	h->mark = *mark;
	h->change = d->change;
	h->purges = d->purges;
	h->last_entity = d->last_entity;
	h->last_session = d->last_session;
	h->total_words = d->total_words;
	h->session_words = d->session_words;
	h->used_sessions = d->used_sessions;
	h->n_docs = d->n_docs;
	h->n_entities = d->n_entities;
	h->n_relations = d->n_relations;
	h->n_sessions = d->n_sessions;
	h->n_names = d->n_names;
	h->n_words = d->words.n_terms;
	h->n_name_words = d->names.n_terms;
}

enum status index_file_write(const struct index_data *d, const struct index_file_mark *mark,
                             const char *path, struct err *err)
{
	struct pack p = { 0 };
	struct head head;
	enum status st;

	fill_head(&head, d, mark);
	put_all(&p, d, &head);
	if (p.failed) {
		mem_free(p.bytes);
		return err_nomem(err, "the file of an index");
	}
	head.size = p.len;
	memcpy(p.bytes, &head, sizeof head);
	head.sum = sum_of(p.bytes, p.len);
	memcpy(p.bytes, &head, sizeof head);
	st = fs_write_quick(path, p.bytes, p.len, 0600, err);
	mem_free(p.bytes);
	return st;
}

static bool take(struct source *s, void *to, size_t n)
{
	s->bad = s->bad || n > s->left;
	if (s->bad || s->nomem)
		return false;
	if (n > 0)
		memcpy(to, s->at, n);
	s->at += n;
	s->left -= n;
	return true;
}

/* n items of `each` bytes into memory of their own; *p is NULL for none. */
static bool take_all(struct source *s, void *p, size_t *size, uint64_t n, size_t each)
{
	void *to = NULL;

	s->bad = s->bad || n > s->left / each;
	if (s->bad || s->nomem)
		return false;
	if (n > 0 && (to = mem_take((size_t)n * each)) == NULL) {
		s->nomem = true;
		return false;
	}
	if (n > 0)
		(void)take(s, to, (size_t)n * each);
	memcpy(p, &to, sizeof to);
	*size = (size_t)n;
	return true;
}

static char *take_text(struct source *s, uint32_t len)
{
	char *to;

	if (len == NO_TEXT)
		return NULL;
	s->bad = s->bad || len > s->left;
	if (s->bad || s->nomem)
		return NULL;
	if ((to = mem_take((size_t)len + 1)) == NULL) {
		s->nomem = true;
		return NULL;
	}
	(void)take(s, to, len);
	to[len] = '\0';
	return to;
}

/* Zeroed room for n things that rows of `each` bytes tell of, so many as can still come. */
static void *room_for(struct source *s, uint64_t n, size_t row, size_t each)
{
	void *to;

	s->bad = s->bad || n > s->left / row;
	if (s->bad || s->nomem || n == 0)
		return NULL;
	if ((to = mem_zero((size_t)n, each)) == NULL)
		s->nomem = true;
	return to;
}

static void take_entities(struct source *s, struct index_data *d, uint64_t n)
{
	const unsigned char *rows = s->at;
	struct entity_row row;

	d->entities = room_for(s, n, sizeof row, sizeof *d->entities);
	if (d->entities == NULL)
		return;
	d->n_entities = d->entities_size = (size_t)n;
	s->at += n * sizeof row;
	s->left -= (size_t)n * sizeof row;
	for (size_t i = 0; i < n && !s->bad && !s->nomem; i++) {
		struct index_entity *e = &d->entities[i];

		memcpy(&row, rows + i * sizeof row, sizeof row);
		*e = (struct index_entity){ .docs = row.docs,
			                    .out = row.out,
			                    .in = row.in,
			                    .words = row.words,
			                    .degree = row.degree };
		e->name = take_text(s, row.name);
		e->type = take_text(s, row.type);
	}
}

static void take_sessions(struct source *s, struct index_data *d, uint64_t n)
{
	const unsigned char *rows = s->at;
	struct session_row row;

	d->sessions = room_for(s, n, sizeof row, sizeof *d->sessions);
	if (d->sessions == NULL)
		return;
	d->n_sessions = d->sessions_size = (size_t)n;
	s->at += n * sizeof row;
	s->left -= (size_t)n * sizeof row;
	for (size_t i = 0; i < n && !s->bad && !s->nomem; i++) {
		memcpy(&row, rows + i * sizeof row, sizeof row);
		d->sessions[i] =
		    (struct index_session){ .last = row.last, .n = row.n, .words = row.words };
		d->sessions[i].name = take_text(s, row.name);
	}
}

static void take_names(struct source *s, struct index_data *d, uint64_t n)
{
	const unsigned char *rows = s->at;
	struct name_row row;
	size_t unused;

	d->name = room_for(s, n, sizeof row, sizeof *d->name);
	if (d->name == NULL)
		return;
	d->n_names = d->names_size = (size_t)n;
	s->at += n * sizeof row;
	s->left -= (size_t)n * sizeof row;
	for (size_t i = 0; i < n && !s->bad && !s->nomem; i++) {
		struct index_name *name = &d->name[i];

		memcpy(&row, rows + i * sizeof row, sizeof row);
		*name = (struct index_name){ .hash = row.hash, .uses = row.uses };
		name->text = take_text(s, row.text);
		if (take_all(s, &name->terms, &unused, row.n_terms, sizeof *name->terms))
			name->n_terms = row.n_terms;
	}
}

static void take_postings(struct source *s, struct postings *p, uint64_t n)
{
	struct list_row row;

	s->bad = s->bad || n > s->left / sizeof row;
	if (s->bad || s->nomem)
		return;
	s->nomem = !postings_begin(p, (size_t)n);
	for (uint64_t i = 0; i < n && take(s, &row, sizeof row); i++) {
		struct postings_list list = { .term = row.term,
			                      .documents = row.documents,
			                      .last = row.last };
		size_t len;

		s->bad = row.documents == 0 || row.len == 0;
		if (!take_all(s, &list.bytes, &len, row.len, 1))
			return;
		list.len = list.size = row.len;
		postings_put(p, &list);
	}
}

static void take_index(struct source *s, const struct head *h, struct index_data *d)
{
	(void)take_all(s, &d->docs, &d->docs_size, h->n_docs, sizeof *d->docs);
	(void)take_all(s, &d->doc_session, &d->doc_session_size, h->n_docs, sizeof *d->doc_session);
	(void)take_all(s, &d->doc_words, &d->doc_words_size, h->n_docs, sizeof *d->doc_words);
	(void)take_all(s, &d->doc_filter, &d->doc_filter_size, h->n_docs, sizeof *d->doc_filter);
	(void)take_all(s, &d->relations, &d->relations_size, h->n_relations, sizeof *d->relations);
	take_entities(s, d, h->n_entities);
	take_sessions(s, d, h->n_sessions);
	take_names(s, d, h->n_names);
	take_postings(s, &d->words, h->n_words);
	take_postings(s, &d->names, h->n_name_words);
	s->bad = s->bad || s->left != 0;
	if (s->bad || s->nomem)
		return;
	d->n_docs = (size_t)h->n_docs;
	d->n_relations = (size_t)h->n_relations;
	d->change = h->change;
	d->purges = h->purges;
	d->last_entity = h->last_entity;
	d->last_session = h->last_session;
	d->total_words = h->total_words;
	d->session_words = h->session_words;
	d->used_sessions = (size_t)h->used_sessions;
	s->nomem = !index_data_number_names(d);
}

/* Is it a file of this program, whole and as it was written? */
static bool sound(unsigned char *bytes, size_t n, struct head *h)
{
	struct head bare;

	if (n < sizeof *h)
		return false;
	memcpy(h, bytes, sizeof *h);
	if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0 || h->version != VERSION ||
	    h->order != 0x01020304 || h->doc_size != sizeof(struct index_doc) ||
	    h->relation_size != sizeof(struct index_relation) || h->size != n)
		return false;
	bare = *h;
	bare.sum = 0;
	memcpy(bytes, &bare, sizeof bare);
	return sum_of(bytes, n) == h->sum;
}

/* The whole file, mem_free'd by the caller. E_ABSENT: none that is worth reading. */
static enum status read_file(const char *path, unsigned char **bytes, size_t *n, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum status st = E_ABSENT;
	struct stat is;
	ssize_t got = 1;

	*n = 0;
	if (fd == -1)
		return E_ABSENT;
	if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size <= 0 ||
	    (uint64_t)is.st_size > FILE_MAX)
		goto out;
	if ((*bytes = mem_take((size_t)is.st_size)) == NULL) {
		st = err_nomem(err, "the file of an index");
		goto out;
	}
	while (*n < (size_t)is.st_size && got > 0) {
		got = read(fd, *bytes + *n, (size_t)is.st_size - *n);
		if (got > 0)
			*n += (size_t)got;
		else if (got == -1 && errno == EINTR)
			got = 1;
	}
	st = OK; /* what could not be read is missing from the sum */
out:
	(void)close(fd);
	return st;
}

enum status index_file_read(struct index_data **out, struct index_file_mark *mark, const char *path,
                            struct err *err)
{
	unsigned char *bytes = NULL;
	struct index_data *d = NULL;
	struct source s = { 0 };
	struct head h;
	size_t n = 0;
	enum status st = read_file(path, &bytes, &n, err);

	if (st == OK && !sound(bytes, n, &h))
		st = E_ABSENT;
	if (st == OK && (d = index_data_new()) == NULL)
		st = err_nomem(err, "the index");
	if (st == OK) {
		s = (struct source){ .at = bytes + sizeof h, .left = n - sizeof h };
		take_index(&s, &h, d);
		if (s.nomem)
			st = err_nomem(err, "the index");
		else if (s.bad)
			st = E_ABSENT;
	}
	mem_free(bytes);
	if (st != OK) {
		index_data_free(d);
		return st;
	}
	*mark = h.mark;
	*out = d;
	return OK;
}
