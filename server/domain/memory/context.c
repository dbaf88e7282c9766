/* context.c - what a session should know at its start. */
#include <math.h>
#include <string.h>

#include "domain/memory/own.h"

#define DAY_MS       86400000.0
#define FADE_DAYS    14.0 /* a recent memory counts half after so many days */
#define CONTEXT_MOST 200

/* How much a kind of memory is worth to somebody who knows nothing yet. */
struct worth {
	const char *kind;
	double worth;
};

static const struct worth worths[] = {
	{ "decision", 1.0 },    { "fact", 0.9 },        { "procedure", 0.9 }, { "lesson", 0.9 },
	{ "pattern", 0.7 },     { "preference", 0.9 },  { "goal", 0.9 },      { "whiteboard", 0.6 },
	{ "achievement", 0.4 }, { "observation", 0.4 }, { "run", 0.3 },       { "commit", 0.05 },
};

static double worth_of(const struct index_data *d, uint32_t kind)
{
	for (size_t i = 0; i < sizeof worths / sizeof *worths; i++)
		if (strcmp(d->name[kind].text, worths[i].kind) == 0)
			return worths[i].worth;
	return 0.4;
}

static double score_of(const struct index_data *d, const struct rank_query *q,
                       const struct index_doc *doc, const double *worth)
{
	double age = (double)(q->now_ms - doc->begin_ms) / DAY_MS;
	double recent = exp2(-(age > 0 ? age : 0) / FADE_DAYS);
	double score = worth[doc->kind] * (0.25 + 1.5 * (double)doc->importance);

	(void)d;
	score += 0.5 * recent + 0.1 * log2(1 + (double)doc->hits);
	return (doc->flags & INDEX_UNTRUSTED) != 0 ? 0.5 * score : score;
}

size_t memory_context(const struct index_data *d, const struct rank_query *q, struct rank_hit *hits,
                      size_t most)
{
	double worth[256];
	size_t n = 0;

	if (most > CONTEXT_MOST)
		most = CONTEXT_MOST;
	for (size_t i = 1; i < d->n_names && i < 256; i++)
		worth[i] = worth_of(d, (uint32_t)i);
	for (size_t i = d->n_docs; i-- > 0 && most > 0;) {
		const struct index_doc *doc = &d->docs[i];
		double score;
		size_t at;

		if (doc->kind >= 256 || !rank_passes(d, q, doc))
			continue;
		score = score_of(d, q, doc, worth);
		if (n == most && score <= (double)hits[n - 1].score)
			continue;
		at = n == most ? n - 1 : n++;
		for (; at > 0 && score > (double)hits[at - 1].score; at--)
			hits[at] = hits[at - 1];
		hits[at] = (struct rank_hit){ doc->id, (float)score, 0 };
	}
	return n;
}
