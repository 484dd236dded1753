/* Errors are values: a code for the program, a text for the person.
 *
 * Every function that can fail returns 0 or one of the negative codes below; most also take a
 * `struct err *` which, when not NULL, receives the text. Each level adds where (err_prefix), never
 * repeats what. Foreign codes (libuv, errno, LMDB, curl) are translated by the err_from_* function
 * of their library, in one place each.
 *
 * Thread: any; a struct err belongs to its caller. No memory is owned. */
#ifndef AGENT_BASE_ERR_H
#define AGENT_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* code, value, what it says when nobody said more, HTTP status, DNS rcode */
#define ERR_TABLE(X)                                                                               \
    X(ERR_INVALID, -1000, "invalid input", 400, 1)                                                 \
    X(ERR_NOT_FOUND, -1001, "not found", 404, 3)                                                   \
    X(ERR_EXISTS, -1002, "already exists", 409, 2)                                                 \
    X(ERR_CONFLICT, -1003, "conflict", 409, 2)                                                     \
    X(ERR_TOO_LARGE, -1004, "too large", 413, 1)                                                   \
    X(ERR_METHOD, -1005, "method not allowed", 405, 4)                                             \
    X(ERR_PERMISSION, -1006, "permission denied", 403, 5)                                          \
    X(ERR_UNSUPPORTED, -1007, "not supported", 501, 4)                                             \
    X(ERR_TIMEOUT, -1008, "timed out", 504, 2)                                                     \
    X(ERR_UNAVAILABLE, -1009, "unavailable", 503, 2)                                               \
    X(ERR_NO_LEADER, -1010, "No cluster leader", 500, 2)                                           \
    X(ERR_CANCELED, -1011, "canceled", 499, 2)                                                     \
    X(ERR_CLOSED, -1012, "closed", 500, 2)                                                         \
    X(ERR_IO, -1013, "input/output error", 500, 2)                                                 \
    X(ERR_NO_SPACE, -1014, "no space left on device", 500, 2)                                      \
    X(ERR_CORRUPT, -1015, "corrupt data", 500, 2)                                                  \
    X(ERR_LOCKED, -1016, "locked by another process", 500, 2)                                      \
    X(ERR_NOMEM, -1017, "out of memory", 500, 2)                                                   \
    X(ERR_INTERNAL, -1018, "internal error", 500, 2)

enum err_code {
#define ERR_ENUM(name, value, text, http, rcode) name = value,
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    int code;        /* 0 or enum err_code */
    char text[1024]; /* what a person reads; cut with "..." when longer */
};

#define ERR_INIT {0, ""}

/* Sets code and text, replacing what was there; `e` may be NULL. Returns code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "<prefix>: " before the text. Returns e's code (ERR_INTERNAL when e is NULL). */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text to show: e's own, else the code's. Never NULL. */
const char *err_text(const struct err *e);
const char *err_name(int code);      /* "ERR_NO_SPACE" */
const char *err_code_text(int code); /* "no space left on device" */
int err_http_status(int code);
int err_dns_rcode(int code);
/* Translations. The text becomes "<what>: <the system's words>". */
int err_from_errno(struct err *e, int errnum, const char *what);
int err_from_uv(struct err *e, int uv_code, const char *what);

#endif
