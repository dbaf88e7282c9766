/*
 * arg.h - one table per tool says what it takes.
 *
 * The table is read twice: to print the tool's JSON Schema in tools/list and
 * to check and unpack the arguments of a call. The two cannot drift apart.
 *
 * Where a value goes in the struct at `at`: ARG_TEXT and ARG_CHOICE to a const char *,
 * ARG_COUNT to a long, ARG_NUMBER to a double, ARG_FLAG to a bool, and the others
 * (ARG_WHOLE, ARG_SWITCH, ARG_TEXTS, ARG_OBJECT, ARG_LIST, ARG_ANY) to a const cJSON * that has
 * been checked as far as its kind says. What is not given stays zero; a default is the tool's
 * business.
 */
#ifndef HANDLERS_ARG_H
#define HANDLERS_ARG_H

#include <stddef.h>

#include "base/json.h"

enum arg_kind {
	ARG_TEXT,   /* string; least and most bound its bytes */
	ARG_CHOICE, /* string, one of the words in `choices`, separated by '|' */
	ARG_COUNT,  /* whole number from least to most */
	ARG_WHOLE, /* as ARG_COUNT, to a const cJSON *: NULL when it is not given, which 0 is not */
	ARG_NUMBER, /* number from least to most */
	ARG_FLAG,   /* true or false */
	ARG_SWITCH, /* as ARG_FLAG, to a const cJSON *: NULL when it is not given, which false is
	               not */
	ARG_TEXTS,  /* array of strings; least and most bound how many */
	ARG_OBJECT, /* object */
	ARG_LIST,   /* array of objects; least and most bound how many */
	ARG_ANY,    /* string or object or array of objects, as the help says */
	ARG_REST,   /* at the table's end, named `*`: any other argument is let through unread */
};

/*
 * In place of `required`: may be given, and people are told of it, but it is not in the schema.
 * Models pay for each word of tools/list; what only a command line needs is kept out of it.
 */
#define ARG_UNLISTED 2

struct arg {
	const char *name; /* NULL ends the table */
	enum arg_kind kind;
	int required; /* 0, 1 or ARG_UNLISTED */
	size_t at;    /* offsetof the member that takes the value */
	long least, most;
	const char *help;    /* NULL: the name says it */
	const char *choices; /* of ARG_CHOICE */
};

/*
 * Fill the members of *in from json (an object, or NULL for none). Values point into
 * json; it must outlive in. E_INPUT names the argument, the value and what is right;
 * for an unknown name also the nearest known one. null counts as not given.
 */
enum status arg_read(const struct arg *table, const cJSON *json, void *in, struct err *err);

/* The table's listed arguments as a JSON Schema object (draft 2020-12) the caller owns, or NULL if
 * out of memory. */
cJSON *arg_schema(const struct arg *table);

#endif
