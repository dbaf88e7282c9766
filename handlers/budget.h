/* budget.h - a budget as an argument of tools: the same members as in the configuration. */
#ifndef HANDLERS_BUDGET_H
#define HANDLERS_BUDGET_H

#include "base/json.h"
#include "domain/config.h"

/* {minutes, usd, tokens}, each optional; json NULL: none. E_INPUT names what is wrong. */
enum status budget_read(const cJSON *json, struct config_budget *out, struct err *err);

#endif
