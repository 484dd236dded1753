#include "agent/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

struct err_row {
    int code;
    const char *name, *text;
    int http, rcode;
};

static const struct err_row rows[] = {
#define ERR_ROW(name, value, text, http, rcode) {name, #name, text, http, rcode},
    ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row *row_find(int code)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

static void mark_cut(struct err *e, int wanted)
{
    if (wanted >= (int)sizeof(e->text))
        memcpy(e->text + sizeof(e->text) - 4, "...", 4);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    va_list ap;
    va_start(ap, fmt);
    e->code = code;
    mark_cut(e, vsnprintf(e->text, sizeof(e->text), fmt, ap));
    va_end(ap);
    return code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return ERR_INTERNAL;
    char old[sizeof(e->text)];
    snprintf(old, sizeof(old), "%s", err_text(e));
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(e->text))
        n += snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %s", old);
    mark_cut(e, n);
    return e->code ? e->code : ERR_INTERNAL;
}

const char *err_text(const struct err *e)
{
    return e->text[0] ? e->text : err_code_text(e->code);
}

const char *err_code_text(int code)
{
    const struct err_row *r = row_find(code);
    return r ? r->text : "no error";
}

const char *err_name(int code)
{
    const struct err_row *r = row_find(code);
    return r ? r->name : code == 0 ? "OK" : "ERR_UNKNOWN";
}

int err_http_status(int code)
{
    const struct err_row *r = row_find(code);
    return r ? r->http : code == 0 ? 200 : 500;
}

int err_dns_rcode(int code)
{
    const struct err_row *r = row_find(code);
    return r ? r->rcode : code == 0 ? 0 : 2;
}

static int code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case ENOMEM:
        return ERR_NOMEM;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECANCELED:
        return ERR_CANCELED;
    case ECONNREFUSED:
    case EADDRINUSE:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ECONNRESET:
        return ERR_UNAVAILABLE;
    case EINVAL:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

int err_from_errno(struct err *e, int errnum, const char *what)
{
    char text[128];
    return err_set(e, code_of_errno(errnum), "%s: %s", what,
                   strerror_r(errnum, text, sizeof(text)));
}

int err_from_uv(struct err *e, int uv_code, const char *what)
{
    return err_set(e, code_of_errno(-uv_code), "%s: %s", what, uv_strerror(uv_code));
}
