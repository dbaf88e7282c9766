#include "wire/batch.h"

#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"

struct batch {
	struct sink *sink;    /* held */
	pthread_mutex_t lock; /* guards all below */
	struct text answers;
	size_t left; /* answers to come, and one for the reader while it adds */
};

struct batch *batch_new(struct sink *sink)
{
	struct batch *b = mem_zero(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->sink = sink_hold(sink);
	b->left = 1;
	text_init(&b->answers, TEXT_LIMIT);
	pthread_mutex_init(&b->lock, NULL);
	return b;
}

void batch_join(struct batch *b)
{
	pthread_mutex_lock(&b->lock);
	b->left++;
	pthread_mutex_unlock(&b->lock);
}

void batch_leave(struct batch *b, const struct text *answer)
{
	bool last;

	pthread_mutex_lock(&b->lock);
	if (answer != NULL) {
		text_add(&b->answers, b->answers.len == 0 ? "[" : ",");
		text_add_n(&b->answers, text_string(answer), answer->len);
	}
	last = --b->left == 0;
	pthread_mutex_unlock(&b->lock);
	if (!last)
		return;
	if (b->answers.len > 0) {
		text_add(&b->answers, "]\n");
		if (b->answers.failed)
			log_line(LOG_ERROR, "the answers to a batch are too large");
		else
			sink_put(b->sink, text_string(&b->answers), b->answers.len, SINK_RESULT);
	}
	text_done(&b->answers);
	sink_drop(b->sink);
	pthread_mutex_destroy(&b->lock);
	mem_free(b);
}
