/* What is not written yet is found in each language, and what is like it is not. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/recipe/stub.h"
#include "tests/lib/folder.h"

struct sample {
	const char *path, *text;
	const char *found; /* `LINE:KIND` of each, with blanks between; kinds m, u, e */
};

static struct arena *arena;

/* What was found, as `found` has it. */
static const char *scanned(const struct sample *s)
{
	struct stubs out = { 0 };
	const char *words = "";

	assert_true(stub_scan(s->path, s->text, strlen(s->text), arena, &out));
	for (size_t i = 0; i < out.n; i++)
		words = text_printf(arena, "%s%s%ld:%c", words, i == 0 ? "" : " ",
		                    out.items[i].line, "mue"[out.items[i].kind]);
	return words;
}

static void check(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = scanned(&samples[i]);

		if (strcmp(got, samples[i].found) != 0)
			fail_msg("%s, sample %zu: '%s', not '%s' in\n%s", samples[i].path, i, got,
			         samples[i].found, samples[i].text);
	}
}

#define CHECK(samples) check(samples, sizeof(samples) / sizeof *(samples))

static void marks_are_found_where_they_begin_a_note(void **state)
{
	static const struct sample samples[] = {
		{ "a.c", "/* TODO write it */\n", "1:m" },
		{ "a.c", "int x; // see below, FIXME: wrong\n", "1:m" },
		{ "a.c", "/*\n * XXX\n */\n", "2:m" },
		{ "a.py", "x = 1  # TODO(someone): more\n", "1:m" },
		{ "a.sh", "# HACK around it\n", "1:m" },
		{ "a.rs", "/// TBD\n", "1:m" },
		{ "a.go", "// TODO\n", "1:m" },
		{ "a.js", "/** @TODO later */\n", "1:m" },
		{ "A.java", "// todo is Spanish for all\n", "" },
		{ "a.c", "/* the word `TODO:` is a mark */\n", "" },
		{ "a.c", "/* finds every TODO in a file */\n", "" },
		{ "a.c", "const char *s = \"TODO: x\"; // TODOS are fine\n", "" },
		{ "a.c", "int TODO = 1; /* XXXL sizes */\n", "" },
		{ "a.py", "s = '# TODO'\n\"\"\"\nTODO: in a text\n\"\"\"\n", "" },
		{ "a.sh", "echo \"# TODO\"; x=${#TODO}\ncat <<EOF\n# TODO\nEOF\n", "" },
		{ "a.js", "const r = /[/*] TODO/; const t = `// TODO ${x}`;\n", "" },
		{ "a.rs", "let s = r#\"// TODO \"# ; let c = '\"'; // fine\n", "" },
		{ "a.md", "TODO: not a source\n", "" },
	};

	(void)state;
	CHECK(samples);
}

static void what_says_that_it_is_not_implemented_is_found(void **state)
{
	static const struct sample samples[] = {
		{ "a.py", "def f():\n    raise NotImplementedError\n", "2:u" },
		{ "a.py", "def f(x):\n    raise NotImplementedError(\"not implemented yet\")\n",
		  "2:u" },
		{ "a.py", "@abstractmethod\ndef f(x):\n    raise NotImplementedError\n", "" },
		{ "a.py",
		  "class BaseShape:\n    def f(self):\n        raise NotImplementedError()\n", "" },
		{ "a.py",
		  "class Round(BaseShape):\n    def f(self):\n"
		  "        raise NotImplementedError()\n",
		  "3:u" },
		{ "a.py", "raise NotImplementedError(\"compression %d is not supported\" % n)\n",
		  "" },
		{ "a.js", "throw new Error('Not implemented');\n", "1:u" },
		{ "a.ts", "return Promise.reject(new Error(\"not yet implemented\"));\n", "1:u" },
		{ "a.js", "const words = { 501: 'Not Implemented' };\n", "" },
		{ "a.go", "panic(\"not implemented\")\n", "1:u" },
		{ "a.go", "codes[501] = \"Not Implemented\"\n", "" },
		{ "a.rs", "fn f() { todo!() }\n", "1:u" },
		{ "a.rs", "fn f() { unimplemented!(\"later\") }\nlet mytodo = 1;\n", "1:u" },
		{ "A.java", "throw new UnsupportedOperationException(\"Not implemented\");\n",
		  "1:u" },
		{ "A.java", "throw new UnsupportedOperationException(\"immutable\");\n", "" },
		{ "a.c", "assert(!\"not implemented\");\n", "1:u" },
		{ "a.c", "{ 501, \"Not Implemented\" },\n", "" },
		{ "a.sh", "f() { echo 'not implemented'; exit 1; }\n", "1:u" },
	};

	(void)state;
	CHECK(samples);
}

static void functions_without_a_body_are_found(void **state)
{
	static const struct sample samples[] = {
		{ "a.c", "static int f(int x)\n{\n}\n", "2:e" },
		{ "a.c", "void f(void *x)\n{\n\t(void)x;\n}\n", "2:e" },
		{ "a.cpp", "void Shape::draw(int x) const {}\n", "1:e" },
		{ "a.go", "package a\nfunc Run(x int) error {\n}\n", "2:e" },
		{ "a.go", "func (s *Server) Close() {}\n", "1:e" },
		{ "A.java", "class A {\n  public void run(int x) throws IOException {\n  }\n}\n",
		  "2:e" },
		{ "a.js", "function run(a, b) {}\n", "1:e" },
		{ "a.js", "class A {\n  run(a) {\n  }\n}\n", "2:e" },
		{ "a.ts", "class A {\n  run(a: string): void {}\n}\n", "2:e" },
		{ "a.py", "def f(x):\n    pass\n", "1:e" },
		{ "a.py", "async def f(x,\n            y):\n    \"\"\"Does it.\"\"\"\n    ...\n",
		  "1:e" },
		{ "a.py", "class A:\n    def f(self): pass\n\nx = 1\n", "2:e" },
		{ "a.rs", "fn run(x: u8) {}\n", "1:e" },
		{ "a.rs",
		  "impl Run for A {\n    fn run<T>(&self, x: T) -> Result<(), E> {\n    }\n}\n",
		  "2:e" },
		{ "a.sh", "run() { :; }\n", "1:e" },
		{ "a.sh", "run()\n{\n\ttrue\n}\n", "1:e" },
	};

	(void)state;
	CHECK(samples);
}

static void what_is_empty_on_purpose_is_not_found(void **state)
{
	static const struct sample samples[] = {
		{ "a.c", "void f(void *x)\n{\n\t(void)x; /* nothing was made */\n}\n", "" },
		{ "a.c", "void f(void)\n{\n\twhile (g()) {\n\t}\n\tfor (;;) {}\n}\n", "" },
		{ "a.c", "struct a x = {};\nint y[] = {};\n", "" },
		{ "a.c", "static void noop(void)\n{\n}\n", "" },
		{ "a.c", "#define LIST(a) {}\nint f(void);\n", "" },
		{ "a.cpp", "Shape::Shape() {}\nclass A { public: A() {} ~A() {} };\n", "" },
		{ "a.cpp", "A::A(int x) : x_(x) {}\n", "" },
		{ "a.go", "func (*Number) isNode() {}\nvar x = map[string]struct{}{}\n", "" },
		{ "a.go", "go func() {}()\nfor range x {}\nselect {}\n", "" },
		{ "A.java", "class A { public A() {} void f() { try { g(); } catch (E e) {} } }\n",
		  "" },
		{ "A.java", "interface A { default void f() {} }\n", "" },
		{ "a.js", "const f = () => {};\np.catch(() => {});\nif (x) {}\n", "" },
		{ "a.js", "x.reduce((a, n) => add(a, n), {});\nf({}, function () {});\n", "" },
		{ "a.ts", "class A { constructor(private x: string) {} }\n", "" },
		{ "a.js", "const r = class extends (A) {};\nfor (const x of y) {}\n", "" },
		{ "a.py", "class P(Protocol):\n    def f(self): ...\n", "" },
		{ "a.py", "class P(ABC):\n    @abstractmethod\n    def f(self):\n        pass\n",
		  "" },
		{ "a.py", "@overload\ndef f(x: int) -> int: ...\n", "" },
		{ "a.py", "try:\n    f()\nexcept E:\n    pass\n", "" },
		{ "a.py", "def f():\n    # nothing to undo\n    pass\n", "" },
		{ "a.py", "def f():\n    \"\"\"Called by others; does nothing here.\"\"\"\n", "" },
		{ "a.py", "def f(x={}):\n    return x[1:]\n", "" },
		{ "a.rs", "trait Run {\n    fn before(&self) {}\n}\nfn main() {}\n", "" },
		{ "a.rs", "let f = |x| {};\nmatch x { _ => {} }\nstruct A {}\n", "" },
		{ "a.sh", "while read -r x; do :; done\nf() { : \"${x:=1}\"; }\n", "" },
	};

	(void)state;
	CHECK(samples);
}

static void line_and_column_and_words_are_told(void **state)
{
	static const char text[] = "int x;\n\tint y; /* TODO: more */\n";
	struct stubs out = { 0 };

	(void)state;
	assert_true(stub_scan("a.c", text, sizeof text - 1, arena, &out));
	assert_int_equal(out.n, 1);
	assert_int_equal(out.items[0].line, 2);
	assert_int_equal(out.items[0].column, 12);
	assert_string_equal(out.items[0].words, "int y; /* TODO: more */");
	assert_string_equal(stub_words(out.items[0].kind), "left for later");
}

static void folders_are_walked_without_what_others_wrote(void **state)
{
	const struct folder *f = *state;
	struct stubs out = { 0 };
	struct err err;

	folder_put(f, "src/a.c", "/* TODO */\n");
	folder_put(f, "src/deep/b.py", "def f():\n    pass\n");
	folder_put(f, "src/node_modules/c.js", "// TODO\n");
	folder_put(f, "src/.hidden/d.js", "// TODO\n");
	folder_put(f, "other/e.c", "/* TODO */\n");
	assert_int_equal(stub_walk(f->path, "src", arena, &out, &err), OK);
	assert_int_equal(stub_walk(f->path, "absent", arena, &out, &err), OK);
	assert_int_equal(stub_walk(f->path, "../..", arena, &out, &err), OK);
	assert_int_equal(out.files, 2);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].file, "src/a.c");
	assert_string_equal(out.items[1].file, "src/deep/b.py");
}

static void memory_running_out_is_told(void **state)
{
	static const char text[] = "/* TODO */\nvoid f(void)\n{\n}\n";
	bool good = false;

	(void)state;
	for (long n = 0; !good; n++) {
		struct arena *a = arena_new((size_t)1 << 20);
		struct stubs out = { 0 };

		assert_non_null(a);
		mem_fail_after(n, 1);
		good = stub_scan("a.c", text, sizeof text - 1, a, &out);
		mem_fail_after(-1, 0);
		arena_free(a);
		assert_true(n < 100);
		assert_true(!good || out.n == 2);
		if (n == 0)
			assert_false(good);
	}
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return arena == NULL;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_found_where_they_begin_a_note),
		cmocka_unit_test(what_says_that_it_is_not_implemented_is_found),
		cmocka_unit_test(functions_without_a_body_are_found),
		cmocka_unit_test(what_is_empty_on_purpose_is_not_found),
		cmocka_unit_test(line_and_column_and_words_are_told),
		cmocka_unit_test_setup_teardown(folders_are_walked_without_what_others_wrote,
		                                folder_setup, folder_teardown),
		cmocka_unit_test(memory_running_out_is_told),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
