/* The server: listeners and h2o's context in the caller's loop. HTTP/1 only (LIBRARIES A.6). */
#include "agent/base/check.h"
#include "agent/base/log.h"
#include "agent/http/server_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The library's one timer for head and body; it is the idle keep-alive limit as well. */
#define REQUEST_TIMEOUT_MS 120000
#define BACKLOG            1024

struct handler {
    h2o_handler_t super;
    struct http_server *server;
};

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    request_start(((struct handler *)self)->server, req);
    return 0;
}

static void init_h2o(struct http_server *s, bool gzip)
{
    h2o_config_init(&s->config);
    s->config.http1.upgrade_to_http2 = 0;
    s->config.http1.req_timeout = REQUEST_TIMEOUT_MS;
    /* a little too large is read and answered; h2o's own 413 hangs up on the sender */
    s->config.max_request_entity_size = s->max_body_bytes * 2;
    s->config.server_name = h2o_iovec_init(H2O_STRLIT(""));
    h2o_hostconf_t *host =
        h2o_config_register_host(&s->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    if (gzip)
        h2o_compress_register(path, &(h2o_compress_args_t){.min_size = 1024,
                                                           .gzip = {.quality = 1},
                                                           .brotli = {.quality = -1}});
    struct handler *h = (struct handler *)h2o_create_handler(path, sizeof(*h));
    h->super.on_req = on_req;
    h->server = s;
    h2o_context_init(&s->context, &s->loop->uv, &s->config);
    s->accept.ctx = &s->context;
    s->accept.hosts = s->config.hosts;
}

int http_server_new(struct loop *loop, const struct http_server_config *c, struct http_server **out,
                    struct err *e)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that has gone is an error of its write, not a signal */
    struct http_server *s = MEM_NEW(struct http_server);
    s->loop = loop;
    s->name = mem_strdup(c->name);
    s->dialect = c->dialect;
    s->store = c->store;
    s->max_body_bytes = c->max_body_bytes ? c->max_body_bytes : (size_t)32 << 20;
    init_h2o(s, c->gzip);
    *out = s;
    return 0;
}

/* --- connections ----------------------------------------------------------------------------- */

struct connection {
    uv_tcp_t tcp; /* first: freed as it */
    struct http_server *server;
    struct connection *next, **prev;
};

static void closed_now(struct http_server *s);

static void on_connection_closed(uv_handle_t *h)
{
    struct connection *c = (struct connection *)h;
    struct http_server *s = c->server;
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->connections--;
    free(c);
    if (s->closing)
        closed_now(s);
}

static void connection_list(struct http_server *s, struct connection *c)
{
    c->server = s;
    c->next = s->open;
    c->prev = &s->open;
    if (c->next)
        c->next->prev = &c->next;
    s->open = c;
    s->connections++;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_listener *l = listener->data;
    if (status)
        return;
    struct connection *c = MEM_NEW(struct connection);
    uv_tcp_init(listener->loop, &c->tcp);
    connection_list(l->server, c);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp)) {
        uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    h2o_accept(&l->server->accept,
               h2o_uv_socket_create((uv_stream_t *)&c->tcp, on_connection_closed));
}

static int port_of(const uv_tcp_t *tcp)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    if (uv_tcp_getsockname(tcp, (struct sockaddr *)&ss, &len))
        return 0;
    return ss.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&ss)->sin6_port)
                                    : ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

static void on_listener_failed(uv_handle_t *h)
{
    free(h->data);
}

int http_listen(struct http_server *s, const char *addr, int port, int *bound_port, struct err *e)
{
    struct sockaddr_storage ss;
    char what[128];
    snprintf(what, sizeof(what), "listen %s:%d", addr, port);
    if (uv_ip4_addr(addr, port, (struct sockaddr_in *)&ss) &&
        uv_ip6_addr(addr, port, (struct sockaddr_in6 *)&ss))
        return err_set(e, ERR_INVALID, "%s: not an IP address", what);
    struct http_listener *l = MEM_NEW(struct http_listener);
    l->server = s;
    uv_tcp_init(&s->loop->uv, &l->tcp);
    l->tcp.data = l;
    int rv = uv_tcp_bind(&l->tcp, (struct sockaddr *)&ss, 0);
    if (!rv)
        rv = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    if (rv) {
        uv_close((uv_handle_t *)&l->tcp, on_listener_failed);
        return err_from_uv(e, rv, what);
    }
    l->next = s->listeners;
    s->listeners = l;
    if (bound_port)
        *bound_port = port_of(&l->tcp);
    return 0;
}

void http_route(struct http_server *s, const char *method, const char *pattern,
                http_handler handler, void *ctx)
{
    router_add(&s->router, method, pattern, handler, ctx);
}

void http_route_fallback(struct http_server *s, http_handler handler, void *ctx)
{
    s->fallback = handler;
    s->fallback_ctx = ctx;
}

void http_server_stats(const struct http_server *s, struct http_server_stats *out)
{
    *out = (struct http_server_stats){s->requests, s->connections, HASH_COUNT(s->held)};
}

/* --- closing --------------------------------------------------------------------------------- */

/* The last handle to close ends it all. */
static void closed_now(struct http_server *s)
{
    if (s->closing_handles || s->connections)
        return;
    void (*cb)(void *) = s->close_cb;
    void *arg = s->close_arg;
    router_fini(&s->router);
    free(s->name);
    h2o_context_dispose(&s->context);
    h2o_config_dispose(&s->config);
    free(s);
    if (cb)
        cb(arg);
}

/* What was written goes out, then h2o reads the end and closes: idle or not. */
static void connections_end(struct http_server *s)
{
    for (struct connection *c = s->open; c; c = c->next) {
        uv_os_fd_t fd;
        if (!uv_fileno((uv_handle_t *)&c->tcp, &fd))
            shutdown(fd, SHUT_RDWR);
    }
}

static void on_listener_closed(uv_handle_t *h)
{
    struct http_listener *l = h->data;
    struct http_server *s = l->server;
    free(l);
    s->closing_handles--;
    closed_now(s);
}

static void close_posted(void *arg)
{
    struct http_server *s = arg;
    s->closing_handles--;
    closed_now(s);
}

void http_server_close(struct http_server *s, void (*cb)(void *arg), void *arg)
{
    PRE(!s->closing);
    s->closing = true;
    s->close_cb = cb;
    s->close_arg = arg;
    while (s->live)
        request_cancel(s->live);
    connections_end(s);
    s->closing_handles = 1;
    while (s->listeners) {
        struct http_listener *l = s->listeners;
        s->listeners = l->next;
        s->closing_handles++;
        uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
    }
    loop_post(s->loop, close_posted, s);
}
