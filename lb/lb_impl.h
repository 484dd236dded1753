/* What the proxy's files share; private to lb/. */
#ifndef LB_LB_IMPL_H
#define LB_LB_IMPL_H

#include "agent/base/clock.h"
#include "agent/http/http.h"
#include "discovery/catalog.h"
#include "lb/lb.h"
#include "lb/table.h"

#include <h2o.h>
#include <pthread.h>

struct exchange;

#define UPSTREAM_KEY 80 /* "host:port" */
struct upstream { /* an idle kept connection */
    struct upstream *next;
    h2o_socket_t *sock;
    struct proxy *proxy;
    char key[];
};

struct barrier { /* one lb_wait_index on its way round the loops */
    struct lb *lb;
    log_index index;
    unsigned loops_left; /* the caller's loop counts */
    void (*cb)(void *arg);
    void *arg;
    struct barrier *next; /* waiting for a table that is new enough */
};
struct proxy_barrier { /* the same, in one proxy loop */
    struct proxy_barrier *next;
    struct barrier *barrier;
    struct proxy *proxy;
    mono_ms deadline;
};

struct proxy { /* one loop, one thread */
    struct lb *lb;
    struct loop loop;
    uv_thread_t thread;
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    uv_tcp_t listener;
    uv_timer_t sweep;
    struct upstream *idle;
    size_t n_idle;
    struct exchange *active;
    struct proxy_barrier *barriers;
    bool draining;
    uint64_t requests, no_route, upstream_errors, retries, connections;
};

struct lb {
    struct loop *loop; /* the caller's */
    struct store *store;
    char *tag_prefix, *datacenter;
    struct store_watch *watch_services, *watch_checks;
    struct http_server *admin;
    _Atomic(struct route_table *) table;
    uv_timer_t rebuild_timer;
    int64_t rebuilt_ns, rebuild_cost_ns; /* when the last rebuild ended, what it took */
    struct barrier *waiting;
    struct proxy *proxies;
    unsigned n_proxies;
    uint64_t tables;
    bool closing;
    unsigned closing_proxies;
    void (*close_cb)(void *arg);
    void *close_arg;
};

/* proxy.c */
int proxy_start(struct proxy *p, struct lb *lb, const char *addr, int port, int *bound,
                struct err *e);
/* On the proxy's loop. */
void proxy_table_changed(struct proxy *p);
void proxy_check_barriers(struct proxy *p);
void barrier_ack(struct barrier *b); /* any loop */

/* exchange.c: one request */
int exchange_start(h2o_handler_t *self, h2o_req_t *req);
void exchange_sweep(struct proxy *p, mono_ms now);
/* Whether some request is under way to an instance that the table no longer has. */
bool exchange_any_stale(struct proxy *p, const struct route_table *t);

/* forward.c: pure */
/* The request's head for the target, malloc'd; the caller's. `key` is the target's. */
char *forward_request(const h2o_req_t *r, const struct target *t, const char *key, size_t *out_len);
/* GET, HEAD, OPTIONS: may be sent again. */
bool forward_is_harmless(const h2o_req_t *r);
bool forward_is_hop_by_hop(const char *name, size_t len);
/* Whether the client asks for another protocol that a tunnel can carry. */
bool forward_is_upgrade(const h2o_req_t *r);
/* INET6_ADDRSTRLEN bytes; returns the text's length, 0 when unknown. */
size_t forward_client_address(const h2o_req_t *r, char *out);

/* upstream.c: kept connections, on the proxy's loop */
void upstream_key(const struct target *t, char out[UPSTREAM_KEY]);
bool upstream_is_in(const struct route_table *t, const char *key);
h2o_socket_t *upstream_take(struct proxy *p, const char *key); /* NULL: none; it goes on reading */
void upstream_keep(struct proxy *p, h2o_socket_t *sock, const char *key); /* takes it over */
void upstream_drop_stale(struct proxy *p, const struct route_table *t);

struct proxy_handler {
    h2o_handler_t super;
    struct proxy *proxy;
};

/* gate.c */
enum gate_result {
    GATE_OPEN,     /* go on to the target */
    GATE_ANSWERED, /* refused or redirected: the answer is sent */
    GATE_NEXT      /* a redirect to where the request came from: the next route is asked */
};
enum gate_result gate_pass(h2o_req_t *r, const struct target *t);

/* tunnel.c */
/* Sends the answer that stands in req->res (a 101) and joins the client's socket with `upstream`,
 * whose bytes behind its head are still in its input. Takes upstream over; req ends. */
void tunnel_start(h2o_req_t *req, h2o_socket_t *upstream);

/* admin.c */
void admin_routes(struct lb *lb);
void html_add(struct buf *b, const char *text); /* escaped */

#endif
