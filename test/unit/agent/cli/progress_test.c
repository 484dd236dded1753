/* A deployment followed on a terminal; elsewhere nothing is drawn. */
#include "test/unit/support/recorded.h"

#include <string.h>

#define EVAL "7a76a78d-0000-4000-8000-000000000001"
#define ID   "9949c9de-f106-5f0d-7c17-c0be467ce35e"
#define ROUTES(deployment)                                                                         \
    {"PUT /v1/job/web/evaluate", 200, "{\"EvalID\":\"" EVAL "\"}"},                                \
        {"GET /v1/evaluation/" EVAL, 200,                                                          \
         "{\"ID\":\"" EVAL "\",\"JobID\":\"web\",\"Status\":\"complete\",\"DeploymentID\":\"" ID   \
         "\"}"},                                                                                   \
        {"GET /v1/evaluation/" EVAL "/allocations", 200, "[]"},                                    \
    {                                                                                              \
        "GET /v1/deployment/" ID, 200, deployment                                                  \
    }

static void it_is_drawn_on_a_terminal(void **state)
{
    RECORDED(ROUTES("@deployment.json"));
    const struct command_run *r = run_command_on_terminal("job eval web");
    assert_int_equal(0, r->status);
    assert_string_equal("", r->err);
    static const char *const parts[] = {"==> Monitoring deployment \"9949c9de\"\n\n\033[?7l",
                                        "ID          = 9949c9de\nJob ID      = http-echo\n",
                                        "echo        5        5       5        0 ", "\033[?7h",
                                        "\n==> Deployment \"9949c9de\" successful\n"};
    const char *at = r->out;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        at = strstr(at, parts[i]);
        if (!at)
            fail_msg("'%s' is not in, or not there in: %s", parts[i], r->out);
    }
}

static void its_failure_is_one(void **state)
{
    RECORDED(ROUTES("{\"ID\":\"" ID "\",\"Status\":\"failed\",\"ModifyIndex\":3}"));
    const struct command_run *r = run_command_on_terminal("job eval web");
    assert_int_equal(1, r->status);
    assert_non_null(strstr(r->out, "\n==> Deployment \"9949c9de\" failed\n"));
}

static void elsewhere_the_evaluation_is_the_end(void **state)
{
    RECORDED(ROUTES("@deployment.json"));
    const struct command_run *r = run_command("job eval web");
    assert_int_equal(0, r->status);
    assert_null(strstr(r->out, "Monitoring deployment"));
    assert_null(strstr(recorded_requests(), "/v1/deployment/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_drawn_on_a_terminal),
        cmocka_unit_test(its_failure_is_one),
        cmocka_unit_test(elsewhere_the_evaluation_is_the_end),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
