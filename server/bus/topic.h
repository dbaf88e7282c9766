/*
 * topic.h - names of what happens, and patterns over them.
 *
 * A topic is words of letters, digits, '-' and '_' between single dots:
 * `task.r0abc.parser.succeeded`. In a pattern a word may also be `*`, which stands
 * for exactly one word, or `#`, which stands for any number of words, none included.
 */
#ifndef BUS_TOPIC_H
#define BUS_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define TOPIC_MAX 200 /* bytes */

/* E_INPUT with words when topic is not well formed; pattern: `*` and `#` are words too. */
enum status topic_check(const char *topic, bool pattern, struct err *err);

/* Does topic match pattern? Both well formed. */
bool topic_matches(const char *pattern, const char *topic);

/*
 * Append name as one word of a topic, after a dot unless t is empty: every byte that may
 * not stand in a word becomes '_', an empty name becomes "_", and a long one is cut.
 */
void topic_add_word(struct text *t, const char *name);

#endif
