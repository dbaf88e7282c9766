#include "tests/lib/together.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "domain/project/own.h"
#include "store/turn.h"

static void *make(void *arg)
{
	struct together_one *one = arg;

	one->st = project_change(one->project, &one->change, &one->err);
	return NULL;
}

static void await_row(struct project *p, size_t n)
{
	while (project_row_length(&p->own->row) < n)
		(void)sched_yield();
}

static void give_up(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

void together_begin(struct together *t, struct project *p, const struct project_change *changes,
                    size_t n)
{
	struct err err = { 0 };

	*t = (struct together){ .n = n };
	if (n > TOGETHER_MAX || turn_open(&t->turn, p->own->database, &err) != OK ||
	    turn_take(t->turn, p->own->database, 10000, NULL, &err) != OK)
		give_up(err.text);
	for (size_t i = 0; i < n; i++) {
		t->at[i].project = p;
		t->at[i].change = changes[i];
		if (pthread_create(&t->at[i].thread, NULL, make, &t->at[i]) != 0)
			give_up("no thread");
		await_row(p, i + 1);
	}
}

void together_join(struct together *t, size_t at)
{
	if (!t->at[at].joined)
		(void)pthread_join(t->at[at].thread, NULL);
	t->at[at].joined = true;
}

void together_end(struct together *t)
{
	turn_give(t->turn);
	(void)close(t->turn);
	for (size_t i = 0; i < t->n; i++)
		together_join(t, i);
}
