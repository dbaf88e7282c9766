-- The durable log of events: append-only, ordered by seq (server/store/journal.h).
CREATE TABLE event (
	seq       INTEGER PRIMARY KEY,         -- never used again: the newest row is never deleted
	id        TEXT    NOT NULL UNIQUE,
	topic     TEXT    NOT NULL,
	type      TEXT    NOT NULL,
	at_ms     INTEGER NOT NULL,
	envelope  BLOB    NOT NULL
) STRICT;
-- Where each durable subscriber has got to.
CREATE TABLE event_offset (
	subscriber TEXT    PRIMARY KEY,
	topic      TEXT    NOT NULL,
	action     TEXT    NOT NULL,
	type       TEXT,                        -- only events of this type; NULL: of all
	source     TEXT,                        -- only events from there; NULL: from everywhere
	least      INTEGER NOT NULL DEFAULT 0,  -- only events of this priority or a higher one
	seq        INTEGER NOT NULL,
	edition    INTEGER NOT NULL DEFAULT 0,  -- event_edition when it was last changed by somebody
	made_ms    INTEGER NOT NULL,
	delivered  INTEGER NOT NULL DEFAULT 0,  -- deliveries that went well
	retried    INTEGER NOT NULL DEFAULT 0,  -- attempts that failed and were made again
	dead       INTEGER NOT NULL DEFAULT 0,  -- deliveries that were given up
	latency_ms INTEGER NOT NULL DEFAULT 0   -- of the deliveries that were timed, together
) STRICT;
-- How long events were on their way: a histogram for each subscriber.
CREATE TABLE event_latency (
	subscriber TEXT    NOT NULL,
	bucket     INTEGER NOT NULL,
	n          INTEGER NOT NULL,
	PRIMARY KEY (subscriber, bucket)
) STRICT, WITHOUT ROWID;
-- Deliveries that are over, beyond a subscriber's place: several may be under way at once.
CREATE TABLE event_settled (
	subscriber TEXT    NOT NULL,
	seq        INTEGER NOT NULL,
	PRIMARY KEY (subscriber, seq)
) STRICT, WITHOUT ROWID;
-- Deliveries that were given up.
CREATE TABLE event_dead (
	id         INTEGER PRIMARY KEY,
	subscriber TEXT    NOT NULL,
	seq        INTEGER NOT NULL,
	attempts   INTEGER NOT NULL,
	cause      TEXT    NOT NULL,
	again      INTEGER NOT NULL DEFAULT 0,  -- to be tried again
	at_ms      INTEGER NOT NULL,
	UNIQUE (subscriber, seq)
) STRICT;
-- Counts changes of who subscribes to what, from where on: one look tells whether there was any.
CREATE TABLE event_edition (n INTEGER NOT NULL) STRICT;
INSERT INTO event_edition (n) VALUES (1);
