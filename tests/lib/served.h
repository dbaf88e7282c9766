/*
 * served.h - a project with a dispatcher, for tests of what it does for agents.
 *
 * Its folder has two agents in its configuration: `keeper` appends what it is given to `got` in its
 * folder, `failer` notes that it was tried and fails until there is a file `let`. All functions
 * fail the test when something goes wrong, and belong on its main thread.
 */
#ifndef TESTS_LIB_SERVED_H
#define TESTS_LIB_SERVED_H

#include <stddef.h>
#include <stdint.h>

#include "bus/wake.h"
#include "domain/dispatch.h"
#include "domain/event.h"
#include "domain/life.h"
#include "domain/project.h"
#include "domain/subscription.h"
#include "tests/lib/folder.h"

#define SERVED_LONG_MS 60000 /* a wait that ends early when all is well */

struct served {
	struct folder *folder;
	struct project *project;
	struct dispatch *dispatch;
	struct wake *wake;
};

extern const struct dispatch_options served_quick;

int served_set_up(void **state);
int served_tear_down(void **state);

/* A script of the project's folder that may be run. */
void served_script(struct served *p, const char *name, const char *text);

/* Begin to dispatch, quickly. */
void served_begin(struct served *p);

/* Publish an event; its number. */
int64_t served_publish(struct served *p, const char *topic, const char *payload);

void served_subscribe(struct served *p, const char *name, const char *topic, const char *agent);

/* Wait until there are n events of that pattern, and not more; the last one. */
const struct event_view *served_await(struct served *p, const char *pattern, size_t n);

/* Wait until there are any of that pattern; the first one. */
const struct event_view *served_first(struct served *p, const char *pattern);

/* Wait until one of the events of that pattern ends in the word. */
void served_await_word(struct served *p, const char *pattern, const char *word);

/* Wait until there are n subscribers. */
void served_await_subscribers(struct served *p, size_t n);

/* Wait until something changes in the project. */
void served_pause(struct served *p);

/* The last words of the topics of all events of that pattern, with blanks between. */
const char *served_topics(struct served *p, const char *pattern);

/* How a subscriber stands (what changes it wakes those who wait), and up to where it has come. */
struct subscription served_figures(struct served *p, const char *name);
int64_t served_place(struct served *p, const char *name);

/* Lines of a file of the folder; 0 when there is none. */
size_t served_lines(const struct served *p, const char *name);

/* Answer the only open question. */
void served_answer(struct served *p, const char *text);

/* An agent's file in the project; start and stop it as `agents start` and `agents stop` do. */
void served_define(struct served *p, const char *name, const char *keys);
void served_start(struct served *p, const char *name);
void served_stop(struct served *p, const char *name);
struct life served_life(struct served *p, const char *name);

#endif
