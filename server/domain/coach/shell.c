#include "domain/coach/shell.h"

#include <ctype.h>
#include <string.h>

#define WORDS_MAX 12 /* first words of a part that are looked at */

struct out {
	char *to;
	size_t n, size;
};

static void put(struct out *o, char c)
{
	if (o->n + 1 < o->size)
		o->to[o->n++] = c;
}

static void puts_n(struct out *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(o, s[i]);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

/* Length of a path below a folder for temporary files, at its slash; 0: none. */
static size_t temporary_length(const char *s)
{
	static const char *const folders[] = {
		"/tmp/",    "/var/tmp/", "/var/folders/", "/private/tmp/", "/private/var/folders/",
		"/dev/shm/"
	};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		size_t n = strlen(folders[i]);

		if (strncmp(s, folders[i], n) == 0)
			return n;
	}
	return 0;
}

/* A name under /tmp with digits or capitals in it is made by chance; `/tmp/report` is not. */
static size_t chance_length(const char *s)
{
	size_t n = 0;
	bool chance = false;

	for (; s[n] != '\0' && !isspace((unsigned char)s[n]) &&
	       strchr("/'\"`;|&)(<>,:", s[n]) == NULL;
	     n++)
		chance = chance || isdigit((unsigned char)s[n]) || isupper((unsigned char)s[n]);
	return chance ? n : 0;
}

/* Length of a hexadecimal number of 8 or more digits with a decimal digit in it; 0: none. */
static size_t hex_length(const char *s)
{
	size_t n = s[0] == '0' && s[1] == 'x' ? 2 : 0, start = n;
	bool digit = false, more = true;

	while (is_hex(s[n]) || (n > start && s[n] == '-' && is_hex(s[n + 1]) && n - start >= 8)) {
		digit = digit || isdigit((unsigned char)s[n]);
		n++;
	}
	more = is_word(s[n]);
	return n - start >= 8 && digit && !more ? n : 0;
}

/* Length of `2026-11-22`, `13:43`, `13:43:07.123` or both together; 0: none. */
static size_t time_length(const char *s)
{
	size_t n = 0, digits = 0;
	bool mark = false;

	while (isdigit((unsigned char)s[n]) ||
	       (n > 0 && s[n] != '\0' && strchr("-:.TZ+", s[n]) != NULL &&
	        isdigit((unsigned char)s[n - 1]) &&
	        (isdigit((unsigned char)s[n + 1]) || s[n] == 'Z'))) {
		digits += isdigit((unsigned char)s[n]) != 0;
		mark = mark || s[n] == ':' || (s[n] == '-' && n == 4);
		n++;
	}
	return mark && digits >= 4 && !is_word(s[n]) ? n : 0;
}

static size_t digits_length(const char *s)
{
	return strspn(s, "0123456789");
}

size_t shell_mask(const char *text, bool digits, char *out, size_t size)
{
	struct out o = { out, 0, size };

	for (const char *s = text; *s != '\0';) {
		bool fresh = s == text || !is_word(s[-1]);
		size_t keep = *s == '/' ? temporary_length(s) : 0, n = 0;

		if (keep > 0) {
			puts_n(&o, s, keep);
			s += keep;
			n = chance_length(s);
		} else if (fresh && is_hex(*s)) {
			n = hex_length(s);
			if (n == 0 && isdigit((unsigned char)*s))
				n = time_length(s);
		}
		if (n == 0 && keep == 0 && digits)
			n = digits_length(s);
		if (n > 0)
			put(&o, '*');
		else if (keep == 0)
			put(&o, *s++);
		s += n;
	}
	out[o.n] = '\0';
	return o.n;
}

/* `NAME=value ` at s: its length, blanks included; 0: none. */
static size_t variable_length(const char *s)
{
	size_t n = 0;
	char quote = '\0';

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (is_word(s[n]))
		n++;
	if (s[n++] != '=')
		return 0;
	for (; s[n] != '\0' && (quote != '\0' || s[n] != ' '); n++)
		if (quote == '\0' && (s[n] == '"' || s[n] == '\''))
			quote = s[n];
		else if (s[n] == quote)
			quote = '\0';
	return s[n] == ' ' ? n + 1 : 0;
}

/* `cd X && ` at s: its length; 0: none. */
static size_t folder_length(const char *s)
{
	const char *and;

	if (strncmp(s, "cd ", 3) != 0 || (and = strstr(s, "&& ")) == NULL)
		return 0;
	for (const char *p = s + 3; p < and; p++)
		if (strchr(";|&", *p) != NULL)
			return 0;
	return (size_t)(and-s) + 3;
}

size_t shell_normal(const char *command, char *out, size_t size)
{
	char flat[SHELL_MAX] = "";
	struct out o = { flat, 0, sizeof flat };
	const char *s;
	size_t n;

	for (s = command; *s != '\0'; s++) {
		if (!isspace((unsigned char)*s))
			put(&o, *s);
		else if (o.n > 0 && flat[o.n - 1] != ' ')
			put(&o, ' ');
	}
	while (o.n > 0 && flat[o.n - 1] == ' ')
		o.n--;
	flat[o.n] = '\0';
	for (s = flat; (n = folder_length(s)) > 0 || (n = variable_length(s)) > 0;)
		s += n;
	return shell_mask(s, false, out, size);
}

size_t shell_gate_key(const char *normal, char *out, size_t size)
{
	static const char *const shorteners[] = { "tail", "head", "grep", "cat", "tee" };
	struct out o = { out, 0, size };
	const char *stop = normal + strlen(normal);

	for (const char *pipe = strstr(normal, " | "); pipe != NULL; pipe = strstr(pipe + 3, " | "))
		for (size_t i = 0; i < sizeof shorteners / sizeof *shorteners; i++) {
			size_t n = strlen(shorteners[i]);

			if (pipe < stop && strncmp(pipe + 3, shorteners[i], n) == 0 &&
			    !is_word(pipe[3 + n]))
				stop = pipe;
		}
	for (const char *s = normal; s < stop; s++) {
		if (strncmp(s, " 2>&1", 5) == 0)
			s += 4;
		else
			put(&o, *s);
	}
	out[o.n] = '\0';
	return o.n;
}

/* ---- parts of a command: what stands between && || ; | and line ends ---- */

struct part {
	const char *words[WORDS_MAX];
	size_t len[WORDS_MAX];
	size_t n;
	bool redirects; /* > or >> to something that is not /dev/null or another descriptor */
};

/* Is word i of the part this one? */
static bool is(const struct part *p, size_t i, const char *word)
{
	return i < p->n && p->len[i] == strlen(word) && memcmp(p->words[i], word, p->len[i]) == 0;
}

static bool is_one_of(const struct part *p, size_t i, const char *words)
{
	size_t n;

	for (const char *w = words; *w != '\0'; w += n + (w[n] == ' ')) {
		n = strcspn(w, " ");
		if (i < p->n && p->len[i] == n && memcmp(p->words[i], w, n) == 0)
			return true;
	}
	return false;
}

static bool has(const struct part *p, const char *word)
{
	for (size_t i = 1; i < p->n; i++)
		if (is(p, i, word))
			return true;
	return false;
}

static void drop(struct part *p, size_t n)
{
	p->n = n < p->n ? p->n - n : 0;
	memmove(p->words, p->words + n, p->n * sizeof *p->words);
	memmove(p->len, p->len + n, p->n * sizeof *p->len);
}

/* The program's name without its folder. */
static void base_name(struct part *p)
{
	for (size_t i = p->n > 0 ? p->len[0] : 0; i-- > 0;)
		if (p->words[0][i] == '/' && i + 1 < p->len[0]) {
			p->words[0] += i + 1;
			p->len[0] -= i + 1;
			return;
		}
}

/* What only starts another program: sudo, time, timeout 60, npx, uv run, python -m. */
static void unwrap(struct part *p)
{
	static const struct {
		const char *first, *second; /* second: words that must follow, or NULL */
		size_t drops;
	} wrappers[] = {
		{ "sudo", NULL, 1 },       { "time", NULL, 1 },     { "env", NULL, 1 },
		{ "nice", NULL, 1 },       { "nohup", NULL, 1 },    { "exec", NULL, 1 },
		{ "timeout", NULL, 2 },    { "npx", NULL, 1 },      { "bunx", NULL, 1 },
		{ "uvx", NULL, 1 },        { "uv", "run", 2 },      { "poetry", "run", 2 },
		{ "pipenv", "run", 2 },    { "bundle", "exec", 2 }, { "pnpm", "exec dlx", 2 },
		{ "yarn", "exec dlx", 2 }, { "python", "-m", 2 },   { "python3", "-m", 2 },
		{ "(", NULL, 1 },          { "{", NULL, 1 },        { "!", NULL, 1 },
	};
	bool more = true;

	while (more && p->n > 0) {
		char copy[SHELL_HEAD] = "";
		size_t n = 0;

		base_name(p);
		n = p->len[0] < sizeof copy ? p->len[0] : sizeof copy - 1;
		memcpy(copy, p->words[0], n);
		copy[n] = '\0';
		more = variable_length(copy) > 0 || (strchr(copy, '=') != NULL && n > 1);
		if (more)
			drop(p, 1);
		for (size_t i = 0; !more && i < sizeof wrappers / sizeof *wrappers; i++) {
			if (strcmp(copy, wrappers[i].first) != 0 || p->n <= wrappers[i].drops ||
			    (wrappers[i].second != NULL && !is_one_of(p, 1, wrappers[i].second)))
				continue;
			drop(p, wrappers[i].drops);
			more = true;
		}
	}
	base_name(p);
}

/* Programs that test, lint or build; subs: the sub-commands that do, "" for any use. */
static const struct gate {
	const char *program, *subs;
} gates[] = {
	{ "pytest", "" },
	{ "py.test", "" },
	{ "unittest", "" },
	{ "tox", "" },
	{ "nox", "" },
	{ "mypy", "" },
	{ "pyright", "" },
	{ "ruff", "check" },
	{ "flake8", "" },
	{ "pylint", "" },
	{ "jest", "" },
	{ "vitest", "" },
	{ "mocha", "" },
	{ "ava", "" },
	{ "playwright", "test" },
	{ "tsc", "" },
	{ "eslint", "" },
	{ "biome", "check lint ci" },
	{ "webpack", "" },
	{ "vite", "build" },
	{ "next", "build lint" },
	{ "cargo", "test build check clippy nextest b t c" },
	{ "go", "test build vet" },
	{ "golangci-lint", "" },
	{ "make", "" },
	{ "ninja", "" },
	{ "ctest", "" },
	{ "cmake", "--build" },
	{ "meson", "test compile" },
	{ "bazel", "test build" },
	{ "mvn", "test verify package compile install" },
	{ "mvnw", "test verify package compile install" },
	{ "gradle", "test build check" },
	{ "gradlew", "test build check" },
	{ "dotnet", "test build" },
	{ "swift", "test build" },
	{ "xcodebuild", "" },
	{ "rspec", "" },
	{ "rubocop", "" },
	{ "rake", "test spec" },
	{ "rails", "test" },
	{ "phpunit", "" },
	{ "phpstan", "" },
	{ "mix", "test compile" },
	{ "sbt", "test compile" },
	{ "zig", "build test" },
	{ "deno", "test lint check" },
	{ "bun", "test" },
	{ "npm", "test t" },
	{ "yarn", "test build lint check typecheck" },
	{ "pnpm", "test build lint check typecheck" },
	{ "shellcheck", "" },
	{ "pre-commit", "run" },
	{ "luacheck", "" },
	{ "busted", "" },
	{ "dune", "build test" },
	{ "stack", "test build" },
	{ "cabal", "test build" },
};

/* The script of `npm run SCRIPT` and its kin that counts as a gate: its first word. */
static bool is_script_gate(const struct part *p)
{
	static const char *const words[] = { "test",       "lint", "build", "check", "typecheck",
		                             "type-check", "tsc",  "ci",    "verify" };

	if (!is_one_of(p, 0, "npm yarn pnpm bun deno") || !is_one_of(p, 1, "run run-script task") ||
	    p->n < 3)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i]);

		if (p->len[2] >= n && memcmp(p->words[2], words[i], n) == 0 &&
		    (p->len[2] == n || strchr(":-_", p->words[2][n]) != NULL))
			return true;
	}
	return false;
}

static bool is_gate(const struct part *p, const char *const *extra)
{
	if (p->n == 0 || has(p, "--version") || has(p, "--help"))
		return false;
	for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
		if (is(p, 0, gates[i].program) &&
		    (gates[i].subs[0] == '\0' || is_one_of(p, 1, gates[i].subs)))
			return true;
	for (; extra != NULL && *extra != NULL; extra++) {
		size_t n = strlen(*extra);

		if (strncmp(p->words[0], *extra, n) == 0 && !is_word(p->words[0][n]))
			return true;
	}
	return is_script_gate(p);
}

static bool is_install(const struct part *p)
{
	if (is_one_of(p, 0,
	              "npm yarn pnpm bun pip pip3 uv poetry cargo gem bundle composer apt "
	              "apt-get brew dnf apk go conda"))
		return is_one_of(p, 1,
		                 "install i ci add remove uninstall update upgrade sync get pip "
		                 "require mod lock");
	return is(p, 0, "pip") || (is(p, 0, "yarn") && p->n == 1);
}

static bool part_writes(const struct part *p)
{
	if (p->redirects || is_install(p))
		return true;
	if (is_one_of(p, 0,
	              "mv cp rm rmdir mkdir touch patch tee ln truncate dd install rsync tar "
	              "unzip chmod chown"))
		return true;
	if (is_one_of(p, 0, "sed perl"))
		return has(p, "-i") || has(p, "-pi") || has(p, "-i.bak");
	if (is_one_of(p, 0, "black isort gofmt rustfmt clang-format prettier autopep8"))
		return !has(p, "--check");
	return has(p, "--fix") || has(p, "--write");
}

static bool part_moves_head(const struct part *p)
{
	return is(p, 0, "git") &&
	       is_one_of(p, 1,
	                 "commit checkout switch merge rebase pull reset stash cherry-pick "
	                 "revert am apply restore clean worktree");
}

/* Programs whose second word says what they do. */
static bool has_sub(const struct part *p)
{
	return p->n > 1 && p->words[1][0] != '-' &&
	       is_one_of(p, 0,
	                 "git npm yarn pnpm bun cargo go make docker kubectl gh glab pip pip3 uv "
	                 "poetry dotnet mvn gradle bazel systemctl apt apt-get brew terraform "
	                 "rails rake mix deno zig aws gcloud az");
}

static void set_head(const struct part *p, char head[SHELL_HEAD])
{
	struct out o = { head, 0, SHELL_HEAD };

	puts_n(&o, p->words[0], p->len[0]);
	if (has_sub(p)) {
		put(&o, ' ');
		puts_n(&o, p->words[1], p->len[1]);
	}
	head[o.n] = '\0';
}

/* Behind the quoted text that begins at s. */
static const char *quoted_end(const char *s)
{
	char quote = *s++;

	while (*s != '\0' && *s != quote)
		s += *s == '\\' && quote == '"' && s[1] != '\0' ? 2 : 1;
	return *s == '\0' ? s : s + 1;
}

/* Does `>` at s write a file? `2>&1`, `>/dev/null` and `=>` do not. */
static bool is_redirect(const char *command, const char *s)
{
	if (s > command && (s[-1] == '=' || s[-1] == '-'))
		return false;
	s += 1 + (s[1] == '>');
	while (*s == ' ')
		s++;
	return *s != '&' && strncmp(s, "/dev/null", 9) != 0;
}

/* Does a part of the command end at s? */
static bool at_part_end(const char *s)
{
	return *s == '\0' || strchr(";|\n", *s) != NULL || (s[0] == '&' && s[1] == '&');
}

/* Behind the word that begins at s; what is quoted belongs to it, a later `>` does not. */
static const char *word_end(const char *s)
{
	const char *word = s;

	while (!at_part_end(s) && *s != ' ' && (s == word || *s != '>'))
		s = *s == '\'' || *s == '"' ? quoted_end(s) : s + 1;
	return s;
}

/* Read one part at s; returns where it ended, at its separator or the end. */
static const char *read_part(const char *command, const char *s, struct part *p)
{
	p->n = 0;
	p->redirects = false;
	while (*s == ' ')
		s++;
	while (!at_part_end(s)) {
		const char *word = s;

		if (*s == '>')
			p->redirects = p->redirects || is_redirect(command, s);
		s = word_end(s);
		if (p->n < WORDS_MAX) {
			p->words[p->n] = word;
			p->len[p->n++] = (size_t)(s - word);
		}
		while (*s == ' ')
			s++;
	}
	return s;
}

/* `cat X`, `nl -ba X`, `sed -n 1,20p X`: what it prints; "" when it does something else, too. */
static void printed_file(const struct part *p, char *out, size_t size)
{
	bool prints =
	    is_one_of(p, 0, "cat head tail nl") || (is(p, 0, "sed") && p->n == 4 && is(p, 1, "-n"));
	const char *last = p->n > 1 ? p->words[p->n - 1] : "-";
	struct out o = { out, 0, size };

	for (size_t i = 1; prints && i + 1 < p->n && !is(p, 0, "sed"); i++)
		prints = p->words[i][0] == '-' || isdigit((unsigned char)p->words[i][0]);
	if (!prints || last[0] == '-' || p->redirects || p->len[p->n - 1] >= size)
		return;
	puts_n(&o, last, p->len[p->n - 1]);
	out[o.n] = '\0';
}

void shell_facts(const char *normal, const char *const *extra, struct shell_facts *out)
{
	struct part p;
	const char *s = normal;
	bool gate_head = false;
	size_t n_parts = 0;

	memset(out, 0, sizeof *out);
	out->searches = true;
	while (*s != '\0') {
		bool gate;

		s = read_part(normal, s, &p);
		unwrap(&p);
		if (n_parts++ == 0)
			printed_file(&p, out->reads, sizeof out->reads);
		out->searches =
		    out->searches && !p.redirects &&
		    is_one_of(&p, 0, "rg grep ls find fd tree wc head tail sort cut uniq");
		gate = is_gate(&p, extra);
		/* the head is the first gate's, else the first part's that does not only move about
		 */
		if (p.n > 0 && !gate_head &&
		    (gate || out->head[0] == '\0' || strcmp(out->head, "cd") == 0)) {
			set_head(&p, out->head);
			gate_head = gate;
		}
		out->is_gate = out->is_gate || gate;
		out->writes = out->writes || part_writes(&p);
		out->moves_head = out->moves_head || part_moves_head(&p);
		out->commits = out->commits || (is(&p, 0, "git") && is(&p, 1, "commit"));
		while (*s != '\0' && strchr(";|&\n ", *s) != NULL)
			s++;
	}
	out->searches = out->searches && n_parts > 0 && !out->writes;
	if (n_parts != 1)
		out->reads[0] = '\0';
}
