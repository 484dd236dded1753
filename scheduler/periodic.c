/* Periodic jobs: launches their instances when the time comes; after an absence at most the one
 * that was missed (inventory nomad-scheduler 13).
 *
 * The table of periodic jobs says of each when it was launched last; the next launch follows from
 * that and its expression, so that nothing is kept in memory but the timer. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "jobs/cron.h"
#include "scheduler/scheduler_impl.h"

#include <inttypes.h>
#include <stdlib.h>

static void on_time(uv_timer_t *timer);
static void look(struct scheduler *s);

int64_t periodic_next(const struct job *j, int64_t after_s, struct arena *a)
{
    struct cron c;
    const struct zone *z;
    if (!j->periodic || j->periodic->enabled == 0 || cron_parse(j->periodic->spec, &c, NULL) ||
        zone_load(j->periodic->time_zone, a, &z, NULL))
        return 0;
    return cron_next(&c, z, after_s);
}

void periodic_child(const struct job *j, int64_t launch_s, int64_t now_ns, struct arena *a,
                    struct cmd_periodic_launch *out)
{
    *out = (struct cmd_periodic_launch){.namespace = j->namespace, .id = j->id, .now_ns = now_ns};
    out->job = rec_dup(&job_desc, j, a);
    out->job->parent_id = j->id;
    out->job->id = arena_printf(a, "%s/periodic-%" PRId64, j->id, launch_s);
    out->job->name = out->job->id;
    out->job->periodic = NULL;
    out->job->submit_time_ns = now_ns;
    out->eval = ARENA_NEW(a, struct evaluation);
    evaluation_init(out->eval, a, out->job, "periodic-job", now_ns);
}

bool periodic_child_lives(struct store_txn *t, const struct job *j, struct arena *a)
{
    struct store_cursor c;
    char key[STATE_KEY_MAX];
    bool lives = false;
    size_t n = state_job_key(key, j->namespace, arena_printf(a, "%s/periodic-", j->id));
    for (store_scan(t, &table_jobs, key, n, &c); store_cursor_valid(&c) && !lives; store_next(&c)) {
        struct job child;
        lives = !rec_unpack(&job_desc, c.val.data, c.val.len, a, &child, NULL) &&
                !str_eq(child.status, "dead");
    }
    store_cursor_close(&c);
    return lives;
}

/* --- looking --------------------------------------------------------------------------------- */

static void on_launched(void *arg, int status, log_index index, const struct store_result *r)
{
    struct scheduler *s = arg;
    if (--s->launches == 0)
        look(s);
}

static void launch(struct scheduler *s, struct store_txn *t, const struct job *j, int64_t due_s,
                   struct arena *a)
{
    struct cmd_periodic_launch c;
    int64_t now = clock_wall_ns();
    periodic_child(j, due_s, now, a, &c);
    c.launch_s = now / NS_PER_SEC;
    if (j->periodic->prohibit_overlap == 1 && periodic_child_lives(t, j, a)) {
        log_info("scheduler", "job %s: a launch left out, the last one still runs", j->id);
        c.job = NULL;
        c.eval = NULL;
    }
    s->launches++;
    store_propose_rec(s->store, s->loop, CMD_PERIODIC_LAUNCH, &cmd_periodic_launch_desc, &c,
                      on_launched, s);
}

static void look(struct scheduler *s)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct store_cursor c;
    int64_t now = clock_wall_ns(), soonest = INT64_MAX;
    if (s->closing || s->launches || store_read(s->store, &t, NULL))
        return;
    for (store_scan(t, &table_periodic, NULL, 0, &c); store_cursor_valid(&c); store_next(&c)) {
        struct job j;
        struct periodic_row row;
        if (rec_unpack(&periodic_row_desc, c.val.data, c.val.len, &a, &row, NULL) ||
            store_get_rec(t, &table_jobs, c.key.data, c.key.len, &job_desc, &a, &j))
            continue;
        int64_t next = periodic_next(&j, row.last_launch_s, &a);
        if (next && next * NS_PER_SEC <= now)
            launch(s, t, &j, next, &a);
        else if (next && next < soonest)
            soonest = next;
    }
    store_cursor_close(&c);
    store_read_end(&t);
    arena_fini(&a);
    if (soonest != INT64_MAX)
        uv_timer_start(&s->periodic_timer, on_time,
                       (uint64_t)((soonest * NS_PER_SEC - now) / NS_PER_MS + 1), 0);
}

static void on_time(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_change(void *arg, log_index index)
{
    look(arg);
}

void periodic_start(struct scheduler *s)
{
    uv_timer_init(&s->loop->uv, &s->periodic_timer);
    s->periodic_timer.data = s;
    s->watch_periodic = store_watch_add(s->store, s->loop, STORE_WATCH_TABLE, &table_periodic, NULL,
                                        0, on_change, s);
    look(s);
}

void periodic_stop(struct scheduler *s)
{
    store_watch_remove(&s->watch_periodic);
}
