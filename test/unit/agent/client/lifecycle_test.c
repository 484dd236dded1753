/* Whose turn it is, for each state its siblings may be in. */
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct lifecycle hooks[] = {
    {(char[]){"prestart"}, false},  {(char[]){"prestart"}, true},  {NULL, false},
    {(char[]){"poststart"}, false}, {(char[]){"poststart"}, true}, {(char[]){"poststop"}, false}};
enum { FIRST, BESIDE, MAIN, AFTER, HELPER, LAST, N };
static struct task jobs_tasks[N];
static struct task_runner tasks[N];
static struct alloc_runner runner;

static int start(void **state)
{
    memset(tasks, 0, sizeof(tasks));
    runner = (struct alloc_runner){.tasks = tasks, .n_tasks = N};
    for (int i = 0; i < N; i++) {
        jobs_tasks[i].lifecycle = hooks[i].hook ? &hooks[i] : NULL;
        tasks[i].alloc = &runner;
        tasks[i].task = &jobs_tasks[i];
    }
    return 0;
}
static void runs(int i)
{
    tasks[i].begun = true;
    tasks[i].phase = TASK_RUNNING;
    tasks[i].state.started_at_ns = 1;
}
static void dies(int i, bool failed)
{
    tasks[i].begun = true;
    tasks[i].phase = TASK_DEAD;
    tasks[i].state.failed = failed;
}
/* One letter a task that is due: f(irst) b(eside) m(ain) a(fter) h(elper) l(ast). */
static void due(const char *want)
{
    char got[N + 1] = "";
    for (int i = 0; i < N; i++)
        if (task_is_due(&tasks[i]))
            strncat(got, &"fbmahl"[i], 1);
    assert_string_equal(want, got);
}

static void each_has_its_turn(void **state)
{
    due("fb");
    runs(FIRST);
    due("b");
    runs(BESIDE);
    due(""); /* the main task waits for the end of what comes before */
    dies(FIRST, false);
    due("m");
    runs(MAIN);
    due("ah");
    runs(AFTER);
    runs(HELPER);
    dies(AFTER, false);
    due("");
    assert_false(alloc_has_sidecars_alone(&runner));
    dies(MAIN, false);
    assert_true(alloc_has_sidecars_alone(&runner));
    assert_false(alloc_is_over(&runner));
    due("");
    dies(BESIDE, false);
    dies(HELPER, false);
    assert_false(alloc_has_sidecars_alone(&runner)); /* nothing lives */
    assert_true(alloc_is_over(&runner));
    due("l");
    runs(LAST);
    due("");
    assert_true(alloc_is_over(&runner)); /* whatever comes last is doing */
}

static void a_sidecar_has_to_run_first(void **state)
{
    dies(FIRST, false);
    due("b");
    runs(BESIDE);
    due("m");
}

static void after_a_failure_nothing_begins(void **state)
{
    runs(BESIDE);
    dies(FIRST, true);
    due("");
}

static void a_stop_leaves_the_last_alone(void **state)
{
    runner.stop_wanted = true;
    due("");
    for (int i = 0; i < LAST; i++)
        dies(i, false);
    due("l");
    tasks[LAST].kill_wanted = true; /* the agent itself stops */
    due("");
}

static void what_runs_once_is_known(void **state)
{
    static const struct {
        int task;
        bool once_in_service, once_in_batch;
    } cases[] = {{FIRST, true, true}, {BESIDE, false, false}, {MAIN, false, true},
                 {AFTER, true, true}, {HELPER, false, false}, {LAST, true, true}};
    for (size_t i = 0; i < N; i++) {
        const struct task *t = &jobs_tasks[cases[i].task];
        assert_int_equal(cases[i].once_in_service, task_runs_once(t, "service"));
        assert_int_equal(cases[i].once_in_batch, task_runs_once(t, "batch"));
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup(each_has_its_turn, start),
        cmocka_unit_test_setup(a_sidecar_has_to_run_first, start),
        cmocka_unit_test_setup(after_a_failure_nothing_begins, start),
        cmocka_unit_test_setup(a_stop_leaves_the_last_alone, start),
        cmocka_unit_test_setup(what_runs_once_is_known, start),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
