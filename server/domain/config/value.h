/*
 * value.h - one value of a configuration file into the struct it belongs to. For the files of
 * domain/config only.
 *
 * A map is read by a table of its keys. Every reader says E_INPUT with FILE:LINE:COLUMN when the
 * value is not of its kind or not within the key's bounds.
 */
#ifndef DOMAIN_CONFIG_VALUE_H
#define DOMAIN_CONFIG_VALUE_H

#include "domain/config/part.h"

struct key;
typedef enum status take(struct part_reader *r, const struct key *key, const struct yaml *value,
                         void *into);

/* One key of a map: how its value is read, and where in the struct it goes. */
struct key {
	const char *name; /* NULL ends a table */
	take *take;
	size_t at;
	double least, most;       /* of numbers */
	const char *const *words; /* of a choice: its words in the order of the enum */
};

/* Read the entries of a map into the struct. A key with nothing behind it says nothing. */
enum status value_map(struct part_reader *r, const struct yaml *map, const struct key *keys,
                      void *into);

/* Readers, and what they put there. */
take value_text;    /* const char * */
take value_texts;   /* struct config_texts */
take value_paths;   /* struct config_texts */
take value_count;   /* long */
take value_tokens;  /* int64_t */
take value_number;  /* double, above least */
take value_minutes; /* int64_t, ms */
take value_flag;    /* int, 0 or 1 */
take value_choice;  /* int, the word's place */

/* The program of an agent or a subscriber and its words: struct config_texts. part.c's. */
take part_program;

/* What a file says of events: struct config_events. events.c's. */
take part_events;

enum status value_bad_kind(struct part_reader *r, const struct yaml *value, const char *what);
enum status value_no_memory(struct part_reader *r);

#endif
