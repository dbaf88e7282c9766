/* An agent's file: whatever it holds, it is read or its mistakes are named. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/agent/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	const struct agent_places places = { .root = "/r" };
	struct agent_set set = { .sound = true };
	struct making m = { .set = &set, .places = &places, .path = "/r/x.md", .source = "fuzz" };
	struct agent agent;
	bool found = false;
	char *text;

	if (a == NULL || (text = arena_copy(a, (const char *)data, size)) == NULL)
		abort();
	m.arena = a;
	/* the reader is given text without NUL that is UTF-8 */
	if (strlen(text) == size && text_utf8_valid(text, size) == size &&
	    agent_read(&m, text, size, &agent, &found) == OK) {
		if (found &&
		    (agent.name == NULL || agent.description == NULL || agent.prompt == NULL))
			abort();
		for (size_t i = 0; i < set.n_findings; i++)
			if (set.findings[i].message == NULL || set.findings[i].line < 0)
				abort();
	}
	arena_free(a);
	return 0;
}
