/*
 * pull.h - a pull request out of a run's branch, by the commands that the user configured:
 *
 *	pullRequest: {push: [git, push, origin], command: [gh, pr, create]}
 *
 * Both are argv, never a shell. In their words {branch}, {base}, {title} and {file} stand for the
 * run's; a push without any of them gets BRANCH at its end, a command without any
 * `--head BRANCH --base BASE --title TITLE --body-file FILE`, which is what `gh pr create` takes.
 * The request is there when the command printed a link; that link is what is told.
 */
#ifndef DOMAIN_RUN_PULL_H
#define DOMAIN_RUN_PULL_H

#include "domain/run/runner.h"

/* E_INPUT, saying what to write where, when no command is configured. */
enum status pull_possible(const struct config *config, struct err *err);

/* Push the branch, open the request; the link, or what went wrong, becomes a note of the run. */
void pull_request(struct runner *r);

#endif
