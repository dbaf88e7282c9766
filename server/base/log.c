#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static atomic_int least = LOG_WARN;

void log_set_level(enum log_level level)
{
	atomic_store(&least, (int)level);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[LINE_MAX_BYTES];
	size_t room = sizeof line - 1;
	int head, body;
	va_list ap;

	if ((int)level > atomic_load(&least))
		return;
	head = snprintf(line, room, "gadugi: %s: ", names[level]);
	va_start(ap, fmt);
	body = vsnprintf(line + head, room - (size_t)head, fmt, ap);
	va_end(ap);
	if (body < 0)
		return;
	head += body;
	if ((size_t)head > room - 1)
		head = (int)(room - 1);
	line[head++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)head) < 0)
		return; /* nowhere left to say so */
}
