/* One proxy loop: its listener (SO_REUSEPORT), h2o's context, and the passage of table changes. */
#include "agent/base/check.h"
#include "lb/lb_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_TIMEOUT_MS 60000
#define SWEEP_MS           250
#define MAX_BODY           ((size_t)1 << 30)

/* --- connections ----------------------------------------------------------------------------- */

struct connection {
    uv_tcp_t tcp; /* first */
    struct proxy *proxy;
};

static void on_connection_closed(uv_handle_t *h)
{
    struct connection *c = (struct connection *)h;
    c->proxy->connections--;
    free(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct proxy *p = listener->data;
    if (status)
        return;
    struct connection *c = MEM_NEW(struct connection);
    c->proxy = p;
    p->connections++;
    uv_tcp_init(listener->loop, &c->tcp);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp)) {
        uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    h2o_accept(&p->accept, h2o_uv_socket_create((uv_stream_t *)&c->tcp, on_connection_closed));
}

/* --- changes of the table -------------------------------------------------------------------- */

void proxy_check_barriers(struct proxy *p)
{
    struct proxy_barrier **at = &p->barriers;
    mono_ms now = p->barriers ? clock_mono_ms() : 0;
    while (*at) {
        struct proxy_barrier *b = *at;
        if (exchange_any_stale(p, p->lb->table) && now < b->deadline) {
            at = &b->next;
            continue;
        }
        *at = b->next;
        barrier_ack(b->barrier);
        free(b);
    }
}

void proxy_table_changed(struct proxy *p)
{
    upstream_drop_stale(p, p->lb->table);
    proxy_check_barriers(p);
}

static void on_sweep(uv_timer_t *t)
{
    struct proxy *p = t->data;
    exchange_sweep(p, clock_mono_ms());
    proxy_check_barriers(p);
}

/* --- start ----------------------------------------------------------------------------------- */

static void init_h2o(struct proxy *p)
{
    h2o_config_init(&p->config);
    p->config.http1.upgrade_to_http2 = 0;
    p->config.http1.req_timeout = REQUEST_TIMEOUT_MS;
    p->config.max_request_entity_size = MAX_BODY;
    p->config.server_name = h2o_iovec_init(H2O_STRLIT(""));
    h2o_hostconf_t *host =
        h2o_config_register_host(&p->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    struct proxy_handler *h = (struct proxy_handler *)h2o_create_handler(path, sizeof(*h));
    h->super.on_req = exchange_start;
    h->proxy = p;
    h2o_context_init(&p->context, &p->loop.uv, &p->config);
    p->accept.ctx = &p->context;
    p->accept.hosts = p->config.hosts;
}

static int open_listener(struct proxy *p, const char *addr, int port, int *bound, struct err *e)
{
    struct sockaddr_storage ss = {0};
    char what[128];
    int on = 1, fd;
    socklen_t len = sizeof(ss);
    snprintf(what, sizeof(what), "listen %s:%d", addr, port);
    if (uv_ip4_addr(addr, port, (struct sockaddr_in *)&ss) &&
        uv_ip6_addr(addr, port, (struct sockaddr_in6 *)&ss))
        return err_set(e, ERR_INVALID, "%s: not an IP address", what);
    fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_from_errno(e, errno, what);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (p->lb->n_proxies > 1) /* with one loop a second agent must not share the port unseen */
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&ss,
             ss.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) ||
        getsockname(fd, (struct sockaddr *)&ss, &len)) {
        int errnum = errno;
        close(fd);
        return err_from_errno(e, errnum, what);
    }
    *bound = ntohs(((struct sockaddr_in *)&ss)->sin_port);
    uv_tcp_init(&p->loop.uv, &p->listener);
    p->listener.data = p;
    uv_tcp_open(&p->listener, fd);
    int rv = uv_listen((uv_stream_t *)&p->listener, 1024, on_connection);
    return rv ? err_from_uv(e, rv, what) : 0;
}

static void thread_main(void *arg)
{
    struct proxy *p = arg;
    loop_run(&p->loop);
}

int proxy_start(struct proxy *p, struct lb *lb, const char *addr, int port, int *bound,
                struct err *e)
{
    p->lb = lb;
    loop_init(&p->loop);
    init_h2o(p);
    int rv = open_listener(p, addr, port, bound, e);
    if (rv)
        return rv;
    uv_timer_init(&p->loop.uv, &p->sweep);
    p->sweep.data = p;
    uv_timer_start(&p->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return uv_thread_create(&p->thread, thread_main, p)
               ? err_set(e, ERR_INTERNAL, "proxy: no thread")
               : 0;
}
