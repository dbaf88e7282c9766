#include "cli/edit.h"

#include <string.h>

/* A member of an object: where its key, its value and the object's brace stand. */
struct member {
	bool found;
	size_t key, value, end; /* first byte of the key; of the value; behind the value */
	size_t before;          /* behind the comma or brace before it */
};

static size_t skip_comment(const char *s, size_t at)
{
	if (s[at + 1] == '/')
		return at + strcspn(s + at, "\n");
	at += 2;
	while (s[at] != '\0' && strncmp(s + at, "*/", 2) != 0)
		at++;
	return s[at] == '\0' ? at : at + 2;
}

static bool comment(const char *s, size_t at)
{
	return s[at] == '/' && (s[at + 1] == '/' || s[at + 1] == '*');
}

static size_t skip_blank(const char *s, size_t at)
{
	for (;;) {
		at += strspn(s + at, " \t\r\n");
		if (!comment(s, at))
			return at;
		at = skip_comment(s, at);
	}
}

static size_t skip_string(const char *s, size_t at)
{
	for (at++; s[at] != '\0' && s[at] != '"'; at++)
		if (s[at] == '\\' && s[at + 1] != '\0')
			at++;
	return s[at] == '\0' ? at : at + 1;
}

/* Behind the value that begins at `at`; brackets are counted, not matched by kind. */
static size_t skip_value(const char *s, size_t at)
{
	size_t depth = 0;

	do {
		if (s[at] == '"') {
			at = skip_string(s, at);
		} else if (comment(s, at)) {
			at = skip_comment(s, at);
		} else if (strchr("{[", s[at]) != NULL && s[at] != '\0') {
			depth++;
			at++;
		} else if (strchr("}]", s[at]) != NULL && s[at] != '\0') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (depth == 0) {
			return at + strcspn(s + at, ",}] \t\r\n/");
		} else if (s[at] != '\0') {
			at++;
		}
	} while (depth > 0 && s[at] != '\0');
	return at;
}

/* Look for a member of the object whose brace is at `open`. False when it is no object. */
static bool find_member(const char *s, size_t open, const char *name, struct member *out)
{
	size_t at = open + 1;

	*out = (struct member){ 0 };
	if (s[open] != '{')
		return false;
	for (;;) {
		size_t before = at, key = skip_blank(s, at), colon, value, end;

		if (s[key] == '}')
			return true;
		if (s[key] != '"')
			return false;
		colon = skip_blank(s, skip_string(s, key));
		if (s[colon] != ':')
			return false;
		value = skip_blank(s, colon + 1);
		end = skip_value(s, value);
		if (end == value)
			return false;
		if (strncmp(s + key + 1, name, strlen(name)) == 0 &&
		    s[key + 1 + strlen(name)] == '"') {
			*out = (struct member){ true, key, value, end, before };
			return true;
		}
		at = skip_blank(s, end);
		if (s[at] == ',')
			at++;
		else if (s[at] != '}')
			return false;
	}
}

static enum status no_object(struct err *err)
{
	return err_set(err, E_INPUT, "it holds no JSON object as it should; nothing was changed");
}

static enum status done(struct text *out, struct err *err)
{
	return out->failed ? err_nomem(err, "the changed file") : OK;
}

/* A new first member of the object whose brace is at `open`. */
static void insert(const char *s, size_t open, size_t depth, const char *member, struct text *out)
{
	bool empty = s[skip_blank(s, open + 1)] == '}';

	text_add_n(out, s, open + 1);
	text_add_char(out, '\n');
	for (size_t i = 0; i < depth; i++)
		text_add(out, "  ");
	text_add(out, member);
	if (!empty) {
		text_add_char(out, ',');
	} else if (strchr(" \t\r\n", s[open + 1]) == NULL || s[open + 1] == '\0') {
		text_add_char(out, '\n');
		for (size_t i = 1; i < depth; i++)
			text_add(out, "  ");
	}
	text_add(out, s + open + 1);
}

enum status edit_json_put(const char *text, const struct edit_entry *e, struct text *out,
                          bool *changed, struct err *err)
{
	size_t open = skip_blank(text, 0);
	struct member part, entry;
	struct text member;

	*changed = true;
	if (text[open] == '\0') {
		text_addf(out, "{\n  \"%s\": {\n    \"%s\": %s\n  }\n}\n", e->section, e->name,
		          e->value);
		return done(out, err);
	}
	if (!find_member(text, open, e->section, &part))
		return no_object(err);
	text_init(&member, TEXT_LIMIT);
	if (!part.found) {
		text_addf(&member, "\"%s\": {\n    \"%s\": %s\n  }", e->section, e->name, e->value);
		insert(text, open, 1, text_string(&member), out);
	} else if (!find_member(text, part.value, e->name, &entry)) {
		text_done(&member);
		return no_object(err);
	} else if (!entry.found) {
		text_addf(&member, "\"%s\": %s", e->name, e->value);
		insert(text, part.value, 2, text_string(&member), out);
	} else {
		*changed = strlen(e->value) != entry.end - entry.value ||
		           strncmp(text + entry.value, e->value, strlen(e->value)) != 0;
		text_add_n(out, text, entry.value);
		text_add(out, e->value);
		text_add(out, text + entry.end);
	}
	out->failed = out->failed || member.failed;
	text_done(&member);
	return done(out, err);
}

/* Is nothing left but braces around an empty section? */
static bool only_section(const char *text, const char *section)
{
	size_t open = skip_blank(text, 0), at;
	struct member part;

	if (!find_member(text, open, section, &part) || !part.found)
		return false;
	at = skip_blank(text, open + 1);
	if (at != part.key || text[skip_blank(text, part.value + 1)] != '}')
		return false;
	at = skip_blank(text, part.end);
	return text[at] == '}' && text[skip_blank(text, at + 1)] == '\0';
}

enum status edit_json_drop(const char *text, const struct edit_entry *e, struct text *out,
                           bool *changed, struct err *err)
{
	size_t open = skip_blank(text, 0), from, to;
	struct member part = { 0 }, entry = { 0 };

	*changed = false;
	if (text[open] != '\0' && !find_member(text, open, e->section, &part))
		return no_object(err);
	if (part.found && !find_member(text, part.value, e->name, &entry))
		return no_object(err);
	if (!entry.found) {
		text_add(out, text);
		return done(out, err);
	}
	*changed = true;
	from = entry.before;
	to = skip_blank(text, entry.end);
	if (text[to] == ',')
		to++;
	else {
		to = entry.end;
		if (text[from - 1] == ',')
			from--;
	}
	text_add_n(out, text, from);
	text_add(out, text + to);
	if (!out->failed && only_section(text_string(out), e->section)) {
		text_done(out);
		return OK;
	}
	return done(out, err);
}

/* The rest of text behind start, or NULL when it begins otherwise. */
static const char *behind(const char *text, const char *start)
{
	size_t n = strlen(start);

	return text != NULL && strncmp(text, start, n) == 0 ? text + n : NULL;
}

/* Does the line begin the table [section.name] or one below it? */
static bool is_table(const char *line, const char *section, const char *name)
{
	const char *rest = behind(behind(behind(behind(line, "["), section), "."), name);

	return rest != NULL && (*rest == ']' || *rest == '.');
}

/* Where the table [section.name] and those below it begin and end; from == to: not there. */
static void find_table(const char *s, const char *section, const char *name, size_t *from,
                       size_t *to)
{
	bool inside = false;
	size_t at = 0;

	*from = *to = strlen(s);
	while (s[at] != '\0') {
		size_t next = at + strcspn(s + at, "\n"), start = at + strspn(s + at, " \t");

		next += s[next] == '\n';
		if (s[start] == '[') {
			bool ours = is_table(s + start, section, name);

			if (inside && !ours)
				break;
			if (ours && !inside)
				*from = at;
			inside = ours;
		}
		if (inside)
			*to = next;
		at = next;
	}
}

enum status edit_toml_drop(const char *text, const struct edit_entry *e, struct text *out,
                           bool *changed, struct err *err)
{
	size_t from, to;

	find_table(text, e->section, e->name, &from, &to);
	*changed = from != to;
	while (from != to && from >= 2 && text[from - 1] == '\n' && text[from - 2] == '\n')
		from--; /* the blank line before it */
	text_add_n(out, text, from);
	text_add(out, text + to);
	return done(out, err);
}

enum status edit_toml_put(const char *text, const struct edit_entry *e, struct text *out,
                          bool *changed, struct err *err)
{
	enum status st = edit_toml_drop(text, e, out, changed, err);

	if (st != OK)
		return st;
	if (out->len > 0 && out->bytes[out->len - 1] != '\n')
		text_add_char(out, '\n');
	text_addf(out, "%s[%s.%s]\n%s", out->len > 0 ? "\n" : "", e->section, e->name, e->value);
	*changed = strcmp(text_string(out), text) != 0;
	return done(out, err);
}
