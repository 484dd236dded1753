/* Requests: what of a path, a query and a body arrives. */
#include "agent/http/server_impl.h"
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    web_serve_usual();
    return 0;
}

static void routes_params_and_queries(void **state)
{
    struct web_answer *g = web_fetch("GET", "/echo/a%20b/x/y%2Fz?q=1%2B1+2&tag=u&tag=v", NULL);
    assert_string_equal("GET /echo/a b/x/y/z id=a b rest=x/y/z q=1+1 2 t1=v body=0:", g->body);
    g = web_fetch("PUT", "/echo/1/", "hello");
    assert_string_equal("PUT /echo/1/ id=1 rest= q=- t1=- body=5:hello", g->body);
    g = web_fetch("GET", "/echo/fixed", NULL); /* the most literal route wins */
    assert_string_equal("{\"a\":[1,2],\"b\":{}}", g->body);
    g = web_fetch("GET", "/echo/fixed?pretty", NULL);
    assert_string_equal("{\n    \"a\": [\n        1,\n        2\n    ],\n    \"b\": {}\n}",
                        g->body);
}

static void encodings_are_undone_once(void **state)
{
    assert_string_equal("GET /echo/%41/ id=%41 rest= q=%41 t1=- body=0:",
                        web_fetch("GET", "/echo/%2541/?q=%2541", NULL)->body);
    assert_string_equal("GET /echo/1/ id=1 rest= q= t1=- body=0:",
                        web_fetch("GET", "/echo/1/?q", NULL)->body);
    assert_string_equal("GET /echo/1/ id=1 rest= q=a=b t1=- body=0:",
                        web_fetch("GET", "/echo/1/?q=a=b&&=", NULL)->body);
    assert_string_equal("GET /echo/1/ id=1 rest= q=%zz t1=- body=0:",
                        web_fetch("GET", "/echo/1/?q=%25zz", NULL)->body);
}

static void a_body_has_a_limit(void **state)
{
    char *body = mem_alloc(100002);
    memset(body, 'x', 100000);
    assert_int_equal(200, web_fetch("PUT", "/echo/1/", body)->status);
    body[100000] = 'x';
    assert_int_equal(413, web_fetch("PUT", "/echo/1/", body)->status);
    free(body);
    assert_int_equal(200, web_fetch("PUT", "/echo/1/", "small")->status); /* and it goes on */
}

static void paths_are_cleaned_as_the_peers_do(void **state)
{
    static const char *const cases[][2] = {
        {"/", "/"},
        {"//", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/a//b", "/a/b"},
        {"///a///", "/a/"},
        {"/./a", "/a"},
        {"/a/.", "/a"},
        {"/a/./", "/a/"},
        {"/a/../b", "/b"},
        {"/a/b/..", "/a"},
        {"/a/b/../", "/a/"},
        {"/..", "/"},
        {"/../../a", "/a"},
        {"/a/../..", "/"},
        {"/.hidden", "/.hidden"},
        {"/a/...", "/a/..."},
        {"/a/..b", "/a/..b"},
        {"//host/x", "/host/x"},
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(cases[i][1], path_clean(&a, arena_strdup(&a, cases[i][0])));
    arena_fini(&a);
}

static void an_unclean_path_is_redirected_with_its_query(void **state)
{
    const char *answer = web_raw("GET", "/echo//../echo/fixed?pretty&x=%2F");
    assert_non_null(strstr(answer, "HTTP/1.1 301 Moved Permanently\r\n"));
    assert_non_null(strcasestr(answer, "\r\nlocation: /echo/fixed?pretty&x=%2F\r\n"));
}

static void a_whole_address_is_a_target_too(void **state)
{
    static const struct {
        const char *target, *answer;
    } cases[] = {
        {"http://any.host:80/echo/fixed", "HTTP/1.1 200 OK\r\n"},
        {"HTTP://x/echo/fixed?pretty", "HTTP/1.1 200 OK\r\n"},
        {"https://x/echo/fixed", "HTTP/1.1 200 OK\r\n"},
        {"http://x/nothing", "HTTP/1.1 404 Not Found\r\n"},
        {"http://x", "HTTP/1.1 404 Not Found\r\n"},
        {"http://x?a=b", "HTTP/1.1 404 Not Found\r\n"},
        {"http:///echo/fixed", "HTTP/1.1 200 OK\r\n"},
        {"http://", "HTTP/1.1 400 Bad Request\r\n"},
        {"ftp://x/echo/fixed", "HTTP/1.1 400 Bad Request\r\n"},
        {"echo/fixed", "HTTP/1.1 400 Bad Request\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *answer = web_raw("GET", cases[i].target);
        if (strncmp(answer, cases[i].answer, strlen(cases[i].answer)))
            fail_msg("%s: %.60s", cases[i].target, answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(routes_params_and_queries, setup, web_end),
        cmocka_unit_test_setup_teardown(encodings_are_undone_once, setup, web_end),
        cmocka_unit_test(paths_are_cleaned_as_the_peers_do),
        cmocka_unit_test_setup_teardown(an_unclean_path_is_redirected_with_its_query, setup,
                                        web_end),
        cmocka_unit_test_setup_teardown(a_whole_address_is_a_target_too, setup, web_end),
        cmocka_unit_test_setup_teardown(a_body_has_a_limit, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
