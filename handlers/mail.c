#include "handlers/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/mailbox.h"

#define KEEPER_MS 15000 /* a keeper that lives answers within milliseconds */

void mail_put_author(struct json_build *b, cJSON *what, const char *name)
{
	const char *task = getenv("GADUGI_TASK_ID");

	/* in a run who asks and tells is known by the task */
	if (name == NULL && task == NULL)
		name = getenv("GADUGI_AGENT");
	json_put_text(b, what, "agent", name);
	json_put_text(b, what, "task", task);
}

enum status mail_answer(struct call *call, const char *folder, const char *post, cJSON **answer)
{
	enum status st = mailbox_answer(folder, post, call->arena, answer, &call->err);

	if (st != E_WAIT)
		return st;
	if (call->wait_until_ms == 0)
		call->wait_until_ms = clock_mono_ms() + KEEPER_MS;
	if (clock_mono_ms() < call->wait_until_ms)
		return E_WAIT;
	return err_set(&call->err, E_BUSY,
	               "whoever started this agent does not answer; it may have ended");
}

enum status mail_send(struct call *call, const char *folder, const char *kind,
                      const struct json_build *b, cJSON *what, cJSON **answer)
{
	const char *post = call->memo;
	enum status st = OK;

	if (post == NULL) {
		st = b->failed ? err_nomem(&call->err, "a post")
		               : mailbox_post(folder, kind, what, call->arena, &post, &call->err);
		memcpy(&call->memo, &post, sizeof post);
	}
	cJSON_Delete(what);
	return st == OK ? mail_answer(call, folder, post, answer) : st;
}
