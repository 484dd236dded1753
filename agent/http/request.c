/* A request: taken from h2o, matched, handed to its handler, watched while it is held. */
#include "agent/base/str.h"
#include "agent/http/server_impl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EARLY_BYTES 65536

/* --- text ------------------------------------------------------------------------------------ */

static int hex_value(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
                                        : -1;
}

char *percent_decode(struct arena *a, const char *s, size_t len, bool plus_is_space)
{
    char *out = arena_alloc(a, len + 1), *p = out;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
            *p++ = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        } else {
            *p++ = plus_is_space && s[i] == '+' ? ' ' : s[i];
        }
    }
    *p = '\0';
    return out;
}

/* The n-th "name[=value]" of the query; NULL when there are fewer. */
static const char *query_value(struct http_req *r, const char *name, size_t nth)
{
    for (const char *p = r->query; p && *p;) {
        size_t len = strcspn(p, "&");
        const char *eq = memchr(p, '=', len);
        size_t klen = eq ? (size_t)(eq - p) : len;
        char *key = percent_decode(&r->arena, p, klen, true);
        if (!strcmp(key, name) && nth-- == 0)
            return eq ? percent_decode(&r->arena, eq + 1, len - klen - 1, true) : "";
        p += len + (p[len] == '&');
    }
    return NULL;
}

struct arena *http_arena(struct http_req *r)
{
    return &r->arena;
}

const char *http_method(const struct http_req *r)
{
    return r->method;
}

const char *http_path(const struct http_req *r)
{
    return r->path;
}

const char *http_raw_path(const struct http_req *r)
{
    return r->raw_path;
}

const char *http_param(struct http_req *r, const char *name)
{
    for (size_t i = 0; i < r->params.n; i++)
        if (strlen(name) == r->params.items[i].name_len &&
            !strncmp(r->params.items[i].name, name, r->params.items[i].name_len))
            return r->params.items[i].value;
    return "";
}

const char *http_query(struct http_req *r, const char *name)
{
    return query_value(r, name, 0);
}

const char *http_query_nth(struct http_req *r, const char *name, size_t i)
{
    return query_value(r, name, i);
}

bool http_query_bool(struct http_req *r, const char *name)
{
    const char *v = query_value(r, name, 0);
    return v && strcmp(v, "false") && strcmp(v, "0");
}

const char *http_header(struct http_req *r, const char *name)
{
    if (!r->h2o)
        return NULL;
    ssize_t i = h2o_find_header_by_str(&r->h2o->headers, name, strlen(name), -1);
    if (i < 0)
        return NULL;
    h2o_iovec_t v = r->h2o->headers.entries[i].value;
    return arena_strndup(&r->arena, v.base, v.len);
}

const char *http_body(struct http_req *r, size_t *len)
{
    if (len)
        *len = r->body_len;
    return r->body ? r->body : "";
}

const char *http_remote(struct http_req *r, int *port)
{
    struct sockaddr_storage ss;
    char text[INET6_ADDRSTRLEN] = "";
    if (!r->h2o || !r->h2o->conn->callbacks->get_peername(r->h2o->conn, (struct sockaddr *)&ss))
        return "";
    if (ss.ss_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&ss;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
        if (port)
            *port = ntohs(in->sin_port);
    } else if (ss.ss_family == AF_INET6) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)&ss;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
        if (port)
            *port = ntohs(in->sin6_port);
    }
    return arena_strdup(&r->arena, text);
}

void http_on_cancel(struct http_req *r, void (*cb)(void *arg), void *arg)
{
    r->on_cancel = cb;
    r->cancel_arg = arg;
    if (cb && !r->socket && !r->answered)
        request_hold(r);
}

/* --- holding: h2o stops reading while a request is unanswered, so we read instead ------------ */

static h2o_iovec_t keep(h2o_req_t *h, h2o_iovec_t v)
{
    return h2o_strdup(&h->pool, v.base, v.len);
}

/* More input may move the connection's buffer: what the request points at there is copied. */
static void copy_out(h2o_req_t *h)
{
    h->input.method = h->method = keep(h, h->method);
    h->input.authority = h->authority = keep(h, h->authority);
    h->input.path = h->path = keep(h, h->path);
    if (h->path_normalized.base)
        h->path_normalized = keep(h, h->path_normalized);
    for (size_t i = 0; i < h->headers.size; i++) {
        h2o_header_t *x = &h->headers.entries[i];
        x->value = keep(h, x->value);
        if (!h2o_iovec_is_token(x->name)) {
            h2o_iovec_t *name = h2o_mem_alloc_pool(&h->pool, sizeof(*name));
            *name = keep(h, *x->name);
            x->name = name;
        }
        x->orig_name = NULL;
    }
    h->entity = (h2o_iovec_t){NULL, 0};
}

static void on_held_socket(h2o_socket_t *sock, const char *err)
{
    h2o_conn_t *conn = sock->data;
    struct http_server *s = H2O_STRUCT_FROM_MEMBER(struct http_server, context, conn->ctx);
    struct http_req *r;
    HASH_FIND_PTR(s->held, &sock, r);
    if (!r)
        return;
    if (err)
        request_cancel(r);
    else if (sock->input->size > MAX_EARLY_BYTES)
        h2o_socket_read_stop(sock); /* enough of the next requests, early: they wait */
}

void request_hold(struct http_req *r)
{
    if (r->socket)
        return;
    copy_out(r->h2o);
    r->socket = r->h2o->conn->callbacks->get_socket(r->h2o->conn);
    HASH_ADD_PTR(r->server->held, socket, r);
    h2o_socket_read_start(r->socket, on_held_socket);
}

void request_unhold(struct http_req *r)
{
    if (!r->socket)
        return;
    h2o_socket_read_stop(r->socket);
    HASH_DEL(r->server->held, r);
    r->socket = NULL;
}

void request_unlist(struct http_req *r)
{
    if (r->prev) {
        *r->prev = r->next;
        if (r->next)
            r->next->prev = r->prev;
    }
    r->prev = NULL;
}

void request_cancel(struct http_req *r)
{
    void (*cb)(void *) = r->on_cancel;
    void *arg = r->cancel_arg;
    h2o_req_t *h = r->h2o;
    bool began = r->streaming;
    r->on_cancel = NULL;
    r->answered = true;
    request_unhold(r);
    request_unlist(r);
    if (r->blocking) {
        blocking_free(r->blocking);
        r->blocking = NULL;
    }
    if (cb)
        cb(arg);
    if (began) {
        r->ended = true;
        if (!r->sending)
            h2o_send(h, NULL, 0, H2O_SEND_STATE_ERROR);
        return;
    }
    h->http1_is_persistent = 0;
    h->res.status = 503;
    h->res.reason = "Service Unavailable";
    h2o_send_inline(h, H2O_STRLIT(""));
}

/* --- life ------------------------------------------------------------------------------------ */

static void on_dispose(void *p)
{
    struct http_req *r = p;
    void (*cb)(void *) = r->on_cancel;
    request_unlist(r);
    if (r->socket) {
        HASH_DEL(r->server->held, r);
        r->socket = NULL;
    }
    if (r->blocking)
        blocking_free(r->blocking);
    if (!r->answered && cb)
        cb(r->cancel_arg);
    while (r->first) {
        struct stream_part *x = r->first;
        r->first = x->next;
        free(x);
    }
    free(r->in_flight);
    arena_fini(&r->arena);
}

void http_target_to_origin(h2o_req_t *h)
{
    const char *p = h->path.base, *end = p + h->path.len;
    if (h->path.len > 7 && !strncasecmp(p, "http://", 7))
        p += 7;
    else if (h->path.len > 8 && !strncasecmp(p, "https://", 8))
        p += 8;
    else
        return;
    size_t host = 0;
    while (p + host < end && p[host] != '/' && p[host] != '?')
        host++;
    h->authority = h2o_iovec_init(p, host);
    p += host;
    if (p < end && *p == '/')
        h->path = h2o_iovec_init(p, (size_t)(end - p));
    else
        h->path = h2o_concat(&h->pool, h2o_iovec_init(H2O_STRLIT("/")),
                             h2o_iovec_init(p, (size_t)(end - p)));
    const char *query = memchr(h->path.base, '?', h->path.len);
    h->query_at = query ? (size_t)(query - h->path.base) : SIZE_MAX;
}

static struct http_req *request_new(struct http_server *s, h2o_req_t *h)
{
    struct http_req *r = h2o_mem_alloc_shared(&h->pool, sizeof(*r), on_dispose);
    memset(r, 0, sizeof(*r));
    r->generator = (h2o_generator_t){stream_proceed, stream_stop};
    r->h2o = h;
    r->server = s;
    r->last = &r->first;
    r->method = arena_strndup(&r->arena, h->method.base, h->method.len);
    http_target_to_origin(h);
    r->raw_path = arena_strndup(&r->arena, h->path.base, h->path.len);
    char *q = strchr(r->raw_path, '?');
    r->query = q ? q + 1 : NULL;
    r->body_len = h->entity.len;
    if (h->entity.len)
        r->body = arena_strndup(&r->arena, h->entity.base, h->entity.len);
    r->next = s->live;
    r->prev = &s->live;
    if (s->live)
        s->live->prev = &r->next;
    s->live = r;
    s->requests++;
    return r;
}

static void answer_unrouted(struct http_req *r, const char *allow)
{
    struct http_server *s = r->server;
    if (allow && s->dialect != HTTP_NOMAD)
        http_add_header(r, "Allow", arena_printf(&r->arena, "OPTIONS,%s", allow));
    if (allow && s->dialect != HTTP_NOMAD && !strcmp(r->method, "OPTIONS")) {
        http_reply(r, 200, NULL, "", 0);
    } else if (allow) {
        if (s->dialect == HTTP_CONSUL)
            http_reply_text(r, 405, "method %s not allowed", r->method);
        else
            http_reply_text(r, 405, "Invalid method");
    } else if (s->fallback) {
        s->fallback(r, s->fallback_ctx);
    } else {
        r->unrouted = true;
        http_reply(r, 404, NULL, "", 0);
    }
}

char *path_clean(struct arena *a, char *path)
{
    if (!strstr(path, "//") && !strstr(path, "/."))
        return path;
    char *out = arena_alloc(a, strlen(path) + 2);
    size_t n = 0;
    for (const char *p = path; *p;) {
        p += strspn(p, "/");
        size_t len = strcspn(p, "/");
        bool up = len == 2 && !strncmp(p, "..", 2);
        if (up)
            while (n && out[--n] != '/')
                ;
        if (len && !up && !(len == 1 && *p == '.')) {
            out[n++] = '/';
            memcpy(out + n, p, len);
            n += len;
        }
        p += len;
    }
    if (!n || path[strlen(path) - 1] == '/')
        out[n++] = '/';
    out[n] = '\0';
    return strcmp(out, path) ? out : path;
}

/* false: answered. */
static bool path_is_good(struct http_req *r, char *path)
{
    struct http_server *s = r->server;
    if (*path != '/' || strstr(r->raw_path, "%00")) {
        http_reply_text(r, 400, "invalid request path");
        return false;
    }
    char *clean = s->dialect == HTTP_PLAIN ? path : path_clean(&r->arena, path);
    if (clean == path)
        return true;
    r->unrouted = true;
    http_add_header(r, "Location",
                    r->query ? arena_printf(&r->arena, "%s?%s", clean, r->query) : clean);
    http_reply(r, 301, NULL, "", 0);
    return false;
}

void request_start(struct http_server *s, h2o_req_t *h)
{
    struct http_req *r = request_new(s, h);
    char *path = arena_strndup(&r->arena, r->raw_path, strcspn(r->raw_path, "?")), *allow;
    r->path = percent_decode(&r->arena, path, strlen(path), false);
    r->pretty = http_query(r, "pretty") != NULL;
    if (!path_is_good(r, path))
        return;
    if (r->body_len > s->max_body_bytes) {
        http_reply_text(r, 413, "Request body(%zu bytes) too large, max size: %zu bytes.",
                        r->body_len, s->max_body_bytes);
        return;
    }
    if (s->closing) {
        http_reply_text(r, 503, "shutting down");
        return;
    }
    const struct route *route = router_match(
        &s->router, s->dialect == HTTP_PLAIN && !strcmp(r->method, "HEAD") ? "GET" : r->method,
        path, &r->arena, &r->params, &allow);
    if (!route) {
        answer_unrouted(r, allow);
        return;
    }
    for (size_t i = 0; i < r->params.n; i++) {
        struct route_param *p = &r->params.items[i];
        p->value = percent_decode(&r->arena, p->value, p->len, false);
    }
    route->handler(r, route->ctx);
}
