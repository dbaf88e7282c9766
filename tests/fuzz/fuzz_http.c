/* The headers of HTTP that are read here: nothing is believed that was not said. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/http_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = mem_zero(1, size + 1);
	struct http_address a;
	struct text t;

	if (s == NULL)
		return 0;
	memcpy(s, data, size);
	(void)http_accepts(s, "text/event-stream");
	if (http_is_json(s))
		check(strchr(s, '/') != NULL);
	/* without a list, a good host on loopback begins with a name of this machine */
	if (http_host_good(s, true, NULL))
		check(*s == '1' || *s == '[' || *s == 'l' || *s == 'L');
	if (http_origin_good(s, "localhost", true, NULL))
		check(strncmp(s + 4 + (s[4] == 's' || s[4] == 'S'), "://", 3) == 0);
	(void)http_origin_good(s, s, false, s);
	check(!http_token_good(s, "no such thing \x01 can be said"));
	check(!(http_name_matches(s, "x") && http_name_matches(s, "y")));
	if (http_address_read(s, &a, NULL) == OK) {
		text_init(&t, 200);
		http_address_text(&a, &t);
		check(!t.failed && t.len > 10);
		text_done(&t);
	}
	mem_free(s);
	return 0;
}
