/* What depends on how a node's property is used already: distinct_property and spread. */
#include "agent/base/str.h"
#include "scheduler/place_impl.h"

#include <stdlib.h>
#include <string.h>

/* How many allocations of the group (or of the whole job) stand on nodes with each value; a node
 * that takes no more work counts as well. */
static void count_uses(const struct cluster_view *v, const char *target, bool whole_job,
                       struct rec_int_map *out)
{
    char name[TARGET_MAX];
    *out = (struct rec_int_map){NULL, 0};
    for (size_t i = 0; i < v->n_nodes + v->n_others; i++) {
        const struct node_view *n = i < v->n_nodes ? v->nodes[i] : &v->others[i - v->n_nodes];
        size_t uses = whole_job ? n->job_allocs : n->group_allocs;
        const char *value = uses ? target_resolve(target, n->node, name) : NULL;
        if (value)
            metric_count(out, v->arena, value, (int64_t)uses);
    }
}

static int64_t uses_of(const struct rec_int_map *m, const char *value)
{
    const struct rec_int_pair *p = rec_map_find(m, sizeof(*p), value);
    return p ? p->value : 0;
}

static void *push(void *list, size_t size, struct arena *a)
{
    const struct rec_desc d = {"", size, NULL, 0, false};
    return rec_list_add(&d, list, a);
}

/* --- distinct_property ----------------------------------------------------------------------- */

static void add_distinct(struct cluster_view *v, const struct constraints *list, bool whole_job,
                         struct property_rules *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct constraint *c = &list->items[i];
        if (!str_eq(c->operand, "distinct_property"))
            continue;
        struct distinct_rule *r = push(&out->distinct, sizeof(*r), v->arena);
        r->target = c->ltarget ? c->ltarget : "";
        r->allowed = str_is_empty(c->rtarget) ? 1 : strtoll(c->rtarget, NULL, 10);
        count_uses(v, r->target, whole_job, &r->uses);
    }
}

const char *property_refuses(const struct property_rules *rules, const struct node *n,
                             struct arena *a)
{
    char name[TARGET_MAX];
    for (size_t i = 0; i < rules->distinct.n; i++) {
        const struct distinct_rule *r = &rules->distinct.items[i];
        const char *value = target_resolve(r->target, n, name);
        if (!value)
            return arena_printf(a, "missing property \"%s\"", r->target);
        int64_t used = uses_of(&r->uses, value);
        if (used >= r->allowed)
            return arena_printf(a, "distinct_property: %s=%s used by %d allocs", r->target, value,
                                (int)used);
    }
    return NULL;
}

/* --- spread ---------------------------------------------------------------------------------- */

static void add_spreads(struct cluster_view *v, const struct spreads *list,
                        struct property_rules *out)
{
    for (size_t i = 0; i < list->n; i++) {
        struct spread_rule *r = push(&out->spreads, sizeof(*r), v->arena);
        r->spread = &list->items[i];
        out->spread_weights += r->spread->weight;
        count_uses(v, r->spread->attribute, false, &r->uses);
    }
}

/* Towards a wanted share a value; values not named share what is left of the hundred. */
static double targeted_boost(const struct spread_rule *r, const char *value, int64_t count,
                             int64_t weights)
{
    double percent = 0, named = 0;
    bool found = false;
    for (size_t i = 0; i < r->spread->targets.n; i++) {
        const struct spread_target *t = &r->spread->targets.items[i];
        named += (double)t->percent;
        if (str_eq(t->value, value)) {
            percent = (double)t->percent;
            found = true;
        }
    }
    if (!found) {
        percent = 100 - named;
        if (percent <= 0)
            return -1;
    }
    double desired = percent / 100 * (double)count;
    double used = (double)uses_of(&r->uses, value) + 1;
    return desired > 0 ? (desired - used) / desired * ((double)r->spread->weight / (double)weights)
                       : -1;
}

/* Towards the same number everywhere. */
static double even_boost(const struct spread_rule *r, const char *value)
{
    if (!r->uses.n)
        return 0;
    int64_t least = INT64_MAX, most = 0, here = uses_of(&r->uses, value);
    for (size_t i = 0; i < r->uses.n; i++) {
        int64_t u = r->uses.items[i].value;
        least = u < least ? u : least;
        most = u > most ? u : most;
    }
    if (here != least)
        return least ? (double)(least - here) / (double)least : -1;
    if (least == most)
        return -1;
    return least ? (double)(most - least) / (double)least : 1;
}

double property_spread_score(const struct property_rules *rules, const struct task_group *g,
                             const struct node *n)
{
    char name[TARGET_MAX];
    double sum = 0;
    for (size_t i = 0; i < rules->spreads.n; i++) {
        const struct spread_rule *r = &rules->spreads.items[i];
        const char *value = target_resolve(r->spread->attribute, n, name);
        if (!value)
            sum -= 1;
        else if (r->spread->targets.n)
            sum += targeted_boost(r, value, g->count, rules->spread_weights);
        else
            sum += even_boost(r, value);
    }
    return sum;
}

void property_rules_read(struct cluster_view *v, const struct task_group *g,
                         struct property_rules *out)
{
    memset(out, 0, sizeof(*out));
    add_distinct(v, &v->job->constraints, true, out);
    add_distinct(v, &g->constraints, false, out);
    for (size_t i = 0; i < g->tasks.n; i++)
        add_distinct(v, &g->tasks.items[i].constraints, false, out);
    add_spreads(v, &g->spreads, out);
    add_spreads(v, &v->job->spreads, out);
}
