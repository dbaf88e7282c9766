/*
 * edit.h - one entry into, or out of, somebody else's settings file, and nothing else touched.
 *
 * JSON with comments (as VS Code and opencode have it) and TOML are changed as text: what
 * people wrote, their order and their comments stay.
 */
#ifndef CLI_EDIT_H
#define CLI_EDIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct edit_entry {
	const char *section, *name;
	const char *value; /* JSON; the lines of a table of TOML; not looked at by drop */
};

/*
 * The text with the entry section.name set to value (JSON), in out. An empty text becomes a
 * whole file. *changed: false when it said so already. E_INPUT when the text is no object.
 */
enum status edit_json_put(const char *text, const struct edit_entry *e, struct text *out,
                          bool *changed, struct err *err);

/* Without that entry; out is empty when nothing but the empty section would be left. */
enum status edit_json_drop(const char *text, const struct edit_entry *e, struct text *out,
                           bool *changed, struct err *err);

/* The same for a table [section.name] of TOML. */
enum status edit_toml_put(const char *text, const struct edit_entry *e, struct text *out,
                          bool *changed, struct err *err);
enum status edit_toml_drop(const char *text, const struct edit_entry *e, struct text *out,
                           bool *changed, struct err *err);

#endif
