/* Any bytes cut into words: each stands within the text, the same each time, and packs whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void cut(struct terms *t, const char *text, size_t size)
{
	const struct terms_word *words;
	struct terms_packed packed;
	const void *bytes;
	size_t n, found, length;
	unsigned times;

	must(terms_read(t, text, size, &words, &found, NULL) == OK);
	for (size_t i = 0; i < found; i++)
		must(words[i].len > 0 && (size_t)words[i].at + words[i].len <= size);
	must(terms_read(t, text, size, &words, &n, NULL) == OK && n == found);
	must(terms_pack(t, text, size, &bytes, &length, NULL) == OK);
	must(terms_open(&packed, bytes, length) && packed.words == found && packed.n <= found);
	for (uint32_t i = 0; i < packed.n; i++) {
		(void)terms_at(&packed, i, &times);
		must(times > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct terms *t = NULL;
	char *folded;

	must(terms_new(&t, NULL) == OK);
	cut(t, (const char *)data, size);
	must((folded = terms_fold((const char *)data, size)) != NULL);
	cut(t, folded, strlen(folded));
	mem_free(folded);
	terms_free(t);
	return 0;
}
