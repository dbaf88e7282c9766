#include "cli/judge.h"

#include <string.h>

#include "cli/cli.h"

bool judge_ended(const char *state)
{
	static const char *const ends[] = { "succeeded", "failed", "cancelled", "interrupted" };

	for (size_t i = 0; state != NULL && i < sizeof ends / sizeof *ends; i++)
		if (strcmp(ends[i], state) == 0)
			return true;
	return false;
}

int judge(const char *tool, const cJSON *result)
{
	const char *state = json_text(result, "state"), *severity;
	const cJSON *finding;

	if (strcmp(tool, "decompose") == 0) {
		cJSON_ArrayForEach(finding, json_get(result, "findings")) {
			severity = json_text(finding, "severity");
			if (severity != NULL && strcmp(severity, "error") == 0)
				return CLI_FAILED;
		}
	}
	if (strcmp(tool, "recipes") == 0 && cJSON_IsFalse(json_get(result, "sound")))
		return CLI_FAILED;
	if (strcmp(tool, "orchestrate") == 0 && judge_ended(state))
		return strcmp(state, "succeeded") == 0 ? CLI_DONE : CLI_FAILED;
	return CLI_DONE;
}
