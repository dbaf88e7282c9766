#include "wire/rpc.h"

#include <string.h>

static void wrong(struct rpc *r, int code, const char *words)
{
	r->kind = RPC_WRONG;
	r->code = code;
	(void)err_set(&r->err, E_INPUT, "%s", words);
}

/* Is it a string or a whole number without fraction or exponent, and not too long? */
static bool id_is_good(struct json_span id)
{
	if (id.len == 0 || id.len > RPC_ID_MAX)
		return false;
	if (id.at[0] == '"')
		return true;
	for (size_t i = id.at[0] == '-'; i < id.len; i++)
		if (id.at[i] < '0' || id.at[i] > '9')
			return false;
	return true;
}

/* What an object is: request, notification, answer, or wrong. */
static void object(struct rpc *r)
{
	const cJSON *method = json_get(r->json, "method");
	const char *name = json_text(r->json, "method");
	const cJSON *params = json_get(r->json, "params");
	const char *version = json_text(r->json, "jsonrpc");
	bool has_id = json_get(r->json, "id") != NULL;

	if (has_id)
		r->id = json_raw_member(r->text.at, r->text.len, "id");
	if (has_id && !id_is_good(r->id)) {
		r->id = (struct json_span){ 0 };
		wrong(r, RPC_REQUEST_BAD, "the id of a request must be a string or a whole number");
		return;
	}
	if (version == NULL || strcmp(version, "2.0") != 0) {
		wrong(r, RPC_REQUEST_BAD, "a message must have \"jsonrpc\": \"2.0\"");
		return;
	}
	if (method == NULL && has_id &&
	    (json_get(r->json, "result") != NULL || json_get(r->json, "error") != NULL)) {
		r->kind = RPC_ANSWER;
		return;
	}
	if (name == NULL) {
		wrong(r, RPC_REQUEST_BAD, "a message must have a method, and that be a string");
		return;
	}
	r->method = name;
	r->params = cJSON_IsObject(params) ? params : NULL;
	r->kind = has_id ? RPC_REQUEST : RPC_NOTIFICATION;
	if (params != NULL && r->params == NULL && has_id)
		wrong(r, RPC_PARAMS, "params must be an object");
}

void rpc_read(struct rpc *r, const char *line, size_t len)
{
	enum status st;

	*r = (struct rpc){ .text = { line, len } };
	if ((st = json_check(line, len, &r->err)) != OK) {
		r->kind = RPC_WRONG;
		r->code = st == E_INPUT ? RPC_PARSE : RPC_INTERNAL;
		return;
	}
	while (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n')
		line++;
	if (*line == '[') {
		r->kind = RPC_BATCH;
		return;
	}
	if (*line != '{') {
		wrong(r, RPC_REQUEST_BAD, "a message must be an object");
		return;
	}
	if ((r->json = cJSON_ParseWithLength(r->text.at, r->text.len)) == NULL) {
		wrong(r, RPC_INTERNAL, "no memory for a message");
		return;
	}
	object(r);
}

bool rpc_item(const struct rpc *batch, size_t *at, struct rpc *item)
{
	struct json_span span = json_raw_item(batch->text.at, batch->text.len, at);

	if (span.len == 0)
		return false;
	rpc_read(item, span.at, span.len);
	if (item->kind == RPC_BATCH)
		wrong(item, RPC_REQUEST_BAD, "a batch may not hold another");
	return true;
}

void rpc_done(struct rpc *r)
{
	if (r == NULL)
		return;
	cJSON_Delete(r->json);
	r->json = NULL;
}

struct json_span rpc_meta_raw(const struct rpc *r, const char *key)
{
	struct json_span s = json_raw_member(r->text.at, r->text.len, "params");

	if (s.len > 0)
		s = json_raw_member(s.at, s.len, "_meta");
	if (s.len > 0)
		s = json_raw_member(s.at, s.len, key);
	return s;
}

int rpc_code(enum status st)
{
	static const int codes[STATUS_N] = {
		[OK] = 0,
		[E_NOMEM] = RPC_INTERNAL,
		[E_INPUT] = RPC_PARAMS,
		[E_ABSENT] = RPC_PARAMS,
		[E_BUSY] = RPC_BUSY,
		[E_STOP] = RPC_INTERNAL,
		[E_IO] = RPC_INTERNAL,
		[E_DENIED] = RPC_INTERNAL,
		[E_WAIT] = RPC_INTERNAL,
		[E_BUG] = RPC_INTERNAL,
	};

	return codes[st];
}

void rpc_quote(struct text *t, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t from = 0;

	text_add_char(t, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char out[7] = { '\\', 0 };

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		text_add_n(t, s + from, i - from);
		from = i + 1;
		switch (c) {
		case '"':
		case '\\':
			out[1] = (char)c;
			break;
		case '\n':
			out[1] = 'n';
			break;
		case '\t':
			out[1] = 't';
			break;
		case '\r':
			out[1] = 'r';
			break;
		default:
			out[1] = 'u';
			out[2] = out[3] = '0';
			out[4] = hex[c >> 4];
			out[5] = hex[c & 15];
			break;
		}
		text_add(t, out);
	}
	text_add_n(t, s + from, n - from);
	text_add_char(t, '"');
}

void rpc_error(struct text *t, struct json_span id, int code, const char *words, const char *data)
{
	text_add(t, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id.len > 0)
		text_add_n(t, id.at, id.len);
	else
		text_add(t, "null");
	text_addf(t, ",\"error\":{\"code\":%d,\"message\":", code);
	rpc_quote(t, words, strlen(words));
	if (data != NULL)
		text_addf(t, ",\"data\":%s", data);
	text_add(t, "}}");
}
