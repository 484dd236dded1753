#include "agent/base/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

struct tally {
    struct loop *loop;
    int seen[4]; /* next number expected of each thread */
    int left;
};
struct number {
    struct tally *tally;
    int thread, n;
};
static struct number numbers[4][1000];

static void on_number(void *arg)
{
    struct number *x = arg;
    assert_int_equal(x->n, x->tally->seen[x->thread]++);
    if (--x->tally->left == 0)
        loop_stop(x->tally->loop);
}

static void post_thousand(void *arg)
{
    struct number *mine = arg;
    for (int i = 0; i < 1000; i++)
        loop_post(mine[i].tally->loop, on_number, &mine[i]);
}

static void on_never(uv_timer_t *t)
{
    fail_msg("the posts did not arrive");
}

static void posts_arrive_once_and_in_order(void **state)
{
    struct loop l;
    assert_int_equal(0, loop_init(&l));
    struct tally tally = {.loop = &l, .left = 4000};
    uv_timer_t guard;
    uv_timer_init(&l.uv, &guard);
    uv_timer_start(&guard, on_never, 60000, 0);
    uv_thread_t threads[4];
    for (int t = 0; t < 4; t++) {
        for (int i = 0; i < 1000; i++)
            numbers[t][i] = (struct number){&tally, t, i};
        uv_thread_create(&threads[t], post_thousand, numbers[t]);
    }
    loop_run(&l);
    for (int t = 0; t < 4; t++)
        uv_thread_join(&threads[t]);
    assert_int_equal(0, tally.left);
    uv_close((uv_handle_t *)&guard, NULL);
    loop_close(&l);
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void what_is_queued_at_close_still_runs(void **state)
{
    struct loop l;
    bool ran = false;
    loop_init(&l);
    loop_post(&l, set_flag, &ran);
    assert_false(ran); /* never before loop_post returns */
    loop_close(&l);
    assert_true(ran);
}

static void run_until_sees_the_flag(void **state)
{
    struct loop l;
    bool ran = false, never = false;
    loop_init(&l);
    loop_post(&l, set_flag, &ran);
    assert_true(loop_run_until(&l, &ran, 60000));
    assert_false(loop_run_until(&l, &never, 5));
    loop_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_arrive_once_and_in_order),
        cmocka_unit_test(what_is_queued_at_close_still_runs),
        cmocka_unit_test(run_until_sees_the_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
