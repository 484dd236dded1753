/* The local agent: what this node's own services and checks are, the runner of those checks, and
 * the syncing of both into the catalog (anti-entropy). What `/v1/agent/...` talks to, and what
 * agent/client registers an allocation's services with.
 *
 * It is the truth for its node: what the catalog has of this node and the local agent does not is
 * removed; what differs is written again; at once on a change, and in full every minute or so.
 *
 * owns: definitions, check runners (http, tcp, script, ttl), their timers and child processes.
 * thread: the loop given to local_agent_new, every call; other threads come by loop_post (client
 * code uses the _post variants below).
 * order: local_agent_new, local_agent_start, ..., local_agent_close. */
#ifndef DISCOVERY_LOCAL_H
#define DISCOVERY_LOCAL_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/base/record.h"
#include "discovery/catalog.h"

struct local_agent;

struct local_config {
    struct loop *loop;
    struct store *store;
    const char *node_name, *node_id, *address, *datacenter;
    const char *version;          /* the peer's, as clients read it: "1.10.11" */
    const char *data_dir;         /* definitions are kept here across restarts; NULL: not kept */
    bool server;                  /* registers `consul` and serfHealth as a server does */
    bool enable_script_checks;
    int rpc_port, dns_port, http_port;
};

int local_agent_new(const struct local_config *config, struct local_agent **out, struct err *e);
/* Registers the node itself and begins syncing. cb once the node is in the catalog; may be NULL. */
void local_agent_start(struct local_agent *l, void (*cb)(void *arg), void *arg);
/* Stops checks and timers; nothing is deregistered. cb when all handles are closed. */
void local_agent_close(struct local_agent *l, void (*cb)(void *arg), void *arg);

/* One check as it is defined (the register payload's Check object, and a job file's check block).
 * Durations in nanoseconds, 0 = not given. Exactly one of http, tcp, script args, ttl is set. */
struct check_definition {
    char *check_id, *name, *status, *notes, *service_id;
    struct rec_strs script_args;
    char *http;
    struct rec_strs_map header;
    char *method, *body;
    bool disable_redirects, tls_skip_verify;
    char *tls_server_name;
    char *tcp;
    int64_t interval_ns, timeout_ns, ttl_ns;
    int64_t success_before_passing, failures_before_warning, failures_before_critical;
    int64_t deregister_critical_service_after_ns;
    int64_t output_max_size_bytes;
    char *token, *namespace; /* read and not needed: there are no ACLs, one namespace */
    /* kinds the peer knows and this agent does not run: refused by name */
    char *grpc, *h2ping, *docker_container_id, *shell, *alias_node, *alias_service;
    bool grpc_use_tls;
    /* for script checks of an allocation's task */
    struct rec_strs env; /* "K=V"; with none the agent's own */
    char *cwd;
    bool eager; /* run at once, and often until it first passes: a starting task is used early */
};
extern const struct rec_desc check_definition_desc; /* reads Consul's JSON, aliases included */

struct service_definition {
    char *id; /* default: name */
    char *name;
    struct rec_strs tags;
    char *address;
    struct rec_str_map meta;
    int64_t port;
    struct catalog_weights weights;
    bool enable_tag_override;
    struct {
        struct catalog_address *items;
        size_t n;
    } tagged_addresses;
    struct check_definition *check; /* Check and Checks are both read */
    struct {
        struct check_definition *items;
        size_t n;
    } checks;
    char *kind, *proxy, *connect, *socket_path;
    char *token, *namespace;
};
extern const struct rec_desc service_definition_desc;

typedef void (*local_done_cb)(void *arg, int status, const struct err *e);

/* Validates whole (ERR_INVALID with the peer's words, nothing changed), then registers; cb when the
 * catalog has it. replace: checks of the service that are not in the definition go. */
int local_service_register(struct local_agent *l, const struct service_definition *d, bool replace,
                           local_done_cb cb, void *arg, struct err *e);
/* ERR_NOT_FOUND for an id that is not ours: `Unknown service ID "x"...`. cb when it is out of the
 * catalog AND every reader in this process that routes by it has confirmed (local_set_barrier). */
int local_service_deregister(struct local_agent *l, const char *service_id, local_done_cb cb,
                             void *arg, struct err *e);
int local_check_register(struct local_agent *l, const struct check_definition *d,
                         local_done_cb cb, void *arg, struct err *e);
int local_check_deregister(struct local_agent *l, const char *check_id, local_done_cb cb,
                           void *arg, struct err *e);
/* TTL checks: pass, warn, fail, update. cb when the status is in the catalog. */
int local_check_update(struct local_agent *l, const char *check_id, enum catalog_health status,
                       const char *output, local_done_cb cb, void *arg, struct err *e);

/* How the agent waits for its readers: `wait(ctx, index, cb, arg)` calls cb(arg) on the loop once
 * nothing in the process routes by a catalog older than index. agent/ sets it to the proxy's. */
typedef void (*local_barrier_fn)(void *ctx, log_index index, void (*cb)(void *arg), void *arg);
void local_set_barrier(struct local_agent *l, local_barrier_fn wait, void *ctx);

/* From another thread (agent/client): copies the definitions, does the work on the agent's loop,
 * and calls cb on `reply_loop`. Service ids of the client begin with "_nomad-task-". */
void local_service_register_post(struct local_agent *l, struct loop *reply_loop,
                                 const struct service_definition *d, local_done_cb cb, void *arg);
/* Several at once: cb when all are out and confirmed. Unknown ids count as out. */
void local_services_deregister_post(struct local_agent *l, struct loop *reply_loop,
                                    const char *const *service_ids, size_t n, local_done_cb cb,
                                    void *arg);

struct local_service_status { /* for deployments' health: how one service's checks stand now */
    bool registered;
    size_t checks, passing;
};
void local_service_status_post(struct local_agent *l, struct loop *reply_loop,
                               const char *service_id,
                               void (*cb)(void *arg, const struct local_service_status *s),
                               void *arg);
/* How these checks stand, in their order; one nobody knows counts as passing. */
typedef void (*local_checks_cb)(void *arg, const enum catalog_health *statuses, size_t n);
void local_checks_status_post(struct local_agent *l, struct loop *reply_loop,
                              const char *const *check_ids, size_t n, local_checks_cb cb,
                              void *arg);

#endif
