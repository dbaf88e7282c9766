/* Lines of session files, whatever is in them: counted, told, never more. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/coach/find.h"
#include "domain/coach/hosts.h"
#include "domain/coach/measure.h"
#include "domain/coach/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each line goes to the reader of one host, in turn. */
static void one_line(struct session *s, struct session_at *at, struct opencode_message *message,
                     struct json_span line)
{
	switch (at->line % 5) {
	case 0:
		codex_line(s, at, line);
		break;
	case 1:
		claude_line(s, at, line);
		break;
	case 2:
		gemini_line(s, at, line);
		break;
	case 3:
		opencode_message(s, at, message, (struct json_span){ "m", 1 }, line);
		break;
	default:
		opencode_part(s, at, message, line);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_at at = { .ms = SESSION_NO_TIME };
	struct arena *a = arena_new((size_t)256 << 20);
	struct coach_report *r = a == NULL ? NULL : report_new(a);
	struct opencode_message message = { 0 };
	struct session s;
	const char *p = (const char *)data, *end = p + size;

	if (r == NULL)
		abort();
	session_init(&s, a, "s", "claude");
	at.file = session_add_file(&s, "f", 0);
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		stop = stop == NULL ? end : stop;
		at.line++;
		one_line(&s, &at, &message, (struct json_span){ p, (size_t)(stop - p) });
		p = stop + 1;
	}
	if (size > 0)
		gemini_chat(&s, &at, (struct json_span){ (const char *)data, size });
	if (!session_close(&s))
		abort();
	measure_session(r, &s);
	find_all(&(struct finder){ .report = r, .s = &s });
	session_done(&s);
	arena_free(a);
	return 0;
}
