#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set /* as the analyser knows them */
#undef err_sys
#undef err_nomem

static const char *const names[STATUS_N] = {
	[OK] = "ok",       [E_NOMEM] = "no-memory", [E_INPUT] = "bad-input", [E_ABSENT] = "absent",
	[E_BUSY] = "busy", [E_STOP] = "stopped",    [E_IO] = "io",           [E_DENIED] = "denied",
	[E_WAIT] = "wait", [E_BUG] = "bug",
};

enum status err_set(struct err *err, enum status code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return code;
}

enum status err_sys(struct err *err, int errnum, const char *fmt, ...)
{
	char words[80];
	size_t at;
	va_list ap;

	if (err == NULL)
		return E_IO;
	err->code = E_IO;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	at = strlen(err->text);
	(void)snprintf(err->text + at, sizeof err->text - at, ": %s",
	               strerror_r(errnum, words, sizeof words));
	return E_IO;
}

enum status err_nomem(struct err *err, const char *what)
{
	return err_set(err, E_NOMEM, "no memory for %s", what);
}

const char *err_name(enum status code)
{
	return code < STATUS_N ? names[code] : "unknown";
}
