/* resources.c - what can be read by address. */
#include "wire/methods.h"

#include <string.h>

#include "base/mem.h"

#define URI_MAX 2048

static bool is_template(const struct resource *row)
{
	return strchr(row->uri, '{') != NULL;
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* No control characters, and no step up or aside when it should name a file. */
static bool is_safe(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	for (const char *p = s;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n <= 2 && strspn(p, ".") >= n))
			return false;
		p += n;
		if (*p == '\0')
			return true;
	}
}

/* s[0..n) without its percent signs; NULL when it is not what it should be. */
static const char *decode(const char *s, size_t n, struct arena *a)
{
	char *out = arena_take(a, n + 1), *to = out;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (s[i] != '%') {
			*to++ = s[i];
			continue;
		}
		if (n - i < 3 || (high = digit(s[i + 1])) < 0 || (low = digit(s[i + 2])) < 0 ||
		    high * 16 + low == 0)
			return NULL;
		*to++ = (char)(high * 16 + low);
		i += 2;
	}
	*to = '\0';
	return text_utf8_valid(out, strlen(out)) == strlen(out) && is_safe(out) ? out : NULL;
}

static bool matches(const char *form, const char *uri, struct arena *a, const char **values)
{
	size_t which = 0;

	while (*form != '\0') {
		size_t n;

		if (*form != '{') {
			if (*form++ != *uri++)
				return false;
			continue;
		}
		form = strchr(form, '}') + 1;
		n = strcspn(uri, "/");
		if (n == 0 || which == RESOURCE_VALUES_MAX ||
		    (values[which++] = decode(uri, n, a)) == NULL)
			return false;
		uri += n;
	}
	return *uri == '\0';
}

const struct resource *resources_find(const struct mcp_offer *offer, const char *uri,
                                      struct arena *a, const char **values)
{
	if (strlen(uri) > URI_MAX)
		return NULL;
	for (const struct resource *const *row = offer->resources; *row != NULL; row++)
		if (matches((*row)->uri, uri, a, values))
			return *row;
	return NULL;
}

/* The address of one instance. */
static void address(struct text *t, const char *form, const char *const *values)
{
	size_t which = 0;

	for (; *form != '\0'; form++) {
		if (*form != '{') {
			text_add_char(t, *form);
			continue;
		}
		text_add_percent(t, values[which] == NULL ? "" : values[which]);
		which++;
		form = strchr(form, '}');
	}
}

static void member(struct text *t, const char *key, const char *value)
{
	if (value == NULL)
		return;
	text_addf(t, ",\"%s\":", key);
	rpc_quote(t, value, strlen(value));
}

/* What a resource and a template have in common, after their addresses. */
static void about(struct text *t, const struct resource *row, const struct resource_item *item,
                  unsigned has)
{
	const char *title = item != NULL && item->title != NULL ? item->title : row->title;
	const char *words = item != NULL && item->about != NULL ? item->about : row->about;
	struct text name;

	text_init(&name, URI_MAX);
	text_add(&name, row->name);
	for (size_t i = 0; item != NULL && i < RESOURCE_VALUES_MAX && item->values[i] != NULL; i++)
		text_addf(&name, " %s", item->values[i]);
	member(t, "name", text_string(&name));
	t->failed = t->failed || name.failed;
	text_done(&name);
	if ((has & HAS_STRUCTURE) != 0)
		member(t, "title", title);
	member(t, "description", words);
	member(t, "mimeType", row->mime);
	text_add_char(t, '}');
}

static void add_item(struct text *t, const struct resource *row, const struct resource_item *item,
                     unsigned has)
{
	struct text uri;

	text_init(&uri, TEXT_LIMIT);
	if (item == NULL)
		text_add(&uri, row->uri);
	else
		address(&uri, row->uri, item->values);
	text_add(t, t->bytes[t->len - 1] == '[' ? "{\"uri\":" : ",{\"uri\":");
	rpc_quote(t, text_string(&uri), uri.len);
	t->failed = t->failed || uri.failed;
	text_done(&uri);
	about(t, row, item, has);
}

/* A cursor is `ROW:AFTER`; -1 when it is none of ours. */
static long cursor_row(const struct mcp_offer *offer, const char *cursor, const char **after)
{
	long row = 0, rows = 0;

	while (offer->resources[rows] != NULL)
		rows++;
	for (; *cursor >= '0' && *cursor <= '9' && row < rows; cursor++)
		row = row * 10 + (*cursor - '0');
	if (*cursor != ':' || row >= rows || offer->resources[row]->list == NULL)
		return -1;
	*after = cursor[1] == '\0' ? NULL : cursor + 1;
	return row;
}

/* Instances from row on, until a page is there. */
static enum status instances(struct request *r, size_t row, const char *after, struct text *members)
{
	struct call *call = &r->flight.call;
	struct resource_page *page = arena_take(call->arena, sizeof *page);
	enum status st;

	if (page == NULL)
		return err_nomem(&call->err, "a list of resources");
	for (; r->mcp->offer->resources[row] != NULL; row++, after = NULL) {
		const struct resource *one = r->mcp->offer->resources[row];

		if (one->list == NULL)
			continue;
		memset(page, 0, sizeof *page);
		if ((st = one->list(call, after, page)) != OK)
			return st;
		for (size_t i = 0; i < page->n; i++)
			add_item(members, one, &page->items[i], r->rev->has);
		if (page->next != NULL) {
			const char *next = text_printf(call->arena, "%zu:%s", row, page->next);

			text_add_char(members, ']');
			member(members, "nextCursor", next);
			members->failed = members->failed || next == NULL;
			return OK;
		}
	}
	text_add_char(members, ']');
	return OK;
}

enum status resources_list(struct request *r, struct text *members)
{
	const cJSON *cursor = json_get(r->params, "cursor");
	const char *after = NULL, *at = cJSON_IsString(cursor) ? cursor->valuestring : "";
	struct call *call = &r->flight.call;
	long row = 0;
	enum status st;

	if ((cursor != NULL && !cJSON_IsNull(cursor) && !cJSON_IsString(cursor)) ||
	    (*at != '\0' && (row = cursor_row(r->mcp->offer, at, &after)) < 0))
		return err_set(&call->err, E_INPUT, "this cursor was not given by this server");
	if ((st = request_ground(r)) != OK)
		return st;
	text_add(members, "\"resources\":[");
	for (const struct resource *const *one = r->mcp->offer->resources;
	     *at == '\0' && *one != NULL; one++)
		if (!is_template(*one))
			add_item(members, *one, NULL, r->rev->has);
	return instances(r, (size_t)row, after, members);
}

enum status resources_templates(struct ask *a, struct text *members)
{
	const char *comma = "";

	if (list_cursor_check(a) != OK)
		return E_INPUT;
	text_add(members, "\"resourceTemplates\":[");
	for (const struct resource *const *one = a->mcp->offer->resources; *one != NULL; one++) {
		if (!is_template(*one))
			continue;
		text_addf(members, "%s{\"uriTemplate\":", comma);
		rpc_quote(members, (*one)->uri, strlen((*one)->uri));
		about(members, *one, NULL, a->rev->has);
		comma = ",";
	}
	text_add_char(members, ']');
	return OK;
}

enum status resources_names(struct call *call, const struct mcp_offer *offer, struct text *out)
{
	struct resource_page *page = arena_take(call->arena, sizeof *page);
	enum status st;

	if (page == NULL)
		return err_nomem(&call->err, "a list of resources");
	for (const struct resource *const *one = offer->resources; *one != NULL; one++) {
		if ((*one)->list == NULL)
			continue;
		memset(page, 0, sizeof *page);
		if ((st = (*one)->list(call, NULL, page)) != OK)
			return st;
		for (size_t i = 0; i < page->n; i++) {
			address(out, (*one)->uri, page->items[i].values);
			text_add_char(out, '\n');
		}
	}
	return out->failed ? err_nomem(&call->err, "a list of resources") : OK;
}

enum status resources_read_begin(struct ask *a, struct request *r)
{
	(void)r;
	if (json_text(a->rpc->params, "uri") == NULL)
		return err_set(&a->err, E_INPUT, "resources/read needs params.uri, a string");
	return OK;
}

enum status resources_read(struct request *r, struct text *members)
{
	const char *uri = json_text(r->params, "uri"), *values[RESOURCE_VALUES_MAX] = { NULL };
	struct call *call = &r->flight.call;
	struct resource_body body = { 0 };
	const struct resource *row;
	enum status st;

	if ((row = resources_find(r->mcp->offer, uri, call->arena, values)) == NULL)
		return request_no_resource(r, uri);
	if ((st = request_ground(r)) != OK)
		return st;
	st = row->read(call, values, &body);
	if (st == E_ABSENT || st == E_INPUT)
		return request_no_resource(r, uri);
	if (st != OK)
		return st;
	text_add(members, "\"contents\":[{\"uri\":");
	rpc_quote(members, uri, strlen(uri));
	member(members, "mimeType", body.mime != NULL ? body.mime : row->mime);
	member(members, "text", body.text);
	if (body.text == NULL)
		member(members, "blob", body.base64 != NULL ? body.base64 : "");
	text_add(members, "}]");
	return OK;
}
