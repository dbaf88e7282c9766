/*
 * ask_person.h - an agent's question (domain/question.h), shown as a form to the person at the
 * other end of a call that waits, and what they said kept as its answer.
 *
 * Whoever answers first has answered: a person here, another host, the command line. A person
 * who accepts gives the answer; one who declines denies an approval, and leaves any other
 * question open, as one who turns away does.
 */
#ifndef HANDLERS_ASK_PERSON_H
#define HANDLERS_ASK_PERSON_H

#include "base/call.h"
#include "base/json.h"
#include "domain/question.h"

/* The questions of a run that are open, oldest first, in the arena. */
enum status person_questions(struct call *call, const char *run, struct arena *a,
                             struct question **out, size_t *n);

/* The form, as {method, params} for call.asks; its key is the question's id. */
cJSON *person_form(struct json_build *b, const struct question *q);

/* What came back for the question of that id, an elicitation result. A question that has ended
 * meanwhile, or is unknown, is passed over. */
enum status person_said(struct call *call, const char *id, const cJSON *said);

/* What a waiting call remembers of whom it asked; all zero at first. */
struct person_asked {
	const char *id;   /* the question that is shown, or NULL */
	bool turned_away; /* the person does not want to be asked */
};

/*
 * One look: take the answer that came, and show the next question. With run NULL only the
 * question `only` is shown. `state` is what a call that comes again as a new one has to bring
 * back before the id (base/call.h), or NULL. OK: go on with what the call is about. E_WAIT: the
 * question is on its way; return it at once.
 */
struct person_want {
	const char *run, *only, *state;
};
enum status person_look(struct call *call, const struct person_want *want,
                        struct person_asked *asked);

#endif
