/* Sessions are written by small scripts, read back, and what is found is compared. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/coach.h"

#define START_MS 1767225600000 /* 2026-01-01 */
#define FOLDER   "/home/u/p"

static struct arena *arena;
static const char *folder;

/* A session file while it is written. */
struct writer {
	struct text out;
	int64_t ms;
	int calls, messages;
};

static void add_json_text(struct text *t, const char *s)
{
	text_add_char(t, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			text_add_char(t, '\\');
		text_add_char(t, *s);
	}
	text_add_char(t, '"');
}

/* The envelope up to its own members; each line is a second later. */
static void begin(struct writer *w, const char *type)
{
	char iso[CLOCK_TEXT_SIZE];

	clock_text(w->ms, iso);
	w->ms += 1000;
	text_addf(&w->out,
	          "{\"sessionId\":\"s1\",\"version\":\"9.9.9\",\"cwd\":\"" FOLDER
	          "\",\"isSidechain\":false,\"type\":\"%s\",\"timestamp\":\"%s\"",
	          type, iso);
}

static void add_prompt(struct writer *w, const char *words)
{
	begin(w, "user");
	text_add(&w->out, ",\"message\":{\"role\":\"user\",\"content\":");
	add_json_text(&w->out, words);
	text_add(&w->out, "}}\n");
}

static void add_message(struct writer *w, const char *block)
{
	begin(w, "assistant");
	text_addf(&w->out,
	          ",\"requestId\":\"q%d\",\"message\":{\"id\":\"m%d\",\"role\":\"assistant\","
	          "\"content\":[%s],\"usage\":{\"input_tokens\":1,\"output_tokens\":2,"
	          "\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":4}}}\n",
	          w->messages, w->messages, block);
}

static void add_call(struct writer *w, const char *tool, const char *input)
{
	struct text block;

	text_init(&block, TEXT_LIMIT);
	text_addf(&block, "{\"type\":\"tool_use\",\"id\":\"c%d\",\"name\":\"%s\",\"input\":%s}",
	          w->calls, tool, input);
	add_message(w, text_string(&block));
	text_done(&block);
}

static void add_result(struct writer *w, int call, bool failed, const char *words)
{
	begin(w, "user");
	text_addf(&w->out,
	          ",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
	          "\"tool_use_id\":\"c%d\",\"is_error\":%s,\"content\":",
	          call, failed ? "true" : "false");
	add_json_text(&w->out, words);
	text_add(&w->out, "}]}}\n");
}

/* {"KEY":"word",...} from pairs. */
static const char *object(const char *const *pairs)
{
	struct text t;
	const char *out;

	text_init(&t, TEXT_LIMIT);
	for (int i = 0; pairs[i] != NULL; i += 2) {
		text_add_char(&t, i == 0 ? '{' : ',');
		add_json_text(&t, pairs[i]);
		text_add_char(&t, ':');
		add_json_text(&t, pairs[i + 1]);
	}
	text_add_char(&t, '}');
	out = text_copy(&t, arena);
	text_done(&t);
	assert_non_null(out);
	return out;
}

static void whole_call(struct writer *w, const char *tool, const char *input, bool failed,
                       const char *answer)
{
	w->messages++;
	add_call(w, tool, input);
	add_result(w, w->calls++, failed, answer);
}

static const char *path_of(const char *file)
{
	return text_printf(arena, FOLDER "/%s", file);
}

/*
 * One step: `WORD REST`, and ` => ANSWER` behind it for calls. A `!` after the word: the
 * call fails.
 */
static void step(struct writer *w, char *line)
{
	char *rest = strchr(line, ' '), *answer = strstr(line, " => ");
	const char *said = "fine";
	bool failed;

	if (answer != NULL) {
		*answer = '\0';
		said = answer + 4;
	}
	if (rest != NULL)
		*rest++ = '\0';
	else
		rest = line + strlen(line);
	failed = line[0] != '\0' && line[strlen(line) - 1] == '!';
	if (failed)
		line[strlen(line) - 1] = '\0';
	if (line[0] == '+') {
		w->ms += strtol(line + 1, NULL, 10) * 1000;
	} else if (strcmp(line, "prompt") == 0) {
		add_prompt(w, rest);
	} else if (strcmp(line, "interrupt") == 0) {
		add_prompt(w, "[Request interrupted by user]");
	} else if (strcmp(line, "say") == 0) {
		w->messages++;
		add_message(w, "{\"type\":\"text\",\"text\":\"hm\"}");
	} else if (strcmp(line, "compact") == 0) {
		begin(w, "system");
		text_add(&w->out, ",\"subtype\":\"compact_boundary\",\"compactMetadata\":"
		                  "{\"trigger\":\"auto\",\"preTokens\":150000}}\n");
	} else if (strcmp(line, "read") == 0) {
		whole_call(w, "Read", object((const char *[]){ "file_path", path_of(rest), NULL }),
		           failed, said);
	} else if (strcmp(line, "large") == 0) {
		char *many = arena_take(arena, 100 * 1024 + 1);

		assert_non_null(many);
		memset(many, 'x', 100 * 1024);
		whole_call(w, "Read", object((const char *[]){ "file_path", path_of(rest), NULL }),
		           false, many);
	} else if (strcmp(line, "grep") == 0) {
		whole_call(w, "Grep", object((const char *[]){ "pattern", rest, NULL }), failed,
		           said);
	} else if (strcmp(line, "sh") == 0) {
		whole_call(w, "Bash", object((const char *[]){ "command", rest, NULL }), failed,
		           said);
	} else if (strcmp(line, "write") == 0 || strcmp(line, "edit") == 0) {
		char *file = strtok_r(rest, " ", &rest), *old = strtok_r(rest, " ", &rest);
		char *new = strtok_r(rest, " ", &rest);

		if (line[0] == 'w')
			whole_call(w, "Write",
			           object((const char *[]){ "file_path", path_of(file), "content",
			                                    old == NULL ? "" : old, NULL }),
			           failed, said);
		else
			whole_call(
			    w, "Edit",
			    object((const char *[]){ "file_path", path_of(file), "old_string",
			                             old == NULL ? "a" : old, "new_string",
			                             new == NULL ? "b" : new, NULL }),
			    failed, said);
	} else {
		fail_msg("no such step: %s", line);
	}
}

static const char *put_file(const char *name, const char *bytes, size_t n)
{
	const char *path = text_printf(arena, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* Steps separated by line ends, as a session file; its path. */
static const char *session(const char *name, const char *script)
{
	struct writer w = { .ms = START_MS };
	char *copy = text_dup(arena, script), *line, *left = copy;
	const char *path;

	assert_non_null(copy);
	text_init(&w.out, TEXT_LIMIT);
	while ((line = strtok_r(left, "\n", &left)) != NULL)
		step(&w, line);
	assert_false(w.out.failed);
	path = put_file(name, text_string(&w.out), w.out.len);
	text_done(&w.out);
	return path;
}

static struct coach_report *report_of(const char *path)
{
	struct coach_wish wish = { .path = path };
	struct coach_report *r = NULL;
	struct err err = { 0 };

	if (coach_sessions(&wish, arena, &r, &err) != OK)
		fail_msg("%s", err.text);
	return r;
}

/* Codes of all findings, sorted as the report has them, each with a blank after it. */
static const char *codes_of(const struct coach_report *r)
{
	const char *out = "";

	for (size_t i = 0; i < r->n_findings; i++)
		out = text_printf(arena, "%s%s ", out, r->findings[i].code);
	return out;
}

/* What is to be found, and what looks like it and is not. */
static const struct {
	const char *about, *script, *codes;
} cases[] = {
	{ "a clean session", "prompt do it\nread a.c\nedit a.c x y\nsh make test\nsay\n", "" },
	{ "nothing but talk", "prompt hello\nsay\n", "" },

	{ "the same failing call twice",
	  "sh! ls nowhere => no such file\nsh! ls nowhere => no such file\n", "repeat-failure " },
	{ "the same command but for a folder before it",
	  "sh! cd a && ls nowhere => none\nread a.c\nsh! ls  nowhere => none\n",
	  "repeat-failure " },
	{ "an edit in between", "sh! ./x => e\nedit a.c x y\nsh! ./x => e\nsh make\n", "" },
	{ "another call about the same in between",
	  "sh! ls nowhere => none\nsh ls .\nsh! ls nowhere => none\n", "" },
	{ "it succeeds in between", "sh! ./x => e\nsh ./x\nsh! ./x => e\n", "" },
	{ "different inputs", "sh! ls a => no a\nsh! cat b => no b\n", "" },
	{ "read fails twice on the same file",
	  "read! a.c => File does not exist.\nread! a.c => File does not exist.\n",
	  "repeat-failure " },

	{ "three equal errors in a row",
	  "sh! a 1 => Error: port 80 taken\nsh! b 2 => Error: port 81 taken\n"
	  "sh! c 3 => Error: port 82 taken\n",
	  "error-loop " },
	{ "a success breaks the row",
	  "sh! a 1 => Error: taken\nsh! b 2 => Error: taken\nsay\nread a.c\nsh! c 3 => Error: "
	  "taken\n",
	  "" },
	{ "different errors in a row", "sh! a 1 => one\nsh! b 2 => two\nsh! c 3 => three\n", "" },

	{ "three edits, three times the same failing gate",
	  "edit a.c 1 2\nsh! pytest => 1 failed\nedit a.c 3 4\nsh! pytest => 2 failed\n"
	  "edit b.c 5 6\nsh! pytest | tail -3 => 3 failed\n"
	  "edit b.c 7 8\nsh pytest\n",
	  "edit-test-loop hot-command " },
	{ "two times only",
	  "edit a.c 1 2\nsh! pytest => 1\nedit a.c 3 4\nsh! pytest => 1\nedit a.c 5 6\nsh pytest\n",
	  "" },
	{ "another gate each time",
	  "edit a.c 1 2\nsh! pytest a => 1\nedit a.c 3 4\nsh! mypy . => 2\nedit a.c 5 6\n"
	  "sh! ruff check => 3\nedit a.c 7 8\nsh make\n",
	  "" },

	{ "a gate gives both answers", "sh! npm test => 1 failed\nread a.c\nsh npm test\n",
	  "flaky-gate " },
	{ "an edit explains it", "sh! npm test => e\nedit a.c x y\nsh npm test\n", "" },
	{ "another commit explains it", "sh! npm test => e\nsh git checkout b\nsh npm test\n", "" },
	{ "an install explains it", "sh! npm test => e\nsh npm install\nsh npm test\n", "" },
	{ "twice the same answer", "sh npm test\nsh npm test\n", "" },

	{ "a file read three times", "read a.c\nsay\nread a.c\nsay\nread a.c\n", "reread " },
	{ "twice a large one", "large a.c\nsay\nlarge a.c\n",
	  "oversize-read oversize-read reread " },
	{ "an edit in between makes it new",
	  "read a.c\nsay\nread a.c\nedit a.c x y\nread a.c\nsh make\n", "" },
	{ "a compaction makes it new", "read a.c\nsay\nread a.c\ncompact\nread a.c\nsay\n",
	  "context-exhaustion " },
	{ "a change from outside makes it new", "read a.c\nsay\nread a.c\nsh git pull\nread a.c\n",
	  "" },
	{ "different files", "read a.c\nsay\nread b.c\nsay\nread c.c\n", "" },

	{ "one answer too large", "large a.c\n", "oversize-read " },
	{ "refused for its size",
	  "read! a.c => File content (30000 tokens) exceeds maximum allowed tokens (25000)\n",
	  "oversize-read " },

	{ "two edits that do not fit",
	  "edit! a.c x y => String to replace not found in file.\nread a.c\n"
	  "edit! a.c z y => File has been modified since read.\n",
	  "stale-edit " },
	{ "one each on two files",
	  "edit! a.c x y => String to replace not found in file.\nread a.c\n"
	  "edit! b.c z y => String to replace not found in file.\n",
	  "" },

	{ "the same kind of command denied twice",
	  "sh! git push => The user doesn't want to proceed with this tool use.\n"
	  "sh! git push -f => The user doesn't want to proceed with this tool use.\n",
	  "permission-denied " },
	{ "two different ones",
	  "sh! git push => The user doesn't want to proceed with this tool use.\n"
	  "sh! rm -rf x => The user doesn't want to proceed with this tool use.\n",
	  "" },
	{ "a file's permission is another matter",
	  "sh! cat /etc/a => Permission denied\nsh! ls /b => Permission denied\n", "" },

	{ "three interruptions in an hour",
	  "prompt a\nsay\ninterrupt\nsay\ninterrupt\nsay\ninterrupt\n", "interrupt " },
	{ "three in as many hours",
	  "prompt a\nsay\ninterrupt\n+3000\nsay\ninterrupt\n+3000\nsay\ninterrupt\n", "" },

	{ "two compactions", "say\ncompact\nsay\ncompact\nsay\n", "context-exhaustion " },

	{ "most of the time was waiting", "prompt a\nsay\n+600\nprompt b\nsay\n", "idle " },
	{ "a short pause", "prompt a\nsay\n+200\nprompt b\nsay\n", "" },
	{ "a call that takes long is no waiting", "prompt a\nsh sleep 600\nsay\nprompt b\nsay\n",
	  "" },

	{ "three looks one by one", "read a.c\nread b.c\ngrep main\n", "serial-parallelisable " },
	{ "each follows from the last",
	  "grep main => src/module_one.c\nread src/module_one.c => see src/module_two.c\n"
	  "read src/module_two.c\n",
	  "" },
	{ "words between them", "read a.c\nsay\nread b.c\nsay\ngrep main\n", "" },
	{ "named by the person, so nothing new",
	  "prompt see src/module_one.c and src/module_two.c\ngrep main => src/module_one.c\n"
	  "read src/module_one.c => see src/module_two.c\nread src/module_two.c\n",
	  "serial-parallelisable " },

	{ "most errors on one command",
	  "sh! curl a => 1\nread a.c\nsh! curl b => two\nread b.c\nsh! curl c => three x\n",
	  "hot-command " },
	{ "errors all over",
	  "sh! a => p\nread x\nsh! b => q\nread y\nsh! c => r\nsay\nread z\nsh! d => s\n", "" },

	{ "a file edited six times",
	  "edit a.c 1 2\nedit a.c 3 4\nedit a.c 5 6\nedit a.c 7 8\nedit a.c 9 10\nedit a.c 11 12\n"
	  "sh make\n",
	  "churn " },
	{ "an edit taken back", "edit a.c 1 2\nedit a.c 2 1\nsh make\n", "churn " },
	{ "written, changed, written as before",
	  "write a.c one\nwrite a.c two\nwrite a.c one\nsh make\n", "churn " },
	{ "five edits",
	  "edit a.c 1 2\nedit a.c 3 4\nedit a.c 5 6\nedit a.c 7 8\nedit a.c 9 9\nsh make\n", "" },

	{ "no gate after the last edit", "edit a.c 1 2\nsh make\nedit a.c 3 4\n", "no-verify " },
	{ "a failing gate is one too", "edit a.c 1 2\nsh! make => e\n", "" },
	{ "only a document was changed", "edit README.md 1 2\n", "" },

	{ "a program is missing at the start", "sh! foo => bash: foo: command not found\n",
	  "missing-env " },
	{ "a module is missing behind a pipe",
	  "sh node x | cat => Error: Cannot find module 'left'\n", "missing-env " },
	{ "later on it is no matter of set-up",
	  "say\nsh a1\nsh a2\nsh a3\nsh a4\nsh a5\nsh a6\nsh a7\nsh a8\nsh a9\nsh b0\n"
	  "sh! foo => bash: foo: command not found\n",
	  "" },
	{ "a file that only mentions it", "read log.txt => foo: command not found\n", "" },
};

static void what_is_planted_is_found_and_what_is_like_it_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *codes = codes_of(report_of(session("case.jsonl", cases[i].script)));

		if (strcmp(codes, cases[i].codes) != 0)
			fail_msg("%s: found '%s', not '%s'", cases[i].about, codes, cases[i].codes);
	}
}

static void numbers_are_those_of_the_lines(void **state)
{
	struct coach_report *r = report_of(session(
	    "numbers.jsonl", "prompt a\nread x.c\nsh! make => e\n+100\nprompt b\nedit x.c 1 2\n"
			     "sh make\ncompact\nsay\n"));
	const struct coach_metrics *m = &r->metrics;

	(void)state;
	assert_int_equal(m->sessions, 1);
	assert_int_equal(m->lines, 12);
	assert_int_equal(m->turns, 2);
	assert_int_equal(m->messages, 5);
	assert_int_equal(m->tool_calls, 4);
	assert_int_equal(m->tool_errors, 1);
	assert_int_equal(m->compactions, 1);
	assert_int_equal(m->compaction_tokens, 150000);
	assert_int_equal(m->wall_ms, 111000);
	assert_int_equal(m->waiting_ms, 101000);
	assert_int_equal(m->active_ms, 10000);
	assert_int_equal(m->tool_ms, 4000);
	assert_int_equal(m->edits, 1);
	assert_int_equal(m->gates, 2);
	assert_int_equal(m->gates_passed, 1);
	assert_int_equal(m->gate_kinds, 1);
	assert_int_equal(m->gate_kinds_first, 0);
	assert_int_equal(m->tokens[TOKENS_INPUT], 5);
	assert_int_equal(m->tokens[TOKENS_OUTPUT], 10);
	assert_int_equal(m->tokens[TOKENS_CACHE_READ], 15);
	assert_int_equal(m->tokens[TOKENS_CACHE_WRITE], 20);
}

static void a_message_in_several_lines_counts_once_with_its_largest_output(void **state)
{
	static const char lines[] =
	    "{\"type\":\"assistant\",\"sessionId\":\"s\",\"requestId\":\"q\",\"message\":{\"id\":"
	    "\"m\","
	    "\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n"
	    "{\"type\":\"assistant\",\"sessionId\":\"s\",\"requestId\":\"q\",\"message\":{\"id\":"
	    "\"m\","
	    "\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":90}}}\n"
	    "{\"type\":\"assistant\",\"sessionId\":\"s\",\"requestId\":\"q\",\"message\":{\"id\":"
	    "\"m\","
	    "\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}}\n"
	    "{\"type\":\"assistant\",\"sessionId\":\"s\",\"requestId\":\"p\",\"message\":{\"id\":"
	    "\"m\","
	    "\"content\":[],\"usage\":{\"input_tokens\":2,\"output_tokens\":3}}}\n";
	const char *path = put_file("tokens.jsonl", lines, sizeof lines - 1);
	const struct coach_metrics *m = &report_of(path)->metrics;

	(void)state;
	assert_int_equal(m->tokens[TOKENS_INPUT], 7);
	assert_int_equal(m->tokens[TOKENS_OUTPUT], 93);
	assert_int_equal(m->messages, 2);
}

static void unknown_and_broken_lines_are_counted(void **state)
{
	static const char lines[] =
	    "{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"content\":\"a\"}}\n"
	    "{\"type\":\"brand-new\",\"sessionId\":\"s\"}\n"
	    "{\"type\":\"user\",\n"
	    "not json\n"
	    "\n"
	    "{\"type\":\"progress\",\"data\":{\"broken\n"
	    "{\"type\":\"assistant\"}\n"
	    "[]\n"
	    "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\"},7,null]}}";
	const char *path = put_file("odd.jsonl", lines, sizeof lines - 1);
	const struct coach_metrics *m = &report_of(path)->metrics;

	(void)state;
	assert_int_equal(m->lines, 8);
	assert_int_equal(m->unknown_lines, 1);
	assert_int_equal(m->bad_lines, 3);
	assert_int_equal(m->turns, 1);
}

static void lines_without_times_and_results_without_text_do_no_harm(void **state)
{
	static const char lines[] =
	    "{\"type\":\"user\",\"message\":{\"content\":\"[Request interrupted by user]\"}}\n"
	    "{\"type\":\"system\",\"subtype\":\"compact_boundary\"}\n"
	    "{\"type\":\"user\",\"sessionId\":\"s\",\"timestamp\":\"2026-01-01T00:00:00Z\","
	    "\"message\":{\"content\":\"a\"}}\n"
	    "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"id\":\"\","
	    "\"name\":\"Bash\",\"input\":{}},{\"type\":\"tool_use\"}]}}\n"
	    "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\","
	    "\"tool_use_id\":\"\",\"is_error\":true}]}}\n";
	const char *path = put_file("untimed.jsonl", lines, sizeof lines - 1);
	const struct coach_metrics *m = &report_of(path)->metrics;

	(void)state;
	assert_int_equal(m->interrupts, 1);
	assert_int_equal(m->compactions, 1);
	assert_int_equal(m->wall_ms, 0);
	assert_int_equal(m->tool_errors, 1);
}

static void a_file_brings_its_subagents(void **state)
{
	static const char sub[] =
	    "{\"type\":\"user\",\"sessionId\":\"s1\",\"isSidechain\":true,\"timestamp\":"
	    "\"2026-01-01T00:00:02.500Z\",\"message\":{\"content\":\"look\"}}\n"
	    "{\"type\":\"assistant\",\"sessionId\":\"s1\",\"isSidechain\":true,\"timestamp\":"
	    "\"2026-01-01T00:00:03.500Z\",\"requestId\":\"z\",\"message\":{\"id\":\"z\","
	    "\"content\":[],"
	    "\"usage\":{\"input_tokens\":7,\"output_tokens\":8}}}\n";
	const char *path = session("team.jsonl", "prompt a\nsay\nsay\n");
	const struct coach_metrics *m;

	(void)state;
	(void)mkdir(text_printf(arena, "%s/team", folder), 0700);
	(void)mkdir(text_printf(arena, "%s/team/subagents", folder), 0700);
	(void)put_file("team/subagents/agent-1.jsonl", sub, sizeof sub - 1);
	m = &report_of(path)->metrics;
	assert_int_equal(m->sessions, 1);
	assert_int_equal(m->files, 2);
	assert_int_equal(m->subagents, 1);
	assert_int_equal(m->turns, 1);
	assert_int_equal(m->messages, 3);
	assert_int_equal(m->subagent_tokens[TOKENS_INPUT], 7);
	assert_int_equal(m->tokens[TOKENS_INPUT], 9);

	/* older versions put them beside the session; the id says whose they are */
	(void)mkdir(text_printf(arena, "%s/old", folder), 0700);
	path = session("old/main.jsonl", "prompt a\nsay\n");
	(void)put_file("old/agent-1.jsonl", sub, sizeof sub - 1);
	(void)put_file("old/agent-2.jsonl", "{\"type\":\"user\",\"sessionId\":\"s2\"}\n", 34);
	m = &report_of(path)->metrics;
	assert_int_equal(m->files, 2);
	m = &report_of(text_printf(arena, "%s/old", folder))->metrics;
	assert_int_equal(m->sessions, 1);
	assert_int_equal(m->files, 2);
}

static void a_folder_is_all_its_sessions_and_a_copied_message_counts_once(void **state)
{
	const char *path = text_printf(arena, "%s/many", folder);
	const struct coach_metrics *m;

	(void)state;
	(void)mkdir(path, 0700);
	(void)session("many/one.jsonl", "prompt a\nsay\n");
	(void)session("many/two.jsonl", "prompt a\nsay\nsay\n");
	(void)put_file("many/other.jsonl", "{\"a\":1}\n", 8);
	(void)put_file("many/notes.txt", "x", 1);
	m = &report_of(path)->metrics;
	assert_int_equal(m->sessions, 2);
	assert_int_equal(m->tokens[TOKENS_INPUT], 2); /* m1 stands in both */
}

static void sessions_that_ended_before_are_left_out(void **state)
{
	struct coach_wish wish = { .path = session("old.jsonl", "prompt a\nsay\n"),
		                   .since_ms = START_MS + 1000 };
	struct coach_report *r = NULL;
	struct err err;

	(void)state;
	assert_int_equal(coach_sessions(&wish, arena, &r, &err), OK);
	wish.since_ms = START_MS + 1001;
	assert_int_equal(coach_sessions(&wish, arena, &r, &err), E_ABSENT);
}

static void what_is_not_there_is_said(void **state)
{
	struct coach_wish wish = { .path = "/nowhere/at/all" };
	struct coach_report *r = NULL;
	struct err err;

	(void)state;
	assert_int_equal(coach_sessions(&wish, arena, &r, &err), E_ABSENT);
	wish.path = put_file("some.txt", "x", 1);
	assert_int_equal(coach_sessions(&wish, arena, &r, &err), E_INPUT);
	(void)mkdir(text_printf(arena, "%s/empty", folder), 0700);
	wish.path = text_printf(arena, "%s/empty", folder);
	assert_int_equal(coach_sessions(&wish, arena, &r, &err), E_ABSENT);
}

static char *printed(const struct coach_report *r, size_t most)
{
	struct json_build b = { 0 };
	cJSON *answer = json_object(&b);
	char *text;

	coach_put(&b, answer, r, most);
	assert_false(b.failed);
	text = json_print(answer);
	cJSON_Delete(answer);
	assert_non_null(text);
	return text;
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	struct text script;
	const char *path;
	char *one, *two;

	(void)state;
	text_init(&script, TEXT_LIMIT);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		text_add(&script, cases[i].script);
	path = session("all.jsonl", text_string(&script));
	text_done(&script);
	one = printed(report_of(path), SIZE_MAX);
	two = printed(report_of(path), SIZE_MAX);
	assert_string_equal(one, two);
	mem_free(two);
	two = printed(report_of(path), 4000);
	assert_true(strlen(two) < strlen(one));
	mem_free(one);
	mem_free(two);
}

static void the_same_finding_has_the_same_fingerprint(void **state)
{
	static const char script[] = "sh! ls nowhere => none\nsh! ls nowhere => none\n";
	struct coach_report *a = report_of(session("fp1.jsonl", script));
	struct coach_report *b =
	    report_of(session("fp2.jsonl", "prompt x\nsh! ls nowhere => other\n"
	                                   "sh! ls nowhere => other\n"));
	struct coach_report *c = report_of(session("fp3.jsonl", "sh! ls far => none\n"
	                                                        "sh! ls far => none\n"));

	(void)state;
	assert_string_equal(a->findings[0].fingerprint, b->findings[0].fingerprint);
	assert_string_not_equal(a->findings[0].fingerprint, c->findings[0].fingerprint);
	assert_int_equal(a->findings[0].count, 2);
	assert_int_equal(a->findings[0].places[0].line, 1);
	assert_int_equal(a->findings[0].places[1].line, 3);
}

static void memory_running_out_is_a_status(void **state)
{
	struct coach_wish wish = { .path = session("oom.jsonl", cases[12].script) };
	struct coach_report *r;
	enum status st;
	long n;

	(void)state;
	for (n = 0;; n++) {
		struct arena *a = arena_new((size_t)8 << 20);

		mem_fail_after(n, 1);
		st = a == NULL ? E_NOMEM : coach_sessions(&wish, a, &r, NULL);
		mem_fail_after(-1, 0);
		arena_free(a);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
	}
	assert_true(n > 3);
}

static int prepare(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *made;

	(void)state;
	if ((arena = arena_new((size_t)1 << 30)) == NULL)
		return -1;
	made = text_printf(arena, "%s/coach.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	folder = made == NULL ? NULL : mkdtemp(made);
	return folder == NULL;
}

static int finish(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_planted_is_found_and_what_is_like_it_is_not),
		cmocka_unit_test(numbers_are_those_of_the_lines),
		cmocka_unit_test(a_message_in_several_lines_counts_once_with_its_largest_output),
		cmocka_unit_test(unknown_and_broken_lines_are_counted),
		cmocka_unit_test(lines_without_times_and_results_without_text_do_no_harm),
		cmocka_unit_test(a_file_brings_its_subagents),
		cmocka_unit_test(a_folder_is_all_its_sessions_and_a_copied_message_counts_once),
		cmocka_unit_test(sessions_that_ended_before_are_left_out),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(the_same_finding_has_the_same_fingerprint),
		cmocka_unit_test(memory_running_out_is_a_status),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, prepare, finish);
}
