/* Agents and findings as the contract shows them. */
#include "domain/agent.h"

static void put_texts(struct json_build *b, cJSON *o, const char *key,
                      const struct agent_texts *texts)
{
	cJSON *list;

	if (texts->n == 0)
		return;
	list = json_put_array(b, o, key);
	for (size_t i = 0; i < texts->n; i++)
		json_add_text(b, list, texts->at[i]);
}

cJSON *agent_summary_json(struct json_build *b, const struct agent *agent)
{
	cJSON *o = json_object(b);

	json_put_text(b, o, "name", agent->name);
	json_put_text(b, o, "description", agent->description);
	json_put_text(b, o, "source", agent->source);
	json_put_text(b, o, "path", agent->path);
	json_put_text(b, o, "model", agent->model);
	json_put_text(b, o, "preset", agent->preset);
	if (!agent->all_tools)
		put_texts(b, o, "tools", &agent->tools);
	put_texts(b, o, "subscribes", &agent->subscribes);
	return o;
}

cJSON *agent_json(struct json_build *b, const struct agent *agent)
{
	static const char *const restarts[] = { [AGENT_NEVER] = "never",
		                                [AGENT_ON_FAILURE] = "on-failure",
		                                [AGENT_ALWAYS] = "always" };
	cJSON *o = agent_summary_json(b, agent);

	put_texts(b, o, "command", &agent->command);
	put_texts(b, o, "publishes", &agent->publishes);
	put_texts(b, o, "permissions", &agent->approvals);
	json_put_text(b, o, "restart", restarts[agent->restart]);
	if (agent->restart != AGENT_NEVER)
		json_put_int(b, o, "restartsMax", agent->restarts_max);
	if (agent->timeout_ms > 0)
		json_put_number(b, o, "timeoutSeconds", (double)agent->timeout_ms / 1000);
	if (agent->heartbeat_ms > 0)
		json_put_number(b, o, "heartbeatSeconds", (double)agent->heartbeat_ms / 1000);
	json_put_int(b, o, "concurrency", agent->concurrency);
	json_put_int(b, o, "line", agent->line);
	json_put_text(b, o, "prompt", agent->prompt);
	return o;
}

cJSON *agent_finding_json(struct json_build *b, const struct agent_finding *f)
{
	static const char *const severities[] = {
		[AGENT_INFO] = "info", [AGENT_WARNING] = "warning", [AGENT_ERROR] = "error"
	};
	cJSON *o = json_object(b);

	json_put_text(b, o, "code", f->code);
	json_put_text(b, o, "severity", severities[f->severity]);
	json_put_text(b, o, "message", f->message);
	json_put_text(b, o, "agent", f->agent);
	json_put_text(b, o, "path", f->path);
	if (f->line > 0)
		json_put_int(b, o, "line", f->line);
	return o;
}
