/* own.h - what a project keeps to itself; for the files of domain/project only. */
#ifndef DOMAIN_PROJECT_OWN_H
#define DOMAIN_PROJECT_OWN_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "domain/project.h"

#define PROJECT_IDENTITY_SIZE 65
#define PROJECT_LINKS_MAX     64 /* connections that are known; more are closed after use */

/* A connection and the file it has open: a state folder may be removed and made again. */
struct project_link {
	struct db *db; /* NULL: a free place */
	dev_t device;
	ino_t inode;
	bool lent;
};

struct settings;
struct shared_change;

/* Those who wait for a shared commit; shared.c's. */
struct project_row {
	pthread_mutex_t lock; /* guards the members below; held over no SQL */
	struct shared_change *first, **last;
	bool led; /* somebody leads, or was told to: who comes waits */
};

struct project_own {
	struct arena *arena;  /* the paths; not touched after project_open */
	const char *database; /* ROOT/.gadugi/gadugi.db */

	pthread_mutex_t lock; /* guards the members below */
	struct project_link links[PROJECT_LINKS_MAX];
	char identity[PROJECT_IDENTITY_SIZE]; /* "" until asked for */
	bool looked_for_root;                 /* once a process: git is not asked again */
	struct settings *settings;            /* the newest first; settings.c's */

	struct project_row row;
};

/* The identity file, made when the state folder is there. lock is held. */
enum status project_identity_keep(struct project *p, struct err *err);

/* E_NOMEM when there is none for the lock. */
enum status project_row_init(struct project_row *row, struct err *err);
void project_row_done(struct project_row *row);

/* How many changes wait, the leader's among them until he takes his group. */
size_t project_row_length(struct project_row *row);

/* Free what project_config has read. */
void project_settings_free(struct project_own *own);

#endif
