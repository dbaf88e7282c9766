/*
 * health.h - how it stands with what the calls work on, for those who watch over a server.
 */
#ifndef HANDLERS_HEALTH_H
#define HANDLERS_HEALTH_H

#include "base/call.h"
#include "base/json.h"
#include "base/text.h"

struct health_kind {
	/* Checks by name, each {state: "ok" or "bad", ...}, into *out, the caller's; *well: none is
	 * bad. */
	enum status (*look)(struct call *call, cJSON **out, bool *well);
	/* Its figures as Prometheus text. */
	enum status (*figures)(struct call *call, struct text *out);
};

extern const struct health_kind health_project; /* handlers/health_project.c */

#endif
