/* What the local agent's files share; private to discovery/. */
#ifndef DISCOVERY_LOCAL_IMPL_H
#define DISCOVERY_LOCAL_IMPL_H

#include "agent/base/clock.h"
#include "agent/http/http.h"
#include "discovery/catalog_impl.h"
#include "discovery/local.h"

#include <uthash.h>

struct local_service {
    UT_hash_handle hh; /* by id */
    struct arena arena;
    struct service_definition def;
};

struct local_check {
    UT_hash_handle hh; /* by check id */
    struct local_agent *agent;
    struct arena arena;
    struct check_definition def;
    char *service_name;
    struct rec_strs service_tags;
    enum catalog_health status;
    struct buf output;
    char *synced_output; /* what the catalog has */
    int64_t successes, failures;
    bool ever_passed, removed;
    bool alone; /* registered by itself, not with a service */
    unsigned eager_tries;
    /* the runner: at most one probe at a time */
    uv_timer_t timer;
    int handles; /* open, of timer, tcp, process and pipes */
    bool running;
    struct http_call *call;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_process_t process;
    uv_pipe_t pipe;
    bool process_open, tcp_open, pipe_open, timed_out;
    int exit_code;
};

struct local_agent {
    struct loop *loop;
    struct store *store;
    struct http_client *http;
    struct arena arena;
    struct catalog_node node;
    char *data_dir, *version;
    bool server, script_checks, closing;
    int rpc_port;
    struct local_service *services;
    struct local_check *checks;
    local_barrier_fn barrier;
    void *barrier_ctx;
    uv_timer_t sync;
    int open_handles;
    void (*close_cb)(void *arg);
    void *close_arg;
};

/* checks.c: the runner */
void check_start(struct local_check *c);
void check_stop(struct local_check *c); /* frees it when its handles are closed */
/* A result: smoothed by the definition's thresholds, told to the catalog when it changes. */
void check_result(struct local_check *c, enum catalog_health h, const char *output, size_t len,
                  bool at_once);
/* local.c */
struct local_service *local_service_find(struct local_agent *l, const char *id); /* NULL: none */
struct local_check *local_check_find(struct local_agent *l, const char *id);

/* local_sync.c: what the catalog shall have; cb, which may be NULL, when it does */
/* Borrows from the check, and from a. */
void local_describe_check(const struct local_check *c, struct arena *a, struct catalog_check *out);
/* A service and all its checks in one command; or, with s NULL, one check. */
void local_propose(struct local_agent *l, struct local_service *s, struct local_check *only,
                   local_done_cb cb, void *arg);
void local_propose_registration(struct local_agent *l, const struct catalog_registration *r,
                                local_done_cb cb, void *arg);
/* With a service its checks go too, and cb waits for the readers that route by it. */
void local_propose_removal(struct local_agent *l, const char *service_id, const char *check_id,
                           local_done_cb cb, void *arg);
void local_sync_check(struct local_agent *l, struct local_check *c, local_done_cb cb, void *arg);
void local_sync_start(struct local_agent *l);

/* local_keep.c */
void local_save(struct local_agent *l);
void local_restore(struct local_agent *l);

#endif
