/* One task: started under its executor, restarted by its policy, stopped in order (DESIGN 6): out
 * of the catalog and confirmed, shutdown_delay, the signal, the kill. */
#include "agent/base/check.h"
#include "agent/base/duration.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"
#include "agent/client/drivers/raw_exec.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_EVENTS 10

static void on_exit_(void *arg, const struct executor_exit *e);

/* --- events ---------------------------------------------------------------------------------- */

struct task_event *task_event_add(struct task_runner *t, const char *type, const char *display)
{
    if (t->state.events.n == MAX_EVENTS) { /* the oldest goes */
        memmove(t->state.events.items, t->state.events.items + 1,
                (MAX_EVENTS - 1) * sizeof(t->state.events.items[0]));
        t->state.events.n--;
    }
    if (!t->state.events.items)
        t->state.events.items = ARENA_ARRAY(&t->arena, struct task_event, MAX_EVENTS);
    struct task_event *e = &t->state.events.items[t->state.events.n++];
    rec_init(&task_event_desc, e);
    e->type = arena_strdup(&t->arena, type);
    e->display_message = arena_strdup(&t->arena, display);
    e->time_ns = clock_wall_ns();
    return e;
}

static void detail(struct task_runner *t, struct task_event *e, const char *key, const char *value)
{
    rec_str_map_set(&e->details, &t->arena, key, value);
}

static void set_phase(struct task_runner *t, enum task_phase phase, const char *reason)
{
    static const char *const names[] = {"pending", "running", "backoff", "killing", "dead"};
    log_info("client", "alloc %.8s: task %s: %s -> %s (%s)", t->alloc->alloc.id, t->task->name,
             names[t->phase], names[phase], reason);
    t->phase = phase;
    bool running = phase == TASK_RUNNING || phase == TASK_KILLING;
    t->state.state = arena_strdup(&t->arena, phase == TASK_DEAD ? "dead"
                                             : running          ? "running"
                                                                : "pending");
    if (phase == TASK_DEAD)
        t->state.finished_at_ns = clock_wall_ns();
}

/* --- starting -------------------------------------------------------------------------------- */

void task_runner_init(struct task_runner *t, struct alloc_runner *r, struct task *task)
{
    *t = (struct task_runner){.alloc = r, .task = task};
    rec_init(&task_state_desc, &t->state);
    t->state.key = task->name;
    t->state.state = arena_strdup(&t->arena, "pending");
    t->dir = arena_printf(&t->arena, "%s/%s", r->dir, task->name);
    uv_timer_init(&r->client->loop.uv, &t->timer);
    uv_timer_init(&r->client->loop.uv, &t->check_timer);
    t->timer.data = t->check_timer.data = t;
    r->pending += 2;
}

static int make_dirs(struct task_runner *t, struct err *e)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = {{"local", 0777}, {"secrets", 0700}, {"tmp", 01777}, {"executor", 0700}};
    int rv = file_mkdirs(t->dir, 0755, e);
    for (size_t i = 0; !rv && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        char *path = arena_printf(&t->arena, "%s/%s", t->dir, dirs[i].name);
        rv = file_mkdirs(path, dirs[i].mode, e);
        if (!rv && chmod(path, dirs[i].mode))
            rv = err_set(e, ERR_IO, "%s: chmod failed", path);
    }
    return rv;
}

/* What was dispatched, where the task asked for it. Validation keeps it inside the allocation. */
static int write_payload(struct task_runner *t, struct err *e)
{
    const struct dispatch_payload *d = t->task->dispatch_payload;
    const struct rec_bytes *payload = &t->alloc->job->payload;
    if (!d || !payload->n)
        return 0;
    char *path = arena_printf(&t->arena, "%s/local/%s", t->dir, d->file);
    char *dir = arena_strndup(&t->arena, path, (size_t)(strrchr(path, '/') - path));
    int rv = file_mkdirs(dir, 0777, e);
    if (!rv)
        rv = file_write_atomic(path, payload->data, payload->n, 0777, e);
    return rv ? err_prefix(e, "Failed to write dispatch payload") : 0;
}

static int launch(struct task_runner *t, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct task_env env;
    task_env_build(&env, t, &a);
    struct executor_spec spec = {
        .dir = arena_printf(&a, "%s/executor", t->dir),
        .cwd = t->dir,
        .uid = -1,
        .gid = -1,
        .out_prefix = arena_printf(&a, "%s/alloc/logs/%s.stdout", t->alloc->dir, t->task->name),
        .err_prefix = arena_printf(&a, "%s/alloc/logs/%s.stderr", t->alloc->dir, t->task->name),
        .max_files = t->task->logs->max_files,
        .max_bytes = t->task->logs->max_file_size_mb << 20};
    int rv;
    if (str_eq(t->task->driver, "raw_exec"))
        rv = raw_exec_prepare(t->task, &env, t->dir, &a, &spec, e);
    else
        rv = err_set(e, ERR_UNSUPPORTED, "driver \"%s\" is not available on this node",
                     t->task->driver);
    if (!rv)
        rv = executor_start(&t->alloc->client->loop, &spec, on_exit_, t, &t->executor, e);
    arena_fini(&a);
    return rv;
}

static void consider_restart(struct task_runner *t, bool success, bool recoverable);

/* fresh: the first start of this allocation's task, not one more. */
static void start_now(struct task_runner *t, bool fresh)
{
    struct err e = ERR_INIT;
    int rv = make_dirs(t, &e);
    if (!rv && fresh)
        rv = write_payload(t, &e);
    if (!rv)
        rv = launch(t, &e);
    if (rv) {
        struct task_event *ev = task_event_add(t, "Driver Failure", e.text);
        ev->driver_error = arena_strdup(&t->arena, e.text);
        detail(t, ev, "driver_error", e.text);
        log_warn("client", "alloc %.8s: task %s: cannot start: %s", t->alloc->alloc.id,
                 t->task->name, e.text);
        consider_restart(t, false, true);
        return;
    }
    t->state.started_at_ns = clock_wall_ns();
    set_phase(t, TASK_RUNNING, "started");
    task_event_add(t, "Started", "Task started by client");
    services_register_task(t);
    check_restart_begin(t);
    alloc_runner_changed(t->alloc);
}

void task_runner_receive(struct task_runner *t)
{
    task_event_add(t, "Received", "Task received by client");
}

void task_runner_start(struct task_runner *t)
{
    t->begun = true;
    struct task_event *e = task_event_add(t, "Task Setup", "Building Task Directory");
    e->message = arena_strdup(&t->arena, "Building Task Directory");
    detail(t, e, "message", "Building Task Directory");
    start_now(t, true);
}

void task_runner_attach(struct task_runner *t)
{
    struct err e = ERR_INIT;
    char *dir = arena_printf(&t->arena, "%s/executor", t->dir);
    if (str_eq(t->state.state, "dead")) {
        t->phase = TASK_DEAD;
    } else if (executor_attach(&t->alloc->client->loop, dir, on_exit_, t, &t->executor, &e)) {
        t->phase = TASK_PENDING; /* it was never started, or between two starts */
    } else {
        t->begun = true;
        t->phase = TASK_RUNNING;
        t->state.state = arena_strdup(&t->arena, "running");
        log_info("client", "alloc %.8s: task %s: found again", t->alloc->alloc.id, t->task->name);
        services_register_task(t);
        check_restart_begin(t);
    }
}

/* --- the end of a run ------------------------------------------------------------------------ */

static void on_services_gone(void *arg, int status, const struct err *e)
{
    alloc_runner_unpend(arg);
}

/* The process is gone already: its services leave at once, and nobody waits. */
static void drop_services(struct task_runner *t)
{
    struct arena a = ARENA_INIT;
    const char **ids;
    size_t n = t->services_registered ? services_ids(t->alloc, t, &a, &ids) : 0;
    t->services_registered = false;
    if (n && t->alloc->client->local) {
        t->alloc->pending++;
        local_services_deregister_post(t->alloc->client->local, &t->alloc->client->loop, ids, n,
                                       on_services_gone, t->alloc);
    }
    arena_fini(&a);
}

static void note_exit(struct task_runner *t, const struct executor_exit *x)
{
    char text[64];
    if (*x->error || x->lost) {
        const char *why = x->lost ? "the task's executor is gone" : x->error;
        struct task_event *e = task_event_add(t, "Driver Failure", why);
        e->driver_error = arena_strdup(&t->arena, why);
        detail(t, e, "driver_error", why);
        return;
    }
    if (x->signal)
        snprintf(text, sizeof(text), "Exit Code: %d, Signal: %d", x->code, x->signal);
    else
        snprintf(text, sizeof(text), "Exit Code: %d", x->code);
    struct task_event *e = task_event_add(t, "Terminated", text);
    e->exit_code = x->code;
    e->signal = x->signal;
    snprintf(text, sizeof(text), "%d", x->code);
    detail(t, e, "exit_code", text);
    snprintf(text, sizeof(text), "%d", x->signal);
    detail(t, e, "signal", text);
    detail(t, e, "oom_killed", "false");
}

static void become_dead(struct task_runner *t, const char *reason)
{
    uv_timer_stop(&t->timer);
    set_phase(t, TASK_DEAD, reason);
    alloc_runner_changed(t->alloc);
}

static void on_exit_(void *arg, const struct executor_exit *x)
{
    struct task_runner *t = arg;
    executor_close(&t->executor);
    check_restart_end(t);
    note_exit(t, x);
    drop_services(t);
    uv_timer_stop(&t->timer);
    if (t->kill_wanted) {
        task_event_add(t, "Killed", "Task successfully killed");
        become_dead(t, "killed");
        return;
    }
    bool failure = t->restart_wanted;
    t->restart_wanted = false;
    consider_restart(t, x->code == 0 && !*x->error && !x->lost && !failure, true);
}

/* --- restarting (inventory nomad-client 6) --------------------------------------------------- */

static void on_backoff_over(uv_timer_t *timer)
{
    start_now(timer->data, false);
}

static void restart_in(struct task_runner *t, int64_t delay_ns, const char *reason)
{
    char text[DURATION_MAX], number[32];
    duration_format(delay_ns, text);
    struct task_event *e =
        task_event_add(t, "Restarting", arena_printf(&t->arena, "Task restarting in %s", text));
    e->restart_reason = arena_strdup(&t->arena, reason);
    e->start_delay_ns = delay_ns;
    snprintf(number, sizeof(number), "%" PRId64, delay_ns);
    detail(t, e, "restart_reason", reason);
    detail(t, e, "start_delay", number);
    t->state.restarts++;
    t->state.last_restart_ns = clock_wall_ns();
    set_phase(t, TASK_BACKOFF, reason);
    uv_timer_start(&t->timer, on_backoff_over, (uint64_t)(delay_ns / NS_PER_MS + 1), 0);
    alloc_runner_changed(t->alloc);
}

static void no_restart(struct task_runner *t, const char *reason)
{
    struct task_event *e = task_event_add(t, "Not Restarting", reason);
    e->restart_reason = arena_strdup(&t->arena, reason);
    e->fails_task = true;
    detail(t, e, "restart_reason", reason);
    detail(t, e, "fails_task", "true");
    t->state.failed = true;
    become_dead(t, reason);
}

static void consider_restart(struct task_runner *t, bool success, bool recoverable)
{
    const struct restart_policy *p = t->task->restart;
    int64_t now = clock_wall_ns();
    if (success && task_runs_once(t->task, t->alloc->job->type)) {
        become_dead(t, "Restart unnecessary as task terminated successfully");
        return;
    }
    if (!recoverable) {
        no_restart(t, "Error was unrecoverable");
        return;
    }
    if (p->attempts == 0) { /* for a service a success is a failure as well */
        no_restart(t, "Policy allows no restarts");
        return;
    }
    if (now - t->window_start_ns > p->interval_ns) {
        t->window_start_ns = now;
        t->restarts_in_window = 0;
    }
    if (t->restarts_in_window++ < p->attempts) {
        int64_t jitter =
            p->delay_ns > 4
                ? (int64_t)id_random_below((uint32_t)(p->delay_ns / 4000000 + 1)) * 1000000
                : 0;
        restart_in(t, p->delay_ns + jitter, "Restart within policy");
    } else if (str_eq(p->mode, "delay")) {
        restart_in(t, t->window_start_ns + p->interval_ns - now,
                   "Exceeded allowed attempts, applying a delay");
    } else {
        char interval[DURATION_MAX];
        duration_format(p->interval_ns, interval);
        no_restart(t, arena_printf(&t->arena,
                                   "Exceeded allowed attempts %" PRId64
                                   " in interval %s and mode is \"fail\"",
                                   p->attempts, interval));
    }
}

/* --- stopping -------------------------------------------------------------------------------- */

static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"SIGINT", SIGINT},   {"SIGTERM", SIGTERM}, {"SIGHUP", SIGHUP},
                   {"SIGQUIT", SIGQUIT}, {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2},
                   {"SIGKILL", SIGKILL}, {"SIGABRT", SIGABRT}, {"SIGALRM", SIGALRM},
                   {"SIGCONT", SIGCONT}};
    for (size_t i = 0; name && i < sizeof(signals) / sizeof(signals[0]); i++)
        if (str_eq_nocase(name, signals[i].name) || str_eq_nocase(name, signals[i].name + 3))
            return signals[i].number;
    return SIGINT;
}

static void on_kill_timeout(uv_timer_t *timer)
{
    struct task_runner *t = timer->data;
    if (t->executor)
        executor_signal(t->executor, SIGKILL);
}

static void send_signal(struct task_runner *t)
{
    if (!t->executor)
        return; /* it ended meanwhile */
    char text[DURATION_MAX];
    duration_format(t->task->kill_timeout_ns, text);
    struct task_event *e = task_event_add(
        t, "Killing",
        arena_printf(&t->arena, "Sent interrupt. Waiting %s before force killing", text));
    e->kill_timeout_ns = t->task->kill_timeout_ns;
    e->kill_reason = arena_strdup(&t->arena, t->kill_reason);
    detail(t, e, "kill_timeout", text);
    executor_signal(t->executor, signal_number(t->task->kill_signal));
    uv_timer_start(&t->timer, on_kill_timeout, (uint64_t)(t->task->kill_timeout_ns / NS_PER_MS), 0);
    alloc_runner_changed(t->alloc);
}

static void on_delay_over(uv_timer_t *timer)
{
    send_signal(timer->data);
}

static void after_services(struct task_runner *t)
{
    int64_t group = t->alloc->group->shutdown_delay_ns;
    int64_t delay = t->task->shutdown_delay_ns + (group == REC_NULL_INT ? 0 : group);
    if (t->phase != TASK_KILLING)
        return;
    if (delay > 0)
        uv_timer_start(&t->timer, on_delay_over, (uint64_t)(delay / NS_PER_MS), 0);
    else
        send_signal(t);
}

static void on_services_out(void *arg, int status, const struct err *e)
{
    struct task_runner *t = arg;
    struct alloc_runner *r = t->alloc;
    t->services_registered = false;
    after_services(t);
    alloc_runner_unpend(r);
}

/* Its services leave; then the signal. with_group: the group's as well, the allocation ends. */
static void end_run(struct task_runner *t, const char *reason, bool with_group)
{
    check_restart_end(t);
    set_phase(t, TASK_KILLING, reason);
    struct arena a = ARENA_INIT;
    const char **own, **of_group, **all;
    size_t n = services_ids(t->alloc, t, &a, &own), m = 0;
    if (with_group)
        m = services_ids(t->alloc, NULL, &a, &of_group);
    all = ARENA_ARRAY(&a, const char *, n + m + 1);
    memcpy(all, own, n * sizeof(*all));
    if (m)
        memcpy(all + n, of_group, m * sizeof(*all));
    if (n + m && t->alloc->client->local) {
        t->alloc->pending++;
        local_services_deregister_post(t->alloc->client->local, &t->alloc->client->loop, all, n + m,
                                       on_services_out, t);
    } else {
        after_services(t);
    }
    arena_fini(&a);
}

void task_runner_kill(struct task_runner *t, const char *reason)
{
    if (t->phase == TASK_DEAD || t->kill_wanted)
        return;
    t->kill_wanted = true;
    t->kill_reason = arena_strdup(&t->arena, reason);
    if (t->phase == TASK_RUNNING)
        end_run(t, reason, task_hook_of(t->task) == TASK_MAIN);
    else if (t->phase != TASK_KILLING) /* it is being restarted, and will not be again */
        become_dead(t, reason);
}

void task_runner_restart(struct task_runner *t, const char *reason)
{
    if (t->phase != TASK_RUNNING)
        return;
    struct task_event *e = task_event_add(t, "Restart Signaled", reason);
    e->restart_reason = arena_strdup(&t->arena, reason);
    detail(t, e, "restart_reason", reason);
    t->restart_wanted = true;
    t->kill_reason = e->restart_reason;
    end_run(t, reason, false);
}

/* --- release --------------------------------------------------------------------------------- */

static void on_timer_closed(uv_handle_t *h)
{
    struct task_runner *t = h->data;
    alloc_runner_unpend(t->alloc);
}

void task_runner_release(struct task_runner *t)
{
    executor_close(&t->executor);
    check_restart_end(t);
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
    uv_close((uv_handle_t *)&t->check_timer, on_timer_closed);
}
