/* The nodes as evaluations see them: one decoded table shared by all, and each evaluation's own
 * view over it of what it adds and takes. */
#include "agent/base/str.h"
#include "scheduler/place_impl.h"

#include <stdlib.h>
#include <string.h>

/* --- the table ------------------------------------------------------------------------------- */

static int by_class(const void *a, const void *b)
{
    const struct node *const *x = a, *const *y = b;
    return strcmp((*x)->computed_class ? (*x)->computed_class : "",
                  (*y)->computed_class ? (*y)->computed_class : "");
}

/* Nodes of one computed class get one number. */
static void classes_number(struct node_table *t)
{
    struct node **sorted = mem_alloc((t->n + 1) * sizeof(*sorted));
    t->class_ids = ARENA_ARRAY(&t->arena, size_t, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        sorted[i] = &t->nodes[i];
    qsort(sorted, t->n, sizeof(*sorted), by_class);
    for (size_t i = 0; i < t->n; i++) {
        if (str_is_empty(sorted[i]->computed_class))
            continue;
        if (!t->n_classes || by_class(&sorted[i - 1], &sorted[i]))
            t->n_classes++;
        t->class_ids[sorted[i] - t->nodes] = t->n_classes;
    }
    free(sorted);
}

/* In the order of their ids, which is the rows'. */
static struct node_table *table_new(struct store_txn *t)
{
    struct node_table *n = MEM_NEW(struct node_table);
    struct store_cursor c;
    n->refs = 1;
    n->index = store_table_index(t, &table_nodes);
    n->nodes = ARENA_ARRAY(&n->arena, struct node, store_count(t, &table_nodes) + 1);
    for (store_scan(t, &table_nodes, NULL, 0, &c); store_cursor_valid(&c); store_next(&c))
        if (!rec_unpack(&node_desc, c.val.data, c.val.len, &n->arena, &n->nodes[n->n], NULL))
            n->n++;
    store_cursor_close(&c);
    classes_number(n);
    return n;
}

static void table_unref(struct node_table *n)
{
    if (!n || --n->refs)
        return;
    arena_fini(&n->arena);
    free(n);
}

/* A snapshot older than the table that is kept gets one of its own. */
static struct node_table *table_take(struct node_cache *cache, struct store_txn *t)
{
    log_index index = store_table_index(t, &table_nodes);
    if (!cache)
        return table_new(t);
    pthread_mutex_lock(&cache->lock);
    struct node_table *n = cache->table;
    if (n && n->index == index) {
        n->refs++;
    } else {
        n = table_new(t);
        if (!cache->table || cache->table->index < index) {
            table_unref(cache->table);
            cache->table = n;
            n->refs++;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return n;
}

void node_cache_fini(struct node_cache *cache)
{
    table_unref(cache->table);
    cache->table = NULL;
}

/* --- the view -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool is_candidate(const struct node *n)
{
    return str_eq(n->status, "ready") && !n->drain &&
           !str_eq(n->scheduling_eligibility, "ineligible");
}

static bool in_datacenters(const struct job *job, const char *dc)
{
    for (size_t i = 0; i < job->datacenters.n; i++)
        if (str_eq(job->datacenters.items[i], dc) || str_eq(job->datacenters.items[i], "*"))
            return true;
    return false;
}

static void view_fill(struct cluster_view *v)
{
    struct node_table *table = v->table;
    struct node_view *all = ARENA_ARRAY(v->arena, struct node_view, table->n + 1);
    v->nodes = ARENA_ARRAY(v->arena, struct node_view *, table->n + 1);
    struct node_view *others = ARENA_ARRAY(v->arena, struct node_view, table->n + 1);
    for (size_t i = 0; i < table->n; i++) {
        struct node *n = &table->nodes[i];
        bool takes = is_candidate(n) && in_datacenters(v->job, n->datacenter);
        struct node_view *x = takes ? &all[v->n_nodes] : &others[v->n_others++];
        *x = (struct node_view){
            .node = n, .class_id = table->class_ids[i], .arena = v->arena, .t = v->t};
        if (!takes)
            continue;
        v->nodes[v->n_nodes++] = x;
        metric_count(&v->available, v->arena, n->datacenter, 1);
    }
    v->by_id = all;
    v->others = others;
}

void cluster_view_open(struct cluster_view *v, struct node_cache *cache, struct store_txn *t,
                       const struct job *job, uint64_t seed, struct arena *a)
{
    *v = (struct cluster_view){.arena = a, .job = job, .t = t};
    v->cache = cache;
    v->table = table_take(cache, t);
    v->n_classes = v->table->n_classes;
    view_fill(v);
    for (size_t i = v->n_nodes; i > 1; i--) { /* Fisher-Yates */
        size_t k = (size_t)(mix(&seed) % i);
        struct node_view *x = v->nodes[i - 1];
        v->nodes[i - 1] = v->nodes[k];
        v->nodes[k] = x;
    }
    for (size_t i = 0; !v->n_nodes && i < job->datacenters.n; i++) /* shown as 0 */
        metric_count(&v->available, a, job->datacenters.items[i], 0);
}

void cluster_view_close(struct cluster_view *v)
{
    if (v->cache)
        pthread_mutex_lock(&v->cache->lock);
    table_unref(v->table);
    if (v->cache)
        pthread_mutex_unlock(&v->cache->lock);
    v->table = NULL;
}

static int id_order(const void *key, const void *item)
{
    return strcmp(key, ((const struct node_view *)item)->node->id);
}

struct node_view *cluster_view_find(struct cluster_view *v, const char *node_id)
{
    if (v->by_id && node_id)
        return bsearch(node_id, v->by_id, v->n_nodes, sizeof(*v->by_id), id_order);
    for (size_t i = 0; i < v->n_nodes; i++)
        if (str_eq(v->nodes[i]->node->id, node_id))
            return v->nodes[i];
    return NULL;
}

struct node_view *cluster_view_find_any(struct cluster_view *v, const char *node_id)
{
    struct node_view *n = cluster_view_find(v, node_id);
    if (n || !node_id || !v->n_others)
        return n;
    return bsearch(node_id, v->others, v->n_others, sizeof(*v->others), id_order);
}

/* --- what is used ---------------------------------------------------------------------------- */

void usage_prepare(struct node_view *n)
{
    if (n->t)
        state_usage(n->t, n->node->id, n->arena, &n->usage);
    n->t = NULL;
}

void port_mark(struct node_view *n, uint16_t port, bool used)
{
    if (used)
        n->ports[port / 64] |= UINT64_C(1) << (port % 64);
    else
        n->ports[port / 64] &= ~(UINT64_C(1) << (port % 64));
}

bool port_used(const struct node_view *n, int64_t port)
{
    return port >= 0 && port < 65536 && (n->ports[port / 64] >> (port % 64)) & 1;
}

/* "22,80,8500-8600" */
static void mark_ranges(struct node_view *n, const char *text)
{
    while (text && *text) {
        char *end;
        long from = strtol(text, &end, 10), to = from;
        if (*end == '-')
            to = strtol(end + 1, &end, 10);
        for (long p = from; p <= to && p >= 0 && p < 65536; p++)
            port_mark(n, (uint16_t)p, true);
        text = *end == ',' ? end + 1 : "";
    }
}

void ports_prepare(struct node_view *n)
{
    if (n->ports)
        return;
    usage_prepare(n);
    n->ports = arena_alloc(n->arena, PORT_WORDS * sizeof(uint64_t));
    for (size_t i = 0; i + 1 < n->usage.ports.n; i += 2) {
        uint16_t p;
        memcpy(&p, n->usage.ports.data + i, 2);
        port_mark(n, p, true);
    }
    mark_ranges(n, n->node->reserved.networks.reserved_host_ports);
}

static void view_change(struct node_view *n, const struct allocation *x, const char *group,
                        int sign)
{
    struct usage u = allocation_usage(x);
    uint16_t ports[512];
    size_t count = allocation_ports(x, ports, 512);
    usage_prepare(n);
    ports_prepare(n);
    n->usage.cpu += sign * u.cpu;
    n->usage.memory_mb += sign * u.memory_mb;
    n->usage.disk_mb += sign * u.disk_mb;
    for (size_t i = 0; i < count; i++)
        port_mark(n, ports[i], sign > 0);
    n->job_allocs = (size_t)((int64_t)n->job_allocs + sign);
    if (str_eq(x->task_group, group))
        n->group_allocs = (size_t)((int64_t)n->group_allocs + sign);
}

void node_view_take(struct node_view *n, const struct allocation *a, const char *group)
{
    view_change(n, a, group, 1);
}

void node_view_give_back(struct node_view *n, const struct allocation *a, const char *group)
{
    view_change(n, a, group, -1);
}
