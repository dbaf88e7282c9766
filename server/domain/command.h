/*
 * command.h - commands of the configuration that act for us elsewhere (open an issue, a pull
 * request): what stands for the matter is put into their words, and what they print holds a link.
 */
#ifndef DOMAIN_COMMAND_H
#define DOMAIN_COMMAND_H

#include "domain/config.h"

#define COMMAND_MORE 8 /* words that may be added behind those of the configuration */

struct command_fill { /* `{title}` and what stands for it */
	const char *name, *value;
};

/*
 * The command's words with the values put in, NULL behind them and room for COMMAND_MORE; *used:
 * were there any? NULL when the arena is full.
 */
const char **command_argv(const struct config_texts *command, const struct command_fill *fills,
                          size_t n, bool *used, struct arena *a);

/* The last word that is a link, in the arena; NULL when there is none. */
const char *command_link(const char *said, struct arena *a);

#endif
