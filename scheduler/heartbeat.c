/* Heartbeats: a node that is silent past its time to live and the grace is down; its allocations
 * are evaluated anew (inventory nomad-scheduler 11). */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_EVERY_MS 1000

static struct node_timer *timer_of(struct scheduler *s, const char *id)
{
    struct node_timer *n;
    HASH_FIND_STR(s->nodes, id, n);
    if (!n) {
        n = MEM_NEW(struct node_timer);
        snprintf(n->id, sizeof(n->id), "%s", id);
        HASH_ADD_STR(s->nodes, id, n);
    }
    return n;
}

int64_t heartbeat_note(struct scheduler *s, const char *node_id)
{
    struct node_timer *n = timer_of(s, node_id);
    int64_t many = (int64_t)HASH_COUNT(s->nodes) / 50 * 1000;
    int64_t ttl = many > s->min_heartbeat_ttl_ms ? many : s->min_heartbeat_ttl_ms;
    ttl += id_random_below((uint32_t)ttl + 1);
    n->deadline = clock_mono_ms() + (mono_ms)(ttl + s->heartbeat_grace_ms);
    n->down = false;
    return ttl;
}

/* One evaluation for each job that has something there. */
static void evals_of_node(struct store_txn *t, const char *node_id, struct arena *a,
                          struct evaluations *out)
{
    struct allocations allocs;
    if (state_node_allocs(t, node_id, a, &allocs))
        return;
    for (size_t i = 0; i < allocs.n; i++) {
        struct allocation *x = &allocs.items[i];
        bool seen = alloc_is_terminal(x);
        for (size_t k = 0; k < out->n && !seen; k++)
            seen = str_eq(out->items[k].job_id, x->job_id);
        struct job j;
        if (seen || state_job(t, x->namespace, x->job_id, a, &j))
            continue;
        struct evaluation *e = rec_list_add(&evaluation_desc, out, a);
        evaluation_init(e, a, &j, "node-update", clock_wall_ns());
        e->node_id = arena_strdup(a, node_id);
    }
}

void system_evals(struct store *store, const char *node_id, struct arena *a,
                  struct evaluations *out)
{
    struct store_txn *t;
    struct store_cursor k;
    if (store_read(store, &t, NULL))
        return;
    for (store_scan(t, &table_jobs, NULL, 0, &k); store_cursor_valid(&k); store_next(&k)) {
        struct job j;
        if (rec_unpack(&job_desc, k.val.data, k.val.len, a, &j, NULL) || j.stop ||
            !str_eq(j.type, "system"))
            continue;
        struct evaluation *e = rec_list_add(&evaluation_desc, out, a);
        evaluation_init(e, a, &j, "node-update", clock_wall_ns());
        e->node_id = arena_strdup(a, node_id);
    }
    store_cursor_close(&k);
    store_read_end(&t);
}

void heartbeat_node_up(struct scheduler *s, const char *node_id)
{
    struct arena a = ARENA_INIT;
    struct cmd_evals c = {{NULL, 0}};
    system_evals(s->store, node_id, &a, &c.evals);
    if (c.evals.n)
        store_propose_rec(s->store, s->loop, CMD_EVALS, &cmd_evals_desc, &c, NULL, NULL);
    arena_fini(&a);
}

static void declare_down(struct scheduler *s, struct store_txn *t, struct node_timer *n)
{
    struct arena a = ARENA_INIT;
    struct node node;
    n->down = true;
    if (!state_node(t, n->id, &a, &node) && !str_eq(node.status, "down")) {
        log_warn("scheduler", "node %.8s: ready -> down (heartbeat missed)", n->id);
        struct cmd_node_status c = {.node_id = n->id, .now_ns = clock_wall_ns()};
        c.status = arena_strdup(&a, "down");
        evals_of_node(t, n->id, &a, &c.evals);
        store_propose_rec(s->store, s->loop, CMD_NODE_STATUS, &cmd_node_status_desc, &c, NULL,
                          NULL);
    }
    arena_fini(&a);
}

static void on_tick(uv_timer_t *timer)
{
    struct scheduler *s = timer->data;
    struct node_timer *n, *next;
    struct store_txn *t = NULL;
    mono_ms now = clock_mono_ms();
    HASH_ITER(hh, s->nodes, n, next)
    {
        if (n->down || n->deadline > now)
            continue;
        if (!t && store_read(s->store, &t, NULL))
            return;
        declare_down(s, t, n);
    }
    store_read_end(&t);
}

/* After a restart every node that was up gets a full period to report. */
void heartbeat_start(struct scheduler *s)
{
    struct store_txn *t;
    struct store_cursor c;
    struct arena a = ARENA_INIT;
    uv_timer_init(&s->loop->uv, &s->heartbeat_timer);
    s->heartbeat_timer.data = s;
    if (!store_read(s->store, &t, NULL)) {
        for (store_scan(t, &table_nodes, NULL, 0, &c); store_cursor_valid(&c); store_next(&c)) {
            struct node n;
            if (!rec_unpack(&node_desc, c.val.data, c.val.len, &a, &n, NULL) &&
                !str_eq(n.status, "down"))
                heartbeat_note(s, n.id);
        }
        store_cursor_close(&c);
        store_read_end(&t);
    }
    arena_fini(&a);
    uv_timer_start(&s->heartbeat_timer, on_tick, CHECK_EVERY_MS, CHECK_EVERY_MS);
}

void heartbeat_stop(struct scheduler *s)
{
    struct node_timer *n, *next;
    HASH_ITER(hh, s->nodes, n, next)
    {
        HASH_DEL(s->nodes, n);
        free(n);
    }
}
