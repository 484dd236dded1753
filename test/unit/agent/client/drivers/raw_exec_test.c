/* raw_exec: what is started of a task's configuration, and what is refused. */
#include "agent/client/drivers/raw_exec.h"
#include "agent/base/str.h"
#include "test/unit/support/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct executor_spec spec;
static struct err error;

static int prepare(const char *config, const char *user)
{
    static struct task_env env;
    struct task task = *test_task()->task;
    error = (struct err)ERR_INIT;
    spec = (struct executor_spec){.uid = -1, .gid = -1};
    task.config = arena_strdup(&arena, config);
    task.user = arena_strdup(&arena, user);
    task_env_build(&env, test_task(), &arena);
    return raw_exec_prepare(&task, &env, "/data/a1/server", &arena, &spec, &error);
}
static bool has_variable(const char *pair)
{
    for (size_t i = 0; i < spec.env->n; i++)
        if (str_eq(spec.env->items[i], pair))
            return true;
    return false;
}

static void a_command_is_found_and_filled_in(void **state)
{
    assert_int_equal(0,
                     prepare("{\"command\":\"sh\",\"args\":[\"-c\",\"${NOMAD_PORT_http}\",5,true,"
                             "1.5]}",
                             ""));
    assert_true(str_has_suffix(spec.command, "/sh"));
    static const char *const want[] = {"sh", "-c", "8080", "5", "true", "1.5"};
    assert_int_equal(6, spec.args->n);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(want[i], spec.args->items[i]);
    assert_int_equal(-1, spec.uid);
    assert_int_equal(0, prepare("{\"command\":\"/bin/true\"}", ""));
    assert_string_equal("/bin/true", spec.command);
}

static void secrets_of_the_agent_stay_with_it(void **state)
{
    setenv("CONSUL_HTTP_TOKEN", "secret", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("HARMLESS", "yes", 1);
    setenv("NOMAD_DC", "not this one", 1);
    assert_int_equal(0, prepare("{\"command\":\"/bin/true\"}", ""));
    assert_true(has_variable("HARMLESS=yes"));
    assert_false(has_variable("CONSUL_HTTP_TOKEN=secret"));
    assert_false(has_variable("AWS_SECRET_ACCESS_KEY=secret"));
    assert_true(has_variable("NOMAD_DC=dc1")); /* the task's own wins */
    assert_false(has_variable("NOMAD_DC=not this one"));
}

static void users_are_looked_up(void **state)
{
    struct passwd *pw = getpwnam("nobody");
    assert_non_null(pw);
    uid_t uid = pw->pw_uid;
    assert_int_equal(0, prepare("{\"command\":\"/bin/true\"}", "nobody"));
    assert_int_equal(uid, spec.uid);
    assert_int_equal(ERR_NOT_FOUND, prepare("{\"command\":\"/bin/true\"}", "no-such-user"));
    assert_string_equal("user \"no-such-user\" does not exist on this node", error.text);
}

static void what_is_wrong_is_refused(void **state)
{
    static const struct {
        const char *config, *text;
    } cases[] = {
        {"{}", "config: missing required \"command\""},
        {"{\"command\":5}", "\"command\" is not an option of raw_exec, or has the wrong type"},
        {"{\"command\":\"/bin/true\",\"image\":\"x\"}", "\"image\" is not an option of raw_exec"},
        {"{\"command\":\"/bin/true\",\"args\":[[]]}", "config: args[0] must be a string"},
        {"{\"command\":\"no-such-program\"}",
         "failed to start command path=\"no-such-program\": executable file not found"},
        {"{\"command\":\"/etc/passwd\"}", "failed to start command path=\"/etc/passwd\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_not_equal(0, prepare(cases[i].config, ""));
        if (!strstr(error.text, cases[i].text))
            fail_msg("%s: %s", cases[i].config, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_found_and_filled_in),
        cmocka_unit_test(secrets_of_the_agent_stay_with_it),
        cmocka_unit_test(users_are_looked_up),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    int rv = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    test_task_free();
    return rv;
}
