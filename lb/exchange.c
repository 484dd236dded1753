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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define CONNECT_MS  5000
#define ANSWER_MS   60000
#define MAX_TRIES   4
#define MAX_HEAD    65536
#define PIECE       65536
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
    char key[UPSTREAM_KEY]; /* of the target */
    h2o_socket_t *sock;
    bool reused, wrote, answered, finished, keep, sending, eof;
    unsigned tries;
    mono_ms deadline;
    char *out;            /* the request's bytes */
    size_t out_len, seen; /* of the head */
    enum body_kind body;
    uint64_t left;
    struct phr_chunked_decoder_ decoder;
    h2o_buffer_t *piece; /* what the client is taking: the socket's own buffer, taken over */
    bool last;
};

static void try_target(struct exchange *x);
static void on_data(h2o_socket_t *sock, const char *err);

/* --- the end --------------------------------------------------------------------------------- */

bool exchange_any_stale(struct proxy *p, const struct route_table *t)
{
    for (struct exchange *x = p->active; x; x = x->next)
        if (x->sock && !x->finished && !upstream_is_in(t, x->key))
            return true;
    return false;
}

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
    if (x->piece)
        h2o_buffer_dispose(&x->piece);
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

/* Something went wrong before the answer began. */
static void retry(struct exchange *x)
{
    drop_upstream(x);
    if (x->req && x->tries < MAX_TRIES && (!x->wrote || forward_is_harmless(x->req))) {
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
    h2o_socket_t *sock = x->sock;
    if (x->keep && sock) {
        x->sock = NULL;
        upstream_keep(x->proxy, sock, x->key);
    } else {
        drop_upstream(x);
    }
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
        if (!h[i].name_len || forward_is_hop_by_hop(h[i].name, h[i].name_len) ||
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
    if (x->piece)
        h2o_buffer_dispose(&x->piece);
    x->piece = x->sock->input;
    h2o_buffer_init(&x->sock->input, &h2o_socket_buffer_prototype);
    size_t n = x->piece->size;
    bool more = false; /* bytes behind the body: nothing of ours asked for them */
    if (x->body == BODY_CHUNKED) {
        ssize_t rest = phr_decode_chunked(&x->decoder, x->piece->bytes, &x->piece->size);
        if (rest == -1)
            return false;
        x->last = rest >= 0;
        more = rest > 0;
    } else if (x->body == BODY_LENGTH) {
        more = n > x->left;
        if (more)
            x->piece->size = (size_t)x->left;
        x->left -= x->piece->size;
        x->last = x->left == 0;
    }
    if (more)
        x->keep = false;
    return true;
}

/* What comes in bulk is read in large pieces. */
static void read_on(struct exchange *x)
{
    if (x->piece && x->piece->size >= 4096)
        h2o_buffer_reserve(&x->sock->input, PIECE);
    h2o_socket_read_start(x->sock, on_data);
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
    if (!x->piece->size && !x->last) {
        read_on(x);
        return;
    }
    h2o_iovec_t v = {x->piece->bytes, x->piece->size};
    bool last = x->last;
    x->sending = true;
    if (last)
        complete(x);
    else
        h2o_socket_read_stop(x->sock); /* until the client has taken this */
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
        read_on(x);
}

static void on_stop(h2o_generator_t *g, h2o_req_t *req)
{
    struct exchange *x = (struct exchange *)g; /* the client has gone */
    x->finished = true;
    drop_upstream(x);
}

/* The upstream speaks another protocol from here on. */
static void join(struct exchange *x, const struct phr_header_ *headers, size_t n, size_t used)
{
    h2o_req_t *r = x->req;
    h2o_socket_t *sock = x->sock;
    if (!forward_is_upgrade(r) || x->eof || h2o_socket_is_writing(sock)) {
        fail(x, 502, "Bad Gateway");
        return;
    }
    r->res.status = 101;
    r->res.reason = "Switching Protocols";
    copy_headers(x, headers, n);
    for (size_t i = 0; i < n; i++)
        if (name_is(&headers[i], "upgrade")) {
            h2o_iovec_t v = h2o_strdup(&r->pool, headers[i].value, headers[i].value_len);
            h2o_add_header(&r->pool, &r->res.headers, H2O_TOKEN_UPGRADE, NULL, v.base, v.len);
        }
    h2o_buffer_consume(&sock->input, used);
    x->answered = x->finished = true;
    x->sock = NULL;
    tunnel_start(r, sock);
}

/* A complete head, `used` bytes of the input. */
struct answer_head {
    int minor, status;
    const char *reason;
    size_t reason_len;
    struct phr_header_ headers[MAX_HEADERS];
    size_t n, used;
};

static void begin_answer(struct exchange *x, const struct answer_head *h)
{
    if (h->status == 101) {
        join(x, h->headers, h->n, h->used);
        return;
    }
    if (h->status < 100 || h->status > 599 ||
        !read_framing(x, h->headers, h->n, h->minor, h->status)) {
        fail(x, 502, "Bad Gateway");
        return;
    }
    x->answered = true;
    x->req->res.status = h->status;
    x->req->res.reason =
        h->status == 200 ? "OK" : h2o_strdup(&x->req->pool, h->reason, h->reason_len).base;
    copy_headers(x, h->headers, h->n);
    h2o_buffer_consume(&x->sock->input, h->used);
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
    struct answer_head h;
    for (;;) { /* interim answers come before the real one */
        h2o_buffer_t *in = x->sock->input;
        h.n = MAX_HEADERS;
        int used = phr_parse_response(in->bytes, in->size, &h.minor, &h.status, &h.reason,
                                      &h.reason_len, h.headers, &h.n, x->seen);
        x->seen = in->size;
        if (used == -2 && in->size < MAX_HEAD) {
            if (x->eof)
                retry(x);
            return; /* more is to come */
        }
        h.used = (size_t)used;
        if (used < 0) {
            fail(x, 502, "Bad Gateway");
            return;
        }
        if (h.status < 100 || h.status >= 200 || h.status == 101) {
            begin_answer(x, &h);
            return;
        }
        h2o_buffer_consume(&x->sock->input, h.used);
        x->seen = 0;
        if (!x->sock->input->size) {
            if (x->eof)
                retry(x);
            return;
        }
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

/* Nothing is queued on this socket: what the kernel takes at once need not pass through the loop.
 * Bytes written, or -1 when the connection is broken. */
static ssize_t send_now(struct exchange *x)
{
    struct iovec v[2] = {{x->out, x->out_len}, {x->req->entity.base, x->req->entity.len}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = x->req->entity.len ? 2 : 1};
    ssize_t n = sendmsg(h2o_socket_get_fd(x->sock), &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

static void send_request(struct exchange *x)
{
    x->deadline = clock_mono_ms() + ANSWER_MS;
    x->sock->data = x;
    ssize_t n = send_now(x);
    if (n < 0) {
        retry(x);
        return;
    }
    x->wrote = true;
    size_t sent = (size_t)n, head = x->out_len, all = head + x->req->entity.len;
    h2o_iovec_t rest[2] = {{x->out + sent, sent < head ? head - sent : 0}, x->req->entity};
    if (sent > head) {
        rest[1].base += sent - head;
        rest[1].len -= sent - head;
    }
    if (sent < head)
        h2o_socket_write(x->sock, rest, rest[1].len ? 2 : 1, on_written);
    else if (sent < all)
        h2o_socket_write(x->sock, rest + 1, 1, on_written);
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

static void no_route(struct exchange *x)
{
    x->finished = true;
    x->proxy->no_route++;
    x->req->res.status = 404;
    x->req->res.reason = "Not Found";
    x->req->res.content_length = 0;
    h2o_send_inline(x->req, "", 0);
}

/* Past targets that answer by themselves. false: the request has its answer. */
static bool pass_gate(struct exchange *x, const struct route_table *table, struct route *route,
                      const struct target **t, size_t path_len)
{
    h2o_req_t *r = x->req;
    while (*t && (*t)->gated) {
        x->finished = true; /* before the answer: with it x may go */
        enum gate_result g = gate_pass(r, *t);
        if (g == GATE_ANSWERED)
            return false;
        x->finished = false;
        if (g == GATE_OPEN)
            return true;
        route = route_table_find(table, route, r->authority.base, r->authority.len, r->path.base,
                                 path_len);
        *t = route ? route_pick(route) : NULL;
    }
    return true;
}

/* Chooses (again: the table may have changed), connects or takes a kept connection, and sends. */
static void try_target(struct exchange *x)
{
    h2o_req_t *r = x->req;
    size_t path_len = r->query_at == SIZE_MAX ? r->path.len : r->query_at;
    const struct route_table *table = x->proxy->lb->table;
    struct route *route =
        route_table_find(table, NULL, r->authority.base, r->authority.len, r->path.base, path_len);
    const struct target *t = route ? route_pick(route) : NULL;
    if (t && t->gated && !pass_gate(x, table, route, &t, path_len))
        return;
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
    upstream_key(t, x->key);
    free(x->out);
    x->out = forward_request(r, t, x->key, &x->out_len);
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
    http_target_to_origin(req);
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
