/* The check runner: every kind against something real, thresholds, time and output. */
#include "agent/base/str.h"
#include "discovery/local_impl.h"
#include "test/unit/support/local_node.h"
#include "test/unit/support/proxied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stand_in server;

/* The definition with its "PORT" filled in. */
static char *check_of(const char *json, int port)
{
    const char *at = strstr(json, "PORT");
    return arena_printf(&local_node.arena, "%.*s%d%s", (int)(at - json), json, port, at + 4);
}

static void http_statuses_are_states(void **state)
{
    static const struct {
        const char *answer, *status, *output;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", "passing", "200 OK Output: fine"},
        {"HTTP/1.1 204 No Content\r\n\r\n", "passing", "204 No Content"},
        {"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "warning", "429 Too Many"},
        {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "critical",
         "503 Service"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "critical", "404 Not Found"},
        {"nonsense\r\n\r\n", "critical", "Get \"http://127.0.0.1:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct scripted s = {.text = cases[i].answer, .close = true};
        const char *output = "";
        stand_in_start(&server, &s, 1);
        assert_int_equal(0, local_node_check(check_of("{\"Name\":\"c\",\"HTTP\":"
                                                      "\"http://127.0.0.1:PORT/health\","
                                                      "\"Interval\":\"1s\"}",
                                                      server.port)));
        while (!server.requests)
            local_node_turn(10);
        /* an output alone is not told: what was critical at first may stay so */
        local_node_wait_status("c", cases[i].status);
        if (!str_eq(cases[i].status, "critical")) {
            local_node_status("c", &output);
            assert_non_null(strstr(output, cases[i].output));
        }
        assert_true(stand_in_got(&server, "GET /health HTTP/1.1\r\n"));
        assert_true(stand_in_got(&server, "User-Agent: Consul Health Check\r\n"));
        assert_int_equal(0, local_check_deregister(local_node.agent, "c", NULL, NULL, NULL));
        local_node_wait_status("c", "");
        stand_in_stop(&server);
    }
}

static void a_request_is_as_defined(void **state)
{
    static const struct scripted ok = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    stand_in_start(&server, &ok, 1);
    assert_int_equal(0, local_node_check(check_of(
                            "{\"Name\":\"c\",\"HTTP\":\"http://127.0.0.1:PORT/x\",\"Method\":"
                            "\"POST\",\"Body\":\"ask\",\"Header\":{\"X-A\":[\"1\",\"2\"]},"
                            "\"Interval\":\"1s\"}",
                            server.port)));
    local_node_wait_status("c", "passing");
    assert_true(stand_in_got(&server, "POST /x HTTP/1.1\r\n"));
    assert_true(stand_in_got(&server, "X-A: 1\r\n"));
    assert_true(stand_in_got(&server, "X-A: 2\r\n"));
    assert_true(stand_in_got(&server, "\r\n\r\nask"));
    stand_in_stop(&server);
    local_node_wait_status("c", "critical"); /* it is gone */
}

static void tcp_asks_for_a_connection(void **state)
{
    static const struct scripted none = {.text = ""};
    const char *output = "";
    stand_in_start(&server, &none, 1);
    assert_int_equal(
        0, local_node_check(check_of(
               "{\"Name\":\"c\",\"TCP\":\"127.0.0.1:PORT\",\"Interval\":\"1s\"}", server.port)));
    local_node_wait_status("c", "passing");
    local_node_status("c", &output);
    assert_non_null(strstr(output, "TCP connect 127.0.0.1:"));
    assert_non_null(strstr(output, ": Success"));
    stand_in_stop(&server);
    local_node_wait_status("c", "critical");
    local_node_status("c", &output);
    assert_non_null(strstr(output, "refused"));
}

static void scripts_tell_by_their_exit(void **state)
{
    static const struct {
        const char *script, *status, *output;
    } cases[] = {
        {"echo fine", "passing", "fine\n"},
        {"echo hm; exit 1", "warning", "hm\n"},
        {"exit 0", "passing", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *output = "";
        assert_int_equal(
            0, local_node_check(arena_printf(&local_node.arena,
                                             "{\"Name\":\"c\",\"Args\":[\"/bin/sh\",\"-c\",\"%s\"],"
                                             "\"Interval\":\"1s\"}",
                                             cases[i].script)));
        local_node_wait_status("c", cases[i].status);
        local_node_status("c", &output);
        assert_string_equal(cases[i].output, output ? output : "");
        assert_int_equal(0, local_check_deregister(local_node.agent, "c", NULL, NULL, NULL));
        local_node_wait_status("c", "");
    }
}

static void a_script_that_hangs_is_ended(void **state)
{
    const char *output = "";
    assert_int_equal(0, local_node_check("{\"Name\":\"c\",\"Status\":\"passing\",\"Args\":"
                                         "[\"/bin/sh\",\"-c\",\"sleep 100\"],\"Interval\":\"1s\","
                                         "\"Timeout\":\"100ms\"}"));
    local_node_wait_status("c", "critical");
    local_node_status("c", &output);
    assert_non_null(strstr(output, "Timed out (100ms) running check"));
}

static void a_ttl_runs_out_unless_it_is_renewed(void **state)
{
    struct err e = ERR_INIT;
    const char *output = "";
    assert_int_equal(0, local_node_check("{\"Name\":\"c\",\"TTL\":\"400ms\"}"));
    local_node_settle();
    assert_string_equal("critical", local_node_status("c", NULL));
    for (int i = 0; i < 8; i++) { /* twice as long as it would last */
        assert_int_equal(0, local_check_update(local_node.agent, "c", CATALOG_PASSING, "all well",
                                               NULL, NULL, &e));
        local_node_turn(50);
        assert_string_equal("passing", local_node_status("c", NULL));
    }
    local_node_wait_status("c", "critical");
    local_node_status("c", &output);
    assert_string_equal("TTL expired (last output before timeout follows): all well", output);
}

static void only_a_ttl_is_told_how_it_stands(void **state)
{
    struct err e = ERR_INIT;
    assert_int_equal(0, local_node_check("{\"Name\":\"c\",\"TCP\":\"127.0.0.1:1\",\"Interval\":"
                                         "\"1s\"}"));
    assert_int_not_equal(
        0, local_check_update(local_node.agent, "c", CATALOG_PASSING, "", NULL, NULL, &e));
    assert_string_equal("CheckID \"c\" does not have associated TTL", e.text);
    assert_int_not_equal(
        0, local_check_update(local_node.agent, "nobody", CATALOG_PASSING, "", NULL, NULL, &e));
    assert_non_null(strstr(e.text, "nobody"));
}

/* Results one after another: p w c; how it stands after each. */
static void run(const char *definition, const char *results, const char *want)
{
    assert_int_equal(0, local_node_check(definition));
    struct local_check *c = local_check_find(local_node.agent, "c");
    assert_non_null(c);
    for (size_t i = 0; results[i]; i++) {
        check_result(c,
                     results[i] == 'p'   ? CATALOG_PASSING
                     : results[i] == 'w' ? CATALOG_WARNING
                                         : CATALOG_CRITICAL,
                     "", 0, false);
        char is = catalog_health_name(c->status)[0];
        if (is != want[i])
            fail_msg("%s after %.*s: %c instead of %c", definition, (int)i + 1, results, is,
                     want[i]);
    }
    assert_int_equal(0, local_check_deregister(local_node.agent, "c", NULL, NULL, NULL));
}

static void thresholds_smooth_what_comes_and_goes(void **state)
{
#define C "{\"Name\":\"c\",\"TCP\":\"127.0.0.1:1\",\"Interval\":\"1h\""
    run(C "}", "pcpwc", "pcpwc");
    run(C ",\"SuccessBeforePassing\":2}", "cpcpp", "ccccp");
    run(C ",\"SuccessBeforePassing\":3}", "pcppcppp", "pccccccp");
    run(C ",\"FailuresBeforeCritical\":3}", "pccpccc", "ppppppc");
    run(C ",\"FailuresBeforeWarning\":1,\"FailuresBeforeCritical\":3}", "pcccp", "pwwcp");
    run(C ",\"FailuresBeforeCritical\":3}", "c", "c"); /* the first counts at once */
    run(C ",\"SuccessBeforePassing\":3}", "p", "p");
}

static void output_is_bounded(void **state)
{
    assert_int_equal(0, local_node_check("{\"Name\":\"c\",\"TCP\":\"127.0.0.1:1\",\"Interval\":"
                                         "\"1h\",\"OutputMaxSize\":10}"));
    struct local_check *c = local_check_find(local_node.agent, "c");
    check_result(c, CATALOG_PASSING, "0123456789abcdef", 16, true);
    assert_string_equal("6789abcdef", buf_str(&c->output));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, local_node_start, local_node_stop)
    const struct CMUnitTest tests[] = {
        T(http_statuses_are_states),
        T(a_request_is_as_defined),
        T(tcp_asks_for_a_connection),
        T(scripts_tell_by_their_exit),
        T(a_script_that_hangs_is_ended),
        T(a_ttl_runs_out_unless_it_is_renewed),
        T(only_a_ttl_is_told_how_it_stands),
        T(thresholds_smooth_what_comes_and_goes),
        T(output_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
