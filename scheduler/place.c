/* Choosing a node: filter by constraint and driver, fit by resources and ports, rank by score. */
#include "scheduler/place_impl.h"
#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "agent/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DYNAMIC_PORT_FIRST 20000
#define DYNAMIC_PORT_LAST  31999
#define PORT_TRIES         20

/* --- metrics -------------------------------------------------------------------------------- */

void metric_count(struct rec_int_map *m, struct arena *a, const char *key, int64_t add)
{
    struct rec_int_pair *p = rec_map_find(m, sizeof(*p), key);
    if (!p) {
        rec_list_add(&rec_int_pair, m, a);
        size_t i = m->n - 1;
        for (; i > 0 && strcmp(m->items[i - 1].key, key) > 0; i--)
            m->items[i] = m->items[i - 1];
        m->items[i] = (struct rec_int_pair){arena_strdup(a, key), 0};
        p = &m->items[i];
    }
    p->value += add;
}

static void count_one(struct rec_int_map *m, struct arena *a, const char *key)
{
    metric_count(m, a, key, 1);
}

/* --- feasibility ----------------------------------------------------------------------------- */

static bool filtered(struct alloc_metric *m, struct arena *a, const struct node *n, const char *why)
{
    m->nodes_filtered++;
    if (!str_is_empty(n->node_class))
        count_one(&m->class_filtered, a, n->node_class);
    count_one(&m->constraint_filtered, a, why);
    return false;
}

static bool distinct_hosts_hold(const struct constraints *list, size_t there)
{
    for (size_t i = 0; there && i < list->n; i++)
        if (str_eq(list->items[i].operand, "distinct_hosts") &&
            !str_eq(list->items[i].rtarget, "false"))
            return false;
    return true;
}

static bool constraints_hold(struct cluster_view *v, const struct constraints *list,
                             const struct node_view *n, struct alloc_metric *m)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct constraint *c = &list->items[i];
        if (!constraint_holds(c, n->node))
            return filtered(m, v->arena, n->node,
                            arena_printf(v->arena, "%s %s %s", c->ltarget ? c->ltarget : "",
                                         c->operand, c->rtarget ? c->rtarget : ""));
    }
    return true;
}

static bool drivers_present(struct cluster_view *v, const struct task_group *g,
                            const struct node_view *n, struct alloc_metric *m)
{
    for (size_t i = 0; i < g->tasks.n; i++) {
        const struct driver_info *d =
            rec_map_find(&n->node->drivers, sizeof(*d), g->tasks.items[i].driver);
        if (!d || !d->detected || !d->healthy)
            return filtered(m, v->arena, n->node, "missing drivers");
    }
    return true;
}

static bool group_holds(struct cluster_view *v, const struct task_group *g,
                        const struct node_view *n, struct alloc_metric *m)
{
    if (!drivers_present(v, g, n, m) || !constraints_hold(v, &g->constraints, n, m))
        return false;
    for (size_t i = 0; i < g->tasks.n; i++)
        if (!constraints_hold(v, &g->tasks.items[i].constraints, n, m))
            return false;
    return true;
}

/* What names a single node says nothing of its class. */
static bool is_unique(const struct constraints *list)
{
    for (size_t i = 0; i < list->n; i++)
        if ((list->items[i].ltarget && strstr(list->items[i].ltarget, "unique.")) ||
            (list->items[i].rtarget && strstr(list->items[i].rtarget, "unique.")))
            return true;
    return false;
}

enum memo { MEMO_UNKNOWN, MEMO_YES, MEMO_NO };

static uint8_t *job_memo(struct cluster_view *v, const struct node_view *n)
{
    if (!n->class_id || is_unique(&v->job->constraints))
        return NULL;
    if (v->memo_job != v->job) {
        v->memo_job = v->job;
        v->job_memo = arena_alloc(v->arena, v->n_classes + 1);
    }
    return &v->job_memo[n->class_id];
}

static uint8_t *group_memo(struct cluster_view *v, const struct task_group *g,
                           const struct node_view *n)
{
    bool unique = is_unique(&g->constraints);
    for (size_t i = 0; i < g->tasks.n; i++)
        unique |= is_unique(&g->tasks.items[i].constraints);
    if (!n->class_id || unique)
        return NULL;
    if (v->memo_group != g) {
        v->memo_group = g;
        v->group_memo = arena_alloc(v->arena, v->n_classes + 1);
    }
    return &v->group_memo[n->class_id];
}

/* A class is judged once; its other nodes are filtered without a reason of their own. */
static bool class_holds(struct cluster_view *v, const struct task_group *g,
                        const struct node_view *n, struct alloc_metric *m)
{
    uint8_t *of_job = job_memo(v, n), *of_group = group_memo(v, g, n);
    if ((of_job && *of_job == MEMO_NO) || (of_group && *of_group == MEMO_NO))
        return filtered(m, v->arena, n->node, "computed class ineligible");
    if (!of_job || *of_job == MEMO_UNKNOWN) {
        bool holds = constraints_hold(v, &v->job->constraints, n, m);
        if (of_job)
            *of_job = holds ? MEMO_YES : MEMO_NO;
        if (!holds)
            return false;
    }
    if (of_group && *of_group == MEMO_YES)
        return true;
    bool holds = group_holds(v, g, n, m);
    if (of_group)
        *of_group = holds ? MEMO_YES : MEMO_NO;
    return holds;
}

static bool is_feasible(struct cluster_view *v, const struct task_group *g,
                        const struct property_rules *rules, const struct node_view *n,
                        struct alloc_metric *m)
{
    if (!class_holds(v, g, n, m))
        return false;
    bool alone = distinct_hosts_hold(&v->job->constraints, n->job_allocs) &&
                 distinct_hosts_hold(&g->constraints, n->group_allocs);
    for (size_t i = 0; i < g->tasks.n; i++)
        alone &= distinct_hosts_hold(&g->tasks.items[i].constraints, n->group_allocs);
    if (!alone)
        return filtered(m, v->arena, n->node, "distinct_hosts");
    const char *why = property_refuses(rules, n->node, v->arena);
    return !why || filtered(m, v->arena, n->node, why);
}

bool place_is_feasible(struct cluster_view *v, const struct task_group *g, struct node_view *n)
{
    struct alloc_metric ignored;
    struct property_rules rules;
    rec_init(&alloc_metric_desc, &ignored);
    property_rules_read(v, g, &rules);
    return is_feasible(v, g, &rules, n, &ignored);
}

/* --- resources and ports --------------------------------------------------------------------- */

static int64_t given(int64_t v)
{
    return v == REC_NULL_INT ? 0 : v;
}

static bool exhausted(struct alloc_metric *m, struct arena *a, const struct node *n,
                      const char *what)
{
    m->nodes_exhausted++;
    if (!str_is_empty(n->node_class))
        count_one(&m->class_exhausted, a, n->node_class);
    count_one(&m->dimension_exhausted, a, what);
    return false;
}

static int64_t free_port(struct node_view *n)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        int64_t p = DYNAMIC_PORT_FIRST +
                    (int64_t)id_random_below(DYNAMIC_PORT_LAST - DYNAMIC_PORT_FIRST + 1);
        if (!port_used(n, p))
            return p;
    }
    for (int64_t p = DYNAMIC_PORT_FIRST; p <= DYNAMIC_PORT_LAST; p++)
        if (!port_used(n, p))
            return p;
    return -1;
}

static const char *node_ip(const struct node *n)
{
    if (n->resources.networks.n && !str_is_empty(n->resources.networks.items[0].ip))
        return n->resources.networks.items[0].ip;
    const char *ip = rec_str_map_get(&n->attributes, "unique.network.ip-address");
    return ip ? ip : "127.0.0.1";
}

/* Ports marked while a node is tried, to be given back. */
#define MARKS_MAX 512 /* more ports than an allocation may have */
struct marks {
    uint16_t ports[MARKS_MAX];
    size_t n;
};

static bool mark(struct node_view *n, struct marks *marks, int64_t port)
{
    if (marks->n == MARKS_MAX)
        return false;
    marks->ports[marks->n++] = (uint16_t)port;
    port_mark(n, (uint16_t)port, true);
    return true;
}

/* Gives one asked network its ports on the node; marks them so that the next ask sees them. */
static bool network_assign(struct cluster_view *v, struct node_view *n, const struct network *ask,
                           struct networks *out, struct allocation *x, struct alloc_metric *m,
                           struct marks *marks, bool shared)
{
    struct arena *a = v->arena;
    struct network *got = rec_list_add(&network_desc, out, a);
    rec_clone(&network_desc, ask, a, got);
    got->ip = arena_strdup(a, node_ip(n->node));
    got->mbits = given(got->mbits);
    if (!shared && n->node->resources.networks.n)
        got->device = arena_strdup(a, n->node->resources.networks.items[0].device);
    for (size_t i = 0; i < got->reserved_ports.n; i++) {
        struct port *p = &got->reserved_ports.items[i];
        if (port_used(n, p->value) || !mark(n, marks, p->value))
            return exhausted(
                m, a, n->node,
                arena_printf(a, "network: reserved port collision %s=%d", p->label, (int)p->value));
    }
    for (size_t i = 0; i < got->dynamic_ports.n; i++) {
        struct port *p = &got->dynamic_ports.items[i];
        p->value = free_port(n);
        if (p->value < 0 || !mark(n, marks, p->value))
            return exhausted(m, a, n->node, "network: dynamic port selection failed");
        if (p->to == -1)
            p->to = p->value;
    }
    struct ports *lists[] = {&got->reserved_ports, &got->dynamic_ports};
    for (int k = 0; k < 2 && shared; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            static const struct rec_desc mapping = {"port", sizeof(struct port_mapping), NULL, 0,
                                                    false};
            struct port_mapping *pm = rec_list_add(&mapping, &x->resources.shared.ports, a);
            *pm = (struct port_mapping){lists[k]->items[i].label, lists[k]->items[i].value,
                                        lists[k]->items[i].to, got->ip};
        }
    return true;
}

static bool ports_assign(struct cluster_view *v, const struct task_group *g, struct node_view *n,
                         struct allocation *x, struct alloc_metric *m, struct marks *marks)
{
    if (g->networks.n && !network_assign(v, n, &g->networks.items[0], &x->resources.shared.networks,
                                         x, m, marks, true))
        return false;
    for (size_t i = 0; i < g->tasks.n; i++) {
        const struct resources *r = g->tasks.items[i].resources;
        if (r && r->networks.n &&
            !network_assign(v, n, &r->networks.items[0], &x->resources.tasks.items[i].networks, x,
                            m, marks, false))
            return false;
    }
    return true;
}

/* What the group asks, as an allocation without a place. Tasks are in the map's order (by name)
 * only at the end: ports are given by position. */
static void ask_of(struct arena *a, const struct task_group *g, struct allocation *x)
{
    x->resources.tasks.items = ARENA_ARRAY(a, struct allocated_task, g->tasks.n ? g->tasks.n : 1);
    x->resources.tasks.n = g->tasks.n;
    for (size_t i = 0; i < g->tasks.n; i++) {
        const struct task *task = &g->tasks.items[i];
        struct allocated_task *got = &x->resources.tasks.items[i];
        got->key = task->name;
        got->cpu.cpu_shares = task->resources ? given(task->resources->cpu) : 0;
        got->memory.memory_mb = task->resources ? given(task->resources->memory_mb) : 0;
    }
    x->resources.shared.disk_mb = g->ephemeral_disk ? given(g->ephemeral_disk->size_mb) : 0;
}

/* Dimensions are checked in the peer's order: cpu, memory, disk. */
static bool resources_fit(struct cluster_view *v, struct node_view *n, struct usage u,
                          struct alloc_metric *m)
{
    usage_prepare(n);
    const struct node *node = n->node;
    if (n->usage.cpu + u.cpu > node->resources.cpu.cpu_shares - node->reserved.cpu.cpu_shares)
        return exhausted(m, v->arena, node, "cpu");
    if (n->usage.memory_mb + u.memory_mb >
        node->resources.memory.memory_mb - node->reserved.memory.memory_mb)
        return exhausted(m, v->arena, node, "memory");
    if (n->usage.disk_mb + u.disk_mb > node->resources.disk.disk_mb - node->reserved.disk.disk_mb)
        return exhausted(m, v->arena, node, "disk");
    return true;
}

/* --- scoring --------------------------------------------------------------------------------- */

static double free_share(int64_t used, int64_t available)
{
    return available > 0 ? 1.0 - (double)used / (double)available : 0.0;
}

static double binpack(const struct node_view *n, struct usage u)
{
    double cpu = free_share(n->usage.cpu + u.cpu,
                            n->node->resources.cpu.cpu_shares - n->node->reserved.cpu.cpu_shares);
    double mem =
        free_share(n->usage.memory_mb + u.memory_mb,
                   n->node->resources.memory.memory_mb - n->node->reserved.memory.memory_mb);
    double fit = 20.0 - (pow(10, cpu) + pow(10, mem));
    return (fit < 0 ? 0 : fit > 18 ? 18 : fit) / 18.0;
}

static double affinity_score(const struct affinities *lists[], size_t n_lists, const struct node *n)
{
    double sum = 0, total = 0;
    for (size_t k = 0; k < n_lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            const struct affinity *f = &lists[k]->items[i];
            struct constraint c = {
                .ltarget = f->ltarget, .rtarget = f->rtarget, .operand = f->operand};
            total += fabs((double)f->weight);
            if (constraint_holds(&c, n))
                sum += (double)f->weight;
        }
    return total > 0 ? sum / total : 0;
}

static void add_score(struct node_score *s, struct arena *a, const char *name, double value)
{
    struct rec_float_pair *p = rec_list_add(&rec_float_pair, &s->scores, a);
    *p = (struct rec_float_pair){arena_strdup(a, name), value};
}

/* The mean of the scores that apply; those that do not are shown as 0. */
static double score_node(struct cluster_view *v, const struct task_group *g,
                         const struct property_rules *rules, const struct node_view *n,
                         struct usage u, const char *avoid, struct node_score *out)
{
    const struct affinities *affinities[64] = {&v->job->affinities, &g->affinities};
    size_t n_lists = 2;
    for (size_t i = 0; i < g->tasks.n && n_lists < 64; i++)
        affinities[n_lists++] = &g->tasks.items[i].affinities;
    double pack = binpack(n, u), sum = pack, anti = 0, penalty = 0;
    double affinity = affinity_score(affinities, n_lists, n->node);
    double spread = property_spread_score(rules, g, n->node);
    int parts = 1;
    if (n->group_allocs) {
        anti = -((double)n->group_allocs + 1) / (double)(g->count > 0 ? g->count : 1);
        sum += anti;
        parts++;
    }
    if (avoid && str_eq(avoid, n->node->id)) {
        penalty = -1;
        sum += penalty;
        parts++;
    }
    if (affinity != 0) {
        sum += affinity;
        parts++;
    }
    if (spread != 0) {
        sum += spread;
        parts++;
    }
    out->node_id = arena_strdup(v->arena, n->node->id);
    if (rules->spreads.n)
        add_score(out, v->arena, "allocation-spread", spread);
    add_score(out, v->arena, "binpack", pack);
    add_score(out, v->arena, "job-anti-affinity", anti);
    add_score(out, v->arena, "node-affinity", affinity);
    add_score(out, v->arena, "node-reschedule-penalty", penalty);
    out->norm_score = sum / parts;
    return out->norm_score;
}

/* --- choosing -------------------------------------------------------------------------------- */

static size_t candidates_wanted(const struct cluster_view *v, const struct task_group *g)
{
    if (v->job->affinities.n || g->affinities.n || v->job->spreads.n || g->spreads.n)
        return g->count > 100 ? (size_t)g->count : 100;
    if (str_eq(v->job->type, "batch"))
        return 2;
    size_t log2n = 0;
    while (((size_t)1 << log2n) < v->n_nodes)
        log2n++;
    return log2n > 2 ? log2n : 2;
}

static void keep_top_scores(struct alloc_metric *m, struct arena *a, const struct node_score *s)
{
    static const struct rec_desc score = {"score", sizeof(struct node_score), NULL, 0, false};
    if (m->score_meta.n < 5)
        rec_list_add(&score, &m->score_meta, a);
    else if (m->score_meta.items[4].norm_score >= s->norm_score)
        return;
    size_t i = m->score_meta.n - 1;
    for (; i > 0 && m->score_meta.items[i - 1].norm_score < s->norm_score; i--)
        m->score_meta.items[i] = m->score_meta.items[i - 1];
    m->score_meta.items[i] = *s;
}

/* Ports are only tried here; the choice marks them (node_view_take). */
static bool try_node(struct cluster_view *v, const struct task_group *g, struct node_view *n,
                     struct allocation *x, struct alloc_metric *m)
{
    struct marks marks;
    marks.n = 0;
    ask_of(v->arena, g, x);
    if (!resources_fit(v, n, allocation_usage(x), m))
        return false;
    ports_prepare(n);
    bool fits = ports_assign(v, g, n, x, m, &marks);
    for (size_t i = 0; i < marks.n; i++)
        port_mark(n, marks.ports[i], false);
    return fits;
}

int place_allocation(struct cluster_view *v, const struct task_group *g, const char *avoid,
                     struct allocation *out, struct alloc_metric *m)
{
    int64_t started = clock_wall_ns();
    struct node_view *best = NULL;
    struct allocated_resources best_resources = {0};
    double best_score = 0;
    size_t wanted = candidates_wanted(v, g), found = 0, skipped = 0;
    struct property_rules rules;
    property_rules_read(v, g, &rules);
    rec_init(&alloc_metric_desc, m);
    m->nodes_available = v->available; /* shared: nobody writes it any more */
    for (size_t i = 0; i < v->n_nodes && found < wanted; i++) {
        struct node_view *n = v->nodes[i];
        struct allocation x = {0};
        struct node_score s = {0};
        m->nodes_evaluated++;
        if (!is_feasible(v, g, &rules, n, m) || !try_node(v, g, n, &x, m))
            continue;
        double score = score_node(v, g, &rules, n, allocation_usage(&x), avoid, &s);
        keep_top_scores(m, v->arena, &s);
        if (!best || score > best_score) {
            best = n;
            best_score = score;
            best_resources = x.resources;
        }
        if (score <= 0 && skipped < 3)
            skipped++; /* looks further for something better, thrice */
        else
            found++;
    }
    m->allocation_time_ns = clock_wall_ns() - started;
    if (!best)
        return ERR_UNAVAILABLE;
    out->resources = best_resources;
    rec_map_sort(&out->resources.tasks, sizeof(struct allocated_task));
    out->node_id = arena_strdup(v->arena, best->node->id);
    out->node_name = arena_strdup(v->arena, best->node->name);
    node_view_take(best, out, g->name);
    return 0;
}

int place_on_node(struct cluster_view *v, const struct task_group *g, const char *node_id,
                  struct allocation *out, struct alloc_metric *m)
{
    struct cluster_view one = *v;
    struct node_view *n = cluster_view_find(v, node_id);
    rec_init(&alloc_metric_desc, m);
    if (!n)
        return ERR_UNAVAILABLE;
    one.nodes = &n;
    one.n_nodes = 1;
    int rv = place_allocation(&one, g, NULL, out, m);
    v->memo_job = one.memo_job; /* what was learned of the classes */
    v->job_memo = one.job_memo;
    v->memo_group = one.memo_group;
    v->group_memo = one.group_memo;
    return rv;
}
