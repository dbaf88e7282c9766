#include "domain/plan/ground.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/project.h"
#include "sys/fs.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

/* Files that name the tool by being there; those of whole languages before general ones. */
static const struct {
	const char *file, *build, *test;
} tools[] = {
	{ "Cargo.toml", "cargo build", "cargo test" },
	{ "go.mod", "go build ./...", "go test ./..." },
	{ "pom.xml", "mvn -q compile", "mvn -q verify" },
	{ "gradlew", "./gradlew assemble", "./gradlew test" },
	{ "mix.exs", "mix compile", "mix test" },
	{ "meson.build", "meson compile -C build", "meson test -C build" },
	{ "CMakeLists.txt", "cmake --build build", "ctest --test-dir build" },
	{ "pytest.ini", NULL, "python -m pytest" },
	{ "tox.ini", NULL, "python -m pytest" },
	{ "pyproject.toml", NULL, "python -m pytest" },
	{ "setup.py", NULL, "python -m pytest" },
};

static const char *file_text(const struct project *p, const char *name, struct arena *a)
{
	struct fs_bytes file;

	return fs_read_under(p->root, name, FILE_MAX_BYTES, a, &file, NULL) == OK ? file.bytes
	                                                                          : NULL;
}

static bool is_there(const struct project *p, const char *name, struct arena *a)
{
	const char *path = fs_join(a, p->root, name);

	return path != NULL && fs_kind(path) == FS_FILE;
}

/* Does a Makefile have a rule for the target? */
static bool has_target(const char *makefile, const char *target)
{
	size_t n = strlen(target);

	for (const char *s = makefile; s != NULL; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (strncmp(s, target, n) == 0 && s[n + strspn(s + n, " \t")] == ':')
			return true;
	}
	return false;
}

static void by_make(const struct project *p, struct arena *a, struct plan_ground *out)
{
	const char *text = file_text(p, "Makefile", a);

	if (text == NULL)
		text = file_text(p, "makefile", a);
	if (text == NULL)
		return;
	out->build = "make";
	out->test = has_target(text, "test")    ? "make test"
	            : has_target(text, "check") ? "make check"
	            : has_target(text, "tests") ? "make tests"
	                                        : NULL;
}

/* package.json says which scripts there are; the lock file says whose they are. */
static void by_package(const struct project *p, struct arena *a, struct plan_ground *out)
{
	const char *text = file_text(p, "package.json", a), *tool = "npm";
	cJSON *json = NULL;

	if (text == NULL || json_read(text, strlen(text), &json, NULL) != OK)
		return;
	if (is_there(p, "pnpm-lock.yaml", a))
		tool = "pnpm";
	else if (is_there(p, "yarn.lock", a))
		tool = "yarn";
	else if (is_there(p, "bun.lockb", a) || is_there(p, "bun.lock", a))
		tool = "bun";
	if (json_text(json_get(json, "scripts"), "build") != NULL)
		out->build = text_printf(a, "%s run build", tool);
	if (json_text(json_get(json, "scripts"), "test") != NULL)
		out->test =
		    text_printf(a, "%s %s", tool, strcmp(tool, "bun") == 0 ? "run test" : "test");
	cJSON_Delete(json);
}

static void by_tools(const struct project *p, struct arena *a, struct plan_ground *out)
{
	for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
		if (is_there(p, tools[i].file, a)) {
			out->build = out->build == NULL ? tools[i].build : out->build;
			out->test = out->test == NULL ? tools[i].test : out->test;
			return;
		}
}

/* The gate of every task is what this project means by tested. */
static enum status by_gates(struct project *p, struct arena *a, struct plan_ground *out)
{
	const struct config *config = NULL;
	struct text t;

	/* a configuration with mistakes says nothing here; who runs the plan hears of it */
	if (project_config(p, &config, NULL) != OK)
		return OK;
	for (size_t i = 0; i < config->n_gates; i++) {
		const struct config_gate *gate = &config->gates[i];

		if (gate->when != CONFIG_TASK || gate->command.n == 0)
			continue;
		text_init(&t, TEXT_LIMIT);
		for (size_t k = 0; k < gate->command.n; k++)
			text_addf(&t, "%s%s", k == 0 ? "" : " ", gate->command.at[k]);
		out->test = text_copy(&t, a);
		text_done(&t);
		return out->test == NULL ? E_NOMEM : OK;
	}
	return OK;
}

enum status ground_look(struct project *p, struct arena *a, struct plan_ground *out,
                        struct err *err)
{
	*out = (struct plan_ground){ 0 };
	by_make(p, a, out);
	if (out->build == NULL)
		by_package(p, a, out);
	by_tools(p, a, out);
	if (by_gates(p, a, out) != OK || arena_failed(a))
		return err_nomem(err, "what the project is built with");
	return OK;
}
