/* Targets that are not simply asked: who may come (allow, deny), and redirects. */
#include "lb/lb_impl.h"

#include <arpa/inet.h>
#include <string.h>

/* --- who may come ---------------------------------------------------------------------------- */

static bool each_allowed(const struct access *x, const char *list, size_t len)
{
    while (len) {
        const char *comma = memchr(list, ',', len);
        size_t n = comma ? (size_t)(comma - list) : len;
        const char *p = list;
        size_t k = n;
        char ip[INET6_ADDRSTRLEN];
        while (k && (*p == ' ' || *p == '\t'))
            p++, k--;
        while (k && (p[k - 1] == ' ' || p[k - 1] == '\t'))
            k--;
        if (k >= sizeof(ip))
            return false;
        memcpy(ip, p, k);
        ip[k] = '\0';
        if (k && !access_allows(x, ip))
            return false;
        list += n + (comma != NULL);
        len -= n + (comma != NULL);
    }
    return true;
}

/* The connection's address and every one it says it speaks for. */
static bool may_come(const h2o_req_t *r, const struct access *x)
{
    char ip[INET6_ADDRSTRLEN];
    if (!x->n)
        return true;
    forward_client_address(r, ip);
    if (!access_allows(x, ip))
        return false;
    ssize_t at = h2o_find_header_by_str(&r->headers, H2O_STRLIT("x-forwarded-for"), -1);
    for (; at >= 0; at = h2o_find_header_by_str(&r->headers, H2O_STRLIT("x-forwarded-for"), at))
        if (!each_allowed(x, r->headers.entries[at].value.base, r->headers.entries[at].value.len))
            return false;
    return true;
}

/* --- where to instead ------------------------------------------------------------------------ */

static bool has_query(const struct target *t)
{
    return strchr(t->redirect_url, '?') != NULL;
}

/* $path is the request's, without `strip`; it brings the query along when the URL has none. */
static void add_path(struct buf *b, const h2o_req_t *r, const struct target *t)
{
    size_t len = r->query_at == SIZE_MAX ? r->path.len : r->query_at;
    size_t strip = t->strip ? strlen(t->strip) : 0;
    const char *path = r->path.base;
    if (strip && len >= strip && !memcmp(path, t->strip, strip)) {
        path += strip;
        len -= strip;
    }
    if (!len || *path != '/')
        buf_char(b, '/');
    buf_add(b, path, len);
    if (r->query_at != SIZE_MAX && !has_query(t))
        buf_add(b, r->path.base + r->query_at, r->path.len - r->query_at);
}

static void redirect_location(struct buf *b, const h2o_req_t *r, const struct target *t)
{
    const char *scheme = strstr(t->redirect_url, "://");
    const char *host = scheme ? scheme + 3 : t->redirect_url;
    bool rooted = strchr(host, '/') != NULL || strstr(host, "$path") != NULL;
    for (const char *p = t->redirect_url; *p;) {
        bool slash = !strncmp(p, "/$path", 6);
        if (slash || !strncmp(p, "$path", 5)) {
            add_path(b, r, t);
            p += 5 + slash;
        } else if (!strncmp(p, "$host", 5)) {
            buf_add(b, r->authority.base, r->authority.len);
            p += 5;
        } else {
            buf_char(b, *p++);
        }
    }
    if (!rooted)
        buf_char(b, '/');
}

/* A redirect to what was asked for would never end: a proxy in front of us speaks TLS, and says so
 * in X-Forwarded-Proto. */
static bool is_where_it_came_from(const h2o_req_t *r, const char *location)
{
    struct buf b = BUF_INIT;
    ssize_t at = h2o_find_header_by_str(&r->headers, H2O_STRLIT("x-forwarded-proto"), -1);
    if (at >= 0)
        buf_add(&b, r->headers.entries[at].value.base, r->headers.entries[at].value.len);
    else
        buf_str_add(&b, "http");
    buf_str_add(&b, "://");
    buf_add(&b, r->authority.base, r->authority.len);
    buf_add(&b, r->path.base, r->path.len);
    bool same = !strcmp(b.data, location);
    buf_fini(&b);
    return same;
}

static const char *reason_of(int status)
{
    switch (status) {
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    default:
        return "Redirect";
    }
}

static void reply(h2o_req_t *r, int status, const char *reason, const char *type,
                  const struct buf *body)
{
    r->res.status = status;
    r->res.reason = reason;
    r->res.content_length = body->len;
    h2o_add_header(&r->pool, &r->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
    h2o_send_inline(r, body->data, body->len);
}

static void reply_redirect(h2o_req_t *r, const struct target *t, const struct buf *location)
{
    struct buf body = BUF_INIT;
    h2o_iovec_t to = h2o_strdup(&r->pool, location->data, location->len);
    buf_str_add(&body, "<a href=\"");
    html_add(&body, location->data);
    buf_printf(&body, "\">%s</a>.\n\n", reason_of(t->redirect_code));
    h2o_add_header(&r->pool, &r->res.headers, H2O_TOKEN_LOCATION, NULL, to.base, to.len);
    reply(r, t->redirect_code, reason_of(t->redirect_code), "text/html; charset=utf-8", &body);
    buf_fini(&body);
}

enum gate_result gate_pass(h2o_req_t *r, const struct target *t)
{
    struct buf b = BUF_INIT;
    enum gate_result rv = GATE_ANSWERED;
    if (!may_come(r, &t->access)) {
        buf_str_add(&b, "access denied\n");
        h2o_add_header_by_str(&r->pool, &r->res.headers, H2O_STRLIT("x-content-type-options"), 0,
                              "X-Content-Type-Options", H2O_STRLIT("nosniff"));
        reply(r, 403, "Forbidden", "text/plain; charset=utf-8", &b);
    } else if (t->redirect_code) {
        redirect_location(&b, r, t);
        if (is_where_it_came_from(r, b.data))
            rv = GATE_NEXT;
        else
            reply_redirect(r, t, &b);
    } else {
        rv = GATE_OPEN;
    }
    buf_fini(&b);
    return rv;
}
