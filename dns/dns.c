/* The server: each thread a loop, a UDP socket read and answered in batches, and TCP connections */
#include "dns/dns.h"
#include "agent/base/log.h"
#include "dns/answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH       32
#define PACKET_MAX  4096 /* of a question; more is not one */
#define UDP_ANSWER  4096
#define TCP_IDLE_MS 10000
#define BACKLOG     128
#define TCP_MAX     512 /* connections a thread */

struct dns_thread {
    struct dns *dns;
    struct loop loop;
    uv_thread_t thread;
    bool runs;
    int fd;
    uv_poll_t poll;
    uv_tcp_t listener;
    unsigned tcp_open;
    struct answer_stats answer_stats;
    _Atomic uint64_t queries, answers, dropped, tcp_connections;
    uint8_t in[BATCH][PACKET_MAX], big[ANSWER_MAX];
    uint8_t out[BATCH][UDP_ANSWER];
};

struct dns {
    struct store *store;
    struct answer_config config;
    struct arena arena;
    struct dns_thread **threads;
    unsigned n;
};

/* --- UDP ------------------------------------------------------------------------------------- */

static size_t answer_one(struct dns_thread *th, struct store_txn *t, const uint8_t *packet,
                         size_t len, uint8_t *out, size_t cap)
{
    size_t n = dns_answer(&th->dns->config, t, packet, len, true, th->big, &th->answer_stats);
    if (n && n <= cap)
        memcpy(out, th->big, n);
    return n <= cap ? n : 0;
}

static int answer_batch(struct dns_thread *th)
{
    struct mmsghdr in[BATCH] = {0}, out[BATCH] = {0};
    struct iovec iv[BATCH], ov[BATCH];
    struct sockaddr_storage from[BATCH];
    struct store_txn *t;
    for (int i = 0; i < BATCH; i++) {
        iv[i] = (struct iovec){th->in[i], PACKET_MAX};
        in[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                        .msg_namelen = sizeof(from[i]),
                                        .msg_iov = &iv[i],
                                        .msg_iovlen = 1};
    }
    int n = recvmmsg(th->fd, in, BATCH, MSG_DONTWAIT, NULL), m = 0;
    if (n <= 0 || store_read(th->dns->store, &t, NULL))
        return n;
    for (int i = 0; i < n; i++) {
        size_t len = answer_one(th, t, th->in[i], in[i].msg_len, th->out[m], UDP_ANSWER);
        th->queries++;
        if (!len) {
            th->dropped++;
            continue;
        }
        ov[m] = (struct iovec){th->out[m], len};
        out[m].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                         .msg_namelen = in[i].msg_hdr.msg_namelen,
                                         .msg_iov = &ov[m],
                                         .msg_iovlen = 1};
        m++;
    }
    store_read_end(&t);
    th->answers += (uint64_t)m;
    for (int sent = 0; sent < m;) {
        int k = sendmmsg(th->fd, out + sent, (unsigned)(m - sent), 0);
        sent += k > 0 ? k : 1; /* one that cannot be sent is left out: its asker asks again */
    }
    return n;
}

static void on_udp(uv_poll_t *p, int status, int events)
{
    for (int i = 0; i < 16 && answer_batch(p->data) == BATCH; i++)
        ;
}

/* --- TCP: two bytes of length before each message (RFC 1035 4.2.2) --------------------------- */

struct tcp_client {
    uv_tcp_t tcp;
    uv_timer_t idle;
    struct dns_thread *thread;
    int handles;
    size_t have;
    uint8_t in[2 + PACKET_MAX];
};
struct tcp_write {
    uv_write_t req;
    uint8_t data[];
};

static void on_client_closed(uv_handle_t *h)
{
    struct tcp_client *c = h->data;
    if (--c->handles)
        return;
    c->thread->tcp_open--;
    free(c);
}

static void client_close(struct tcp_client *c)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    uv_close((uv_handle_t *)&c->tcp, on_client_closed);
    uv_close((uv_handle_t *)&c->idle, on_client_closed);
}

static void on_idle(uv_timer_t *t)
{
    client_close(t->data);
}

static void on_tcp_written(uv_write_t *req, int status)
{
    free(req);
}

static bool answer_tcp(struct tcp_client *c, const uint8_t *packet, size_t len)
{
    struct dns_thread *th = c->thread;
    struct store_txn *t;
    if (store_read(th->dns->store, &t, NULL))
        return false;
    size_t n = dns_answer(&th->dns->config, t, packet, len, false, th->big, &th->answer_stats);
    store_read_end(&t);
    th->queries++;
    if (!n)
        return false;
    th->answers++;
    struct tcp_write *w = mem_alloc(sizeof(*w) + n + 2);
    w->data[0] = (uint8_t)(n >> 8);
    w->data[1] = (uint8_t)n;
    memcpy(w->data + 2, th->big, n);
    uv_buf_t b = uv_buf_init((char *)w->data, (unsigned)n + 2);
    if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &b, 1, on_tcp_written))
        free(w);
    return c->tcp.write_queue_size < 1 << 20; /* who does not read is not answered for ever */
}

static void on_tcp_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    struct tcp_client *c = h->data;
    *b = uv_buf_init((char *)c->in + c->have, (unsigned)(sizeof(c->in) - c->have));
}

static void on_tcp_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct tcp_client *c = s->data;
    if (n < 0) {
        client_close(c);
        return;
    }
    c->have += (size_t)n;
    uv_timer_again(&c->idle);
    while (c->have >= 2) {
        size_t len = (size_t)c->in[0] << 8 | c->in[1];
        if (len > PACKET_MAX || (c->have >= len + 2 && !answer_tcp(c, c->in + 2, len))) {
            client_close(c);
            return;
        }
        if (c->have < len + 2)
            return;
        memmove(c->in, c->in + len + 2, c->have - len - 2);
        c->have -= len + 2;
    }
}

static void on_tcp_connection(uv_stream_t *listener, int status)
{
    struct dns_thread *th = listener->data;
    if (status)
        return;
    struct tcp_client *c = MEM_NEW(struct tcp_client);
    c->thread = th;
    c->handles = 2;
    th->tcp_open++;
    th->tcp_connections++;
    uv_tcp_init(listener->loop, &c->tcp);
    uv_timer_init(listener->loop, &c->idle);
    c->tcp.data = c->idle.data = c;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) || th->tcp_open > TCP_MAX) {
        client_close(c);
        return;
    }
    uv_timer_start(&c->idle, on_idle, TCP_IDLE_MS, TCP_IDLE_MS);
    uv_read_start((uv_stream_t *)&c->tcp, on_tcp_alloc, on_tcp_read);
}

/* --- life ------------------------------------------------------------------------------------ */

static int bind_one(int type, const struct sockaddr_storage *ss, bool shared, int *port)
{
    struct sockaddr_storage got = *ss;
    socklen_t len =
        ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int on = 1, fd = socket(ss->ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ((struct sockaddr_in *)&got)->sin_port = htons((uint16_t)*port);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&got, len) || getsockname(fd, (struct sockaddr *)&got, &len)) {
        int errnum = errno;
        close(fd);
        errno = errnum;
        return -1;
    }
    *port = ntohs(((struct sockaddr_in *)&got)->sin_port);
    return fd;
}

/* Both sockets on one port. When it is ours to choose, one that is free for UDP may be taken for
 * TCP: then another. -1 with errno. */
static int bind_both(const struct sockaddr_storage *ss, bool shared, int *port, int *udp, int *tcp)
{
    int wanted = *port;
    for (int tries = 0;; tries++) {
        *port = wanted;
        *udp = bind_one(SOCK_DGRAM, ss, shared, port);
        *tcp = *udp < 0 ? -1 : bind_one(SOCK_STREAM, ss, shared, port);
        if (*tcp >= 0 && !listen(*tcp, BACKLOG))
            return 0;
        int errnum = errno;
        if (*udp >= 0)
            close(*udp);
        if (*tcp >= 0)
            close(*tcp);
        *udp = *tcp = -1;
        errno = errnum;
        if (wanted || errnum != EADDRINUSE || tries == 100)
            return -1;
    }
}

static void thread_main(void *arg)
{
    struct dns_thread *th = arg;
    loop_run(&th->loop);
    loop_close(&th->loop);
}

static int thread_new(struct dns *d, const struct sockaddr_storage *ss, const char *what, int *port,
                      struct dns_thread **out, struct err *e)
{
    struct dns_thread *th = *out = MEM_NEW(struct dns_thread);
    th->dns = d;
    th->fd = -1;
    loop_init(&th->loop);
    int tcp;
    if (bind_both(ss, d->n > 1, port, &th->fd, &tcp))
        return err_from_errno(e, errno, what);
    uv_poll_init(&th->loop.uv, &th->poll, th->fd);
    uv_tcp_init(&th->loop.uv, &th->listener);
    th->poll.data = th->listener.data = th;
    uv_tcp_open(&th->listener, tcp);
    uv_poll_start(&th->poll, UV_READABLE, on_udp);
    int rv = uv_listen((uv_stream_t *)&th->listener, BACKLOG, on_tcp_connection);
    if (rv)
        return err_from_uv(e, rv, what);
    th->runs = !uv_thread_create(&th->thread, thread_main, th);
    return th->runs ? 0 : err_set(e, ERR_INTERNAL, "dns: no thread");
}

int dns_new(const struct dns_config *c, struct dns **out, int *bound_port, struct err *e)
{
    struct sockaddr_storage ss = {0};
    char what[128];
    int port = c->port, rv = 0;
    *out = NULL;
    snprintf(what, sizeof(what), "listen %s:%d (dns)", c->addr, c->port);
    if (uv_ip4_addr(c->addr, port, (struct sockaddr_in *)&ss) &&
        uv_ip6_addr(c->addr, port, (struct sockaddr_in6 *)&ss))
        return err_set(e, ERR_INVALID, "%s: not an IP address", what);
    struct dns *d = MEM_NEW(struct dns);
    d->store = c->store;
    d->n = c->threads ? c->threads : 1;
    d->config = (struct answer_config){arena_strdup(&d->arena, c->domain),
                                       arena_strdup(&d->arena, c->datacenter),
                                       arena_strdup(&d->arena, c->node_name),
                                       c->only_passing,
                                       c->enable_truncate,
                                       c->node_ttl_s,
                                       c->service_ttl_s};
    d->threads = mem_alloc(d->n * sizeof(d->threads[0]));
    for (unsigned i = 0; !rv && i < d->n; i++)
        rv = thread_new(d, &ss, what, &port, &d->threads[i], e);
    if (rv) {
        dns_close(&d);
        return rv;
    }
    if (bound_port)
        *bound_port = port;
    *out = d;
    return 0;
}

static void close_walk(uv_handle_t *h, void *arg)
{
    struct dns_thread *th = arg;
    if (uv_is_closing(h) || h == (uv_handle_t *)&th->loop.wake)
        return;
    if (h == (uv_handle_t *)&th->poll || h == (uv_handle_t *)&th->listener)
        uv_close(h, NULL);
    else if (h->type == UV_TCP)
        client_close(h->data);
}

static void close_on_loop(void *arg)
{
    struct dns_thread *th = arg;
    uv_walk(&th->loop.uv, close_walk, th);
    uv_stop(&th->loop.uv);
}

void dns_close(struct dns **pd)
{
    struct dns *d = *pd;
    *pd = NULL;
    for (unsigned i = 0; i < d->n; i++) {
        struct dns_thread *th = d->threads[i];
        if (!th)
            continue;
        if (th->runs) {
            loop_post(&th->loop, close_on_loop, th);
            uv_thread_join(&th->thread);
        } else { /* it could not be started */
            uv_walk(&th->loop.uv, close_walk, th);
            loop_close(&th->loop);
        }
        if (th->fd >= 0)
            close(th->fd);
        free(th);
    }
    free(d->threads);
    arena_fini(&d->arena);
    free(d);
}

void dns_stats(struct dns *d, struct dns_stats *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < d->n; i++) {
        struct dns_thread *th = d->threads[i];
        out->queries += th->queries;
        out->answers += th->answers;
        out->dropped += th->dropped;
        out->formerr += th->answer_stats.formerr;
        out->truncated += th->answer_stats.truncated;
        out->tcp_connections += th->tcp_connections;
    }
}
