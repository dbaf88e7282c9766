#include "wire/sink.h"

#include <assert.h>

void sink_put(struct sink *s, const char *line, size_t len, enum sink_part part)
{
	assert(len > 0 && line[len - 1] == '\n');
	s->kind->put(s, line, len, part);
}

bool sink_send(struct sink *s, const char *line, size_t len, enum sink_part part, atomic_int *claim)
{
	assert(len > 0 && line[len - 1] == '\n' && part != SINK_MORE);
	return s->kind->send(s, line, len, part, claim);
}

void sink_offer(struct sink *s, const char *line, size_t len, const atomic_int *claim)
{
	assert(len > 0 && line[len - 1] == '\n');
	s->kind->offer(s, line, len, claim);
}

bool sink_full(struct sink *s)
{
	return s->kind->full(s);
}

struct sink *sink_hold(struct sink *s)
{
	s->kind->hold(s);
	return s;
}

void sink_drop(struct sink *s)
{
	if (s != NULL)
		s->kind->drop(s);
}
