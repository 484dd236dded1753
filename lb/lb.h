/* The router: HTTP requests on :9999 go to healthy instances of the services whose tags say
 * `urlprefix-host/path` (fabio's grammar); :9998 shows the table.
 *
 * owns: N proxy loops (threads, SO_REUSEPORT), each with its h2o context and upstream connections;
 * the route table, immutable, built from the catalog on a change and swapped whole; the old one is
 * freed when every loop has passed a quiet point. The admin API runs in the caller's loop.
 * calls: the catalog's readers and watches, agent/http for :9998. thread: all calls on `loop`.
 * order: lb_new, ..., lb_close. */
#ifndef LB_LB_H
#define LB_LB_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/store/store.h"

struct lb;
struct lb_config {
    struct loop *loop; /* the caller's: watches, table building, the admin API */
    struct store *store;
    const char *addr;
    int port;       /* 0 picks one */
    const char *admin_addr;
    int admin_port; /* 0 picks one, -1: no admin API */
    unsigned threads;      /* 0 = 1 */
    const char *tag_prefix; /* "urlprefix-" */
    const char *datacenter; /* $DC in tags */
};
/* 0, or an error that names the address. After an error the process is to end: threads that had
 * been started are left to it. */
int lb_new(const struct lb_config *config, struct lb **out, int *bound_port, int *bound_admin_port,
           struct err *e);
/* Stops listening, waits up to drain_ms for requests in flight, frees; cb at the end. */
void lb_close(struct lb *l, unsigned drain_ms, void (*cb)(void *arg), void *arg);

/* Calls cb(arg) on `loop` once every proxy loop routes by a table built at `index` or later: no new
 * request will be sent to what had left the catalog by then, and those in flight to it have ended
 * or `drain_ms` (the lb's own bound, 5 s) has passed. Matches local_barrier_fn with ctx = struct
 * lb *. */
void lb_wait_index(void *lb, log_index index, void (*cb)(void *arg), void *arg);

struct lb_stats {
    uint64_t requests, no_route, upstream_errors, retries, connections, tables;
};
void lb_stats(struct lb *l, struct lb_stats *out);

#endif
