#include "domain/command.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

static const char *filled(const char *word, const struct command_fill *fills, size_t n_fills,
                          bool *used, struct arena *a)
{
	struct text t;
	const char *out;

	text_init(&t, TEXT_LIMIT);
	while (*word != '\0') {
		size_t i = 0, n = 0;

		for (; i < n_fills; i++)
			if (strncmp(word, fills[i].name, n = strlen(fills[i].name)) == 0)
				break;
		if (i == n_fills) {
			text_add_char(&t, *word++);
			continue;
		}
		text_add(&t, fills[i].value);
		word += n;
		*used = true;
	}
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

const char **command_argv(const struct config_texts *command, const struct command_fill *fills,
                          size_t n, bool *used, struct arena *a)
{
	const char **argv = arena_take(a, (command->n + COMMAND_MORE + 1) * sizeof(const char *));

	*used = false;
	for (size_t i = 0; argv != NULL && i < command->n; i++)
		if ((argv[i] = filled(command->at[i], fills, n, used, a)) == NULL)
			return NULL;
	return argv;
}

const char *command_link(const char *said, struct arena *a)
{
	const char *link = NULL;

	while (*said != '\0') {
		size_t n = 0;

		while (isspace((unsigned char)*said))
			said++;
		while (said[n] != '\0' && !isspace((unsigned char)said[n]))
			n++;
		if (strncmp(said, "https://", 8) == 0 || strncmp(said, "http://", 7) == 0)
			link = arena_copy(a, said, text_utf8_valid(said, n));
		said += n;
	}
	return link;
}
