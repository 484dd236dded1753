#include "scheduler/place.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct arena arena;
static struct node *node;

static int make_node(void **state)
{
    node = cluster_node(&arena, 1);
    node->node_class = arena_strdup(&arena, "big");
    rec_str_map_set(&node->attributes, &arena, "kernel.name", "linux");
    rec_str_map_set(&node->attributes, &arena, "cpu.numcores", "8");
    rec_str_map_set(&node->attributes, &arena, "app.version", "1.10.3");
    rec_str_map_set(&node->attributes, &arena, "list", "a, b ,c");
    rec_str_map_set(&node->attributes, &arena, "empty", "");
    rec_str_map_set(&node->meta, &arena, "rack", "r1");
    return 0;
}

static int drop(void **state)
{
    arena_fini(&arena);
    return 0;
}

struct holds_case {
    const char *l, *op, *r;
    bool want;
};

static void each_operator_holds_as_the_peer_has_it(void **state)
{
    static const struct holds_case cases[] = {
        {"${attr.kernel.name}", "=", "linux", true},
        {"${attr.kernel.name}", "==", "linux", true},
        {"${attr.kernel.name}", "is", "linux", true},
        {"${attr.kernel.name}", "", "linux", true},
        {"${attr.kernel.name}", "=", "Linux", false},
        {"${attr.missing}", "=", "", false},
        {"${attr.missing}", "=", "${attr.missing}", false},
        {"${attr.empty}", "=", "", true},
        {"${attr.kernel.name}", "!=", "windows", true},
        {"${attr.kernel.name}", "!=", "linux", false},
        {"${attr.kernel.name}", "not", "linux", false},
        {"${attr.missing}", "!=", "linux", true},
        {"${attr.missing}", "!=", "${attr.missing}", false},
        {"${attr.cpu.numcores}", "<", "16", true},
        {"${attr.cpu.numcores}", ">", "16", false},
        {"${attr.cpu.numcores}", "<=", "8", true},
        {"${attr.cpu.numcores}", ">=", "8", true},
        {"${attr.cpu.numcores}", ">=", "9", false},
        {"abc", "<", "abd", true},
        {"abc", ">", "abd", false},
        {"${attr.missing}", "<", "9", false},
        {"${attr.missing}", ">=", "0", false},
        {"${attr.kernel.name}", "is_set", "", true},
        {"${attr.missing}", "is_set", "", false},
        {"${attr.missing}", "is_not_set", "", true},
        {"${attr.kernel.name}", "is_not_set", "", false},
        {"${attr.kernel.name}", "regexp", "inu", true},
        {"${attr.kernel.name}", "regexp", "^inu", false},
        {"${attr.kernel.name}", "regexp", "^l.*x$", true},
        {"${attr.kernel.name}", "regexp", "(", false},
        {"${attr.missing}", "regexp", ".*", false},
        {"${attr.list}", "set_contains", "a", true},
        {"${attr.list}", "set_contains", "b, a", true},
        {"${attr.list}", "set_contains", "a,d", false},
        {"${attr.list}", "set_contains_all", "c,b,a", true},
        {"${attr.list}", "set_contains_any", "d, c", true},
        {"${attr.list}", "set_contains_any", "d,e", false},
        {"${attr.list}", "set_contains", "aa", false},
        {"${attr.app.version}", "version", ">= 1.2, < 2.0", true},
        {"${attr.app.version}", "semver", ">= 1.11.0", false},
        {"${attr.app.version}", "distinct_hosts", "true", true},
        {"${meta.rack}", "distinct_property", "1", true},
        {"${attr.kernel.name}", "no such operator", "linux", false},
        /* targets */
        {"${node.datacenter}", "=", "dc1", true},
        {"${node.class}", "=", "big", true},
        {"${node.unique.name}", "=", "node1", true},
        {"${node.unique.id}", "=", "00000001-0000-4000-8000-000000000001", true},
        {"${meta.rack}", "=", "r1", true},
        {"${node.meta.rack}", "=", "r1", false},
        {"${rack}", "=", "r1", false},
        {"r1", "=", "${meta.rack}", true},
        {"linux", "=", "linux", true},
        {"${attr.kernel.name", "=", "linux", false},
        {"${}", "is_set", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct constraint c = {.ltarget = arena_strdup(&arena, cases[i].l),
                               .operand = arena_strdup(&arena, cases[i].op),
                               .rtarget = arena_strdup(&arena, cases[i].r)};
        if (constraint_holds(&c, node) != cases[i].want)
            fail_msg("%s %s %s: want %d", cases[i].l, cases[i].op, cases[i].r, cases[i].want);
    }
}

struct version_case {
    const char *version, *constraints;
    bool loose, strict;
};

static void versions_compare_by_their_two_rules(void **state)
{
    static const struct version_case cases[] = {
        {"1.2.3", "= 1.2.3", true, true},
        {"1.2.3", "1.2.3", true, true},
        {"1.2", "1.2.0", true, true},
        {"v1.2.3", "> 1.0", true, true},
        {"1.2.3", "!= 1.2.3", false, false},
        {"1.2.4", "!= 1.2.3", true, true},
        {"1.2.3", "> 1.0, < 1.4", true, true},
        {"2.0.1", "> 1.0, < 1.4", false, false},
        {"1.4", "< 1.0, > 1.4", false, false},
        {"1.10.0", "> 1.9.0", true, true},
        {"1.2.9", "~> 1.2.3", true, false},
        {"1.3.0", "~> 1.2.3", false, false},
        {"1.3.0", "~> 1.2", true, false},
        {"2.0.0", "~> 1.2", false, false},
        {"1.2.2", "~> 1.2.3", false, false},
        {"3.0.0", "~> 2", true, false},
        /* prereleases: a loose range takes none unless it names one of the same version */
        {"1.3.0-beta1", ">= 0.6.1", false, true},
        {"1.7.0-alpha1", ">= 1.6.0-beta1", false, true},
        {"1.6.0-beta2", ">= 1.6.0-beta1", true, true},
        {"1.6.0-beta1", ">= 1.6.0-beta2", false, false},
        {"1.6.0", ">= 1.6.0-beta1", true, true},
        {"1.6.0", "~> 1.6.0-beta1", false, false},
        {"1.6.0-beta1", "= 1.6.0-beta1", true, true},
        {"1.6.0-beta1", "!= 1.6.0", true, true},
        {"1.6.0-alpha.9", "< 1.6.0-alpha.10", true, true},
        {"1.6.0-1", "< 1.6.0-a", true, true},
        {"1.6.0+build", "= 1.6.0", true, true},
        /* not versions at all */
        {"", "> 1.0", false, false},
        {"abc", "> 1.0", false, false},
        {"1..2", "> 1.0", false, false},
        {"1.2.3", "", false, false},
        {"1.2.3", "> 1.0,", false, false},
        {"1.2.3", "> foo", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct version_case *c = &cases[i];
        if (version_matches(c->version, c->constraints, false) != c->loose)
            fail_msg("version %s %s: want %d", c->version, c->constraints, c->loose);
        if (version_matches(c->version, c->constraints, true) != c->strict)
            fail_msg("semver %s %s: want %d", c->version, c->constraints, c->strict);
    }
}

static void a_pattern_that_explodes_ends(void **state)
{
    char subject[200];
    memset(subject, 'a', sizeof(subject));
    subject[199] = '\0';
    rec_str_map_set(&node->attributes, &arena, "long", subject);
    struct constraint c = {.ltarget = arena_strdup(&arena, "${attr.long}"),
                           .operand = arena_strdup(&arena, "regexp"),
                           .rtarget = arena_strdup(&arena, "^(a+)+$b")};
    assert_false(constraint_holds(&c, node));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operator_holds_as_the_peer_has_it),
        cmocka_unit_test(versions_compare_by_their_two_rules),
        cmocka_unit_test(a_pattern_that_explodes_ends),
    };
    return cmocka_run_group_tests(tests, make_node, drop);
}
