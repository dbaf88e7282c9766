/* Numbers with more digits than a double holds: kept as they were written, beside the value. */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define DIGITS_SAFE 15 /* any number of so many digits comes back from a double as it was */

/* Where the text is read; it has passed json_check, so that only its shape matters here. */
struct cursor {
	const char *at, *end;
	bool failed; /* out of memory */
};

static void blanks(struct cursor *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL)
		c->at++;
}

static void string(struct cursor *c)
{
	for (c->at++; c->at < c->end && *c->at != '"'; c->at++)
		if (*c->at == '\\')
			c->at++;
	c->at++;
}

static void number(struct cursor *c, cJSON *item)
{
	const char *from = c->at;
	size_t digits = 0, n;

	for (; c->at < c->end && strchr("+-0123456789.eE", *c->at) != NULL; c->at++)
		digits += *c->at >= '0' && *c->at <= '9';
	if (digits <= DIGITS_SAFE)
		return;
	n = (size_t)(c->at - from);
	if ((item->valuestring = mem_take(n + 1)) == NULL) {
		c->failed = true;
		return;
	}
	memcpy(item->valuestring, from, n);
	item->valuestring[n] = '\0';
}

/* One value; as deep as json_check lets through. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than json_check lets through */
static void value(struct cursor *c, cJSON *item)
{
	bool object = cJSON_IsObject(item);

	blanks(c);
	if (cJSON_IsString(item)) {
		string(c);
	} else if (cJSON_IsNumber(item)) {
		number(c, item);
	} else if (object || cJSON_IsArray(item)) {
		c->at++;
		blanks(c);
		for (cJSON *child = item->child; child != NULL; child = child->next) {
			if (object) {
				blanks(c);
				string(c);
				blanks(c);
				c->at++;
			}
			value(c, child);
			blanks(c);
			c->at += child->next != NULL;
		}
		c->at++;
	} else {
		c->at += cJSON_IsFalse(item) ? 5 : 4;
	}
}

/* Are there so many digits in a row of digits and points that it may matter? */
static bool has_long_number(const char *text, size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < n && run <= DIGITS_SAFE; i++)
		run = (text[i] >= '0' && text[i] <= '9') || text[i] == '.' ? run + 1 : 0;
	return run > DIGITS_SAFE;
}

enum status json_keep_digits(cJSON *item, const char *text, size_t n, struct err *err)
{
	struct cursor c = { text, text + n, false };

	if (!has_long_number(text, n))
		return OK;
	value(&c, item);
	return c.failed ? err_nomem(err, "a JSON value") : OK;
}

/* Have numbers whose digits were kept printed by these. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than json_check lets through */
static void print_digits(cJSON *item)
{
	for (; item != NULL; item = item->next) {
		if (cJSON_IsNumber(item) && item->valuestring != NULL)
			item->type = cJSON_Raw;
		print_digits(item->child);
	}
}

char *json_print_exact(const cJSON *item)
{
	cJSON *copy = cJSON_Duplicate(item, 1);
	char *text = NULL;

	if (copy == NULL)
		return NULL;
	print_digits(copy);
	text = json_print(copy);
	cJSON_Delete(copy);
	return text;
}
