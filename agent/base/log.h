/* The program's log: one line a state change: level, module, subject, from -> to, reason.
 *
 * Text:  2026-01-02T15:04:05.123Z [INFO]  client: alloc 7f3c: pending -> running (started)
 * JSON:  {"@timestamp":"...","@level":"info","@module":"client","@message":"..."}
 * thread: any; lines are written whole. The last 100 lines are kept for a crash report
 * (log_dump_recent), whatever the level. Never log a token or a body. */
#ifndef AGENT_BASE_LOG_H
#define AGENT_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

/* Defaults: LOG_INFO, text, standard error. */
void log_configure(enum log_level level, bool json, int fd);
/* "TRACE".."ERR", any case, as the peers' -log-level takes them. 0 or ERR_INVALID. */
int log_level_parse(const char *text, enum log_level *out);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *module, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void log_dump_recent(int fd); /* async-signal-safe enough for a crash handler */

#define log_trace(module, ...) log_write(LOG_TRACE, module, __VA_ARGS__)
#define log_debug(module, ...) log_write(LOG_DEBUG, module, __VA_ARGS__)
#define log_info(module, ...)  log_write(LOG_INFO, module, __VA_ARGS__)
#define log_warn(module, ...)  log_write(LOG_WARN, module, __VA_ARGS__)
#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)

#endif
