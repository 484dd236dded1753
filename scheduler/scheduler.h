/* The scheduler: takes jobs, decides where their allocations run, and keeps them as they should be.
 *
 * A change of the cluster (a job registered, a node lost, an allocation ended) is an evaluation; a
 * worker reads one snapshot, decides (reconcile, then place), and proposes a plan; applying the
 * plan verifies it against the state as it then is, and refuses per node what no longer fits.
 *
 * owns: its tables (64-127) and commands (0x200-0x2ff), the evaluation broker, workers, heartbeat
 * timers, and the Nomad HTTP API and client RPC routes. calls: store, http, jobs.
 * thread: the loop given, every call; workers are threads of its own.
 * order: store with scheduler_store_module; scheduler_new; scheduler_api_routes and
 * scheduler_rpc_routes; loop; scheduler_close before the store's. */
#ifndef SCHEDULER_SCHEDULER_H
#define SCHEDULER_SCHEDULER_H

#include "agent/base/loop.h"
#include "agent/http/http.h"
#include "agent/store/store.h"

struct scheduler;
extern const struct store_module scheduler_store_module;

struct scheduler_config {
    struct loop *loop;
    struct store *store;
    unsigned workers;           /* 0 = 1 */
    const char *datacenter, *region, *name;
    const char *version;        /* the peer's, as clients read it: "1.0.18" */
    const char *advertise_http; /* "127.0.0.1:4646" */
    int64_t heartbeat_grace_ms; /* 0 = 10 s */
    int64_t min_heartbeat_ttl_ms; /* 0 = 10 s */
};

int scheduler_new(const struct scheduler_config *config, struct scheduler **out, struct err *e);
void scheduler_api_routes(struct scheduler *s, struct http_server *server); /* :4646, /v1/... */
void scheduler_rpc_routes(struct scheduler *s, struct http_server *server); /* :4647, /rpc/... */
/* Stops the workers and timers; cb when all handles are closed. */
void scheduler_close(struct scheduler *s, void (*cb)(void *arg), void *arg);

#endif
