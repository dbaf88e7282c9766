/*
 * part.h - a part of a write transaction that is undone alone when it fails, so that others
 * who share the transaction keep what they wrote. Parts do not nest.
 */
#ifndef STORE_PART_H
#define STORE_PART_H

#include <stdbool.h>

#include "store/db.h"

enum status part_begin(struct db *db, struct err *err);
enum status part_keep(struct db *db, struct err *err);

/* False: the whole transaction is lost (a failure of the disk ends it); roll it back. */
bool part_undo(struct db *db);

#endif
