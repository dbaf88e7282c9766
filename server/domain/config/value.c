#include "domain/config/value.h"

#include <string.h>

#include "base/text.h"

#define MINUTE_MS 60000.0
#define KEYS_MAX  16

enum status value_bad_kind(struct part_reader *r, const struct yaml *value, const char *what)
{
	return yaml_bad(r->err, r->name, value, "'%s' must be %s", value->key->text, what);
}

enum status value_no_memory(struct part_reader *r)
{
	return err_nomem(r->err, "the configuration");
}

static enum status unknown_key(struct part_reader *r, const struct yaml *entry,
                               const struct key *keys)
{
	const char *names[KEYS_MAX], *near;
	size_t n = 0;
	struct text all;

	for (; keys[n].name != NULL; n++)
		names[n] = keys[n].name;
	near = text_nearest(entry->key->text, names, n);
	if (near != NULL)
		return yaml_bad(r->err, r->name, entry->key, "there is no '%s' here; is it '%s'?",
		                entry->key->text, near);
	text_init(&all, ERR_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
	(void)yaml_bad(r->err, r->name, entry->key, "there is no '%s' here; known are %s",
	               entry->key->text, text_string(&all));
	text_done(&all);
	return E_INPUT;
}

/* Read the entries of a map into the struct. A key with nothing behind it says nothing. */
enum status value_map(struct part_reader *r, const struct yaml *map, const struct key *keys,
                      void *into)
{
	enum status st;

	if (map->kind == YAML_NULL)
		return OK;
	if (map->kind != YAML_MAP)
		return yaml_bad(r->err, r->name, map,
		                "here must be keys and values, as in 'key: value'");
	for (const struct yaml *entry = map->first; entry != NULL; entry = entry->next) {
		const struct key *key = keys;

		while (key->name != NULL && strcmp(key->name, entry->key->text) != 0)
			key++;
		if (key->name == NULL)
			return unknown_key(r, entry, keys);
		if (entry->kind == YAML_NULL)
			continue;
		if ((st = key->take(r, key, entry, (char *)into + key->at)) != OK)
			return st;
	}
	return OK;
}

enum status value_text(struct part_reader *r, const struct key *key, const struct yaml *value,
                       void *into)
{
	(void)key;
	if (value->kind != YAML_TEXT || value->text[0] == '\0')
		return value_bad_kind(r, value, "a word");
	*(const char **)into = value->text;
	return OK;
}

enum status value_texts(struct part_reader *r, const struct key *key, const struct yaml *value,
                        void *into)
{
	const char **all;
	size_t n = 0;

	(void)key;
	if (value->kind != YAML_LIST)
		return value_bad_kind(r, value, "a list, as in [one, two]");
	if ((all = part_texts(r, value->n)) == NULL)
		return value_no_memory(r);
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		if (item->kind != YAML_TEXT)
			return yaml_bad(r->err, r->name, item, "each item of '%s' must be a word",
			                value->key->text);
		all[n++] = item->text;
	}
	*(struct config_texts *)into = (struct config_texts){ all, n };
	return OK;
}

enum status value_paths(struct part_reader *r, const struct key *key, const struct yaml *value,
                        void *into)
{
	struct config_texts *out = into;
	enum status st = value_texts(r, key, value, into);
	const struct yaml *item = value->first;
	const char **paths;

	if (st != OK)
		return st;
	if ((paths = part_texts(r, out->n)) == NULL)
		return value_no_memory(r);
	for (size_t i = 0; i < out->n; i++, item = item->next)
		if ((st = part_path(r, item, item->text, &paths[i])) != OK)
			return st;
	out->at = paths;
	return OK;
}

enum status value_count(struct part_reader *r, const struct key *key, const struct yaml *value,
                        void *into)
{
	long n;

	if (!yaml_whole(value, &n) || (double)n < key->least || (double)n > key->most)
		return yaml_bad(r->err, r->name, value,
		                "'%s' must be a whole number from %.0f to %.0f", key->name,
		                key->least, key->most);
	*(long *)into = n;
	return OK;
}

enum status value_tokens(struct part_reader *r, const struct key *key, const struct yaml *value,
                         void *into)
{
	long n = 0;
	enum status st = value_count(r, key, value, &n);

	*(int64_t *)into = n;
	return st;
}

enum status value_number(struct part_reader *r, const struct key *key, const struct yaml *value,
                         void *into)
{
	double n;

	if (!yaml_number(value, &n) || n <= key->least || n > key->most)
		return yaml_bad(r->err, r->name, value,
		                "'%s' must be a number above %g, at most %g", key->name, key->least,
		                key->most);
	*(double *)into = n;
	return OK;
}

enum status value_minutes(struct part_reader *r, const struct key *key, const struct yaml *value,
                          void *into)
{
	double minutes = 0;
	enum status st = value_number(r, key, value, &minutes);

	if (st == OK)
		*(int64_t *)into = minutes * MINUTE_MS < 1 ? 1 : (int64_t)(minutes * MINUTE_MS);
	return st;
}

enum status value_flag(struct part_reader *r, const struct key *key, const struct yaml *value,
                       void *into)
{
	bool on;

	(void)key;
	if (!yaml_flag(value, &on))
		return value_bad_kind(r, value, "true or false");
	*(int *)into = on;
	return OK;
}

enum status value_choice(struct part_reader *r, const struct key *key, const struct yaml *value,
                         void *into)
{
	struct text all;
	int n = 0;

	text_init(&all, ERR_TEXT_MAX);
	for (; key->words[n] != NULL; n++) {
		if (value->kind == YAML_TEXT && strcmp(value->text, key->words[n]) == 0)
			break;
		text_addf(&all, "%s%s", n == 0 ? "" : ", ", key->words[n]);
	}
	if (key->words[n] == NULL)
		(void)yaml_bad(r->err, r->name, value, "'%s' must be one of %s", key->name,
		               text_string(&all));
	text_done(&all);
	if (key->words[n] == NULL)
		return E_INPUT;
	*(int *)into = n;
	return OK;
}
