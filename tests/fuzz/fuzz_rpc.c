/* One line as a message: whatever it is, its answer must be one valid line of JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct rpc *r)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	rpc_error(&t, r->id, -1, r->method != NULL ? r->method : r->err.text, NULL);
	if (t.failed || json_check(text_string(&t), t.len, NULL) != OK ||
	    memchr(text_string(&t), '\n', t.len) != NULL)
		abort();
	text_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = mem_take(size + 1);
	struct rpc r, item;
	size_t at = 0, n = 0;

	if (line == NULL)
		abort();
	memcpy(line, data, size);
	line[size] = '\0';
	rpc_read(&r, line, size);
	if (r.kind == RPC_BATCH)
		for (; rpc_item(&r, &at, &item); n++) {
			answer(&item);
			rpc_done(&item);
		}
	else
		answer(&r);
	if (n > size)
		abort();
	if (r.json != NULL) /* it has passed the check */
		(void)rpc_meta_raw(&r, "progressToken");
	rpc_done(&r);
	mem_free(line);
	return 0;
}
