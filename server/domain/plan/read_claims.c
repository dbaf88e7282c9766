/* What a document says about its own plan: path, totals, speedup, order of batches. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

#define LINE_MAX_BYTES ((size_t)4 << 10) /* longer lines claim nothing */

static const char *const arrows[] = { "\xe2\x86\x92", "->", "=>", "\xe2\x9e\x9c", "\xe2\x9f\xb6" };

static size_t arrow_count(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof arrows / sizeof *arrows; k++)
			count += n - i >= strlen(arrows[k]) &&
			         memcmp(s + i, arrows[k], strlen(arrows[k])) == 0;
	return count;
}

static void path_claim(struct paper *p, const char *s, long line)
{
	struct draft_claim claim = { .kind = CLAIM_PATH, .line = line };
	size_t n = strcspn(s, "\n");
	const char *colon = memchr(s, ':', n);

	if (arrow_count(s, n) == 0)
		return;
	/* `Critical path: A -> B` */
	if (colon != NULL && arrow_count(s, (size_t)(colon - s)) == 0) {
		n -= (size_t)(colon - s) + 1;
		s = colon + 1;
	}
	claim.words = draft_copy(p->d->a, s, n);
	draft_claim(p->d, &claim);
}

static void minutes_claim(struct paper *p, const char *s, size_t n, enum draft_claim_kind kind,
                          long line)
{
	struct measure_span span = { 0 };
	struct draft_claim claim = { .kind = kind, .line = line };

	if (arrow_count(s, n) > 0 || !measure_duration(s, n, 0, &span))
		return;
	claim.low = span.high > 0 ? span.low : span.minutes;
	claim.high = span.high > 0 ? span.high : span.minutes;
	claim.words = draft_copy(p->d->a, s + span.at, span.end - span.at);
	draft_claim(p->d, &claim);
}

/* The sentence that holds s[at]: from one full stop to the next. */
static const char *sentence(struct draft *d, const char *s, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && strchr("\n;", s[from - 1]) == NULL &&
	       !(s[from - 1] == ' ' && from > 1 && s[from - 2] == '.'))
		from--;
	while (s[to] != '\0' && strchr("\n;", s[to]) == NULL && !(s[to] == '.' && s[to + 1] == ' '))
		to++;
	return draft_copy(d->a, s + from, to - from);
}

/* `3-5x speedup`: not under `if`, not about the past, not of one batch only. */
static void speedup_claims(struct paper *p, size_t block, const char *s, long line)
{
	size_t n = strlen(s), at = 0, end = 0;
	const char *name;
	long batch = 0;

	if (strchr(s, 'x') == NULL && strstr(s, "\xc3\x97") == NULL && strstr(s, "times") == NULL)
		return;
	(void)paper_batch(p, block, &name, &batch);
	while (at < n) {
		struct draft_claim claim = { .kind = CLAIM_SPEEDUP, .line = line, .number = batch };

		if (!measure_ratio(s + at, n - at, &claim.ratio_low, &claim.ratio_high, &end))
			return;
		claim.words = sentence(p->d, s, at + end - 1);
		at += end;
		if (!name_has(claim.words, "speedup") && !name_has(claim.words, "speed up") &&
		    !name_has(claim.words, "faster"))
			continue;
		if (name_has(claim.words, "if") || name_has(claim.words, "not") ||
		    name_has(claim.words, "unless") || strstr(claim.words, "n't") != NULL)
			continue;
		draft_claim(p->d, &claim);
	}
}

/* `**Prerequisite**: Batch 1 complete` under the heading of a batch. */
static void batch_claim(struct paper *p, size_t block, const char *s, long line)
{
	struct draft_claim claim = { .kind = CLAIM_BATCH_AFTER, .line = line };
	size_t name = 0, value = 0, end = 0;
	const char *batch, *other;
	char words[48];

	if (!paper_batch(p, block, &batch, &claim.number) || !paper_field(s, &name, &value, &end))
		return;
	memcpy(words, s, name);
	words[name] = '\0';
	if (role_of(words) != ROLE_DEPENDS || !role_batch(p->d->a, s + value, &other, &claim.low))
		return;
	claim.words = draft_copy(p->d->a, s + value, end - value);
	draft_claim(p->d, &claim);
}

static void tasks_claim(struct paper *p, const char *s, long line)
{
	struct draft_claim claim = { .kind = CLAIM_TASKS, .line = line };
	size_t digits = strcspn(s, "0123456789");

	if (s[digits] == '\0' || strlen(s + digits) > 40)
		return;
	for (size_t i = digits; s[i] >= '0' && s[i] <= '9' && claim.low < 1000000; i++)
		claim.low = claim.low * 10 + (s[i] - '0');
	draft_claim(p->d, &claim);
}

static void line_claims(struct paper *p, size_t block, const char *s, long line)
{
	size_t n = strlen(s), head = strcspn(s, ":");
	const char *title = draft_copy(p->d->a, s, head < 60 ? head : 0);
	bool path = name_has(title, "critical path") && !name_has(title, "non critical path") &&
	            !name_has(title, "non");

	if (path || paper_under(p, block, "critical path"))
		path_claim(p, s, line);
	if (path && s[head] == ':')
		minutes_claim(p, s + head, n - head, CLAIM_PATH_MINUTES, line);
	else if (s[head] == ':' && name_has(title, "total") && name_has(title, "tasks"))
		tasks_claim(p, s + head, line);
	else if (s[head] == ':' && (name_has(title, "total") || name_has(title, "sum of")) &&
	         (name_has(title, "effort") || name_has(title, "work") ||
	          name_has(title, "estimate") || name_has(title, "hours") ||
	          name_has(title, "estimated time")))
		minutes_claim(p, s + head, n - head, CLAIM_WORK_MINUTES, line);
	speedup_claims(p, block, s, line);
	batch_claim(p, block, s, line);
}

void paper_read_claims(struct paper *p)
{
	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];
		const char *s = b->text;
		long line = b->line + (b->kind == MARKDOWN_CODE ? b->level : 0);

		if (b->kind == MARKDOWN_CODE
		        ? !paper_under(p, i, "critical path")
		        : b->kind != MARKDOWN_PARAGRAPH && b->kind != MARKDOWN_HEADING)
			continue;
		for (; *s != '\0'; line++) {
			size_t n = strcspn(s, "\n");

			if (n <= LINE_MAX_BYTES)
				line_claims(p, i, draft_copy(p->d->a, s, n), line);
			s += n + (s[n] == '\n');
		}
	}
}
