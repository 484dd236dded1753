/* The client: what went wrong, and calls that end early. */
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_big(struct http_req *r, void *ctx)
{
    char *text = mem_alloc(100000);
    memset(text, 'x', 100000);
    http_reply(r, 200, "text/plain", text, 100000);
    free(text);
}

static void ignore(void *arg)
{
}
static void on_hold(struct http_req *r, void *ctx)
{
    http_on_cancel(r, ignore, NULL);
}

static int setup(void **state)
{
    web_begin();
    web_serve(HTTP_CONSUL);
    http_route(web.server, "GET", "/hold", on_hold, NULL);
    http_route(web.server, "GET", "/big", on_big, NULL);
    return 0;
}

static void the_client_reports_what_went_wrong(void **state)
{
    struct web_answer g = {0};
    struct http_call_options o = {.url = "http://127.0.0.1:1/", .timeout_ms = 5000};
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_UNAVAILABLE, g.code);
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", web.port);
    o = (struct http_call_options){.url = url, .timeout_ms = 100};
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_TIMEOUT, g.code);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", web.port);
    o = (struct http_call_options){.url = url, .max_response_bytes = 1000};
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_TOO_LARGE, g.code);
    o.keep_tail = true;
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(0, g.code);
    assert_int_equal(1000, g.len);
    struct web_answer never = {0};
    struct http_call *c = web_call(&never, "GET", "/hold", NULL);
    web_wait_held(1);
    http_cancel(&c);
    web_wait_held(0);
    assert_false(never.done);
}

static int answers, code;

static void count_answer(void *arg, const struct http_response *r)
{
    answers++;
    code = r->code;
}
static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

/* Closing answers what is under way, from the loop and not from within the call. */
static void closing_cancels_what_is_under_way(void **state)
{
    char url[128];
    bool closed = false;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", web.port);
    struct http_call_options o = {.url = url, .timeout_ms = 60000};
    struct http_client *own;
    struct err e = ERR_INIT;
    answers = 0;
    assert_int_equal(0, http_client_new(&web.loop, &own, &e));
    http_call(own, &o, count_answer, NULL);
    assert_int_equal(0, answers);
    web_wait_held(1);
    http_client_close(own, set_flag, &closed);
    assert_true(loop_run_until(&web.loop, &closed, 30000));
    assert_int_equal(1, answers);
    assert_int_equal(ERR_CANCELED, code);
    web_wait_held(0);
}

static void a_wrong_address_is_answered_too(void **state)
{
    static const char *const urls[] = {"", "nonsense", "http://", "gopher://127.0.0.1/",
                                       "http://no.such.host.invalid/"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        static struct web_answer g;
        struct http_call_options o = {.url = urls[i], .timeout_ms = 20000};
        g.done = false;
        http_call(web.client, &o, web_on_response, &g);
        assert_false(g.done); /* never before the call returns */
        assert_true(loop_run_until(&web.loop, &g.done, 60000));
        assert_int_not_equal(0, g.code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_client_reports_what_went_wrong, setup, web_end),
        cmocka_unit_test_setup_teardown(closing_cancels_what_is_under_way, setup, web_end),
        cmocka_unit_test_setup_teardown(a_wrong_address_is_answered_too, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
