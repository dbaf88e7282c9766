#include "wire/http_rules.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- addresses ------------------------------------------------------------------------------- */

static bool read_port(const char *words, in_port_t *out)
{
	unsigned long port = 0;
	size_t n = strlen(words);

	if (n == 0 || n > 5)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (words[i] < '0' || words[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(words[i] - '0');
	}
	*out = htons((in_port_t)port);
	return port <= UINT16_MAX;
}

enum status http_address_read(const char *words, struct http_address *out, struct err *err)
{
	const char *colon = strrchr(words, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - words);
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->name;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->name;
	char host[64];
	in_port_t port;

	*out = (struct http_address){ 0 };
	if (colon == NULL || n == 0 || n >= sizeof host || !read_port(colon + 1, &port))
		goto bad;
	memcpy(host, words, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
			goto bad;
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		out->size = sizeof *v6;
		out->local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return OK;
	}
	if (inet_pton(AF_INET, text_same(host, "localhost") ? "127.0.0.1" : host, &v4->sin_addr) !=
	    1)
		goto bad;
	v4->sin_family = AF_INET;
	v4->sin_port = port;
	out->size = sizeof *v4;
	out->local = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return OK;
bad:
	return err_set(err, E_INPUT,
	               "'%.80s' is no address to listen on: say HOST:PORT with the host in "
	               "figures, such as 127.0.0.1:8080 or [::1]:8080",
	               words);
}

void http_address_text(const struct http_address *a, struct text *t)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->name;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->name;
	char words[INET6_ADDRSTRLEN] = "";

	if (a->name.ss_family == AF_INET6)
		text_addf(t, "http://[%s]:%u",
		          inet_ntop(AF_INET6, &v6->sin6_addr, words, sizeof words),
		          ntohs(v6->sin6_port));
	else
		text_addf(t, "http://%s:%u", inet_ntop(AF_INET, &v4->sin_addr, words, sizeof words),
		          ntohs(v4->sin_port));
}

/* --- types ----------------------------------------------------------------------------------- */

static const char *skip(const char *s)
{
	return s + strspn(s, " \t");
}

/* Without the blanks at its end. */
static size_t trimmed(const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

static bool is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(s, word, n) == 0;
}

/* Is one range of Accept, n bytes before its parameters, the type, its kind, or any? */
static bool covers(const char *range, size_t n, const char *type)
{
	size_t kind = strcspn(type, "/") + 1;

	return is(range, n, "*/*") || is(range, n, type) ||
	       (n == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0);
}

/* `;q=0` in the parameters of a range means: not this. */
static bool refused(const char *parameters, size_t n)
{
	for (size_t i = 0; i + 3 < n; i++) {
		size_t j = i + 1;

		if (parameters[i] != ';')
			continue;
		j += strspn(parameters + j, " \t");
		if (j + 2 < n && (parameters[j] == 'q' || parameters[j] == 'Q') &&
		    parameters[j + 1] == '=' && parameters[j + 2] == '0')
			return strspn(parameters + j + 2, "0.") >= trimmed(parameters, n) - j - 2;
	}
	return false;
}

bool http_accepts(const char *accept, const char *type)
{
	const char *at = accept;

	while (at != NULL && *at != '\0') {
		size_t all, n;

		at = skip(at);
		all = strcspn(at, ",");
		n = trimmed(at, strcspn(at, ",;"));
		if (covers(at, n, type) && !refused(at, all))
			return true;
		at += all + (at[all] == ',');
	}
	return accept == NULL;
}

bool http_is_json(const char *type)
{
	const char *at = type == NULL ? "" : skip(type), *value;
	size_t n = strcspn(at, ";"), m;

	if (!is(at, trimmed(at, n), "application/json"))
		return false;
	for (at += n; *at == ';'; at += n) {
		at = skip(at + 1);
		n = strcspn(at, ";");
		if (n < 8 || strncasecmp(at, "charset=", 8) != 0)
			continue;
		value = at + 8;
		m = trimmed(value, n - 8);
		if (m >= 2 && value[0] == '"' && value[m - 1] == '"') {
			value++;
			m -= 2;
		}
		if (!is(value, m, "utf-8") && !is(value, m, "utf8"))
			return false;
	}
	return true;
}

/* --- names ----------------------------------------------------------------------------------- */

/* The host before a port; brackets stay. 0 when what follows is no port. */
static size_t host_of(const char *s)
{
	size_t n = s[0] == '[' ? strcspn(s, "]") + (strchr(s, ']') != NULL) : strcspn(s, ":");

	if (s[n] == '\0')
		return n;
	if (s[n] != ':' || strlen(s + n + 1) > 5 ||
	    strspn(s + n + 1, "0123456789") != strlen(s + n + 1))
		return 0;
	return n;
}

static bool is_listed(const char *s, size_t n, const char *names)
{
	for (const char *at = names; at != NULL && *at != '\0';) {
		size_t all;

		at = skip(at);
		all = strcspn(at, ",");
		if (n > 0 && trimmed(at, all) == n && strncasecmp(at, s, n) == 0)
			return true;
		at += all + (at[all] == ',');
	}
	return false;
}

/* An address in figures: such a one cannot be rebound. *loopback: it is this machine's own. */
static bool is_figures(const char *s, size_t n, bool *loopback)
{
	struct in6_addr v6;
	struct in_addr v4;
	char copy[64];

	if (n == 0 || n >= sizeof copy)
		return false;
	memcpy(copy, s, n);
	copy[n] = '\0';
	if (copy[0] != '[') {
		bool good = inet_pton(AF_INET, copy, &v4) == 1;

		*loopback = good && ntohl(v4.s_addr) >> 24 == 127;
		return good;
	}
	copy[n - 1] = '\0';
	if (inet_pton(AF_INET6, copy + 1, &v6) != 1)
		return false;
	*loopback = IN6_IS_ADDR_LOOPBACK(&v6);
	return true;
}

static bool is_loopback(const char *s, size_t n)
{
	bool loopback = false;

	return is(s, n, "localhost") || (is_figures(s, n, &loopback) && loopback);
}

bool http_host_good(const char *host, bool local, const char *names)
{
	size_t n = host == NULL ? 0 : host_of(host);

	if (host == NULL || !local)
		return host == NULL || n > 0; /* elsewhere it is the token that protects */
	return is_loopback(host, n) || is_listed(host, n, names);
}

bool http_origin_good(const char *origin, const char *host, bool local, const char *names)
{
	bool loopback = false;
	const char *at = NULL;
	size_t n;

	if (origin == NULL)
		return true;
	if (strncasecmp(origin, "http://", 7) == 0)
		at = origin + 7;
	else if (strncasecmp(origin, "https://", 8) == 0)
		at = origin + 8;
	if (at == NULL || (n = host_of(at)) == 0)
		return false;
	if (is_loopback(at, n) || is_listed(at, n, names))
		return true;
	/* a page of this very server, under its address */
	return !local && host != NULL && is_figures(at, n, &loopback) && text_same(at, host);
}

/* --- who ------------------------------------------------------------------------------------- */

bool http_token_good(const char *authorization, const char *token)
{
	size_t n = strlen(token), given;
	unsigned char differs = 0;
	const char *at;

	if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	at = skip(authorization + 7);
	given = trimmed(at, strlen(at));
	/* every byte is compared, with what was given over and over; how long the token is shows */
	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(token[i] ^ (given > 0 ? at[i % given] : 0));
	return (differs | (given != n)) == 0;
}

static int digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* Is s, n digits of base64, what stands for the bytes of body? */
static bool decodes_to(const char *s, size_t n, const char *body)
{
	size_t len = strlen(body), at = 0, end = n;
	unsigned bits = 0, held = 0;

	if (n % 4 != 0)
		return false;
	while (end > 0 && n - end < 2 && s[end - 1] == '=')
		end--;
	for (size_t i = 0; i < end; i++) {
		int d = digit(s[i]);

		if (d < 0)
			return false;
		bits = (bits << 6 | (unsigned)d) & 0xffffu;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (at >= len || (unsigned char)body[at] != ((bits >> held) & 0xffu))
			return false;
		at++;
	}
	return at == len && (bits & ((1u << held) - 1)) == 0 && held < 6;
}

bool http_name_matches(const char *header, const char *body)
{
	static const char head[] = "=?base64?", tail[] = "?=";
	const char *at = skip(header);
	size_t n = trimmed(at, strlen(at)), h = sizeof head - 1, t = sizeof tail - 1;

	if (n >= h + t && memcmp(at, head, h) == 0 && memcmp(at + n - t, tail, t) == 0)
		return decodes_to(at + h, n - h - t, body);
	return n == strlen(body) && memcmp(at, body, n) == 0;
}
