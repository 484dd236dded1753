/* One request through the proxy, on our own upstream client (h2o's stock one ends the process on a
 * malformed answer, LIBRARIES A.3).
 *
 * Happy path: route, take a kept connection or connect, write the request, read the head, start the
 * answer, pass the body on piece by piece; the connection is kept when both sides agreed on where
 * the body ended. Reading waits while the client has not taken the last piece.
 *
 * Failures before the first byte of an answer: connecting failed, or the request has no
 * consequences (GET, HEAD, OPTIONS): the next instance, at most three times. Else 502; 504 when
 * it took too long. After it: the client's connection is closed, so that it sees the cut. */
#include "agent/base/str.h"
#include "lb/lb_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS  5000
#define ANSWER_MS   60000
#define MAX_TRIES   4
#define MAX_HEAD    65536
#define PIECE       65536
#define MAX_IDLE    256
#define MAX_HEADERS 100

/* picohttpparser, inside libh2o (LIBRARIES A). */
struct phr_header_ {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};
struct phr_chunked_decoder_ {
    size_t bytes_left_in_chunk;
    char consume_trailer, hex_count, state;
};
int phr_parse_response(const char *buf, size_t len, int *minor_version, int *status,
                       const char **msg, size_t *msg_len, struct phr_header_ *headers,
                       size_t *num_headers, size_t last_len);
ssize_t phr_decode_chunked(struct phr_chunked_decoder_ *decoder, char *buf, size_t *bufsz);

enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE };

struct exchange {
    h2o_generator_t generator; /* first */
    struct proxy *proxy;
    h2o_req_t *req; /* NULL when the client has gone */
    struct exchange *next, **prev;
    char key[80]; /* of the target: "host:port" */
    h2o_socket_t *sock;
    bool reused, wrote, answered, finished, keep, sending, eof;
    unsigned tries;
    mono_ms deadline;
    char *out;            /* the request's bytes */
    size_t out_len, seen; /* of the head */
    enum body_kind body;
    uint64_t left;
    struct phr_chunked_decoder_ decoder;
    char *piece; /* what the client is taking */
    size_t piece_len;
    bool last;
};

static void try_target(struct exchange *x);
static void on_data(h2o_socket_t *sock, const char *err);

/* --- kept connections ------------------------------------------------------------------------ */

static void upstream_unlink(struct proxy *p, struct upstream *u)
{
    struct upstream **at = &p->idle;
    while (*at != u)
        at = &(*at)->next;
    *at = u->next;
    p->n_idle--;
}

static void on_idle_data(h2o_socket_t *sock, const char *err)
{
    struct upstream *u = sock->data; /* closed by the other side, or it speaks unasked: done with */
    upstream_unlink(u->proxy, u);
    h2o_socket_close(sock);
    free(u);
}

static void upstream_keep(struct exchange *x)
{
    struct proxy *p = x->proxy;
    if (p->n_idle >= MAX_IDLE || x->sock->input->size) {
        h2o_socket_close(x->sock);
    } else {
        struct upstream *u = MEM_NEW(struct upstream);
        snprintf(u->key, sizeof(u->key), "%s", x->key);
        u->sock = x->sock;
        u->proxy = p;
        u->next = p->idle;
        p->idle = u;
        p->n_idle++;
        x->sock->data = u;
        h2o_socket_read_start(x->sock, on_idle_data);
    }
    x->sock = NULL;
}

static h2o_socket_t *upstream_take(struct proxy *p, const char *key)
{
    for (struct upstream *u = p->idle; u; u = u->next)
        if (!strcmp(u->key, key)) {
            h2o_socket_t *sock = u->sock;
            upstream_unlink(p, u);
            free(u);
            h2o_socket_read_stop(sock);
            return sock;
        }
    return NULL;
}

static bool table_has(const struct route_table *t, const char *key)
{
    char mine[80];
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->routes[i].n; k++) {
            snprintf(mine, sizeof(mine), "%s:%d", t->routes[i].targets[k].host,
                     t->routes[i].targets[k].port);
            if (!strcmp(mine, key))
                return true;
        }
    return false;
}

void upstream_drop_stale(struct proxy *p, const struct route_table *t)
{
    for (struct upstream *u = p->idle, *next; u; u = next) {
        next = u->next;
        if (table_has(t, u->key))
            continue;
        upstream_unlink(p, u);
        h2o_socket_read_stop(u->sock);
        h2o_socket_close(u->sock);
        free(u);
    }
}

bool exchange_any_stale(struct proxy *p, const struct route_table *t)
{
    for (struct exchange *x = p->active; x; x = x->next)
        if (x->sock && !x->finished && !table_has(t, x->key))
            return true;
    return false;
}

/* --- the end --------------------------------------------------------------------------------- */

static void drop_upstream(struct exchange *x)
{
    if (!x->sock)
        return;
    h2o_socket_read_stop(x->sock);
    h2o_socket_close(x->sock);
    x->sock = NULL;
}

static void unlist(struct exchange *x)
{
    if (!x->prev)
        return;
    *x->prev = x->next;
    if (x->next)
        x->next->prev = x->prev;
    x->prev = NULL;
    if (x->proxy->barriers)
        proxy_check_barriers(x->proxy);
}

static void on_dispose(void *arg)
{
    struct exchange *x = arg;
    drop_upstream(x);
    x->req = NULL;
    unlist(x);
    free(x->out);
    free(x->piece);
}

static void fail(struct exchange *x, int status, const char *reason)
{
    drop_upstream(x);
    x->proxy->upstream_errors++;
    x->finished = true;
    if (!x->req)
        return;
    if (x->answered) {
        if (!x->sending)
            h2o_send(x->req, NULL, 0, H2O_SEND_STATE_ERROR);
        return;
    }
    x->req->res.status = status;
    x->req->res.reason = reason;
    x->req->res.content_length = 0;
    h2o_send_inline(x->req, "", 0);
}

static bool is_harmless(const h2o_req_t *r)
{
    return h2o_memis(r->method.base, r->method.len, H2O_STRLIT("GET")) ||
           h2o_memis(r->method.base, r->method.len, H2O_STRLIT("HEAD")) ||
           h2o_memis(r->method.base, r->method.len, H2O_STRLIT("OPTIONS"));
}

/* Something went wrong before the answer began. */
static void retry(struct exchange *x)
{
    drop_upstream(x);
    if (x->req && x->tries < MAX_TRIES && (!x->wrote || is_harmless(x->req))) {
        x->proxy->retries++;
        try_target(x);
    } else {
        fail(x, 502, "Bad Gateway");
    }
}

/* --- the answer ------------------------------------------------------------------------------ */

static void complete(struct exchange *x)
{
    x->finished = true;
    if (x->keep && x->sock)
        upstream_keep(x);
    else
        drop_upstream(x);
}

static bool is_hop_by_hop(const char *name, size_t len)
{
    static const char *const names[] = {"connection",          "keep-alive", "proxy-authenticate",
                                        "proxy-authorization", "te",         "trailer",
                                        "transfer-encoding",   "upgrade",    "proxy-connection"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == len && !strncasecmp(names[i], name, len))
            return true;
    return false;
}

static bool name_is(const struct phr_header_ *h, const char *name)
{
    return strlen(name) == h->name_len && !strncasecmp(h->name, name, h->name_len);
}

static bool value_has(const struct phr_header_ *h, const char *token)
{
    return h2o_contains_token(h->value, h->value_len, token, strlen(token), ',');
}

/* Framing (RFC 9112 section 6.3). false: not an answer one can trust. */
static bool read_framing(struct exchange *x, const struct phr_header_ *h, size_t n, int minor,
                         int status)
{
    bool chunked = false, length = false;
    x->keep = minor >= 1;
    for (size_t i = 0; i < n; i++) {
        if (name_is(&h[i], "connection")) {
            if (value_has(&h[i], "close"))
                x->keep = false;
            else if (value_has(&h[i], "keep-alive"))
                x->keep = true;
        } else if (name_is(&h[i], "transfer-encoding")) {
            if (h[i].value_len != 7 || strncasecmp(h[i].value, "chunked", 7))
                return false;
            chunked = true;
        } else if (name_is(&h[i], "content-length")) {
            char text[24] = "";
            uint64_t v;
            if (h[i].value_len >= sizeof(text))
                return false;
            memcpy(text, h[i].value, h[i].value_len);
            if (str_to_u64(text, &v) || (length && v != x->left))
                return false;
            x->left = v;
            length = true;
        }
    }
    bool head = h2o_memis(x->req->method.base, x->req->method.len, H2O_STRLIT("HEAD"));
    if (head || status == 204 || status == 304)
        x->body = BODY_NONE;
    else if (chunked)
        x->body = BODY_CHUNKED;
    else if (length)
        x->body = x->left ? BODY_LENGTH : BODY_NONE;
    else
        x->body = BODY_UNTIL_CLOSE;
    if (x->body == BODY_UNTIL_CLOSE)
        x->keep = false;
    if (length && !chunked)
        x->req->res.content_length = x->left;
    x->decoder.consume_trailer = 1;
    return true;
}

static void copy_headers(struct exchange *x, const struct phr_header_ *h, size_t n)
{
    h2o_mem_pool_t *pool = &x->req->pool;
    for (size_t i = 0; i < n; i++) {
        if (!h[i].name_len || is_hop_by_hop(h[i].name, h[i].name_len) ||
            name_is(&h[i], "content-length") || name_is(&h[i], "date"))
            continue;
        h2o_iovec_t name = h2o_strdup(pool, h[i].name, h[i].name_len);
        h2o_iovec_t orig = h2o_strdup(pool, h[i].name, h[i].name_len);
        h2o_iovec_t value = h2o_strdup(pool, h[i].value, h[i].value_len);
        h2o_strtolower(name.base, name.len);
        h2o_add_header_by_str(pool, &x->req->res.headers, name.base, name.len, 1, orig.base,
                              value.base, value.len);
    }
}

/* Takes what has arrived of the body into x->piece. Sets last at its end. false: broken. */
static bool take_piece(struct exchange *x)
{
    h2o_buffer_t *in = x->sock->input;
    size_t n = in->size < PIECE ? in->size : PIECE;
    if (x->body == BODY_LENGTH && n > x->left)
        n = (size_t)x->left;
    if (!x->piece)
        x->piece = mem_alloc(PIECE);
    if (n)
        memcpy(x->piece, in->bytes, n);
    x->piece_len = n;
    size_t used = n;
    if (x->body == BODY_CHUNKED) {
        ssize_t rest = phr_decode_chunked(&x->decoder, x->piece, &x->piece_len);
        if (rest == -1)
            return false;
        if (rest >= 0) {
            x->last = true;
            used = n - (size_t)rest;
        }
    } else if (x->body == BODY_LENGTH) {
        x->left -= n;
        x->last = x->left == 0;
    }
    h2o_buffer_consume(&x->sock->input, used);
    return true;
}

static void pass_on(struct exchange *x)
{
    bool broken = !take_piece(x);
    if (broken || (x->eof && !x->last && !x->sock->input->size && x->body != BODY_UNTIL_CLOSE)) {
        fail(x, 502, "Bad Gateway"); /* cut short: so is the client's connection */
        return;
    }
    if (x->eof && x->body == BODY_UNTIL_CLOSE && !x->sock->input->size)
        x->last = true;
    if (!x->piece_len && !x->last) {
        h2o_socket_read_start(x->sock, on_data);
        return;
    }
    h2o_socket_read_stop(x->sock);
    h2o_iovec_t v = {x->piece, x->piece_len};
    bool last = x->last;
    x->sending = true;
    if (last)
        complete(x);
    h2o_send(x->req, &v, v.len ? 1 : 0, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *g, h2o_req_t *req)
{
    struct exchange *x = (struct exchange *)g;
    x->sending = false;
    x->deadline = clock_mono_ms() + ANSWER_MS;
    if (x->finished) {
        if (!x->last)
            h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
        return;
    }
    if (x->sock && (x->sock->input->size || x->eof))
        pass_on(x);
    else if (x->sock)
        h2o_socket_read_start(x->sock, on_data);
}

static void on_stop(h2o_generator_t *g, h2o_req_t *req)
{
    struct exchange *x = (struct exchange *)g; /* the client has gone */
    x->finished = true;
    drop_upstream(x);
}

/* The head is complete: n headers, `used` bytes. */
static void begin_answer(struct exchange *x, int minor, int status,
                         const struct phr_header_ *headers, size_t n, size_t used)
{
    static const char *const reasons[] = {"OK", "Redirect", "Client Error", "Server Error"};
    if (status < 100 || status > 599 || !read_framing(x, headers, n, minor, status)) {
        fail(x, 502, "Bad Gateway");
        return;
    }
    x->answered = true;
    x->req->res.status = status;
    x->req->res.reason = status == 200 ? "OK" : reasons[(status / 100 - 2) & 3];
    copy_headers(x, headers, n);
    h2o_buffer_consume(&x->sock->input, used);
    x->deadline = clock_mono_ms() + ANSWER_MS;
    x->req->compress_hint = H2O_COMPRESS_HINT_DISABLE;
    h2o_start_response(x->req, &x->generator);
    if (x->body == BODY_NONE) {
        x->last = true;
        complete(x);
        h2o_send(x->req, NULL, 0, H2O_SEND_STATE_FINAL);
    } else {
        pass_on(x);
    }
}

static void read_head(struct exchange *x)
{
    struct phr_header_ headers[MAX_HEADERS];
    size_t n = MAX_HEADERS, msg_len;
    int minor, status;
    const char *msg;
    h2o_buffer_t *in = x->sock->input;
    int used = phr_parse_response(in->bytes, in->size, &minor, &status, &msg, &msg_len, headers, &n,
                                  x->seen);
    x->seen = in->size;
    if (used == -2 && in->size < MAX_HEAD) {
        if (x->eof)
            retry(x);
        return; /* more is to come */
    }
    if (used < 0) {
        fail(x, 502, "Bad Gateway");
    } else if (status >= 100 && status < 200 && status != 101) { /* interim: the real one follows */
        h2o_buffer_consume(&x->sock->input, (size_t)used);
        x->seen = 0;
        if (x->sock->input->size)
            read_head(x);
    } else {
        begin_answer(x, minor, status, headers, n, (size_t)used);
    }
}

static void on_data(h2o_socket_t *sock, const char *err)
{
    struct exchange *x = sock->data;
    if (err) {
        x->eof = true;
        h2o_socket_read_stop(sock);
    }
    if (x->answered)
        pass_on(x);
    else if (sock->input->size)
        read_head(x);
    else if (err)
        retry(x);
}

/* --- the request ----------------------------------------------------------------------------- */

static void on_written(h2o_socket_t *sock, const char *err)
{
    struct exchange *x = sock->data;
    if (err && !x->answered && x->req)
        retry(x);
}

static void send_request(struct exchange *x)
{
    x->wrote = true;
    x->deadline = clock_mono_ms() + ANSWER_MS;
    x->sock->data = x;
    h2o_iovec_t bufs[2] = {{x->out, x->out_len}, x->req->entity};
    h2o_socket_write(x->sock, bufs, x->req->entity.len ? 2 : 1, on_written);
    h2o_socket_read_start(x->sock, on_data);
}

static void on_connected(h2o_socket_t *sock, const char *err)
{
    struct exchange *x = sock->data;
    if (err)
        retry(x);
    else
        send_request(x);
}

static void add_header(struct buf *b, const char *name, size_t name_len, const char *value,
                       size_t len)
{
    buf_add(b, name, name_len);
    buf_add(b, ": ", 2);
    buf_add(b, value, len);
    buf_add(b, "\r\n", 2);
}

static void add_text(struct buf *b, const char *name, const char *value)
{
    add_header(b, name, strlen(name), value, strlen(value));
}

static size_t client_address(const h2o_req_t *r, char out[INET6_ADDRSTRLEN])
{
    struct sockaddr_storage ss;
    out[0] = '\0';
    if (!r->conn->callbacks->get_peername(r->conn, (struct sockaddr *)&ss))
        return 0;
    const void *ip = ss.ss_family == AF_INET
                         ? (const void *)&((struct sockaddr_in *)&ss)->sin_addr
                         : (const void *)&((struct sockaddr_in6 *)&ss)->sin6_addr;
    inet_ntop(ss.ss_family, ip, out, INET6_ADDRSTRLEN);
    return strlen(out);
}

static bool has(const h2o_req_t *r, const char *name)
{
    return h2o_find_header_by_str(&r->headers, name, strlen(name), -1) >= 0;
}

/* What the upstream shall know of the client (inventory fabio 5). */
static void add_forwarded(struct buf *b, const h2o_req_t *r, const struct target *t)
{
    char ip[INET6_ADDRSTRLEN];
    size_t n = client_address(r, ip);
    ssize_t xff = h2o_find_header_by_str(&r->headers, H2O_STRLIT("x-forwarded-for"), -1);
    buf_str_add(b, "X-Forwarded-For: ");
    if (xff >= 0) {
        buf_add(b, r->headers.entries[xff].value.base, r->headers.entries[xff].value.len);
        buf_str_add(b, ", ");
    }
    buf_add(b, ip, n);
    buf_str_add(b, "\r\n");
    if (!has(r, "x-real-ip"))
        add_text(b, "X-Real-Ip", ip);
    if (!has(r, "x-forwarded-proto"))
        add_text(b, "X-Forwarded-Proto", "http");
    if (!has(r, "x-forwarded-host"))
        add_header(b, H2O_STRLIT("X-Forwarded-Host"), r->authority.base, r->authority.len);
    if (!has(r, "x-forwarded-port")) {
        const char *colon = memchr(r->authority.base, ':', r->authority.len);
        size_t rest = colon ? r->authority.len - (size_t)(colon + 1 - r->authority.base) : 0;
        add_header(b, H2O_STRLIT("X-Forwarded-Port"), colon ? colon + 1 : "80", colon ? rest : 2);
    }
    if (!has(r, "forwarded")) {
        char text[100];
        snprintf(text, sizeof(text), "for=%s; proto=http", ip);
        add_text(b, "Forwarded", text);
    }
    if (t->strip)
        add_text(b, "X-Forwarded-Prefix", t->strip);
}

static void write_request(struct exchange *x, const struct target *t)
{
    const h2o_req_t *r = x->req;
    struct buf b = BUF_INIT;
    const char *path = r->path.base;
    size_t len = r->path.len, strip = t->strip ? strlen(t->strip) : 0;
    buf_reserve(&b, 1024);
    if (strip && len >= strip && !memcmp(path, t->strip, strip)) {
        path += strip;
        len -= strip;
    }
    buf_add(&b, r->method.base, r->method.len);
    buf_str_add(&b, !len || *path != '/' ? " /" : " ");
    buf_add(&b, path, len);
    buf_str_add(&b, " HTTP/1.1\r\n");
    if (!strcmp(t->host_header, "dst"))
        add_text(&b, "Host", x->key);
    else if (*t->host_header)
        add_text(&b, "Host", t->host_header);
    else
        add_header(&b, "Host", 4, r->authority.base, r->authority.len);
    for (size_t i = 0; i < r->headers.size; i++) {
        const h2o_header_t *h = &r->headers.entries[i];
        if (!h->name->len || is_hop_by_hop(h->name->base, h->name->len) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("content-length")) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("expect")) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("x-forwarded-for")))
            continue;
        const char *name = h->orig_name ? h->orig_name : h->name->base;
        add_header(&b, name, h->name->len, h->value.base, h->value.len);
    }
    if (r->entity.base || !is_harmless(r))
        buf_printf(&b, "Content-Length: %zu\r\n", r->entity.len);
    add_forwarded(&b, r, t);
    buf_str_add(&b, "\r\n");
    free(x->out);
    x->out_len = b.len;
    x->out = buf_take(&b);
}

static void no_route(struct exchange *x)
{
    x->finished = true;
    x->proxy->no_route++;
    x->req->res.status = 404;
    x->req->res.reason = "Not Found";
    x->req->res.content_length = 0;
    h2o_send_inline(x->req, "", 0);
}

/* Chooses (again: the table may have changed), connects or takes a kept connection, and sends. */
static void try_target(struct exchange *x)
{
    h2o_req_t *r = x->req;
    size_t path_len = r->query_at == SIZE_MAX ? r->path.len : r->query_at;
    struct route *route = route_table_find(x->proxy->lb->table, r->authority.base, r->authority.len,
                                           r->path.base, path_len);
    const struct target *t = route ? route_pick(route) : NULL;
    struct sockaddr_storage ss = {0};
    if (!t && !x->tries) {
        no_route(x);
        return;
    }
    if (!t || (uv_ip4_addr(t->host, t->port, (struct sockaddr_in *)&ss) &&
               uv_ip6_addr(t->host, t->port, (struct sockaddr_in6 *)&ss))) {
        fail(x, 502, "Bad Gateway");
        return;
    }
    x->tries++;
    x->wrote = x->eof = false;
    x->seen = 0;
    snprintf(x->key, sizeof(x->key), "%s:%d", t->host, t->port);
    write_request(x, t);
    x->sock = upstream_take(x->proxy, x->key);
    if (x->sock) {
        send_request(x);
        return;
    }
    x->deadline = clock_mono_ms() + CONNECT_MS;
    x->sock = h2o_socket_connect(&x->proxy->loop.uv, (struct sockaddr *)&ss,
                                 ss.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                         : sizeof(struct sockaddr_in6),
                                 on_connected);
    if (x->sock)
        x->sock->data = x;
    else
        retry(x);
}

int exchange_start(h2o_handler_t *self, h2o_req_t *req)
{
    struct proxy *p = ((struct proxy_handler *)self)->proxy;
    struct exchange *x = h2o_mem_alloc_shared(&req->pool, sizeof(*x), on_dispose);
    memset(x, 0, sizeof(*x));
    x->generator = (h2o_generator_t){on_proceed, on_stop};
    x->proxy = p;
    x->req = req;
    x->next = p->active;
    x->prev = &p->active;
    if (p->active)
        p->active->prev = &x->next;
    p->active = x;
    p->requests++;
    if (p->draining)
        req->http1_is_persistent = 0;
    if (!req->path.len || *req->path.base != '/') {
        x->finished = true;
        req->res.status = 400;
        req->res.reason = "Bad Request";
        h2o_send_inline(req, "", 0);
        return 0;
    }
    try_target(x);
    return 0;
}

void exchange_sweep(struct proxy *p, mono_ms now)
{
    for (struct exchange *x = p->active, *next; x; x = next) {
        next = x->next;
        if (!x->sock || x->finished || now < x->deadline || x->answered)
            continue; /* an answer that has begun may take its time: event streams do */
        fail(x, 504, "Gateway Timeout");
        next = p->active; /* anything may have gone with it */
    }
}
