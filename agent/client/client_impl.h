/* What the client's files share; private to agent/client. */
#ifndef AGENT_CLIENT_CLIENT_IMPL_H
#define AGENT_CLIENT_CLIENT_IMPL_H

#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "agent/client/client.h"
#include "agent/client/executor.h"
#include "jobs/cluster.h"

struct alloc_runner;

struct client {
    struct loop *main_loop;
    struct loop loop; /* the client's own */
    uv_thread_t thread;
    struct http_client *http;
    char *rpc_url, *state_dir, *alloc_dir, *http_addr;
    struct local_agent *local;
    bool kill_on_close;
    bool stopping; /* no allocation is taken on any more; its tasks are being stopped */
    bool closing;  /* handles are */
    struct arena arena; /* node and configuration */
    struct node node;
    bool registered;
    uint64_t allocs_index;
    struct alloc_runner *runners;
    struct http_call *watch_call, *update_call;
    uv_timer_t heartbeat, retry, flush, wait;
    int open_handles;
    void (*close_cb)(void *arg);
    void *close_arg;
};

/* fingerprint.c: fills the node's attributes, resources and drivers */
void fingerprint(struct node *n, struct arena *a, const struct client_config *config);

/* --- tasks ----------------------------------------------------------------------------------- */

/* Checks with a check_restart that one task answers for; more are not watched. */
#define CHECK_WATCHES_MAX 32
struct check_watch {
    const char *check_id, *name;
    bool ignore_warnings;
    mono_ms grace_until, unhealthy_since; /* 0: healthy */
    mono_ms limit_ms; /* so long it may be unhealthy */
};

enum task_phase {
    TASK_PENDING,  /* not started yet, or waiting to be */
    TASK_RUNNING,
    TASK_BACKOFF,  /* ended; starts again when its delay is over */
    TASK_KILLING,  /* its services are leaving, or the signal is out */
    TASK_DEAD
};

struct task_runner {
    struct alloc_runner *alloc;
    struct task *task; /* of the runner's job */
    enum task_phase phase;
    char *dir; /* <alloc>/<task> */
    struct arena arena;
    struct task_state state;
    struct executor *executor;
    uv_timer_t timer;
    bool begun; /* its turn has come (lifecycle.c) */
    bool kill_wanted, restart_wanted, services_registered;
    const char *kill_reason;
    int restarts_in_window;
    int64_t window_start_ns;
    /* check_restart.c */
    uv_timer_t check_timer;
    struct arena watch_arena;
    struct {
        struct check_watch items[CHECK_WATCHES_MAX];
        size_t n;
    } watches;
    bool checks_asked;
    unsigned watch_run, watch_asked_run; /* an answer about an earlier run says nothing */
};

struct alloc_runner {
    struct alloc_runner *next;
    struct client *client;
    struct arena arena;
    struct allocation alloc;
    struct job *job;
    struct task_group *group;
    char *dir;
    struct task_runner *tasks;
    size_t n_tasks;
    bool stop_wanted, group_services_registered, dirty, gone;
    int pending;     /* answers still to come from other loops, and timers to close */
    bool releasing;
    uv_timer_t health; /* for deployments */
    bool health_running;
    mono_ms placed_at;
    mono_ms running_since, passing_since; /* all tasks, all checks; 0: not now */
    mono_ms asked_at;
    size_t checks_asked, checks_good, checks_wanted;
    int64_t restarts_seen;
    int8_t healthy;  /* REC_NULL_BOOL until decided */
};

/* alloc_runner.c */
struct alloc_runner *alloc_runner_new(struct client *c, const struct rpc_alloc *a);
/* What the servers now say of it: stop, or a new version in place. */
void alloc_runner_update(struct alloc_runner *r, const struct rpc_alloc *a);
void alloc_runner_start(struct alloc_runner *r);  /* fresh */
void alloc_runner_attach(struct alloc_runner *r); /* after a restart: finds its executors */
void alloc_runner_stop(struct alloc_runner *r, const char *reason);
/* A task of it changed: report, persist, and decide what follows for the others. */
void alloc_runner_changed(struct alloc_runner *r);
bool alloc_runner_is_done(const struct alloc_runner *r); /* every task dead */
/* pending, running, complete, failed, with the peer's description */
void alloc_runner_status(const struct alloc_runner *r, const char **status,
                         const char **description);
void alloc_runner_report(struct alloc_runner *r, struct allocation *out, struct arena *a);
int alloc_runner_save(struct alloc_runner *r);
/* Begins closing its handles; it frees itself when they are closed and nothing is pending. */
void alloc_runner_release(struct alloc_runner *r);
void alloc_runner_unpend(struct alloc_runner *r); /* one pending answer has come */

/* task_runner.c */
void task_runner_init(struct task_runner *t, struct alloc_runner *r, struct task *task);
void task_runner_receive(struct task_runner *t);
void task_runner_start(struct task_runner *t); /* its turn has come */
/* After a restart of the client. What had not been started waits for its turn again. */
void task_runner_attach(struct task_runner *t);
void task_runner_kill(struct task_runner *t, const char *reason);
/* Ends the run in order and begins another as the restart policy allows: a failure of the task. */
void task_runner_restart(struct task_runner *t, const char *reason);
void task_runner_release(struct task_runner *t);
struct task_event *task_event_add(struct task_runner *t, const char *type, const char *display);

/* lifecycle.c: whose turn it is. Pure */
enum task_hook { TASK_PRESTART, TASK_MAIN, TASK_POSTSTART, TASK_POSTSTOP };
enum task_hook task_hook_of(const struct task *t);
bool task_is_sidecar(const struct task *t);
/* A success is its end: it is not started again. */
bool task_runs_once(const struct task *t, const char *job_type);
/* One that runs once beside the main tasks has done its work. */
bool task_is_over(const struct task_runner *t);
bool task_is_due(const struct task_runner *t); /* to be started now */
bool alloc_is_over(const struct alloc_runner *r); /* all but the poststop tasks are dead */
bool alloc_has_sidecars_alone(const struct alloc_runner *r); /* what lives serves nobody */

/* check_restart.c */
/* One more look at a check: whether it has been unhealthy for too long. */
bool check_watch_is_over(struct check_watch *w, mono_ms now, enum catalog_health status);
void check_restart_begin(struct task_runner *t); /* a run has started */
void check_restart_end(struct task_runner *t);

/* env.c: a task's environment and interpolation */
struct task_env {
    struct rec_str_map vars; /* NOMAD_*, then the job's */
    const struct node *node;
    struct arena *arena;
};
void task_env_build(struct task_env *e, const struct task_runner *t, struct arena *a);
/* ${NOMAD_X}, ${env["X"]}, ${attr.x}, ${meta.x}, ${node.x}; what is unknown stays. */
char *task_env_expand(const struct task_env *e, const char *text);
/* Address and port of a label as this task sees it; false when there is no such port. */
bool alloc_port_find(const struct alloc_runner *r, const char *task, const char *label, char **ip,
                     int64_t *port);

/* services.c */
void services_register_task(struct task_runner *t);
void services_register_group(struct alloc_runner *r);
/* The ids of what this task (NULL: the group) registers; arena memory. */
size_t services_ids(const struct alloc_runner *r, const struct task_runner *t, struct arena *a,
                    const char ***ids);
/* The id of the service's i-th check. */
char *services_check_id(const struct alloc_runner *r, const struct task_runner *t,
                        const struct service *s, size_t i, struct arena *a);

/* client.c */
void client_schedule_flush(struct client *c);

#endif
