/*
 * schema.h - the numbered steps that build the database; made from schema/NNN-*.sql.
 *
 * user_version is the number of the last step that was applied. A step is never
 * changed once a release carries it; a new one is added.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct schema_step {
	int number;       /* ascending from 1; 0 ends the table */
	const char *name; /* the file's name, for messages */
	const char *sql;
};

extern const struct schema_step schema_steps[];

#endif
