/*
 * judge.h - when a tool that did its work still means that something failed.
 */
#ifndef CLI_JUDGE_H
#define CLI_JUDGE_H

#include <stdbool.h>

#include "base/json.h"

/* The exit status for a tool's answer: a plan with error findings, a run that ended badly. */
int judge(const char *tool, const cJSON *result);

/* Will a run in this state stay as it is? */
bool judge_ended(const char *state);

#endif
