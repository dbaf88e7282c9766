#include "handlers/prompt.h"

void prompt_say(struct json_build *b, cJSON *messages, const char *role, const char *text)
{
	cJSON *one = json_add_object(b, messages), *content;

	json_put_text(b, one, "role", role);
	content = json_put_object(b, one, "content");
	json_put_text(b, content, "type", "text");
	json_put_text(b, content, "text", text);
}
