/* One allocation: its directory, its tasks in their order, its status as the servers see it. */
#include "agent/base/check.h"
#include "agent/base/duration.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <stdlib.h>
#include <string.h>

#define HEALTH_EVERY_MS 200

/* --- life ------------------------------------------------------------------------------------ */

static void bind_tasks(struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        struct task *task = group_task_find(r->group, r->tasks[i].state.key);
        if (task)
            r->tasks[i].task = task;
    }
}

struct alloc_runner *alloc_runner_new(struct client *c, const struct rpc_alloc *from)
{
    struct alloc_runner *r = MEM_NEW(struct alloc_runner);
    r->client = c;
    rec_clone(&allocation_desc, &from->alloc, &r->arena, &r->alloc);
    r->job = rec_dup(&job_desc, from->job, &r->arena);
    r->group = job_group_find(r->job, r->alloc.task_group);
    PRE(r->group);
    r->dir = arena_printf(&r->arena, "%s/%s", c->alloc_dir, r->alloc.id);
    r->healthy = REC_NULL_BOOL;
    r->placed_at = clock_mono_ms();
    r->n_tasks = r->group->tasks.n;
    r->tasks = ARENA_ARRAY(&r->arena, struct task_runner, r->n_tasks);
    for (size_t i = 0; i < r->n_tasks; i++)
        task_runner_init(&r->tasks[i], r, &r->group->tasks.items[i]);
    uv_timer_init(&c->loop.uv, &r->health);
    r->health.data = r;
    r->pending++;
    r->next = c->runners;
    c->runners = r;
    return r;
}

static void unlink_runner(struct alloc_runner *r)
{
    struct alloc_runner **p = &r->client->runners;
    while (*p != r)
        p = &(*p)->next;
    *p = r->next;
}

void alloc_runner_unpend(struct alloc_runner *r)
{
    if (--r->pending > 0 || !r->releasing)
        return;
    for (size_t i = 0; i < r->n_tasks; i++)
        arena_fini(&r->tasks[i].arena);
    arena_fini(&r->arena);
    free(r);
}

static void on_health_closed(uv_handle_t *h)
{
    alloc_runner_unpend(h->data);
}

void alloc_runner_release(struct alloc_runner *r)
{
    if (r->releasing)
        return;
    r->releasing = true;
    unlink_runner(r);
    for (size_t i = 0; i < r->n_tasks; i++)
        task_runner_release(&r->tasks[i]);
    uv_close((uv_handle_t *)&r->health, on_health_closed);
}

/* --- status ---------------------------------------------------------------------------------- */

bool alloc_runner_is_done(const struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++)
        if (r->tasks[i].phase != TASK_DEAD)
            return false;
    return true;
}

void alloc_runner_status(const struct alloc_runner *r, const char **status,
                         const char **description)
{
    size_t failed = 0, running = 0, pending = 0;
    for (size_t i = 0; i < r->n_tasks; i++) {
        const struct task_runner *t = &r->tasks[i];
        failed += t->state.failed;
        running += t->phase == TASK_RUNNING || t->phase == TASK_KILLING;
        pending += t->phase == TASK_PENDING || t->phase == TASK_BACKOFF;
    }
    if (failed) {
        *status = "failed";
        *description = "Failed tasks";
    } else if (running) {
        *status = "running";
        *description = "Tasks are running";
    } else if (pending) {
        *status = "pending";
        *description = "No tasks have started";
    } else {
        *status = "complete";
        *description = "All tasks have completed";
    }
}

void alloc_runner_report(struct alloc_runner *r, struct allocation *out, struct arena *a)
{
    const char *status, *description;
    alloc_runner_status(r, &status, &description);
    rec_init(&allocation_desc, out);
    out->id = arena_strdup(a, r->alloc.id);
    out->job_id = arena_strdup(a, r->alloc.job_id);
    out->namespace = arena_strdup(a, r->alloc.namespace);
    out->client_status = arena_strdup(a, status);
    out->client_description = arena_strdup(a, description);
    out->task_states.items = ARENA_ARRAY(a, struct task_state, r->n_tasks);
    for (size_t i = 0; i < r->n_tasks; i++) {
        struct task_state *s = &out->task_states.items[out->task_states.n++];
        rec_clone(&task_state_desc, &r->tasks[i].state, a, s);
        s->key = arena_strdup(a, r->tasks[i].state.key);
    }
    rec_map_sort(&out->task_states, sizeof(struct task_state));
    if (r->healthy != REC_NULL_BOOL) {
        out->deployment_status = ARENA_NEW(a, struct alloc_deployment_status);
        rec_init(&alloc_deployment_status_desc, out->deployment_status);
        out->deployment_status->healthy = r->healthy;
        out->deployment_status->timestamp_ns = clock_wall_ns();
    }
}

/* What a restarted client needs: the allocation, its job, and how its tasks stood. */
int alloc_runner_save(struct alloc_runner *r)
{
    struct arena a = ARENA_INIT;
    struct rpc_allocs file = {.index = 0};
    struct rpc_alloc *one = ARENA_NEW(&a, struct rpc_alloc);
    struct allocation report;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    alloc_runner_report(r, &report, &a);
    one->alloc = r->alloc;
    one->alloc.task_states = report.task_states;
    one->alloc.client_status = report.client_status;
    one->job = r->job;
    file.allocs.items = one;
    file.allocs.n = 1;
    rec_pack(&rpc_allocs_desc, &file, &b);
    char *path = arena_printf(&a, "%s/allocs/%s", r->client->state_dir, r->alloc.id);
    int rv = file_write_atomic(path, b.data, b.len, 0600, &e);
    if (rv)
        log_warn("client", "alloc %.8s: state not saved: %s", r->alloc.id, e.text);
    buf_fini(&b);
    arena_fini(&a);
    return rv;
}

/* --- deployments: health (inventory nomad-client 10) ----------------------------------------- */

static void decide_health(struct alloc_runner *r, bool healthy, const char *why)
{
    uv_timer_stop(&r->health);
    r->health_running = false;
    r->healthy = healthy;
    log_info("client", "alloc %.8s: %s (%s)", r->alloc.id, healthy ? "healthy" : "unhealthy", why);
    if (!healthy)
        for (size_t i = 0; i < r->n_tasks; i++)
            task_event_add(&r->tasks[i], "Alloc Unhealthy", why);
    r->dirty = true;
    client_schedule_flush(r->client);
}

static bool for_long_enough(const struct alloc_runner *r, mono_ms since)
{
    mono_ms wanted = (mono_ms)(r->group->update->min_healthy_time_ns / NS_PER_MS);
    return since && clock_mono_ms() - since >= wanted;
}

static void on_service_status(void *arg, const struct local_service_status *s)
{
    struct alloc_runner *r = arg;
    r->checks_good += s->registered && s->passing == s->checks;
    if (--r->checks_asked == 0 && !r->releasing && r->health_running) {
        if (r->checks_good < r->checks_wanted)
            r->passing_since = 0; /* from the beginning */
        else if (!r->passing_since)
            r->passing_since = r->asked_at;
        if (for_long_enough(r, r->passing_since) && for_long_enough(r, r->running_since))
            decide_health(r, true, "running and all checks passing");
    }
    alloc_runner_unpend(r);
}

static size_t ask_about(struct alloc_runner *r, struct task_runner *t)
{
    struct arena a = ARENA_INIT;
    const char **ids;
    size_t n = services_ids(r, t, &a, &ids);
    for (size_t i = 0; i < n; i++) {
        r->pending++;
        r->checks_asked++;
        local_service_status_post(r->client->local, &r->client->loop, ids[i], on_service_status, r);
    }
    arena_fini(&a);
    return n;
}

/* How its tasks are: false once one of them has decided it. */
static bool watch_tasks(struct alloc_runner *r, bool *all_run)
{
    int64_t restarts = 0;
    *all_run = true;
    for (size_t i = 0; i < r->n_tasks; i++) {
        const struct task_runner *t = &r->tasks[i];
        if (task_hook_of(t->task) == TASK_POSTSTOP || task_is_over(t))
            continue;
        if (t->state.failed || t->phase == TASK_DEAD) {
            decide_health(r, false,
                          t->state.failed ? "Unhealthy because of failed task"
                                          : "Unhealthy because of dead task");
            return false;
        }
        *all_run &= t->phase == TASK_RUNNING;
        restarts += t->state.restarts;
    }
    if (!*all_run || restarts != r->restarts_seen)
        r->running_since = r->passing_since = 0;
    if (*all_run && !r->running_since)
        r->running_since = clock_mono_ms();
    r->restarts_seen = restarts;
    return true;
}

static void give_up(struct alloc_runner *r, bool all_run)
{
    char time[DURATION_MAX], text[128];
    duration_format(r->group->update->min_healthy_time_ns, time);
    snprintf(text, sizeof(text), "Task not running for min_healthy_time of %s by deadline", time);
    decide_health(r, false,
                  !all_run                                ? "Task not running by deadline"
                  : !for_long_enough(r, r->running_since) ? text
                                                          : "Services not healthy by deadline");
}

/* Healthy: all tasks have run, and all checks have passed, for min_healthy_time without a break. */
static void on_health(uv_timer_t *timer)
{
    struct alloc_runner *r = timer->data;
    const struct update_strategy *u = r->group->update;
    bool all_run;
    if (!watch_tasks(r, &all_run))
        return;
    if (clock_mono_ms() - r->placed_at > (mono_ms)(u->healthy_deadline_ns / NS_PER_MS)) {
        give_up(r, all_run);
        return;
    }
    if (!all_run || r->checks_asked)
        return;
    r->checks_good = r->checks_wanted = 0;
    r->asked_at = clock_mono_ms();
    if (r->client->local && !str_eq(u->health_check, "task_states")) {
        r->checks_wanted = ask_about(r, NULL);
        for (size_t i = 0; i < r->n_tasks; i++)
            r->checks_wanted += ask_about(r, &r->tasks[i]);
    }
    if (!r->checks_wanted && for_long_enough(r, r->running_since))
        decide_health(r, true, "running");
}

static void watch_health(struct alloc_runner *r)
{
    if (str_is_empty(r->alloc.deployment_id) || !r->group->update || r->healthy != REC_NULL_BOOL ||
        r->health_running || str_eq(r->group->update->health_check, "manual"))
        return;
    r->health_running = true;
    r->placed_at = clock_mono_ms();
    r->running_since = r->passing_since = 0;
    uv_timer_start(&r->health, on_health, HEALTH_EVERY_MS, HEALTH_EVERY_MS);
}

/* --- starting and stopping ------------------------------------------------------------------- */

static int make_dirs(struct alloc_runner *r, struct err *e)
{
    static const char *const shared[] = {"alloc/data", "alloc/logs", "alloc/tmp"};
    int rv = 0;
    for (int i = 0; !rv && i < 3; i++) {
        char *path = arena_printf(&r->arena, "%s/%s", r->dir, shared[i]);
        rv = file_mkdirs(path, 0777, e);
    }
    return rv;
}

/* Each start may bring the next one's turn: those see the flags of this round. */
static void start_due(struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++)
        if (task_is_due(&r->tasks[i]))
            task_runner_start(&r->tasks[i]);
}

void alloc_runner_start(struct alloc_runner *r)
{
    struct err e = ERR_INIT;
    if (make_dirs(r, &e))
        log_error("client", "alloc %.8s: %s", r->alloc.id, e.text);
    for (size_t i = 0; i < r->n_tasks; i++)
        task_runner_receive(&r->tasks[i]);
    alloc_runner_save(r);
    services_register_group(r);
    start_due(r);
    watch_health(r);
}

void alloc_runner_attach(struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        const struct task_state *s =
            rec_map_find(&r->alloc.task_states, sizeof(*s), r->tasks[i].task->name);
        if (s) {
            char *key = r->tasks[i].state.key;
            rec_clone(&task_state_desc, s, &r->tasks[i].arena, &r->tasks[i].state);
            r->tasks[i].state.key = key;
            struct task_event *events = r->tasks[i].state.events.items;
            size_t n = r->tasks[i].state.events.n; /* room to go on in */
            r->tasks[i].state.events.items = ARENA_ARRAY(&r->tasks[i].arena, struct task_event, 10);
            if (n)
                memcpy(r->tasks[i].state.events.items, events, n * sizeof(*events));
        }
        task_runner_attach(&r->tasks[i]);
    }
    if (!alloc_is_over(r))
        services_register_group(r);
    start_due(r);
    watch_health(r);
    r->dirty = true;
    client_schedule_flush(r->client);
}

/* The poststop tasks come after the others; with the agent's own end they do not come at all. */
void alloc_runner_stop(struct alloc_runner *r, const char *reason)
{
    bool whole = r->client->stopping;
    if (r->stop_wanted && !whole)
        return;
    r->stop_wanted = true;
    uv_timer_stop(&r->health);
    r->health_running = false;
    for (size_t i = 0; whole && i < r->n_tasks; i++)
        if (task_hook_of(r->tasks[i].task) == TASK_POSTSTOP)
            task_runner_kill(&r->tasks[i], reason);
    for (size_t i = 0; i < r->n_tasks; i++)
        if (task_hook_of(r->tasks[i].task) != TASK_POSTSTOP)
            task_runner_kill(&r->tasks[i], reason);
    alloc_runner_changed(r);
}

static bool is_canary(const struct allocation *a)
{
    return a->deployment_status && a->deployment_status->canary;
}

/* With what they are now; the same ids, so that nothing is gone in between. */
static void register_services(struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++)
        if (r->tasks[i].phase == TASK_RUNNING) {
            services_register_task(&r->tasks[i]);
            check_restart_begin(&r->tasks[i]);
        }
    services_register_group(r);
}

/* The job changed without a need for new processes: what runs goes on under its new description. */
void alloc_runner_update(struct alloc_runner *r, const struct rpc_alloc *from)
{
    bool newer = from->job && from->alloc.job_version != r->alloc.job_version;
    if (!str_eq(from->alloc.desired_status, "run")) {
        alloc_runner_stop(r,
                          from->alloc.desired_description ? from->alloc.desired_description : "");
        return;
    }
    if (!newer && is_canary(&r->alloc) && !is_canary(&from->alloc)) { /* promoted: its own tags */
        r->alloc.deployment_status->canary = false;
        register_services(r);
        alloc_runner_save(r);
    }
    if (!newer)
        return;
    bool new_deployment = !str_eq(from->alloc.deployment_id, r->alloc.deployment_id);
    struct task_states states = r->alloc.task_states;
    rec_clone(&allocation_desc, &from->alloc, &r->arena, &r->alloc);
    r->alloc.task_states = states;
    r->job = rec_dup(&job_desc, from->job, &r->arena);
    r->group = job_group_find(r->job, r->alloc.task_group);
    PRE(r->group);
    bind_tasks(r);
    register_services(r);
    if (new_deployment) {
        r->healthy = REC_NULL_BOOL;
        watch_health(r);
    }
    alloc_runner_save(r);
}

static void on_group_services_gone(void *arg, int status, const struct err *e)
{
    alloc_runner_unpend(arg);
}

static void drop_group_services(struct alloc_runner *r)
{
    struct arena a = ARENA_INIT;
    const char **ids;
    size_t n = r->group_services_registered ? services_ids(r, NULL, &a, &ids) : 0;
    r->group_services_registered = false;
    if (n && r->client->local) {
        r->pending++;
        local_services_deregister_post(r->client->local, &r->client->loop, ids, n,
                                       on_group_services_gone, r);
    }
    arena_fini(&a);
}

/* Ends what lives but for the poststop tasks, whose turn comes then. */
static void kill_rest(struct alloc_runner *r, const char *type, const char *why)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        struct task_runner *t = &r->tasks[i];
        if (t->phase == TASK_DEAD || t->kill_wanted || task_hook_of(t->task) == TASK_POSTSTOP)
            continue;
        task_event_add(t, type, why);
        task_runner_kill(t, why);
    }
}

/* A leader's end, a failure, or that of the last main task ends the siblings. */
static void kill_siblings(struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        struct task_runner *t = &r->tasks[i];
        if (t->phase != TASK_DEAD || task_hook_of(t->task) == TASK_POSTSTOP)
            continue;
        if (t->state.failed) {
            char *why = mem_printf("Task's sibling \"%s\" failed", t->task->name);
            kill_rest(r, "Sibling Task Failed", why);
            free(why);
        } else if (t->task->leader) {
            kill_rest(r, "Leader Task Dead", "Leader Task in Group dead");
        }
    }
    if (alloc_has_sidecars_alone(r))
        kill_rest(r, "Main Tasks Dead", "Main tasks in the group died");
}

void alloc_runner_changed(struct alloc_runner *r)
{
    kill_siblings(r);
    if (alloc_is_over(r))
        drop_group_services(r);
    start_due(r);
    alloc_runner_save(r);
    r->dirty = true;
    client_schedule_flush(r->client);
}
