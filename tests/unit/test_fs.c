#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"

static struct arena *room;
static char *top; /* resolved scratch folder */

static int set_up(void **state)
{
	const char *folder = getenv("TMPDIR");
	char *name;

	(void)state;
	room = arena_new((size_t)16 << 20);
	name = text_printf(room, "%s/fs-XXXXXX", folder != NULL ? folder : "/tmp");
	return name == NULL || mkdtemp(name) == NULL || fs_resolve(name, room, &top, NULL) != OK;
}

static int tear_down(void **state)
{
	int rc = fs_remove_tree("/", top, NULL) != OK;

	(void)state;
	rc |= fs_kind(top) != FS_NOTHING;
	arena_free(room);
	return rc;
}

static char *in(const char *name)
{
	return fs_join(room, top, name);
}

static void put(const char *name, const char *text)
{
	assert_int_equal(fs_write_quick(in(name), text, strlen(text), 0644, NULL), OK);
}

static void folder(const char *name)
{
	assert_int_equal(fs_make_folders(in(name), 0755, NULL), OK);
}

static void join_puts_exactly_one_slash(void **state)
{
	(void)state;
	assert_string_equal(fs_join(room, "/a", "b"), "/a/b");
	assert_string_equal(fs_join(room, "/a/", "/b/c"), "/a/b/c");
	assert_string_equal(fs_join(room, "/", "b"), "/b");
}

static void inside_accepts_what_lies_there_and_what_may_be_made_there(void **state)
{
	char *out = NULL;

	(void)state;
	folder("a/b");
	put("a/b/file", "x");
	assert_int_equal(fs_inside(top, "a/b/../b/./file", room, &out, NULL), OK);
	assert_string_equal(out, in("a/b/file"));
	assert_int_equal(fs_inside(top, in("a/new"), room, &out, NULL), OK);
	assert_string_equal(out, in("a/new"));
	assert_int_equal(fs_inside(top, ".", room, &out, NULL), OK);
	assert_string_equal(out, top);
	assert_int_equal(symlink("b", in("a/inner")), 0);
	assert_int_equal(fs_inside(top, "a/inner/file", room, &out, NULL), OK);
	assert_string_equal(out, in("a/b/file"));
}

static void inside_refuses_what_leads_out(void **state)
{
	char *out = NULL;

	(void)state;
	folder("a");
	assert_int_equal(fs_inside(in("a"), "..", room, &out, NULL), E_DENIED);
	assert_int_equal(fs_inside(in("a"), "../new", room, &out, NULL), E_DENIED);
	assert_int_equal(fs_inside(in("a"), "/etc/passwd", room, &out, NULL), E_DENIED);
	folder("ab");
	assert_int_equal(fs_inside(in("a"), in("ab"), room, &out, NULL), E_DENIED);
	assert_int_equal(symlink("/etc", in("a/etc")), 0);
	assert_int_equal(fs_inside(in("a"), "etc/passwd", room, &out, NULL), E_DENIED);
	assert_int_equal(symlink("/nowhere/x", in("a/dangling")), 0);
	assert_int_equal(fs_inside(in("a"), "dangling", room, &out, NULL), E_DENIED);
	assert_int_equal(fs_inside(in("a"), "no/folder", room, &out, NULL), E_ABSENT);
	assert_int_equal(fs_inside(in("a"), "", room, &out, NULL), E_INPUT);
	assert_int_equal(fs_inside(in("none"), "x", room, &out, NULL), E_ABSENT);
	assert_null(out);
}

static void open_never_leaves_the_root(void **state)
{
	int fd = -1;

	(void)state;
	folder("a/b");
	put("a/file", "in");
	put("out", "out");
	assert_int_equal(symlink("../out", in("a/link")), 0);
	assert_int_equal(symlink("..", in("a/up")), 0);
	assert_int_equal(symlink("file", in("a/inner")), 0);
	assert_int_equal(fs_open(in("a"), "link", O_RDONLY, 0, &fd, NULL), E_DENIED);
	assert_int_equal(fs_open(in("a"), "up/out", O_RDONLY, 0, &fd, NULL), E_DENIED);
	assert_int_equal(fs_open(in("a"), "../out", O_RDONLY, 0, &fd, NULL), E_DENIED);
	assert_int_equal(fs_open(in("a"), in("out"), O_RDONLY, 0, &fd, NULL), E_DENIED);
	assert_int_equal(fs_open(in("a"), "inner", O_RDONLY, 0, &fd, NULL), E_DENIED);
	assert_int_equal(fs_open(in("a"), "none", O_RDONLY, 0, &fd, NULL), E_ABSENT);
	assert_int_equal(fd, -1);
	assert_int_equal(fs_open(in("a"), in("a/file"), O_RDONLY, 0, &fd, NULL), OK);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(fs_open(in("a"), "b/new", O_WRONLY | O_CREAT, 0600, &fd, NULL), OK);
	assert_int_equal(close(fd), 0);
	assert_int_equal(fs_kind(in("a/b/new")), FS_FILE);
}

static void a_file_is_read_whole_or_refused(void **state)
{
	char *bytes = NULL, *big = mem_take(100000);
	struct fs_bytes file;
	size_t n = 0;
	struct err err = { 0 };

	(void)state;
	memset(big, 'x', 100000);
	assert_int_equal(fs_write(in("f"), big, 100000, 0644, NULL), OK);
	assert_int_equal(fs_read(in("f"), 100000, room, &bytes, &n, NULL), OK);
	assert_int_equal(n, 100000);
	assert_memory_equal(bytes, big, n);
	assert_int_equal(bytes[n], 0);
	assert_int_equal(fs_read(in("f"), 99999, room, &bytes, &n, &err), E_INPUT);
	assert_non_null(strstr(err.text, "99999"));
	assert_int_equal(fs_read(in("none"), 10, room, &bytes, &n, NULL), E_ABSENT);
	assert_int_equal(fs_read(top, 10, room, &bytes, &n, NULL), E_INPUT);
	assert_int_equal(mkfifo(in("pipe"), 0600), 0);
	assert_int_equal(fs_read(in("pipe"), 10, room, &bytes, &n, NULL), E_INPUT); /* at once */
	put("empty", "");
	assert_int_equal(fs_read(in("empty"), 0, room, &bytes, &n, NULL), OK);
	assert_int_equal(n, 0);
	/* a file that says it has no size */
	assert_int_equal(fs_read("/proc/self/status", 65536, room, &bytes, &n, NULL), OK);
	assert_true(n > 300);
	assert_int_equal(fs_read("/proc/self/status", 300, room, &bytes, &n, NULL), E_INPUT);
	assert_int_equal(fs_read_under(top, "f", 100000, room, &file, NULL), OK);
	assert_int_equal(file.size, 100000);
	assert_int_equal(fs_read_under(top, "../x", 100000, room, &file, NULL), E_DENIED);
	mem_free(big);
}

static int entries(const char *name)
{
	char *command = text_printf(room, "%s", name);
	int n = 0;

	for (char c = 'a'; c <= 'z'; c++)
		n += fs_kind(text_printf(room, "%s/%c", command, c)) != FS_NOTHING;
	return n;
}

static void a_write_replaces_in_one_step_and_leaves_nothing_beside(void **state)
{
	char *bytes = NULL;
	size_t n;
	struct stat st;
	struct err err = { 0 };

	(void)state;
	folder("d");
	assert_int_equal(fs_write(in("d/f"), "one", 3, 0640, NULL), OK);
	assert_int_equal(fs_write(in("d/f"), "two!", 4, 0640, NULL), OK);
	assert_int_equal(fs_read(in("d/f"), 10, room, &bytes, &n, NULL), OK);
	assert_string_equal(bytes, "two!");
	assert_int_equal(stat(in("d/f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(entries(in("d")), 1);
	assert_int_equal(stat(in("d"), &st), 0);
	assert_int_equal(fs_write(in("none/f"), "x", 1, 0644, &err), E_IO);
	assert_non_null(strstr(err.text, "none/f"));
	folder("d/folder");
	assert_int_equal(fs_write(in("d/folder"), "x", 1, 0644, NULL), E_IO);
	assert_int_equal(fs_remove_tree(top, in("d/folder"), NULL), OK);
	assert_int_equal(fs_remove_tree(top, in("d/f"), NULL), OK);
	assert_int_equal(rmdir(in("d")), 0); /* no temporary file was left */
}

static void folders_are_made_all_the_way(void **state)
{
	(void)state;
	folder("x/y/z");
	folder("x/y/z");
	assert_int_equal(fs_kind(in("x/y/z")), FS_FOLDER);
	folder("x//w/");
	assert_int_equal(fs_kind(in("x/w")), FS_FOLDER);
	put("x/file", "");
	assert_int_equal(fs_make_folders(in("x/file"), 0755, NULL), E_INPUT);
	assert_int_equal(fs_make_folders(in("x/file/more"), 0755, NULL), E_IO);
}

static void removing_follows_no_link_and_stays_under_its_root(void **state)
{
	struct err err = { 0 };

	(void)state;
	folder("root/t/sub");
	folder("keep");
	put("keep/me", "precious");
	put("root/t/sub/f", "x");
	assert_int_equal(symlink(in("keep"), in("root/t/link")), 0);
	assert_int_equal(symlink(in("keep/me"), in("root/t/sub/link")), 0);
	assert_int_equal(fs_remove_tree(in("root"), in("keep"), &err), E_DENIED);
	assert_int_equal(fs_remove_tree(in("root"), in("root/../keep"), NULL), E_DENIED);
	assert_int_equal(fs_remove_tree(in("root"), in("root"), NULL), E_DENIED);
	assert_int_equal(fs_remove_tree(in("root"), in("root/t/.."), NULL), E_INPUT);
	assert_int_equal(fs_remove_tree(in("root"), in("root/t/"), NULL), E_INPUT);
	assert_int_equal(fs_remove_tree(in("root"), in("root/t/link/me"), NULL), E_DENIED);
	assert_int_equal(fs_remove_tree(in("root"), in("root/t"), &err), OK);
	assert_int_equal(fs_kind(in("root/t")), FS_NOTHING);
	assert_int_equal(fs_kind(in("keep/me")), FS_FILE);
	assert_int_equal(fs_remove_tree(in("root"), in("root/t"), NULL), OK);
	assert_int_equal(fs_remove_tree(in("root"), in("root/no/such"), NULL), OK);
}

static void a_linked_root_does_not_widen_what_may_be_removed(void **state)
{
	(void)state;
	folder("real/t");
	folder("other");
	assert_int_equal(symlink(in("other"), in("real/hole")), 0);
	folder("other/precious");
	assert_int_equal(fs_remove_tree(in("real"), in("real/hole/precious"), NULL), E_DENIED);
	assert_int_equal(fs_kind(in("other/precious")), FS_FOLDER);
	assert_int_equal(fs_remove_tree(in("real"), in("real/hole"), NULL), OK); /* the link */
	assert_int_equal(fs_kind(in("other/precious")), FS_FOLDER);
}

static void trees_of_any_depth_and_without_permissions_are_removed(void **state)
{
	int at = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;

	(void)state;
	for (int i = 0; i < 500; i++) {
		assert_int_equal(mkdirat(at, "deep", 0755), 0);
		next = openat(at, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(at);
		at = next;
	}
	next = openat(at, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(close(next), 0);
	assert_int_equal(close(at), 0);
	assert_int_equal(fs_remove_tree(top, in("deep"), NULL), OK);
	assert_int_equal(fs_kind(in("deep")), FS_NOTHING);
	folder("locked/inner");
	put("locked/inner/f", "x");
	assert_int_equal(chmod(in("locked/inner"), 0), 0);
	assert_int_equal(chmod(in("locked"), 0500), 0);
	assert_int_equal(fs_remove_tree(top, in("locked"), NULL), OK);
	assert_int_equal(fs_kind(in("locked")), FS_NOTHING);
}

struct swap {
	const char *a, *b, *link;
	atomic_bool stop;
};

static void *swap_for_ever(void *arg)
{
	struct swap *s = arg;

	while (!atomic_load(&s->stop)) {
		(void)renameat2(AT_FDCWD, s->a, AT_FDCWD, s->link, RENAME_EXCHANGE);
		(void)renameat2(AT_FDCWD, s->a, AT_FDCWD, s->link, RENAME_EXCHANGE);
	}
	return NULL;
}

static void a_folder_swapped_for_a_link_meanwhile_leads_nowhere(void **state)
{
	struct swap s = { .a = in("root/t"), .link = in("root/swap") };
	pthread_t thread;
	int fd = -1, got = 0;

	(void)state;
	folder("keep/sub");
	put("keep/secret", "s");
	folder("root/t/sub");
	put("root/t/secret", "i");
	assert_int_equal(symlink(in("keep"), in("root/swap")), 0);
	assert_int_equal(pthread_create(&thread, NULL, swap_for_ever, &s), 0);
	for (int i = 0; i < 3000; i++) {
		char c = 'i';

		if (fs_open(in("root"), "t/secret", O_RDONLY, 0, &fd, NULL) == OK) {
			got += read(fd, &c, 1) == 1;
			(void)close(fd);
		}
		if (c != 'i')
			got = -1000000;
	}
	for (int i = 0; i < 200; i++)
		(void)fs_remove_tree(in("root"), in("root/t/sub"), NULL);
	atomic_store(&s.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(got > 0);
	assert_int_equal(fs_kind(in("keep/sub")), FS_FOLDER);
	assert_int_equal(fs_kind(in("keep/secret")), FS_FILE);
}

static void a_tree_is_copied_with_links_and_modes_and_shares_nothing(void **state)
{
	char *bytes = NULL;
	struct stat a, b;
	size_t n;

	(void)state;
	folder("from/sub");
	put("from/sub/f", "text");
	assert_int_equal(chmod(in("from/sub/f"), 0555), 0);
	assert_int_equal(symlink("sub/f", in("from/link")), 0);
	assert_int_equal(fs_copy_tree(in("from"), in("to"), NULL), OK);
	assert_int_equal(fs_kind(in("to/link")), FS_LINK);
	assert_int_equal(fs_read(in("to/link"), 10, room, &bytes, &n, NULL), OK);
	assert_string_equal(bytes, "text");
	assert_int_equal(stat(in("from/sub/f"), &a), 0);
	assert_int_equal(stat(in("to/sub/f"), &b), 0);
	assert_true(a.st_ino != b.st_ino && a.st_nlink == 1);
	assert_int_equal(b.st_mode & 0777, 0555);
	assert_int_equal(fs_copy_tree(in("from"), in("to"), NULL), E_INPUT);
	assert_int_equal(fs_copy_tree(in("none"), in("new"), NULL), E_ABSENT);
}

#define MANY 3000

static char *one_of_many(int i)
{
	return text_printf(room, "%s/busy/%d", top, i);
}

static void *remove_them(void *arg)
{
	char **names = arg;

	for (int i = MANY; i-- > 0;)
		(void)unlink(names[i]);
	return NULL;
}

static void what_is_removed_while_a_tree_is_copied_is_left_out(void **state)
{
	char *names[MANY];
	struct err err = { OK, "" };
	enum status st;
	pthread_t thread;

	(void)state;
	folder("busy");
	for (int i = 0; i < MANY; i++) {
		names[i] = one_of_many(i);
		assert_int_equal(fs_write_quick(names[i], "x", 1, 0644, NULL), OK);
	}
	assert_int_equal(pthread_create(&thread, NULL, remove_them, names), 0);
	st = fs_copy_tree(in("busy"), in("copy"), &err);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(st == OK ? "" : err.text, "");
	assert_int_equal(fs_kind(in("copy")), FS_FOLDER);
}

static void no_memory_is_said_and_nothing_is_left(void **state)
{
	(void)state;
	put("f", "old");
	mem_fail_after(0, 0);
	assert_int_equal(fs_write(in("f"), "new", 3, 0644, NULL), E_NOMEM);
	mem_fail_after(0, 0);
	assert_int_equal(fs_remove_tree(top, in("f"), NULL), E_NOMEM);
	mem_fail_after(-1, 0);
	assert_int_equal(fs_kind(in("f")), FS_FILE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(join_puts_exactly_one_slash),
		TEST(inside_accepts_what_lies_there_and_what_may_be_made_there),
		TEST(inside_refuses_what_leads_out),
		TEST(open_never_leaves_the_root),
		TEST(a_file_is_read_whole_or_refused),
		TEST(a_write_replaces_in_one_step_and_leaves_nothing_beside),
		TEST(folders_are_made_all_the_way),
		TEST(removing_follows_no_link_and_stays_under_its_root),
		TEST(a_linked_root_does_not_widen_what_may_be_removed),
		TEST(trees_of_any_depth_and_without_permissions_are_removed),
		TEST(a_folder_swapped_for_a_link_meanwhile_leads_nowhere),
		TEST(a_tree_is_copied_with_links_and_modes_and_shares_nothing),
		TEST(what_is_removed_while_a_tree_is_copied_is_left_out),
		TEST(no_memory_is_said_and_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
