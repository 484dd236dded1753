/* What the scheduler's files share; private to scheduler/. */
#ifndef SCHEDULER_SCHEDULER_IMPL_H
#define SCHEDULER_SCHEDULER_IMPL_H

#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "scheduler/place.h"
#include "scheduler/scheduler.h"
#include "scheduler/state.h"

#include <pthread.h>
#include <uthash.h>

struct queued_eval { /* on its way to a worker, or there */
    UT_hash_handle hh; /* by job key: one at a time a job */
    char job_key[STATE_KEY_MAX + 1];
    size_t job_key_len;
    struct queued_eval *next; /* ready queue, best first */
    struct arena arena;
    struct evaluation eval;
};

struct node_timer { /* when a node's next heartbeat is due */
    UT_hash_handle hh;
    uuid_text id;
    mono_ms deadline;
    bool down;
};

struct scheduler {
    struct loop *loop;
    struct store *store;
    char *datacenter, *region, *name, *version, *advertise_http;
    int64_t heartbeat_grace_ms, min_heartbeat_ttl_ms;

    /* broker: the loop's, but for `lock` and what it guards */
    struct store_watch *watch_evals, *watch_nodes, *watch_freed, *watch_allocs,
        *watch_deployments, *watch_drains,
        *watch_periodic;
    uv_timer_t delay_timer, heartbeat_timer, deployment_timer, drain_timer, gc_timer,
        periodic_timer;
    int launches; /* of periodic jobs, on their way through the log */
    bool deployments_changed; /* a look at them is due */
    bool closing;
    int open_handles;
    void (*close_cb)(void *arg);
    void *close_arg;
    struct queued_eval *busy; /* hash */
    uv_timer_t look_timer;     /* a look is due, when there is less to do */
    bool look_due;
    struct node_timer *nodes;  /* hash */

    struct node_cache nodes_seen; /* the workers' and the dry runs' */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queued_eval *ready;
    size_t n_ready;
    bool stopping;
    pthread_t *workers;
    unsigned n_workers;
};

/* broker.c */
int broker_start(struct scheduler *s, struct err *e);
void broker_stop(struct scheduler *s); /* watches and memory; after the workers have ended */
/* On the loop, when a worker has done with it. */
void broker_done(struct scheduler *s, struct queued_eval *q);

/* worker.c */
void workers_start(struct scheduler *s, unsigned n);
void workers_stop(struct scheduler *s);
/* Processes one evaluation: reads, decides, proposes; retries on refusal. Blocking. */
void worker_process(struct store *store, struct node_cache *cache, const struct evaluation *eval);

/* heartbeat.c */
void heartbeat_start(struct scheduler *s);
void heartbeat_stop(struct scheduler *s);
/* Notes a sign of life; returns how soon the next is expected. */
int64_t heartbeat_note(struct scheduler *s, const char *node_id);

/* A core evaluation: what the servers do for themselves. Not of the state; lost with the process.
 * */
void broker_enqueue_core(struct scheduler *s, const char *what);
#define CORE_GC       "gc"
#define CORE_GC_FORCE "force-gc"

/* drainer.c */
void drainer_start(struct scheduler *s);
void drainer_stop(struct scheduler *s);
/* The DrainStrategy of an API's DrainSpec; NULL with e. */
char *drain_strategy_text(const char *spec_json, size_t len, int64_t now_ns, struct arena *a,
                          struct err *e);

/* periodic.c */
void periodic_start(struct scheduler *s);
void periodic_stop(struct scheduler *s);
/* When the job is launched next after a time, or 0. */
int64_t periodic_next(const struct job *j, int64_t after_s, struct arena *a);
/* The command that launches an instance, without noting the launch. */
void periodic_child(const struct job *j, int64_t launch_s, int64_t now_ns, struct arena *a,
                    struct cmd_periodic_launch *out);
bool periodic_child_lives(struct store_txn *t, const struct job *j, struct arena *a);

/* watcher.c */
void watcher_start(struct scheduler *s);
void watcher_stop(struct scheduler *s);
/* The command that fails a deployment, going back to the last stable version where a group asks for
 * it; false when its job is gone. */
bool deployment_failure(struct store_txn *t, const struct deployment *d, const char *why,
                        int64_t now_ns, struct arena *a, struct cmd_deployment_status *out);

/* A node takes work (again): every system job looks at it. */
void heartbeat_node_up(struct scheduler *s, const char *node_id);
/* One evaluation for each system job that runs. */
void system_evals(struct store *store, const char *node_id, struct arena *a,
                  struct evaluations *out);

/* evaluations as everyone makes them */
void evaluation_init(struct evaluation *e, struct arena *a, const struct job *job,
                     const char *triggered_by, int64_t now_ns);

#endif
