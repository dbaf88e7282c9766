#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

/* What headers older than the kernel lack. */
#define ACCESS_REFER    (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */
#define SCOPE_SIGNAL    (UINT64_C(1) << 1)  /* ABI 6 */

#define ABI_REFER    2
#define ABI_TRUNCATE 3
#define ABI_SCOPE    6

#define WRITE_FILE ((uint64_t)LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE_FOLDER                                                                               \
	((uint64_t)(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |               \
	            LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                   \
	            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                   \
	            LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                 \
	            LANDLOCK_ACCESS_FS_MAKE_SYM))

struct ruleset { /* struct landlock_ruleset_attr as of ABI 6; zeros are fine for any older one */
	uint64_t files, net, scoped;
};

struct limit {
	int resource;
	struct rlimit64 value;
};

#define LIMITS_MAX 6

struct sandbox {
	int ruleset; /* -1: limits only */
	struct limit limits[LIMITS_MAX];
	size_t limits_n;
};

/* Where everybody may write: nothing is kept there, or it is the person's terminal. */
static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
	"/dev/tty",  "/dev/ptmx", "/dev/pts",  "/dev/shm", /* where shared memory lives */
};

int sandbox_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

const char *sandbox_words(void)
{
	int abi = sandbox_abi();

	if (abi == 0)
		return "this kernel has no Landlock: what agents write is not confined";
	if (abi < ABI_REFER)
		return "Landlock confines writes; moving files between folders is copying";
	if (abi < ABI_TRUNCATE)
		return "Landlock confines writes, but for cutting files short";
	if (abi < ABI_SCOPE)
		return "Landlock confines writes";
	return "Landlock confines writes and signals";
}

static uint64_t file_rights(int abi)
{
	return WRITE_FILE | (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0);
}

static uint64_t all_rights(int abi)
{
	return file_rights(abi) | WRITE_FOLDER | (abi >= ABI_REFER ? ACCESS_REFER : 0);
}

static enum status allow(int ruleset, int abi, const char *path, struct err *err)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat info;
	enum status st = OK;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
		           ? OK
		           : err_sys(err, errno, "cannot open '%s' for the sandbox", path);
	if (fstat(rule.parent_fd, &info) != 0)
		st = err_sys(err, errno, "cannot look at '%s' for the sandbox", path);
	rule.allowed_access = S_ISDIR(info.st_mode) ? all_rights(abi) : file_rights(abi);
	if (st == OK &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		st = err_sys(err, errno, "cannot allow writing to '%s'", path);
	(void)close(rule.parent_fd);
	return st;
}

static enum status confine(struct sandbox *s, const struct sandbox_spec *spec, int abi,
                           struct err *err)
{
	struct ruleset rules = { .files = all_rights(abi),
		                 .scoped = abi >= ABI_SCOPE ? SCOPE_SIGNAL : 0 };
	enum status st = OK;
	long fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);

	if (fd < 0)
		return err_sys(err, errno, "cannot make a sandbox");
	s->ruleset = (int)fd;
	for (size_t i = 0; i < sizeof devices / sizeof *devices && st == OK; i++)
		st = allow(s->ruleset, abi, devices[i], err);
	for (size_t i = 0; i < spec->writable_n && st == OK; i++)
		st = allow(s->ruleset, abi, spec->writable[i], err);
	return st;
}

/* Never above what the parent itself may set, so that the child's call cannot fail. */
static void add_limit(struct sandbox *s, int resource, uint64_t value)
{
	struct limit *l = &s->limits[s->limits_n++];
	struct rlimit64 now = { .rlim_max = RLIM64_INFINITY };

	(void)prlimit64(0, (enum __rlimit_resource)resource, NULL, &now);
	if (value > now.rlim_max)
		value = now.rlim_max;
	*l = (struct limit){ resource, { value, value } };
}

enum status sandbox_new(struct sandbox **out, const struct sandbox_spec *spec, struct err *err)
{
	const struct limit wishes[] = {
		{ RLIMIT_CPU, { spec->cpu_seconds, 0 } },
		{ RLIMIT_AS, { spec->memory_bytes, 0 } },
		{ RLIMIT_FSIZE, { spec->file_bytes, 0 } },
		{ RLIMIT_NOFILE, { spec->open_files, 0 } },
		{ RLIMIT_NPROC, { spec->processes, 0 } },
	};
	struct sandbox *s = mem_zero(1, sizeof *s);
	int abi = spec->confine ? sandbox_abi() : 0;
	enum status st = OK;

	if (s == NULL)
		return err_nomem(err, "a sandbox");
	s->ruleset = -1;
	add_limit(s, RLIMIT_CORE, 0);
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
		if (wishes[i].value.rlim_cur != 0)
			add_limit(s, wishes[i].resource, wishes[i].value.rlim_cur);
	if (abi > 0)
		st = confine(s, spec, abi, err);
	else if (spec->confine && spec->confine_or_fail)
		st = err_set(err, E_ABSENT, "%s", sandbox_words());
	if (st != OK) {
		sandbox_free(s);
		return st;
	}
	*out = s;
	return OK;
}

void sandbox_free(struct sandbox *s)
{
	if (s == NULL)
		return;
	if (s->ruleset >= 0)
		(void)close(s->ruleset);
	mem_free(s);
}

bool sandbox_confines(const struct sandbox *s)
{
	return s != NULL && s->ruleset >= 0;
}

int sandbox_enter(const struct sandbox *s)
{
	for (size_t i = 0; i < s->limits_n; i++)
		if (syscall(SYS_prlimit64, 0, s->limits[i].resource, &s->limits[i].value, NULL) !=
		    0)
			return errno;
	if (s->ruleset < 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return errno;
	return syscall(SYS_landlock_restrict_self, s->ruleset, 0) != 0 ? errno : 0;
}
