/* terms_fold.c - a text folded for comparing it as a whole: the last part of terms.h. */
#include <utf8proc.h>

#include "base/text.h"
#include "domain/memory/terms.h"

#define FOLD_MAX 24 /* code points that one may fold to */

/* One character folded for comparing; false when it is only space. */
static bool fold_char(const char *s, size_t n, size_t *len, char *out, size_t *n_out)
{
	utf8proc_int32_t cp[FOLD_MAX], one;
	utf8proc_ssize_t got;
	int last = 0;
	unsigned char c = (unsigned char)*s;

	*len = *n_out = 1;
	*out = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	if (c < 0x80)
		return c > ' ' && c != 0x7f;
	got = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &one);
	if (got < 1)
		return true; /* not UTF-8: the byte stands for itself */
	*len = (size_t)got;
	if (utf8proc_category(one) == UTF8PROC_CATEGORY_ZS)
		return false;
	got = utf8proc_decompose_char(
	    one, cp, FOLD_MAX, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD, &last);
	*n_out = 0;
	for (utf8proc_ssize_t i = 0; i < got && i < FOLD_MAX; i++)
		*n_out += (size_t)utf8proc_encode_char(cp[i], (utf8proc_uint8_t *)out + *n_out);
	return true;
}

/* Plain letters without capitals stand for themselves; how many there are here. */
static size_t fold_plain(struct text *out, const char *s, size_t n, bool *space)
{
	size_t len = 0;

	while (len < n && s[len] > ' ' && s[len] < 0x7f && !(s[len] >= 'A' && s[len] <= 'Z'))
		len++;
	if (len > 0 && *space)
		text_add_char(out, ' ');
	*space = *space && len == 0;
	text_add_n(out, s, len);
	return len;
}

char *terms_fold(const char *text, size_t n)
{
	struct text out;
	char folded[FOLD_MAX * 4];
	bool space = false;
	size_t len, n_folded;

	text_init(&out, TEXT_LIMIT);
	for (size_t at = 0; at < n; at += len) {
		if ((len = fold_plain(&out, text + at, n - at, &space)) > 0)
			continue;
		if (!fold_char(text + at, n - at, &len, folded, &n_folded)) {
			space = out.len > 0;
			continue;
		}
		if (space)
			text_add_char(&out, ' ');
		space = false;
		text_add_n(&out, folded, n_folded);
	}
	if (out.len == 0)
		text_add(&out, "");
	if (out.failed) {
		text_done(&out);
		return NULL;
	}
	return out.bytes;
}
