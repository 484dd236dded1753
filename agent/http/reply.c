/* Answers. */
#include "agent/http/server_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {204, "No Content"},
                   {301, "Moved Permanently"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {307, "Temporary Redirect"},
                   {400, "Bad Request"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {413, "Request Entity Too Large"},
                   {429, "Too Many Requests"},
                   {499, "Client Closed Request"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

void http_add_header(struct http_req *r, const char *name, const char *value)
{
    if (!r->h2o)
        return;
    h2o_mem_pool_t *pool = &r->h2o->pool;
    h2o_iovec_t n = h2o_strdup(pool, name, SIZE_MAX), v = h2o_strdup(pool, value, SIZE_MAX);
    for (char *p = v.base; *p; p++)
        if (*p == '\r' || *p == '\n')
            *p = ' '; /* a value never ends its header */
    char *lower = n.base;
    char *orig = h2o_strdup(pool, name, SIZE_MAX).base;
    h2o_strtolower(lower, n.len);
    h2o_add_header_by_str(pool, &r->h2o->res.headers, lower, n.len, 1, orig, v.base, v.len);
}

void http_set_index(struct http_req *r, log_index index)
{
    char text[24];
    const char *who = r->server->dialect == HTTP_NOMAD ? "X-Nomad" : "X-Consul",
               *const rest[][2] = {{"Knownleader", "true"}, {"Lastcontact", "0"}};
    char name[48];
    snprintf(text, sizeof(text), "%" PRIu64, index ? index : 1);
    snprintf(name, sizeof(name), "%s-Index", who);
    http_add_header(r, name, text);
    bool write = r->server->dialect == HTTP_NOMAD && strcmp(r->method, "GET") != 0;
    for (int i = 0; i < 2 && !write; i++) {
        snprintf(name, sizeof(name), "%s-%s", who, rest[i][0]);
        http_add_header(r, name, rest[i][1]);
    }
    if (r->server->dialect == HTTP_CONSUL) {
        if (!r->plain_index)
            http_add_header(r, "X-Consul-Effective-Consistency", "leader");
        http_add_header(r, "X-Consul-Query-Backend", "blocking-query");
    }
}

void http_plain_index(struct http_req *r)
{
    r->plain_index = true;
}

/* Leaves the lists; from here on h2o owns what happens. */
static h2o_req_t *take(struct http_req *r)
{
    h2o_req_t *h = r->h2o;
    request_unhold(r);
    request_unlist(r);
    r->answered = true;
    r->on_cancel = NULL;
    if (r->blocking) {
        blocking_free(r->blocking);
        r->blocking = NULL;
    }
    return h;
}

void http_reply(struct http_req *r, int status, const char *content_type, const void *body,
                size_t len)
{
    if (r->answered)
        return;
    if (content_type)
        http_add_header(r, "Content-Type", content_type);
    if (r->server->dialect != HTTP_PLAIN && !r->unrouted)
        http_add_header(r, "Vary", "Accept-Encoding");
    if (r->server->dialect == HTTP_CONSUL && !r->unrouted)
        http_add_header(r, "X-Consul-Default-Acl-Policy", "allow");
    h2o_req_t *h = take(r);
    h->res.status = status;
    h->res.reason = http_reason(status);
    bool no_body = !strcmp(r->method, "HEAD");
    h->res.content_length = len;
    h2o_send_inline(h, no_body ? "" : body, no_body ? 0 : len);
}

void http_reply_json(struct http_req *r, int status, const struct buf *json)
{
    if (!r->pretty) {
        http_reply(r, status, "application/json", buf_str(json), json->len);
        return;
    }
    struct buf b = BUF_INIT;
    rec_json_pretty(buf_str(json), json->len, &b);
    http_reply(r, status, "application/json", buf_str(&b), b.len);
    buf_fini(&b);
}

void http_reply_rec(struct http_req *r, const struct rec_desc *d, const void *rec)
{
    struct buf b = BUF_INIT;
    rec_json_write(d, rec, &b);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

void http_reply_text(struct http_req *r, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = arena_vprintf(&r->arena, fmt, ap);
    va_end(ap);
    http_reply(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

void http_reply_err(struct http_req *r, const struct err *e)
{
    http_reply_text(r, err_http_status(e->code), "%s", err_text(e));
}
