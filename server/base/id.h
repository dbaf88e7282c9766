/*
 * id.h - ids that sort by the time they were made: 9 characters of milliseconds
 * and 7 of chance, in Crockford's base 32, lower case (no i, l, o, u), after one
 * letter that says what kind of thing it is. Unguessable enough to be names, not secrets.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdint.h>

#define ID_SIZE 18 /* the letter, 16 characters, a NUL */

/* kind: 'r' run, 'p' plan, 'm' memory, 'e' event, 's' session, 't' task of the protocol. */
void id_new(char out[ID_SIZE], char kind, int64_t wall_ms);

/*
 * Many ids made together: the first by chance, each after it the next one, so that they sort
 * as they were made and no two are the same. {0} begins.
 */
struct id_run {
	int64_t wall_ms;
	uint64_t chance;
	int begun;
};
void id_next(struct id_run *run, char out[ID_SIZE], char kind, int64_t wall_ms);

#endif
