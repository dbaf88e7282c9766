/*
 * json.h - cJSON behind checks.
 *
 * cJSON lets invalid UTF-8, \u0000 and duplicate keys through, cuts a string at
 * its first NUL and rounds big whole numbers. json_check() therefore reads the
 * bytes first, strictly (RFC 8259), and says in words what is wrong where; only
 * what it passed is given to cJSON. Objects are built through a struct
 * json_build that fails once and stays failed, so a builder is checked at its end.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"

#define JSON_DEPTH_MAX 128 /* arrays and objects inside each other */

/* A value that was found in the text, as it stands there. */
struct json_span {
	const char *at;
	size_t len; /* 0: not there */
};

/*
 * Is text[0..n) one JSON value and nothing else? E_INPUT with line-free words and
 * the byte offset if not. Refused besides syntax: invalid UTF-8, a lone surrogate,
 * \u0000, a duplicate key, depth over JSON_DEPTH_MAX. E_NOMEM only for huge objects.
 */
enum status json_check(const char *text, size_t n, struct err *err);

/* The same; *at is the byte where reading ended: the mistake's, for a line and column. */
enum status json_check_at(const char *text, size_t n, size_t *at, struct err *err);

/*
 * json_check, then parse. On OK *out is the caller's (cJSON_Delete). A number with more digits
 * than a double holds has them in valuestring, for json_print_exact.
 */
enum status json_read(const char *text, size_t n, cJSON **out, struct err *err);

/* What was parsed from that text, which json_check let through, gets its long numbers' digits. */
enum status json_keep_digits(cJSON *item, const char *text, size_t n, struct err *err);

/* As json_print, with all digits that were written; for what is kept and only passed on. */
char *json_print_exact(const cJSON *item);

/*
 * The bytes of a member of the outermost object, e.g. an id that must be echoed
 * digit for digit. text must have passed json_check.
 */
struct json_span json_raw_member(const char *text, size_t n, const char *key);

/*
 * The bytes of the next element of an outermost array; *at is 0 before the first. Length 0
 * after the last. text must have passed json_check.
 */
struct json_span json_raw_item(const char *text, size_t n, size_t *at);

/* The parsed thing as text, mem_free'd by the caller; NULL if out of memory. */
char *json_print(const cJSON *value);
char *json_print_pretty(const cJSON *value);

/* Members by name, case-sensitive; NULL, the fallback or false when absent or of another kind. */
const cJSON *json_get(const cJSON *object, const char *key);
const char *json_text(const cJSON *object, const char *key);
int64_t json_int(const cJSON *object, const char *key, int64_t fallback);
double json_number(const cJSON *object, const char *key, double fallback);
bool json_flag(const cJSON *object, const char *key);

/* Is value a number without a fraction that a double holds exactly? */
bool json_is_whole(const cJSON *value);

struct json_build {
	bool failed;
};

/* New values; NULL once the build has failed. A root is the caller's to delete. */
cJSON *json_object(struct json_build *b);
cJSON *json_array(struct json_build *b);

/*
 * Put a member into an object. NULL text puts nothing. json_put takes ownership of
 * value, also when it fails; value may be NULL after a failure elsewhere.
 */
void json_put(struct json_build *b, cJSON *object, const char *key, cJSON *value);
void json_put_text(struct json_build *b, cJSON *object, const char *key, const char *value);
void json_put_int(struct json_build *b, cJSON *object, const char *key, int64_t value);
void json_put_number(struct json_build *b, cJSON *object, const char *key, double value);
void json_put_flag(struct json_build *b, cJSON *object, const char *key, bool value);
void json_put_null(struct json_build *b, cJSON *object, const char *key);
cJSON *json_put_object(struct json_build *b, cJSON *object, const char *key);
cJSON *json_put_array(struct json_build *b, cJSON *object, const char *key);

/* Append to an array. */
void json_add(struct json_build *b, cJSON *array, cJSON *value);
void json_add_text(struct json_build *b, cJSON *array, const char *value);
void json_add_int(struct json_build *b, cJSON *array, int64_t value);
cJSON *json_add_object(struct json_build *b, cJSON *array);
cJSON *json_add_array(struct json_build *b, cJSON *array);

/*
 * End of a build: on OK *out = root. When the build failed root is deleted and the
 * status is E_NOMEM with words in err.
 */
enum status json_built(const struct json_build *b, cJSON *root, cJSON **out, struct err *err);

/* Route cJSON's allocations through mem_*. Once, before the first thread. */
void json_use_mem(void);

#endif
