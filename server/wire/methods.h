/*
 * methods.h - inside wire only: what the tables of mcp.c name, and what the files behind them
 * need of each other.
 */
#ifndef WIRE_METHODS_H
#define WIRE_METHODS_H

#include "wire/request.h"

/* Lists of one page: E_INPUT for any cursor but an empty one. */
enum status list_cursor_check(struct ask *a);
enum status tools_list(struct ask *a, struct text *members);
enum status tools_begin(struct ask *a, struct request *r);
enum status tools_work(struct request *r, struct text *members);
void tools_success(struct text *members, const cJSON *result, unsigned has);
enum status tools_failure(struct text *members, const char *words); /* a result; always OK */

/* resources.c */

enum status resources_list(struct request *r, struct text *members);
enum status resources_templates(struct ask *a, struct text *members);
enum status resources_read_begin(struct ask *a, struct request *r);
enum status resources_read(struct request *r, struct text *members);
/* The row that uri belongs to, its values in the arena; NULL when there is none. */
const struct resource *resources_find(const struct mcp_offer *offer, const char *uri,
                                      struct arena *a, const char **values);
/* The addresses of a first page of all instances, one a line, for telling changes. */
enum status resources_names(struct call *call, const struct mcp_offer *offer, struct text *out);

/* prompts.c */

#define TASKS_NAME "io.modelcontextprotocol/tasks"
/* Refuse a client that did not declare the extension. */
enum status tasks_unable(struct ask *a);
enum status tasks_begin(struct ask *a, struct request *r);
enum status tasks_get(struct request *r, struct text *members);
enum status tasks_update(struct request *r, struct text *members);
enum status tasks_cancel(struct request *r, struct text *members);
/* A call with a task_id that waits: its answer is the task. */
enum status tasks_created(struct request *r, struct text *members);
void tasks_members(struct text *t, const char *id, const struct task_view *v);

enum status prompts_list(struct ask *a, struct text *members);
enum status prompts_begin(struct ask *a, struct request *r);
enum status prompts_get(struct request *r, struct text *members);
enum status complete_begin(struct ask *a, struct request *r);
enum status complete_work(struct request *r, struct text *members);

/* What a capabilities object says the client can be asked for. */
unsigned ask_able(const cJSON *capabilities, unsigned has);
/* inputResponses and requestState of a request, if it has any. */
enum status ask_resume(struct ask *a, struct request *r);
/*
 * A run ended with questions. E_WAIT: they are sent and the call is deaf until they are
 * answered. OK: members are a result that asks. Else the client cannot be asked.
 */
enum status ask_client(struct request *r, struct text *members);
void ask_answered(const struct peer *p, struct rpc *answer); /* an answer came from it */
void ask_collect(struct request *r); /* before a run: all answers, once they are there */
/* The call ends: the client may close what it shows of questions without an answer. */
void ask_withdraw(struct request *r);
void ask_forget(struct request *r); /* no answer is waited for any more */

enum status watch_new(struct mcp *m, struct err *err);
void watch_free(struct mcp *m);
enum status listen_start(struct ask *a);
/* A cancel for a subscription: true when there was one of that id. */
bool listen_cancel(const struct peer *p, struct json_span id);
/* The peer is gone, and all it listened to. */
void listen_leave(const struct peer *p);
void listen_stop(struct mcp *m); /* tell every subscriber that it is over */
/* After initialize: what changes is told without being asked for. */
void listen_legacy(struct peer *p);
enum status subscribe_begin(struct ask *a, struct request *r);
enum status subscribe_work(struct request *r, struct text *members);
enum status unsubscribe_work(struct request *r, struct text *members);
void watch_woken(struct mcp *m); /* something may have changed */

#endif
