#include "agent/base/log.h"
#include "agent/base/buf.h"
#include "agent/base/clock.h"
#include "agent/base/err.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RECENT_LINES   100
#define LINE_MAX_BYTES 256 /* of a remembered line; what is written is whole */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level threshold = LOG_INFO;
static bool as_json;
static int out_fd = STDERR_FILENO;
static char recent[RECENT_LINES][LINE_MAX_BYTES];
static unsigned recent_next;

static const char *const tags[] = {"[TRACE]", "[DEBUG]", "[INFO] ", "[WARN] ", "[ERROR]"};
static const char *const names[] = {"trace", "debug", "info", "warn", "error"};

void log_configure(enum log_level level, bool json, int fd)
{
    pthread_mutex_lock(&lock);
    threshold = level;
    as_json = json;
    out_fd = fd;
    pthread_mutex_unlock(&lock);
}

int log_level_parse(const char *text, enum log_level *out)
{
    static const struct {
        const char *name;
        enum log_level level;
    } words[] = {{"trace", LOG_TRACE}, {"debug", LOG_DEBUG},  {"info", LOG_INFO},
                 {"warn", LOG_WARN},   {"warning", LOG_WARN}, {"err", LOG_ERROR},
                 {"error", LOG_ERROR}, {"off", LOG_OFF}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcasecmp(text, words[i].name)) {
            *out = words[i].level;
            return 0;
        }
    return ERR_INVALID;
}

bool log_enabled(enum log_level level)
{
    return level >= threshold;
}

static void format_text(struct buf *b, const char *when, enum log_level level, const char *module,
                        const char *message)
{
    buf_printf(b, "%s %s %s: %s\n", when, tags[level], module, message);
}

static void format_json(struct buf *b, const char *when, enum log_level level, const char *module,
                        const char *message)
{
    buf_printf(b, "{\"@level\":\"%s\",\"@timestamp\":\"%s\",\"@module\":", names[level], when);
    buf_json_str(b, module, strlen(module));
    buf_str_add(b, ",\"@message\":");
    buf_json_str(b, message, strlen(message));
    buf_str_add(b, "}\n");
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w <= 0)
            return; /* there is nowhere left to say so */
        p += w;
        n -= (size_t)w;
    }
}

void log_write(enum log_level level, const char *module, const char *fmt, ...)
{
    if (level < LOG_DEBUG && !log_enabled(level))
        return;
    struct buf message = BUF_INIT, line = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    char when[CLOCK_RFC3339_MAX];
    wall_ns now = clock_wall_ns();
    clock_format_rfc3339(now - now % NS_PER_MS + 1, when); /* keeps nine digits: cut to three */
    memcpy(when + 23, "Z", 2);
    pthread_mutex_lock(&lock);
    (as_json ? format_json : format_text)(&line, when, level, module, buf_str(&message));
    snprintf(recent[recent_next++ % RECENT_LINES], LINE_MAX_BYTES, "%s", buf_str(&line));
    if (log_enabled(level))
        write_all(out_fd, line.data, line.len);
    pthread_mutex_unlock(&lock);
    buf_fini(&message);
    buf_fini(&line);
}

void log_dump_recent(int fd)
{
    for (unsigned i = 0; i < RECENT_LINES; i++) {
        const char *l = recent[(recent_next + i) % RECENT_LINES];
        size_t n = strlen(l);
        write_all(fd, l, n);
        if (n == LINE_MAX_BYTES - 1)
            write_all(fd, "\n", 1);
    }
}
