#include "domain/plan/score.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"

#define FILES_MAX 64 /* of one task that are named */

static const struct {
	const char *word, *kind;
} kinds[] = {
	/* the first that fits; the more telling stand first */
	{ "fix", "fix" },
	{ "bug", "fix" },
	{ "bugfix", "fix" },
	{ "hotfix", "fix" },
	{ "regression", "fix" },
	{ "crash", "fix" },
	{ "leak", "fix" },
	{ "refactor", "refactor" },
	{ "restructure", "refactor" },
	{ "rename", "refactor" },
	{ "extract", "refactor" },
	{ "clean up", "refactor" },
	{ "cleanup", "refactor" },
	{ "simplify", "refactor" },
	{ "document", "docs" },
	{ "documentation", "docs" },
	{ "docs", "docs" },
	{ "readme", "docs" },
	{ "guide", "docs" },
	{ "tutorial", "docs" },
	{ "changelog", "docs" },
	{ "migrate", "migration" },
	{ "migration", "migration" },
	{ "port", "migration" },
	{ "optimize", "performance" },
	{ "optimise", "performance" },
	{ "performance", "performance" },
	{ "benchmark", "performance" },
	{ "speed up", "performance" },
	{ "cache", "performance" },
	{ "caching", "performance" },
	{ "upgrade", "upgrade" },
	{ "bump", "upgrade" },
	{ "test", "test" },
	{ "tests", "test" },
	{ "testing", "test" },
	{ "coverage", "test" },
	{ "verify", "test" },
	{ "validate", "test" },
	{ "e2e", "test" },
	{ "design", "design" },
	{ "research", "design" },
	{ "investigate", "design" },
	{ "spike", "design" },
	{ "evaluate", "design" },
	{ "set up", "setup" },
	{ "setup", "setup" },
	{ "configure", "setup" },
	{ "install", "setup" },
	{ "initialize", "setup" },
	{ "scaffold", "setup" },
	{ "ci", "setup" },
	{ "deploy", "setup" },
	{ "release", "chore" },
	{ "remove", "chore" },
	{ "delete", "chore" },
};

/* What a word adds to technical, integration and testing. */
static const struct {
	const char *word;
	int technical, integration, testing;
} features[] = {
	{ "algorithm", 3, 0, 2 },     { "concurrency", 3, 1, 3 }, { "concurrent", 3, 1, 3 },
	{ "thread", 3, 1, 3 },        { "lock", 2, 1, 2 },        { "race", 3, 1, 3 },
	{ "distributed", 3, 3, 3 },   { "protocol", 2, 2, 2 },    { "parser", 2, 0, 2 },
	{ "compiler", 4, 1, 3 },      { "scheduler", 3, 2, 2 },   { "orchestrator", 4, 4, 4 },
	{ "security", 2, 1, 3 },      { "auth", 2, 2, 2 },        { "authentication", 2, 2, 2 },
	{ "authorization", 2, 2, 2 }, { "encryption", 3, 1, 2 },  { "crypto", 3, 1, 2 },
	{ "migration", 2, 3, 3 },     { "migrate", 2, 3, 3 },     { "schema", 1, 2, 1 },
	{ "database", 2, 2, 2 },      { "transaction", 2, 2, 2 }, { "cache", 2, 1, 2 },
	{ "performance", 2, 1, 2 },   { "optimize", 2, 1, 2 },    { "real time", 3, 2, 2 },
	{ "streaming", 3, 2, 2 },     { "event", 2, 2, 1 },       { "queue", 2, 2, 2 },
	{ "integrate", 1, 3, 2 },     { "integration", 1, 3, 2 }, { "api", 1, 2, 1 },
	{ "service", 1, 2, 1 },       { "server", 1, 2, 1 },      { "client", 1, 1, 1 },
	{ "framework", 2, 3, 2 },     { "system", 1, 2, 1 },      { "engine", 3, 2, 2 },
	{ "pipeline", 2, 2, 1 },      { "webhook", 1, 2, 1 },     { "payment", 2, 3, 3 },
	{ "deploy", 1, 2, 1 },        { "deployment", 1, 2, 1 },  { "ci", 0, 1, 1 },
	{ "test", 0, 0, 2 },          { "tests", 0, 0, 2 },       { "e2e", 1, 2, 3 },
	{ "coverage", 0, 0, 2 },      { "benchmark", 1, 0, 2 },   { "refactor", 2, 1, 2 },
	{ "rewrite", 3, 2, 3 },       { "rename", -1, 0, 0 },     { "typo", -2, -1, -2 },
	{ "readme", -2, -1, -2 },     { "document", -1, 0, -1 },  { "documentation", -1, 0, -1 },
	{ "directory", -1, 0, -1 },   { "config", -1, 0, 0 },     { "configure", -1, 0, 0 },
};

/* Words that are a file though they have no dot. */
static const char *const bare[] = { "Makefile",  "Dockerfile",  "LICENSE", "README",
	                            "CHANGELOG", "Jenkinsfile", "Gemfile", "Rakefile",
	                            "Procfile",  "Justfile" };

/* Endings that need no folder before them to be a file's. */
static const char *const endings[] = {
	"c",    "h",    "cc",     "cpp",   "hpp",  "rs",    "go",   "py",    "js",    "ts",
	"tsx",  "jsx",  "mjs",    "java",  "kt",   "rb",    "php",  "cs",    "swift", "sh",
	"sql",  "json", "yaml",   "yml",   "toml", "md",    "html", "css",   "scss",  "proto",
	"lua",  "vue",  "svelte", "astro", "xml",  "ini",   "cfg",  "txt",   "svg",   "png",
	"lock", "mk",   "zig",    "ex",    "exs",  "ipynb", "tf",   "jsonl", "csv",   "gitignore",
};

/* A word or a pair of words of the tables, and what it says. */
struct known {
	uint32_t hash;
	unsigned char kind;    /* row of kinds + 1, or 0 */
	unsigned char feature; /* row of features + 1, or 0 */
};

#define KNOWN_MAX (sizeof kinds / sizeof *kinds + sizeof features / sizeof *features)
#define PAIR      0x9e3779b1u /* sets a pair of words apart from a word */

struct score_words {
	struct known at[KNOWN_MAX];
	size_t n;
};

static int known_order(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* One word, or two of them. */
static uint32_t hash_words(const char *s)
{
	size_t n = strlen(s), at = 0, start, len;
	uint32_t hash = 0;

	while (name_word(s, n, &at, &start, &len))
		hash =
		    hash == 0 ? name_hash(s + start, len) : hash * PAIR ^ name_hash(s + start, len);
	return hash;
}

const struct score_words *score_words_new(struct arena *a)
{
	struct score_words *w = arena_take(a, sizeof *w);

	if (w == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		w->at[w->n++] =
		    (struct known){ hash_words(kinds[i].word), (unsigned char)(i + 1), 0 };
	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		w->at[w->n++] =
		    (struct known){ hash_words(features[i].word), 0, (unsigned char)(i + 1) };
	qsort(w->at, w->n, sizeof *w->at, known_order);
	return w;
}

/* What a text says: the first row of kinds that fits, and which features are in it. */
struct said {
	unsigned kind; /* row + 1, or 0 */
	bool features[sizeof features / sizeof *features];
};

static void said_of(const struct score_words *w, uint32_t hash, struct said *said)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->at[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < w->n && w->at[low].hash == hash; low++) {
		if (w->at[low].kind != 0 && (said->kind == 0 || w->at[low].kind < said->kind))
			said->kind = w->at[low].kind;
		if (w->at[low].feature != 0)
			said->features[w->at[low].feature - 1] = true;
	}
}

static void said_read(const struct score_words *w, const char *s, struct said *said)
{
	size_t n = strlen(s), at = 0, start, len;
	uint32_t before = 0;

	while (name_word(s, n, &at, &start, &len)) {
		uint32_t hash = name_hash(s + start, len);

		if (hash != 0)
			said_of(w, hash, said);
		if (before != 0)
			said_of(w, before * PAIR ^ hash, said);
		before = hash;
	}
}

static const char *kind_of(const struct said *said)
{
	return said->kind == 0 ? "feature" : kinds[said->kind - 1].kind;
}

const char *score_kind(const struct score_words *w, const char *title)
{
	struct said said = { 0 };

	said_read(w, title, &said);
	return kind_of(&said);
}

static bool in_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._-/@+[]*{}", c) != NULL) || (unsigned char)c >= 0x80;
}

/* A name known without an ending, alone or last in a path. */
static bool is_bare(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
		size_t len = strlen(bare[i]);

		if (n >= len && memcmp(s + n - len, bare[i], len) == 0 &&
		    (n == len || s[n - len - 1] == '/'))
			return true;
	}
	return false;
}

/* Lower case letters and digits, at least one of them a letter. */
static bool is_ending(const char *s, size_t n)
{
	bool letter = false;

	for (size_t i = 0; i < n; i++) {
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9')))
			return false;
		letter = letter || (s[i] >= 'a' && s[i] <= 'z');
	}
	return letter;
}

static bool is_file(const char *s, size_t n)
{
	const char *slash = memrchr(s, '/', n), *dot = memrchr(s, '.', n);
	size_t ending = dot == NULL ? 0 : n - (size_t)(dot - s) - 1;

	if (is_bare(s, n))
		return true;
	if (dot == NULL || ending == 0 || ending > 10 || (slash != NULL && dot < slash) ||
	    s[0] == '@')
		return false;
	if (!is_ending(s + n - ending, ending))
		return false;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (strlen(endings[i]) == ending && memcmp(endings[i], s + n - ending, ending) == 0)
			return dot > s || slash != NULL || ending > 2;
	return slash != NULL && slash > s;
}

/* Add the file that a run of n path characters starts with, if it is one and new. */
static void file_add(struct arena *a, const char *s, size_t n, struct plan_texts *files)
{
	/* a full stop is not the file's */
	while (n > 2 && strchr(".,]}*", s[n - 1]) != NULL)
		n--;
	if (n <= 2 || !is_file(s, n))
		return;
	for (size_t k = 0; k < files->n; k++)
		if (strlen(files->at[k]) == n && memcmp(files->at[k], s, n) == 0)
			return;
	draft_text(a, files, arena_copy(a, s, n));
}

void score_files(struct arena *a, const char *words, struct plan_texts *files)
{
	for (size_t i = 0; words[i] != '\0' && files->n < FILES_MAX;) {
		size_t n = 0;

		while (in_path(words[i + n]))
			n++;
		if (n == 0) {
			i++;
			continue;
		}
		if (words[i + n] == ':' && words[i + n + 1] == '/') { /* an address */
			i += n + strcspn(words + i + n, " \t\n)");
			continue;
		}
		/* a header of the system is nobody's file */
		if (i == 0 || words[i - 1] != '<' || words[i + n] != '>')
			file_add(a, words + i, n, files);
		i += n;
	}
}

static int bounded(int value)
{
	return value < 1 ? 1 : value > 10 ? 10 : value;
}

/* From the words a base of 2, and what each feature adds; links and files add to integration. */
static void features_score(const struct score_words *w, const struct said *title,
                           struct plan_task *t, size_t n_in, size_t n_out)
{
	int technical = 2, integration = 1, testing = 2;
	int links = (int)(n_in > 4 ? 4 : n_in) + (int)(n_out > 4 ? 4 : n_out);
	struct said both = { 0 };

	said_read(w, t->description, &both);
	for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
		/* `docs` in passing does not make a task easy */
		if (!title->features[i] && (features[i].technical < 0 || !both.features[i]))
			continue;
		technical += features[i].technical;
		integration += features[i].integration;
		testing += features[i].testing;
	}
	if (t->estimate_source == PLAN_STATED && t->estimate_min > 0)
		technical += t->estimate_min >= 1440  ? 4
		             : t->estimate_min >= 480 ? 3
		                                      : t->estimate_min >= 240;
	integration += links / 2 + (t->files.n > 3 ? 2 : t->files.n > 1);
	testing += t->acceptance.n > 3 ? 2 : t->acceptance.n > 0;
	if (t->technical == 0)
		t->technical = bounded(technical);
	if (t->integration == 0)
		t->integration = bounded(integration);
	if (t->testing == 0)
		t->testing = bounded(testing);
}

/* A total that is stated is kept, and the three parts are made to add up to it. */
static void scores_fit(struct plan_task *t, int total)
{
	int *parts[] = { &t->technical, &t->integration, &t->testing };
	int sum;

	total = total < 3 ? 3 : total > 30 ? 30 : total;
	sum = t->technical + t->integration + t->testing;
	for (size_t i = 0; i < 3; i++)
		*parts[i] = bounded((*parts[i] * total + sum / 2) / sum);
	sum = t->technical + t->integration + t->testing;
	for (size_t i = 0; sum != total; i = (i + 1) % 3) {
		int step = sum < total ? 1 : -1;

		if (bounded(*parts[i] + step) != *parts[i]) {
			*parts[i] += step;
			sum += step;
		}
	}
	t->complexity = total;
}

void score_task(const struct score_words *w, struct draft_task *d, size_t n_in, size_t n_out)
{
	struct plan_task *t = &d->t;
	bool scored = t->technical > 0 && t->integration > 0 && t->testing > 0;
	struct said title = { 0 };

	said_read(w, t->title, &title);
	if (t->kind[0] == '\0')
		t->kind = kind_of(&title);
	d->scored = scored;
	if (!scored)
		features_score(w, &title, t, n_in, n_out);
	if (!scored && (t->complexity > 0 || d->label_complexity > 0))
		scores_fit(t, t->complexity > 0 ? t->complexity : d->label_complexity);
	if (t->complexity == 0)
		t->complexity = t->technical + t->integration + t->testing;
	if (!d->risk_stated)
		t->risk = measure_risk_of(t->complexity);
	if (t->estimate_min == 0) {
		t->estimate_min = PLAN_ESTIMATE_MIN;
		t->estimate_source = PLAN_DEFAULT;
	}
}
