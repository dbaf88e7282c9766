/* A source file of the language that the first byte chooses: what is found lies in it, never more.
 */
#include <stdint.h>
#include <stdlib.h>

#include "domain/recipe/stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.c",  "a.cpp", "a.go", "A.java",
		                             "a.ts", "a.py",  "a.rs", "a.sh" };
	struct arena *a = arena_new((size_t)256 << 20);
	struct stubs out = { 0 };

	if (a == NULL)
		abort();
	if (size > 0 && stub_scan(names[data[0] % 8], (const char *)data + 1, size - 1, a, &out))
		for (size_t i = 0; i < out.n; i++)
			if (out.items[i].line < 1 || out.items[i].column < 1 ||
			    (size_t)out.items[i].column > size)
				abort();
	arena_free(a);
	return 0;
}
