#include "agent/base/loop.h"
#include "agent/base/arena.h"
#include "agent/base/check.h"
#include "agent/base/clock.h"

#include <stdlib.h>

struct loop_post_item {
    struct loop_post_item *next;
    loop_fn fn;
    void *arg;
};

/* Takes the queue as it is now; what the functions post runs in the next turn. */
static void run_posted(struct loop *l)
{
    uv_mutex_lock(&l->lock);
    struct loop_post_item *item = l->first;
    l->first = NULL;
    l->last = &l->first;
    uv_mutex_unlock(&l->lock);
    while (item) {
        struct loop_post_item *next = item->next;
        loop_fn fn = item->fn;
        void *arg = item->arg;
        free(item);
        fn(arg);
        item = next;
    }
}

static void on_wake(uv_async_t *h)
{
    run_posted(h->data);
}

int loop_init(struct loop *l)
{
    int rv = uv_loop_init(&l->uv);
    if (rv)
        return err_from_uv(NULL, rv, "loop");
    uv_mutex_init(&l->lock);
    l->first = NULL;
    l->last = &l->first;
    l->closing = false;
    l->thread = uv_thread_self();
    rv = uv_async_init(&l->uv, &l->wake, on_wake);
    INVARIANT(rv == 0);
    l->wake.data = l;
    return 0;
}

void loop_run(struct loop *l)
{
    l->thread = uv_thread_self();
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void stop_now(void *arg)
{
    struct loop *l = arg;
    uv_stop(&l->uv);
}

void loop_stop(struct loop *l)
{
    loop_post(l, stop_now, l);
}

void loop_post(struct loop *l, loop_fn fn, void *arg)
{
    struct loop_post_item *item = MEM_NEW(struct loop_post_item);
    item->fn = fn;
    item->arg = arg;
    uv_mutex_lock(&l->lock);
    INVARIANT(!l->closing);
    *l->last = item;
    l->last = &item->next;
    uv_async_send(&l->wake);
    uv_mutex_unlock(&l->lock);
}

static bool posted_is_empty(struct loop *l)
{
    uv_mutex_lock(&l->lock);
    bool empty = l->first == NULL;
    uv_mutex_unlock(&l->lock);
    return empty;
}

void loop_close(struct loop *l)
{
    while (!posted_is_empty(l))
        run_posted(l);
    uv_mutex_lock(&l->lock);
    l->closing = true;
    uv_mutex_unlock(&l->lock);
    uv_close((uv_handle_t *)&l->wake, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    int rv = uv_loop_close(&l->uv);
    INVARIANT(rv == 0); /* a handle was left open by its owner */
    uv_mutex_destroy(&l->lock);
}

bool loop_run_until(struct loop *l, const volatile bool *flag, unsigned limit_ms)
{
    mono_ms deadline = clock_mono_ms() + limit_ms;
    l->thread = uv_thread_self();
    while (!*flag && clock_mono_ms() < deadline) {
        uv_run(&l->uv, UV_RUN_NOWAIT);
        if (!*flag)
            uv_sleep(1);
    }
    return *flag;
}
