#include "handlers/link.h"

void link_put(struct json_build *b, cJSON *answer, const char *uri, const char *name,
              const char *mime)
{
	cJSON *link = json_put_object(b, answer, "resource");

	b->failed = b->failed || uri == NULL;
	json_put_text(b, link, "uri", uri);
	json_put_text(b, link, "name", name);
	json_put_text(b, link, "mimeType", mime);
}
