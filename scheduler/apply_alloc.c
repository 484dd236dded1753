/* Allocations: plans and client updates, with a node's usage and a job's counts kept in step. */
#include "agent/base/check.h"
#include "agent/base/str.h"
#include "scheduler/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 512 /* of one allocation */

/* --- usage ----------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Adds (sign 1) or takes away (-1) what an allocation uses of its node. */
static void usage_change(struct store_txn *t, const struct allocation *x, int sign)
{
    struct arena a = ARENA_INIT;
    struct node_usage u;
    state_usage(t, x->node_id, &a, &u);
    struct usage d = allocation_usage(x);
    u.cpu += sign * d.cpu;
    u.memory_mb += sign * d.memory_mb;
    u.disk_mb += sign * d.disk_mb;
    u.allocs += sign;
    uint16_t mine[PORTS_MAX];
    size_t n = allocation_ports(x, mine, PORTS_MAX), have = u.ports.n / 2;
    uint16_t *all = arena_alloc(&a, (have + n) * 2);
    if (have)
        memcpy(all, u.ports.data, have * 2);
    for (size_t i = 0; i < n; i++) {
        if (sign > 0) {
            all[have++] = mine[i];
            continue;
        }
        for (size_t k = 0; k < have; k++)
            if (all[k] == mine[i]) {
                all[k] = all[--have];
                break;
            }
    }
    qsort(all, have, 2, by_number);
    u.ports = (struct rec_bytes){(uint8_t *)all, have * 2};
    struct buf b = BUF_INIT;
    rec_pack(&node_usage_desc, &u, &b);
    store_put_quiet(t, &table_usage, x->node_id, strlen(x->node_id), b.data, b.len);
    buf_fini(&b);
    arena_fini(&a);
}

static bool port_is_used(const struct node_usage *u, uint16_t port)
{
    return u->ports.n && bsearch(&port, u->ports.data, u->ports.n / 2, 2, by_number);
}

/* Whether the node is there for it and has room, as the state stands now. */
static bool still_fits(struct store_txn *t, const struct allocation *x)
{
    struct arena a = ARENA_INIT;
    struct node n;
    struct node_usage u;
    bool fits = false;
    if (state_node(t, x->node_id, &a, &n) || !str_eq(n.status, "ready") || n.drain ||
        str_eq(n.scheduling_eligibility, "ineligible"))
        goto out;
    state_usage(t, x->node_id, &a, &u);
    struct usage d = allocation_usage(x);
    if (u.cpu + d.cpu > n.resources.cpu.cpu_shares - n.reserved.cpu.cpu_shares ||
        u.memory_mb + d.memory_mb > n.resources.memory.memory_mb - n.reserved.memory.memory_mb ||
        u.disk_mb + d.disk_mb > n.resources.disk.disk_mb - n.reserved.disk.disk_mb)
        goto out;
    uint16_t ports[PORTS_MAX];
    size_t count = allocation_ports(x, ports, PORTS_MAX);
    fits = true;
    for (size_t i = 0; i < count; i++)
        fits &= !port_is_used(&u, ports[i]);
out:
    arena_fini(&a);
    return fits;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void touch_allocs(struct store_txn *t, const struct allocation *x, bool for_node)
{
    char key[STATE_KEY_MAX];
    store_touch(t, &table_allocs, x->id, strlen(x->id));
    store_touch(t, &table_allocs, key, state_watch_key(key, "job", x->namespace, x->job_id));
    if (for_node)
        store_touch(t, &table_allocs, key, state_watch_key(key, "node", NULL, x->node_id));
}

void alloc_seq(char out[12], log_index index, uint32_t position)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(index >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        out[8 + i] = (char)(position >> (24 - 8 * i));
}

static void alloc_insert(struct store_txn *t, log_index index, uint32_t position,
                         struct allocation *x)
{
    char seq[12], key[STATE_KEY_MAX + 32];
    alloc_seq(seq, index, position);
    x->create_index = x->modify_index = x->alloc_modify_index = index;
    store_put_rec(t, &table_allocs, seq, sizeof(seq), &allocation_desc, x);
    store_put_quiet(t, &table_allocs_by_id, x->id, strlen(x->id), seq, sizeof(seq));
    size_t n = state_job_key(key, x->namespace, x->job_id);
    key[n++] = '\0';
    memcpy(key + n, seq, sizeof(seq));
    store_put_quiet(t, &table_allocs_by_job, key, n + sizeof(seq), seq, sizeof(seq));
    n = (size_t)snprintf(key, sizeof(key), "%s%c", x->node_id, 0);
    memcpy(key + n, seq, sizeof(seq));
    store_put_quiet(t, &table_allocs_by_node, key, n + sizeof(seq), seq, sizeof(seq));
    usage_change(t, x, 1);
    counts_change(t, index, x->namespace, x->job_id, 1, 1, 0, 0);
    touch_allocs(t, x, true);
}

/* Writes a known allocation back; was_live says how it stood before. */
void alloc_update(struct store_txn *t, log_index index, struct allocation *x, bool was_live,
                  bool for_node)
{
    struct store_val seq;
    char key[12];
    INVARIANT(!store_get(t, &table_allocs_by_id, x->id, strlen(x->id), &seq) && seq.len == 12);
    memcpy(key, seq.data, 12);
    x->modify_index = index;
    if (for_node)
        x->alloc_modify_index = index;
    store_put_rec(t, &table_allocs, key, 12, &allocation_desc, x);
    bool live = !alloc_is_terminal(x);
    if (live != was_live) {
        usage_change(t, x, live ? 1 : -1);
        if (!live)
            store_touch(t, &table_usage, "freed", 5);
        counts_change(t, index, x->namespace, x->job_id, live ? 1 : -1, 0, 0, 0);
    }
    touch_allocs(t, x, for_node);
}

/* --- plan ------------------------------------------------------------------------------------ */

static void plan_stop(struct store_txn *t, log_index index, const struct allocation *stop,
                      int64_t now_ns)
{
    struct arena a = ARENA_INIT;
    struct allocation x;
    if (!state_alloc(t, stop->id, &a, &x)) {
        bool was_live = !alloc_is_terminal(&x);
        x.desired_status = stop->desired_status;
        x.desired_description = stop->desired_description;
        if (!str_is_empty(stop->client_status))
            x.client_status = stop->client_status;
        if (!str_is_empty(stop->next_allocation))
            x.next_allocation = stop->next_allocation;
        if (!str_is_empty(stop->followup_eval_id))
            x.followup_eval_id = stop->followup_eval_id;
        x.modify_time_ns = now_ns;
        alloc_update(t, index, &x, was_live, true);
    }
    arena_fini(&a);
}

/* Who is replaced learns by whom. */
static void link_previous(struct store_txn *t, log_index index, const struct allocation *x)
{
    struct arena a = ARENA_INIT;
    struct allocation old;
    if (!str_is_empty(x->previous_allocation) &&
        !state_alloc(t, x->previous_allocation, &a, &old) && str_is_empty(old.next_allocation)) {
        old.next_allocation = x->id;
        alloc_update(t, index, &old, !alloc_is_terminal(&old), false);
    }
    arena_fini(&a);
}

/* An in-place update keeps its identity and place; a new one is inserted if it still fits. */
static bool plan_place(struct store_txn *t, log_index index, uint32_t position,
                       struct allocation *x, int64_t now_ns)
{
    struct arena a = ARENA_INIT;
    struct allocation old;
    bool known = !state_alloc(t, x->id, &a, &old), placed = true, in_deployment = false;
    x->modify_time_ns = now_ns;
    if (known) {
        bool was_live = !alloc_is_terminal(&old);
        in_deployment = str_eq(old.deployment_id, x->deployment_id);
        old.job_version = x->job_version;
        old.job_modify_index = x->job_modify_index;
        old.eval_id = x->eval_id;
        old.deployment_id = x->deployment_id;
        old.deployment_status = x->deployment_status;
        old.desired_description = x->desired_description;
        old.followup_eval_id = x->followup_eval_id;
        old.modify_time_ns = now_ns;
        alloc_update(t, index, &old, was_live, true);
    } else if ((placed = still_fits(t, x))) {
        x->create_time_ns = now_ns;
        alloc_insert(t, index, position, x);
        link_previous(t, index, x);
    }
    if (placed && !in_deployment)
        deployment_count(t, index, x, 1, 0, 0, now_ns);
    arena_fini(&a);
    return placed;
}

int apply_plan(struct store_txn *t, log_index index, const void *payload, size_t len,
               struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_plan c;
    int rv = rec_unpack(&cmd_plan_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    for (size_t i = 0; i < c.deployment_updates.n; i++)
        deployment_status(t, index, &c.deployment_updates.items[i]);
    if (c.deployment)
        deployment_put(t, index, c.deployment, true);
    for (size_t i = 0; i < c.stops.n; i++)
        plan_stop(t, index, &c.stops.items[i], c.now_ns);
    for (size_t i = 0; i < c.places.n; i++)
        r->number += !plan_place(t, index, (uint32_t)i, &c.places.items[i], c.now_ns);
    /* refused placements: the worker tries again, so the evaluation is not over */
    for (size_t i = 0; !r->number && i < c.evals.n; i++)
        eval_put(t, index, &c.evals.items[i]);
out:
    arena_fini(&a);
    return rv;
}

/* --- what clients report --------------------------------------------------------------------- */

/* An unhealthy one may be tried elsewhere while its deployment has time left. */
static void health_set(struct store_txn *t, log_index index, struct allocation *x, int8_t healthy,
                       int64_t time_ns, struct arena *a)
{
    struct deployment d;
    bool canary = x->deployment_status && x->deployment_status->canary;
    x->deployment_status = ARENA_NEW(a, struct alloc_deployment_status);
    *x->deployment_status = (struct alloc_deployment_status){healthy, time_ns, canary, index};
    if (healthy || str_is_empty(x->deployment_id) || state_deployment(t, x->deployment_id, a, &d))
        return;
    const struct deployment_state *s = rec_map_find(&d.groups, sizeof(*s), x->task_group);
    if (s && s->progress_deadline_ns > 0)
        x->desired_transition.reschedule = 1;
}

static void report(struct store_txn *t, log_index index, const struct allocation *from,
                   int64_t now_ns)
{
    struct arena a = ARENA_INIT;
    struct allocation x;
    if (state_alloc(t, from->id, &a, &x))
        goto out;
    bool was_live = !alloc_is_terminal(&x);
    int8_t old_health = x.deployment_status ? x.deployment_status->healthy : REC_NULL_BOOL;
    x.client_status = from->client_status;
    x.client_description = from->client_description;
    x.task_states = from->task_states;
    x.modify_time_ns = now_ns;
    int8_t health = from->deployment_status ? from->deployment_status->healthy : REC_NULL_BOOL;
    bool news = health != REC_NULL_BOOL && health != old_health;
    if (news)
        health_set(t, index, &x, health, from->deployment_status->timestamp_ns, &a);
    alloc_update(t, index, &x, was_live, false);
    if (news)
        deployment_count(t, index, &x, 0, (health == 1) - (old_health == 1),
                         (health == 0) - (old_health == 0), now_ns);
out:
    arena_fini(&a);
}

int apply_alloc_updates(struct store_txn *t, log_index index, const void *payload, size_t len,
                        struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_alloc_updates c;
    int rv = rec_unpack(&cmd_alloc_updates_desc, payload, len, &a, &c, NULL);
    for (size_t i = 0; !rv && i < c.allocs.n; i++)
        report(t, index, &c.allocs.items[i], c.now_ns);
    for (size_t i = 0; !rv && i < c.evals.n; i++)
        eval_put(t, index, &c.evals.items[i]);
    arena_fini(&a);
    return rv;
}

int apply_alloc_stop(struct store_txn *t, log_index index, const void *payload, size_t len,
                     struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_alloc_stop c;
    struct allocation x;
    int rv = rec_unpack(&cmd_alloc_stop_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    if (state_alloc(t, c.alloc_id, &a, &x)) {
        r->code = ERR_NOT_FOUND;
        snprintf(r->text, sizeof(r->text), "alloc not found");
        goto out;
    }
    bool was_live = !alloc_is_terminal(&x);
    x.desired_transition.migrate = 1;
    x.modify_time_ns = c.now_ns;
    alloc_update(t, index, &x, was_live, false);
    if (c.eval)
        eval_put(t, index, c.eval);
    r->number = index;
out:
    arena_fini(&a);
    return rv;
}

int apply_alloc_transitions(struct store_txn *t, log_index index, const void *payload, size_t len,
                            struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_alloc_updates c;
    int rv = rec_unpack(&cmd_alloc_updates_desc, payload, len, &a, &c, NULL);
    for (size_t i = 0; !rv && i < c.allocs.n; i++) {
        struct allocation x;
        const struct desired_transition *d = &c.allocs.items[i].desired_transition;
        if (state_alloc(t, c.allocs.items[i].id, &a, &x))
            continue;
        bool live = !alloc_is_terminal(&x);
        if (d->migrate != REC_NULL_BOOL && live)
            x.desired_transition.migrate = d->migrate;
        if (d->reschedule != REC_NULL_BOOL)
            x.desired_transition.reschedule = d->reschedule;
        if (d->force_reschedule != REC_NULL_BOOL)
            x.desired_transition.force_reschedule = d->force_reschedule;
        x.modify_time_ns = c.now_ns;
        alloc_update(t, index, &x, live, false);
    }
    for (size_t i = 0; !rv && i < c.evals.n; i++)
        eval_put(t, index, &c.evals.items[i]);
    arena_fini(&a);
    return rv;
}
