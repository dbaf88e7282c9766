/* yes.h - asking the person at the terminal before something that cannot be taken back. */
#ifndef CLI_YES_H
#define CLI_YES_H

#include "cli/command.h"

/* Is there a person: is stdin a terminal and stderr too, and no JSON wanted? */
bool cli_may_ask(const struct cli *c);

/* `WORDS [y/N]` on stderr; true only for y or yes. Blocks until a line or the end of input. */
bool cli_yes(struct cli *c, const char *words);

/*
 * cli_simple, at a terminal in two steps: what `would` be done is rendered, and with a yes to the
 * words the tool is called again with `confirm`. Questions of the tool itself are shown as well.
 */
int cli_asking(struct cli *c, void render(struct cli *c, const cJSON *result),
               bool would(const cJSON *result), const char *words);

/* The answers to a call's yes-or-no questions (base/call.h, handlers/ask.h), the caller's. */
enum status cli_answer(struct cli *c, const cJSON *asks, cJSON **answers);

#endif
