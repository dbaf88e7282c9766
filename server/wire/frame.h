/*
 * frame.h - bytes of stdin into whole lines.
 *
 * A frame is one line of at most FRAME_MAX bytes, as MCP's stdio transport
 * has it. The reader owns its buffer and reads with read(2), never through
 * FILE, so that poll(2) and the buffer cannot disagree about what is waiting.
 * A line that is too long is skipped to its end and reported once; the lines
 * after it are read as usual. A carriage return before the newline does not
 * belong to the line, and lines of blanks are passed over.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>

#include "base/err.h"

#define FRAME_MAX ((size_t)16 << 20)

enum frame_kind {
	FRAME_LINE,
	FRAME_MORE, /* fill, then ask again */
	FRAME_LONG, /* a line that was too long has been skipped */
	FRAME_REST, /* what stood after the last newline when the input ended: whole or half */
	FRAME_END,
};

struct frame;

/* Caller owns the reader; fd stays the caller's. NULL if out of memory. */
struct frame *frame_new(int fd);
void frame_free(struct frame *f);

/* Read once from fd. E_IO on failure; end of input is not a failure. */
enum status frame_fill(struct frame *f, struct err *err);

/*
 * Next whole line. On FRAME_LINE and FRAME_REST *line points into the reader, NUL in
 * place of the newline, good until the next frame_fill(); *len excludes the NUL.
 */
enum frame_kind frame_next(struct frame *f, const char **line, size_t *len);

#endif
