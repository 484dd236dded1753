#include "scheduler/place.h"
#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

static struct arena arena;

static int drop(void **state)
{
    arena_fini(&arena);
    return 0;
}

/* A view of n fresh nodes, in order; no store behind it. */
static struct cluster_view view_of(const struct job *j, unsigned n)
{
    struct cluster_view v = {.arena = &arena, .job = j, .n_nodes = n};
    v.nodes = ARENA_ARRAY(&arena, struct node_view *, n);
    for (unsigned i = 0; i < n; i++) {
        v.nodes[i] = ARENA_NEW(&arena, struct node_view);
        v.nodes[i]->node = cluster_node(&arena, i + 1);
        v.nodes[i]->arena = &arena;
    }
    return v;
}

static int place(struct cluster_view *v, struct allocation *x, struct alloc_metric *m)
{
    rec_init(&allocation_desc, x);
    x->task_group = v->job->groups.items[0].name;
    return place_allocation(v, &v->job->groups.items[0], NULL, x, m);
}

static int64_t count_of(const struct rec_int_map *m, const char *key)
{
    const struct rec_int_pair *p = rec_map_find(m, sizeof(*p), key);
    return p ? p->value : 0;
}

static double score_of(const struct node_score *s, const char *name)
{
    for (size_t i = 0; i < s->scores.n; i++)
        if (str_eq(s->scores.items[i].key, name))
            return s->scores.items[i].value;
    fail_msg("no score %s", name);
    return 0;
}

static struct port *want_port(struct job *j, const char *label, int64_t value)
{
    struct task_group *g = &j->groups.items[0];
    if (!g->networks.n)
        rec_list_add(&network_desc, &g->networks, &arena);
    struct network *n = &g->networks.items[0];
    struct port *p =
        rec_list_add(&port_desc, value ? &n->reserved_ports : &n->dynamic_ports, &arena);
    p->label = arena_strdup(&arena, label);
    p->value = value;
    return p;
}

static void what_does_not_fit_names_its_dimension(void **state)
{
    static const struct {
        int64_t cpu, memory_mb, disk_mb;
        const char *dimension; /* NULL: fits */
    } cases[] = {
        {4000, 8000, 50000, NULL}, {4001, 64, 300, "cpu"},     {100, 8001, 300, "memory"},
        {100, 64, 50001, "disk"},  {4001, 8001, 50001, "cpu"}, {100, 8001, 50001, "memory"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct job *j = cluster_job(&arena, "fit", "service", 1);
        struct task_group *g = &j->groups.items[0];
        g->tasks.items[0].resources->cpu = cases[i].cpu;
        g->tasks.items[0].resources->memory_mb = cases[i].memory_mb;
        g->ephemeral_disk->size_mb = cases[i].disk_mb;
        struct cluster_view v = view_of(j, 2);
        struct allocation x;
        struct alloc_metric m;
        assert_int_equal(cases[i].dimension ? ERR_UNAVAILABLE : 0, place(&v, &x, &m));
        assert_int_equal(2, m.nodes_evaluated);
        assert_int_equal(cases[i].dimension ? 2 : 0, m.nodes_exhausted);
        if (cases[i].dimension)
            assert_int_equal(2, count_of(&m.dimension_exhausted, cases[i].dimension));
        assert_int_equal(cases[i].dimension ? 1 : 0, m.dimension_exhausted.n);
    }
}

static void what_the_node_reserves_is_not_given_away(void **state)
{
    struct job *j = cluster_job(&arena, "reserved", "service", 1);
    j->groups.items[0].tasks.items[0].resources->cpu = 3600;
    struct cluster_view v = view_of(j, 1);
    v.nodes[0]->node->reserved.cpu.cpu_shares = 500;
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    assert_int_equal(1, count_of(&m.dimension_exhausted, "cpu"));
}

static void what_is_placed_counts_at_once(void **state)
{
    struct job *j = cluster_job(&arena, "fill", "service", 10);
    j->groups.items[0].tasks.items[0].resources->cpu = 1000;
    struct cluster_view v = view_of(j, 2);
    struct allocation x;
    struct alloc_metric m;
    int placed = 0;
    while (placed < 20 && !place(&v, &x, &m))
        placed++;
    assert_int_equal(8, placed);
    assert_int_equal(2, count_of(&m.dimension_exhausted, "cpu"));
    node_view_give_back(v.nodes[0], &(struct allocation){.resources = {.tasks = {NULL, 0}}}, NULL);
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    v.nodes[0]->usage.cpu -= 1000;
    assert_int_equal(0, place(&v, &x, &m));
    assert_string_equal(v.nodes[0]->node->id, x.node_id);
}

static void the_scores_are_the_peers(void **state)
{
    /* recorded: 50 MHz of 4000 and 30 MB of 24105, one of the same already there */
    struct job *j = cluster_job(&arena, "score", "service", 5);
    struct task_group *g = &j->groups.items[0];
    g->tasks.items[0].resources->cpu = 50;
    g->tasks.items[0].resources->memory_mb = 30;
    struct cluster_view v = view_of(j, 1);
    v.nodes[0]->node->resources.memory.memory_mb = 24105;
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(0, place(&v, &x, &m));
    assert_int_equal(0, (int)score_of(&m.score_meta.items[0], "job-anti-affinity"));
    assert_true(fabs(m.score_meta.items[0].norm_score -
                     score_of(&m.score_meta.items[0], "binpack")) < 1e-9);
    assert_int_equal(0, place(&v, &x, &m));
    assert_int_equal(1, m.score_meta.n);
    const struct node_score *s = &m.score_meta.items[0];
    assert_true(fabs(score_of(s, "binpack") - 0.0343) < 0.0001);
    assert_true(fabs(score_of(s, "job-anti-affinity") + 0.4) < 1e-9);
    assert_true(fabs(s->norm_score - (0.03426 - 0.4) / 2) < 0.0001);
}

static void bin_packing_takes_the_fuller_node_but_spreads_a_group(void **state)
{
    struct job *j = cluster_job(&arena, "pack", "service", 2);
    struct cluster_view v = view_of(j, 2);
    v.nodes[1]->usage.cpu = 2000;
    v.nodes[1]->usage.memory_mb = 4000;
    struct allocation first, second;
    struct alloc_metric m;
    assert_int_equal(0, place(&v, &first, &m));
    assert_string_equal(v.nodes[1]->node->id, first.node_id);
    assert_int_equal(0, place(&v, &second, &m));
    assert_string_equal(v.nodes[0]->node->id, second.node_id);
}

static void the_node_of_a_failure_is_avoided(void **state)
{
    struct job *j = cluster_job(&arena, "again", "service", 1);
    struct cluster_view v = view_of(j, 2);
    struct allocation x;
    struct alloc_metric m;
    rec_init(&allocation_desc, &x);
    assert_int_equal(0, place_allocation(&v, &j->groups.items[0], v.nodes[0]->node->id, &x, &m));
    assert_string_equal(v.nodes[1]->node->id, x.node_id);
    for (size_t i = 0; i < m.score_meta.n; i++)
        assert_true(score_of(&m.score_meta.items[i], "node-reschedule-penalty") ==
                    (str_eq(m.score_meta.items[i].node_id, v.nodes[0]->node->id) ? -1.0 : 0.0));
}

static void an_affinity_outweighs_packing(void **state)
{
    struct job *j = cluster_job(&arena, "near", "service", 1);
    struct affinity *f = rec_list_add(&affinity_desc, &j->affinities, &arena);
    f->ltarget = arena_strdup(&arena, "${meta.rack}");
    f->rtarget = arena_strdup(&arena, "r2");
    f->operand = arena_strdup(&arena, "=");
    f->weight = 50;
    struct cluster_view v = view_of(j, 3);
    rec_str_map_set(&v.nodes[2]->node->meta, &arena, "rack", "r2");
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(0, place(&v, &x, &m));
    assert_string_equal(v.nodes[2]->node->id, x.node_id);
    assert_true(score_of(&m.score_meta.items[0], "node-affinity") == 1.0);
}

static void constraints_and_drivers_filter_with_their_text(void **state)
{
    struct job *j = cluster_job(&arena, "picky", "service", 1);
    struct task_group *g = &j->groups.items[0];
    struct constraint *c = rec_list_add(&constraint_desc, &g->constraints, &arena);
    c->ltarget = arena_strdup(&arena, "${attr.kernel.name}");
    c->operand = arena_strdup(&arena, "=");
    c->rtarget = arena_strdup(&arena, "windows");
    struct cluster_view v = view_of(j, 3);
    v.nodes[0]->node->drivers.items[0].healthy = false;
    v.nodes[1]->node->node_class = arena_strdup(&arena, "big");
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    assert_int_equal(3, m.nodes_filtered);
    assert_int_equal(1, count_of(&m.constraint_filtered, "missing drivers"));
    assert_int_equal(2, count_of(&m.constraint_filtered, "${attr.kernel.name} = windows"));
    assert_int_equal(1, count_of(&m.class_filtered, "big"));
    assert_int_equal(0, m.nodes_exhausted);
}

static void distinct_hosts_takes_each_node_once(void **state)
{
    for (int job_level = 0; job_level < 2; job_level++) {
        struct job *j = cluster_job(&arena, "apart", "service", 3);
        struct task_group *g = &j->groups.items[0];
        struct constraint *c =
            rec_list_add(&constraint_desc, job_level ? &j->constraints : &g->constraints, &arena);
        c->operand = arena_strdup(&arena, "distinct_hosts");
        c->rtarget = arena_strdup(&arena, "true");
        struct cluster_view v = view_of(j, 2);
        struct allocation a, b, last;
        struct alloc_metric m;
        assert_int_equal(0, place(&v, &a, &m));
        assert_int_equal(0, place(&v, &b, &m));
        assert_string_not_equal(a.node_id, b.node_id);
        assert_int_equal(ERR_UNAVAILABLE, place(&v, &last, &m));
        assert_int_equal(2, count_of(&m.constraint_filtered, "distinct_hosts"));
        node_view_give_back(cluster_view_find(&v, a.node_id), &a, g->name);
        assert_int_equal(0, place(&v, &last, &m));
        assert_string_equal(a.node_id, last.node_id);
    }
}

static void distinct_property_limits_a_value(void **state)
{
    struct job *j = cluster_job(&arena, "racks", "service", 5);
    struct constraint *c = rec_list_add(&constraint_desc, &j->constraints, &arena);
    c->ltarget = arena_strdup(&arena, "${meta.rack}");
    c->operand = arena_strdup(&arena, "distinct_property");
    c->rtarget = arena_strdup(&arena, "1");
    struct cluster_view v = view_of(j, 4);
    for (int i = 0; i < 3; i++)
        rec_str_map_set(&v.nodes[i]->node->meta, &arena, "rack", i == 2 ? "r2" : "r1");
    struct allocation x;
    struct alloc_metric m;
    int placed = 0;
    while (placed < 5 && !place(&v, &x, &m))
        placed++;
    assert_int_equal(2, placed);
    assert_int_equal(
        2, count_of(&m.constraint_filtered, "distinct_property: ${meta.rack}=r1 used by 1 allocs"));
    assert_int_equal(
        1, count_of(&m.constraint_filtered, "distinct_property: ${meta.rack}=r2 used by 1 allocs"));
    assert_int_equal(1, count_of(&m.constraint_filtered, "missing property \"${meta.rack}\""));
}

static void dynamic_ports_are_of_the_range_and_unique(void **state)
{
    struct job *j = cluster_job(&arena, "ports", "service", 50);
    want_port(j, "http", 0);
    want_port(j, "admin", 0)->to = -1;
    struct cluster_view v = view_of(j, 1);
    bool seen[65536] = {false};
    for (int i = 0; i < 30; i++) {
        struct allocation x;
        struct alloc_metric m;
        assert_int_equal(0, place(&v, &x, &m));
        assert_int_equal(2, x.resources.shared.ports.n);
        for (size_t k = 0; k < 2; k++) {
            const struct port_mapping *p = &x.resources.shared.ports.items[k];
            assert_true(p->value >= 20000 && p->value <= 31999 && !seen[p->value]);
            seen[p->value] = true;
            assert_int_equal(str_eq(p->label, "admin") ? p->value : 0, p->to);
        }
    }
}

static void the_last_dynamic_port_is_found(void **state)
{
    struct job *j = cluster_job(&arena, "last", "service", 2);
    want_port(j, "http", 0);
    struct cluster_view v = view_of(j, 1);
    v.nodes[0]->node->reserved.networks.reserved_host_ports =
        arena_strdup(&arena, "22,20000-23455,23457-31999");
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(0, place(&v, &x, &m));
    assert_int_equal(23456, x.resources.shared.ports.items[0].value);
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    assert_int_equal(1, count_of(&m.dimension_exhausted, "network: dynamic port selection failed"));
}

static void a_static_port_collides_by_name(void **state)
{
    struct job *j = cluster_job(&arena, "static", "service", 5);
    want_port(j, "http", 8080);
    struct cluster_view v = view_of(j, 2);
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(0, place(&v, &x, &m));
    assert_int_equal(8080, x.resources.shared.ports.items[0].value);
    assert_int_equal(0, place(&v, &x, &m));
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    assert_int_equal(2, m.nodes_exhausted);
    assert_int_equal(
        2, count_of(&m.dimension_exhausted, "network: reserved port collision http=8080"));
}

static void a_port_twice_in_one_group_is_refused(void **state)
{
    struct job *j = cluster_job(&arena, "twice", "service", 1);
    want_port(j, "a", 9000);
    want_port(j, "b", 9000);
    struct cluster_view v = view_of(j, 1);
    struct allocation x;
    struct alloc_metric m;
    assert_int_equal(ERR_UNAVAILABLE, place(&v, &x, &m));
    assert_int_equal(1,
                     count_of(&m.dimension_exhausted, "network: reserved port collision b=9000"));
}

static int in_second_datacenter(int64_t percent, int placements)
{
    struct job *j = cluster_job(&arena, "spread", "service", 4);
    struct spread *s = rec_list_add(&spread_desc, &j->spreads, &arena);
    s->attribute = arena_strdup(&arena, "${node.datacenter}");
    s->weight = 100;
    if (percent) {
        static const struct rec_desc target = {"", sizeof(struct spread_target), NULL, 0, false};
        struct spread_target *t = rec_list_add(&target, &s->targets, &arena);
        *t = (struct spread_target){arena_strdup(&arena, "dc2"), percent};
    }
    struct cluster_view v = view_of(j, 4);
    v.nodes[3]->node->datacenter = arena_strdup(&arena, "dc2");
    int found = 0;
    for (int i = 0; i < placements; i++) {
        struct allocation x;
        struct alloc_metric m;
        assert_int_equal(0, place(&v, &x, &m));
        assert_true(score_of(&m.score_meta.items[0], "allocation-spread") >= -1);
        found += str_eq(x.node_id, v.nodes[3]->node->id);
    }
    return found;
}

static void a_spread_is_even_or_towards_its_targets(void **state)
{
    assert_int_equal(1, in_second_datacenter(0, 2));
    assert_int_equal(2, in_second_datacenter(100, 2));
    assert_int_equal(0, in_second_datacenter(1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_names_its_dimension),
        cmocka_unit_test(what_the_node_reserves_is_not_given_away),
        cmocka_unit_test(what_is_placed_counts_at_once),
        cmocka_unit_test(the_scores_are_the_peers),
        cmocka_unit_test(bin_packing_takes_the_fuller_node_but_spreads_a_group),
        cmocka_unit_test(the_node_of_a_failure_is_avoided),
        cmocka_unit_test(an_affinity_outweighs_packing),
        cmocka_unit_test(constraints_and_drivers_filter_with_their_text),
        cmocka_unit_test(distinct_hosts_takes_each_node_once),
        cmocka_unit_test(distinct_property_limits_a_value),
        cmocka_unit_test(dynamic_ports_are_of_the_range_and_unique),
        cmocka_unit_test(the_last_dynamic_port_is_found),
        cmocka_unit_test(a_static_port_collides_by_name),
        cmocka_unit_test(a_port_twice_in_one_group_is_refused),
        cmocka_unit_test(a_spread_is_even_or_towards_its_targets),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
