/* secret.c - what must not be remembered: keys, tokens, passwords. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "domain/memory/own.h"

/* What begins like this and goes on with at least `least` characters of `set` is a secret. */
struct shape {
	const char *begin, *set, *what;
	size_t least;
};

#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define WORD   UPPER LOWER DIGITS "_-"

static const struct shape shapes[] = {
	{ "AKIA", UPPER DIGITS, "AWS key id", 16 },
	{ "ASIA", UPPER DIGITS, "AWS key id", 16 },
	{ "ghp_", WORD, "GitHub token", 30 },
	{ "gho_", WORD, "GitHub token", 30 },
	{ "ghu_", WORD, "GitHub token", 30 },
	{ "ghs_", WORD, "GitHub token", 30 },
	{ "ghr_", WORD, "GitHub token", 30 },
	{ "github_pat_", WORD, "GitHub token", 30 },
	{ "glpat-", WORD, "GitLab token", 18 },
	{ "xoxb-", WORD, "Slack token", 20 },
	{ "xoxp-", WORD, "Slack token", 20 },
	{ "xoxa-", WORD, "Slack token", 20 },
	{ "sk-ant-", WORD, "API key", 20 },
	{ "sk-proj-", WORD, "API key", 20 },
	{ "sk_live_", WORD, "API key", 16 },
	{ "rk_live_", WORD, "API key", 16 },
	{ "sk-", UPPER LOWER DIGITS, "API key", 32 },
	{ "AIza", WORD, "API key", 35 },
	{ "npm_", UPPER LOWER DIGITS, "npm token", 36 },
	{ "pypi-", WORD, "PyPI token", 40 },
	{ "hf_", UPPER LOWER DIGITS, "API key", 30 },
	{ "SG.", WORD ".", "API key", 40 },
	{ "eyJ", WORD ".", "JSON web token", 60 },
};

/* A name that is followed by = or : and a value. */
static const char *const names[] = {
	"password",   "passwd",     "pwd",          "secret",     "api_key",
	"apikey",     "api-key",    "access_token", "auth_token", "client_secret",
	"secret_key", "secret-key", "private_key",  "access_key", "db_password",
};

/* First letters of all of them, capitals too where case does not matter. */
static const bool begins[256] = {
	['A'] = true, ['C'] = true, ['D'] = true, ['G'] = true, ['P'] = true, ['S'] = true,
	['a'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['g'] = true, ['h'] = true,
	['n'] = true, ['p'] = true, ['r'] = true, ['s'] = true, ['x'] = true,
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Length of the secret at s that begins a word, 0 when there is none. */
static size_t by_shape(const char *s, const char **what)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t n, more;

		if (*s != shapes[i].begin[0])
			continue;
		n = strlen(shapes[i].begin);
		if (strncmp(s, shapes[i].begin, n) != 0)
			continue;
		more = strspn(s + n, shapes[i].set);
		if (more >= shapes[i].least) {
			*what = shapes[i].what;
			return n + more;
		}
	}
	return 0;
}

/* A private key in PEM, to its end or to the end of the text. */
static size_t by_pem(const char *s, const char **what)
{
	static const char begin[] = "-----BEGIN ", end[] = "PRIVATE KEY-----";
	const char *line, *stop;

	if (strncmp(s, begin, sizeof begin - 1) != 0)
		return 0;
	line = strstr(s, end);
	if (line == NULL || memchr(s, '\n', (size_t)(line - s)) != NULL)
		return 0;
	*what = "private key";
	stop = strstr(line + sizeof end - 1, end);
	return stop == NULL ? strlen(s) : (size_t)(stop - s) + sizeof end - 1;
}

/* Does the value look made up by a machine or chosen as a password, not like a word? */
static bool looks_secret(const char *value, size_t n)
{
	bool digit = false, letter = false, other = false;

	for (size_t i = 0; i < n; i++) {
		digit = digit || isdigit((unsigned char)value[i]);
		letter = letter || isalpha((unsigned char)value[i]);
		other = other || ispunct((unsigned char)value[i]);
	}
	return n >= 6 && letter && (digit || other) && value[0] != '$' && value[0] != '<' &&
	       value[0] != '{' && memchr(value, '(', n) == NULL;
}

/* `password = hunter2!`: *skip is what stands before the value. */
static size_t by_name(const char *s, size_t *skip, const char **what)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n, at, len;

		if (tolower((unsigned char)*s) != names[i][0])
			continue;
		n = strlen(names[i]);
		for (at = 0; at < n && tolower((unsigned char)s[at]) == names[i][at];)
			at++;
		if (at < n || is_word(s[n]))
			continue;
		at += strspn(s + at, "\"' ");
		if (s[at] != '=' && s[at] != ':')
			return 0;
		at++;
		at += strspn(s + at, "\"' ");
		len = strcspn(s + at, " \t\r\n\"',;");
		if (!looks_secret(s + at, len))
			return 0;
		*skip = at;
		*what = "password";
		return len;
	}
	return 0;
}

/* `://user:password@`: s points behind the slashes. */
static size_t by_url(const char *s, size_t *skip, const char **what)
{
	size_t user = strcspn(s, ":@/ \t\r\n"), len;

	if (s[user] != ':' || user == 0)
		return 0;
	len = strcspn(s + user + 1, "@/ \t\r\n");
	if (len == 0 || s[user + 1 + len] != '@' || s[user + 1] == '$')
		return 0;
	*skip = user + 1;
	*what = "password";
	return len;
}

static size_t find(const char *text, const char *at, size_t *skip, const char **what)
{
	size_t n;

	*skip = 0;
	if (at - text >= 3 && strncmp(at - 3, "://", 3) == 0 && (n = by_url(at, skip, what)) != 0)
		return n;
	if (*at == '-')
		return by_pem(at, what);
	if (!begins[(unsigned char)*at] || (at > text && isalnum((unsigned char)at[-1])))
		return 0;
	if ((at == text || !is_word(at[-1])) && (n = by_shape(at, what)) != 0)
		return n;
	return by_name(at, skip, what);
}

/* Where a secret may begin, from `at` on: all else is stepped over at once. */
static const char *next_start(const char *text, const char *at)
{
	for (; *at != '\0' && *at != '-'; at++) {
		if (begins[(unsigned char)*at] && (at == text || !isalnum((unsigned char)at[-1])))
			return at;
		if (*at == '/' && at - text >= 2 && at[-1] == '/' && at[-2] == ':' && at[1] != '\0')
			return at + 1; /* behind `://`, whatever it is */
	}
	return at;
}

const char *memory_mask(const char *text, struct arena *a, bool *masked)
{
	struct text out;
	const char *kept = text, *what = NULL, *copy;
	size_t n, skip;

	*masked = false;
	text_init(&out, 2 * MEMORY_TEXT_MAX);
	for (const char *at = next_start(text, text); *at != '\0'; at = next_start(text, at)) {
		if ((n = find(text, at, &skip, &what)) == 0) {
			at++;
			continue;
		}
		text_add_n(&out, kept, (size_t)(at + skip - kept));
		text_addf(&out, "[secret: %s]", what);
		at += skip + n;
		kept = at;
		*masked = true;
	}
	if (!*masked)
		return text;
	text_add(&out, kept);
	copy = text_copy(&out, a);
	text_done(&out);
	return copy;
}
