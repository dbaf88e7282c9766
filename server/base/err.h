/*
 * err.h - how a failure travels.
 *
 * A function that can fail returns an enum status; the words for a person go
 * into a struct err that the caller owns, usually the one inside its call.
 * The deepest function that knows the reason fills it, once; callers above
 * pass the status up and add nothing. A NULL err is allowed and drops the words.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_TEXT_MAX 480

enum status {
	OK = 0,
	E_NOMEM,  /* an allocation or a size limit was refused */
	E_INPUT,  /* the caller's argument is wrong; text says which one */
	E_ABSENT, /* a thing asked for by name is not there */
	E_BUSY,   /* try again later: lock held, queue full */
	E_STOP,   /* cancelled or past its deadline */
	E_IO,     /* the outside world failed: disk, pipe, child, database */
	E_DENIED, /* configuration, permission or trust forbids it; text says which */
	E_WAIT,   /* a call is parked: run it again when call->wait says (base/call.h) */
	E_BUG,    /* an invariant of ours is broken */
	STATUS_N,
};

struct err {
	enum status code;
	char text[ERR_TEXT_MAX];
};

/* Fill err and return code, so that a failing line reads `return err_set(...)`. */
__attribute__((format(printf, 3, 4))) enum status err_set(struct err *err, enum status code,
                                                          const char *fmt, ...);

/* As err_set, with `: ` and the words for errnum after the text. Thread-safe. */
__attribute__((format(printf, 3, 4))) enum status err_sys(struct err *err, int errnum,
                                                          const char *fmt, ...);

/* `no memory for WHAT`, the commonest failure of all. */
enum status err_nomem(struct err *err, const char *what);

/* Static name of a status, for logs. Never NULL. */
const char *err_name(enum status code);

/*
 * What these return is never OK, which clang's analyser cannot see: without this it follows paths
 * on which a failure is a success. For the analyser only.
 */
#ifdef __clang_analyzer__
static inline enum status err_told(enum status st)
{
	if (st == OK)
		__builtin_unreachable();
	return st;
}
#define err_set(...)   err_told(err_set(__VA_ARGS__))
#define err_sys(...)   err_told(err_sys(__VA_ARGS__))
#define err_nomem(...) err_told(err_nomem(__VA_ARGS__))
#endif

#endif
