/*
 * resource.h - what can be read by address: fixed resources and templates of many.
 *
 * One constant row each; the list is resource_all in handlers/all.c. A template has
 * variables in braces, `gadugi://runs/{run}`; each stands for one or more bytes without
 * a slash, percent-encoded in the address and plain in the values given here. All
 * texts handed out live in the call's arena or for ever.
 */
#ifndef HANDLERS_RESOURCE_H
#define HANDLERS_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/call.h"

#define RESOURCE_VALUES_MAX 4   /* variables of a template */
#define RESOURCE_PAGE       100 /* instances in one answer of list */
#define COMPLETION_MAX      100 /* values in one answer of complete */

struct resource_body {
	const char *mime;   /* NULL: the row's own */
	const char *text;   /* UTF-8; or NULL, and then */
	const char *base64; /* bytes, encoded */
};

/* One instance of a template. */
struct resource_item {
	const char *values[RESOURCE_VALUES_MAX]; /* of the variables, in their order */
	const char *title, *about;               /* may be NULL */
};

struct resource_page {
	struct resource_item items[RESOURCE_PAGE];
	size_t n;
	const char *next; /* give it back as `after` to go on; NULL: that was all */
};

struct completion {
	const char *values[COMPLETION_MAX]; /* best first */
	size_t n;
	long total; /* how many there are; 0: unknown */
	bool more;
};

struct resource {
	const char *uri; /* an address or a template */
	const char *name, *title, *about, *mime;

	/* The content now. E_ABSENT with words when there is none of these values. */
	enum status (*read)(struct call *call, const char *const *values,
	                    struct resource_body *body);

	/* Templates: instances worth listing, newest first; NULL when none are. */
	enum status (*list)(struct call *call, const char *after, struct resource_page *page);

	/* Templates: values for variable `which` that begin with prefix; NULL: no help. */
	enum status (*complete)(struct call *call, size_t which, const char *prefix,
	                        struct completion *out);
};

extern const struct resource *const resource_all[]; /* NULL at the end */

#endif
