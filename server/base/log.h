/*
 * log.h - lines to stderr, for the person who looks there when something is odd.
 *
 * Any thread. A line is written whole by one write(2). Nothing secret is
 * logged, and nothing of a request's content above LOG_DEBUG.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Least important level that is still written. At the start: LOG_WARN. */
void log_set_level(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *fmt, ...);

#endif
