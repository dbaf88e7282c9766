#include "domain/board.h"

#include <string.h>

#include "base/clock.h"
#include "domain/event.h"
#include "store/boards.h"

static enum status check(const struct board *b, struct err *err)
{
	size_t n = strlen(b->name), size = strlen(b->content);

	if (n == 0 || n > BOARD_NAME_MAX)
		return err_set(err, E_INPUT, "the name of a whiteboard has 1 to %d bytes",
		               BOARD_NAME_MAX);
	if (size > BOARD_CONTENT_MAX)
		return err_set(err, E_INPUT,
		               "the whiteboard would have %zu bytes; at most %zu are allowed", size,
		               BOARD_CONTENT_MAX);
	return OK;
}

enum status board_write(struct db *db, int64_t now_ms, struct board *b, struct arena *a,
                        struct err *err)
{
	struct board_row row = { .run = b->run == NULL ? "" : b->run, .name = b->name };
	struct event_board e = { .board = b->name, .run = b->run, .author = b->author };
	enum status st = check(b, err);

	if (st != OK || (st = board_find(db, a, &row, err)) != OK)
		return st;
	if (b->version != BOARD_LAST_VERSION && b->version != row.version)
		return row.version == 0
		           ? err_set(err, E_ABSENT, "there is no whiteboard '%s' yet", b->name)
		           : err_set(err, E_BUSY,
		                     "'%s' wrote version %lld of '%s' meanwhile; read it, then "
		                     "write anew",
		                     row.author, (long long)row.version, b->name);
	row.version++;
	row.author = b->author;
	row.content = b->content;
	row.made_ms = now_ms;
	if ((st = board_add(db, &row, err)) != OK)
		return st;
	b->version = e.version = row.version;
	b->made_ms = now_ms;
	return event_put_board(db, now_ms, &e, err);
}

static void from_row(const struct board_row *row, const char *run, struct board *out)
{
	*out = (struct board){ .run = run,
		               .name = row->name,
		               .author = row->author,
		               .content = row->content,
		               .version = row->version,
		               .made_ms = row->made_ms };
}

enum status board_read(struct db *db, struct board *b, struct arena *a, struct err *err)
{
	struct board_row row = { .run = b->run == NULL ? "" : b->run,
		                 .name = b->name,
		                 .version = b->version };
	enum status st = board_find(db, a, &row, err);

	if (st != OK)
		return st;
	if (row.version == 0 && b->version == 0)
		return err_set(err, E_ABSENT, "there is no whiteboard '%s'", b->name);
	if (row.version == 0)
		return err_set(err, E_ABSENT, "there is no version %lld of the whiteboard '%s'",
		               (long long)b->version, b->name);
	from_row(&row, b->run, b);
	return OK;
}

enum status board_all(struct db *db, const char *run, struct arena *a, struct board **out,
                      size_t *n, struct err *err)
{
	struct board_row *rows = NULL;
	enum status st = board_list(db, run == NULL ? "" : run, a, &rows, n, err);

	if (st != OK)
		return st;
	if ((*out = arena_take(a, (*n + 1) * sizeof **out)) == NULL)
		return err_nomem(err, "the whiteboards");
	for (size_t i = 0; i < *n; i++)
		from_row(&rows[i], run, &(*out)[i]);
	return OK;
}

cJSON *board_json(struct json_build *b, const struct board *board)
{
	cJSON *o = json_object(b);
	char time[CLOCK_TEXT_SIZE];

	clock_text(board->made_ms, time);
	json_put_text(b, o, "board", board->name);
	json_put_text(b, o, "runId", board->run);
	json_put_int(b, o, "version", board->version);
	json_put_text(b, o, "author", board->author);
	json_put_text(b, o, "time", time);
	json_put_text(b, o, "content", board->content);
	return o;
}
