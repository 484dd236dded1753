/* Routes: the most literal wins, and what a path's parts are. */
#include "agent/http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void handler(struct http_req *r, void *ctx) {}

static void each_path_finds_its_route(void **state)
{
    struct router r = {NULL};
    static const char *const patterns[] = {
        "/v1/kv/*key", "/v1/jobs", "/v1/job/:id", "/v1/job/:id/plan", "/v1/job/:id/*rest",
        "/v1/*rest",   "/"};
    static const struct {
        const char *path, *pattern, *params; /* params: name=value, still encoded */
    } cases[] = {
        {"/v1/jobs", "/v1/jobs", ""},
        {"/v1/job/a", "/v1/job/:id", "id=a"},
        {"/v1/job/a%2Fb", "/v1/job/:id", "id=a%2Fb"},
        {"/v1/job/a/plan", "/v1/job/:id/plan", "id=a"},
        {"/v1/job/a/b/c", "/v1/job/:id/*rest", "id=a rest=b/c"},
        {"/v1/kv/", "/v1/kv/*key", "key="},
        {"/v1/kv/a/b", "/v1/kv/*key", "key=a/b"},
        {"/v1/other", "/v1/*rest", "rest=other"},
        {"/", "/", ""},
        {"/v2", NULL, ""},
        {"", NULL, ""},
    };
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        router_add(&r, "GET", patterns[i], handler, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct route_params p = {.n = 0};
        struct buf b = BUF_INIT;
        char *allow;
        const struct route *found = router_match(&r, "GET", cases[i].path, &a, &p, &allow);
        for (size_t k = 0; found && k < p.n; k++)
            buf_printf(&b, "%s%.*s=%.*s", k ? " " : "", (int)p.items[k].name_len, p.items[k].name,
                       (int)p.items[k].len, p.items[k].value);
        assert_string_equal(cases[i].pattern ? cases[i].pattern : "-",
                            found ? found->pattern : "-");
        assert_string_equal(cases[i].params, buf_str(&b));
        buf_fini(&b);
        arena_fini(&a);
    }
    router_fini(&r);
}

static void the_order_of_adding_does_not_matter(void **state)
{
    struct router one = {NULL}, other = {NULL};
    struct arena a = ARENA_INIT;
    struct route_params p;
    char *allow;
    router_add(&one, "GET", "/x/:id", handler, NULL);
    router_add(&one, "GET", "/x/self", handler, NULL);
    router_add(&other, "GET", "/x/self", handler, NULL);
    router_add(&other, "GET", "/x/:id", handler, NULL);
    assert_string_equal("/x/self", router_match(&one, "GET", "/x/self", &a, &p, &allow)->pattern);
    assert_string_equal("/x/self", router_match(&other, "GET", "/x/self", &a, &p, &allow)->pattern);
    router_fini(&one);
    router_fini(&other);
    arena_fini(&a);
}

static void another_method_names_those_there_are(void **state)
{
    struct router r = {NULL};
    struct arena a = ARENA_INIT;
    struct route_params p;
    char *allow = NULL;
    router_add(&r, "GET", "/v1/jobs", handler, NULL);
    router_add(&r, "PUT,POST", "/v1/jobs", handler, NULL);
    assert_null(router_match(&r, "DELETE", "/v1/jobs", &a, &p, &allow));
    assert_non_null(allow);
    assert_non_null(strstr(allow, "GET"));
    assert_non_null(strstr(allow, "PUT"));
    assert_non_null(strstr(allow, "POST"));
    assert_non_null(router_match(&r, "POST", "/v1/jobs", &a, &p, &allow));
    assert_null(router_match(&r, "GET", "/v1/nodes", &a, &p, &allow));
    assert_null(allow);
    router_fini(&r);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_finds_its_route),
        cmocka_unit_test(the_order_of_adding_does_not_matter),
        cmocka_unit_test(another_method_names_those_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
