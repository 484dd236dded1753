/* A growing byte buffer, always followed by a NUL that is not counted. owns: data. thread: one at
 * a time. Growth never fails (aborts); bound what an outsider can make it hold (buf.limit). */
#ifndef AGENT_BASE_BUF_H
#define AGENT_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

struct buf {
    char *data; /* NULL until the first byte */
    size_t len;
    size_t cap;
};

#define BUF_INIT {NULL, 0, 0}

void buf_fini(struct buf *b);         /* frees and empties */
void buf_clear(struct buf *b);        /* keeps the memory */
char *buf_take(struct buf *b);        /* caller frees; never NULL; the buffer is empty after */
const char *buf_str(const struct buf *b); /* "" when empty */
char *buf_reserve(struct buf *b, size_t more); /* room for `more` bytes at the end; returns it */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str_add(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
void buf_i64(struct buf *b, int64_t v);
void buf_u64(struct buf *b, uint64_t v);
/* A JSON string with quotes, escaped as Go's encoding/json does (<, >, & as \u003c...; invalid
 * UTF-8 becomes U+FFFD). */
void buf_json_str(struct buf *b, const char *s, size_t len);
/* Go's encoding/json form of a float64. */
void buf_json_f64(struct buf *b, double v);
/* Standard base64 with padding, no quotes. */
void buf_base64(struct buf *b, const void *data, size_t len);

#endif
