/*
 * post.h - one issue given to the command that the user configured for it.
 *
 * The command is argv, never a shell. In its words `{title}`, `{file}`, `{body}` and `{labels}`
 * stand for the issue's; a command without any of them gets `--title TITLE --body-file FILE` at its
 * end, and `--label LABELS` when labels are configured, which is what `gh issue create` takes.
 * It is posted when the command ended well and printed a link; the link is what it printed.
 */
#ifndef DOMAIN_COACH_POST_H
#define DOMAIN_COACH_POST_H

#include "domain/config.h"
#include "domain/project.h"
#include "store/findings.h"

struct post {
	const struct finding_row *row;
	struct project *project;
	const atomic_bool *stop;
	struct bell *bell; /* not NULL where stop is not */
	const char *link;  /* out: NULL when it was not posted ... */
	const char *wrong; /* ... and why */
};

/* E_INPUT, or E_DENIED for want of trust, when no command is configured. */
enum status post_possible(const struct config *config, struct err *err);

/* OK also when the command failed: then `wrong` says how. Only memory and stopping fail. */
enum status post_issue(struct post *post, const struct config *config, struct arena *a,
                       struct err *err);

#endif
