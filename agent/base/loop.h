/* A loop: libuv's, with a thread-safe way in.
 *
 * owns: the uv_loop_t and one async handle. thread: all but loop_post is for the loop's own
 * thread. order: loop_init, handles of your own, loop_run, close your handles, loop_close.
 * Posted functions run on the loop's thread, in order, each once; those still queued at
 * loop_close run during it. A posted function must not block. */
#ifndef AGENT_BASE_LOOP_H
#define AGENT_BASE_LOOP_H

#include "agent/base/err.h"

#include <stdbool.h>
#include <uv.h>

typedef void (*loop_fn)(void *arg);

struct loop_post_item;
struct loop {
    uv_loop_t uv;
    /* private */
    uv_async_t wake;
    uv_mutex_t lock;
    struct loop_post_item *first, **last;
    uv_thread_t thread; /* the one that called loop_run or loop_init last */
    bool closing;
};

int loop_init(struct loop *l);
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l); /* any thread */
/* Queues fn(arg) for the loop's thread. Any thread. Never runs fn before returning. */
void loop_post(struct loop *l, loop_fn fn, void *arg);
/* Closes the async handle, runs the loop until every handle is closed, frees it. */
void loop_close(struct loop *l);
/* Runs single turns until *flag is true or the limit passes; for tests. Returns *flag. */
bool loop_run_until(struct loop *l, const volatile bool *flag, unsigned limit_ms);

#endif
