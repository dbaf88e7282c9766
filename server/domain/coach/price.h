/*
 * price.h - what tokens cost where their host does not say.
 *
 * The user's table (`prices` of the configuration) says it by model; the program knows no price.
 * A session with a model that the table does not have costs what nobody knows.
 */
#ifndef DOMAIN_COACH_PRICE_H
#define DOMAIN_COACH_PRICE_H

#include "domain/coach/numbers.h"
#include "domain/config.h"

/* Number of the first price that matches the model, from 1; 0: none does. */
uint32_t price_of(const struct config_price *prices, size_t n, const char *model);

/* What an answer cost, in USD; below 0 when it used tokens and its model has no price. */
double price_usd(const struct config_price *prices, const struct usage *u);

/* Whence the known costs are, for people. */
const char *price_source(const struct coach_metrics *m);

/* Another number for another table. */
uint64_t price_hash(const struct config_price *prices, size_t n);

#endif
