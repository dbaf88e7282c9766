/* results.c - what the project's tests say, from a file or from running its gates. */
#include <string.h>

#include "base/text.h"
#include "domain/config.h"
#include "domain/recipe/verdict.h"
#include "sys/fs.h"
#include "sys/proc.h"

#define OUTPUT_MAX ((size_t)64 << 20)

static enum status run_gate(struct project *p, const struct config_gate *gate,
                            const atomic_bool *stop, struct text *out, struct arena *a,
                            struct err *err)
{
	static const char *const names[] = { "PATH",   "HOME",  "USER", "LANG", "LC_*",
		                             "TMPDIR", "XDG_*", "CC",   "CXX",  NULL };
	struct proc_spec spec = {
		.argv = gate->command.at,
		.env = proc_env(a, names, NULL),
		.cwd = p->root,
		.out = PROC_TO_PIPE,
		.err = PROC_TO_OUT,
	};
	const struct proc_bounds bounds = { OUTPUT_MAX, gate->timeout_ms, stop };
	struct proc_output output = { 0 };
	enum status st;

	if (spec.env == NULL)
		return err_nomem(err, "a gate");
	if ((st = proc_run(&spec, &bounds, a, &output, err)) != OK)
		return st;
	if (stop != NULL && atomic_load(stop))
		return err_set(err, E_STOP, "stopped");
	text_add_n(out, output.out, output.out_size);
	text_add_char(out, '\n');
	return OK;
}

static enum status run_gates(struct project *p, const atomic_bool *stop, struct arena *a,
                             struct recipe_output *out, struct err *err)
{
	const struct config *config = NULL;
	enum status st = project_config(p, &config, err);
	struct text all;

	if (st == OK)
		st = config_trusted(config, err);
	if (st == OK && config->n_gates == 0)
		st = err_set(err, E_INPUT,
		             "no gate is configured that could show anything; put one into '%s': "
		             "gates: [{name: tests, command: [make, test]}], or give 'results', a "
		             "file with the output of the tests",
		             config->project_path);
	if (st != OK)
		return st;
	text_init(&all, 2 * OUTPUT_MAX);
	for (size_t i = 0; st == OK && i < config->n_gates; i++)
		st = run_gate(p, &config->gates[i], stop, &all, a, err);
	out->bytes = text_copy(&all, a);
	out->size = all.len;
	if (st == OK && out->bytes == NULL)
		st = err_nomem(err, "the results of the tests");
	text_done(&all);
	return st;
}

enum status recipe_results(struct project *p, const char *path, const atomic_bool *stop,
                           struct arena *a, struct recipe_output *out, struct err *err)
{
	struct fs_bytes file = { NULL, 0 };
	enum status st;

	if (path == NULL)
		return run_gates(p, stop, a, out, err);
	if (path[0] != '/' && (path = text_printf(a, "%s/%s", p->root, path)) == NULL)
		return err_nomem(err, "a path");
	st = fs_read_under(p->root, path, OUTPUT_MAX, a, &file, err);
	out->bytes = file.bytes;
	out->size = file.size;
	return st;
}
