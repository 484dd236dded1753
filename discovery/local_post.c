/* Calls from other threads: the work travels to the agent's loop, the answer back. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <stdlib.h>
#include <string.h>

struct errand {
    struct local_agent *agent;
    struct loop *reply_loop;
    struct arena arena;
    struct service_definition def;
    struct rec_strs ids;
    size_t left;
    int status;
    local_done_cb cb;
    void *arg;
    void (*status_cb)(void *arg, const struct local_service_status *s);
    struct local_service_status service;
    local_checks_cb checks_cb;
    enum catalog_health *statuses;
};

static struct errand *errand_new(struct local_agent *l, struct loop *reply, void *arg)
{
    struct errand *x = MEM_NEW(struct errand);
    x->agent = l;
    x->reply_loop = reply;
    x->arg = arg;
    return x;
}

static void errand_reply(void *arg)
{
    struct errand *x = arg;
    struct err e = ERR_INIT;
    if (x->status)
        err_set(&e, x->status, "%s", err_code_text(x->status));
    if (x->cb)
        x->cb(x->arg, x->status, x->status ? &e : NULL);
    if (x->status_cb)
        x->status_cb(x->arg, &x->service);
    if (x->checks_cb)
        x->checks_cb(x->arg, x->statuses, x->ids.n);
    arena_fini(&x->arena);
    free(x);
}

static void errand_done(void *arg, int status, const struct err *e)
{
    struct errand *x = arg;
    x->status = status ? status : x->status;
    if (x->left && --x->left)
        return;
    loop_post(x->reply_loop, errand_reply, x);
}

static void register_here(void *arg)
{
    struct errand *x = arg;
    struct err e = ERR_INIT;
    x->left = 1;
    int rv = local_service_register(x->agent, &x->def, true, errand_done, x, &e);
    if (rv) {
        log_warn("discovery", "service %s: %s", x->def.id, e.text);
        errand_done(x, rv, &e);
    }
}

void local_service_register_post(struct local_agent *l, struct loop *reply,
                                 const struct service_definition *d, local_done_cb cb, void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->cb = cb;
    rec_clone(&service_definition_desc, d, &x->arena, &x->def);
    loop_post(l->loop, register_here, x);
}

static void deregister_here(void *arg)
{
    struct errand *x = arg;
    x->left = x->ids.n + 1;
    for (size_t i = 0; i < x->ids.n; i++) /* one that is not ours is out already */
        if (local_service_deregister(x->agent, x->ids.items[i], errand_done, x, NULL))
            x->left--;
    errand_done(x, 0, NULL);
}

void local_services_deregister_post(struct local_agent *l, struct loop *reply,
                                    const char *const *ids, size_t n, local_done_cb cb, void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->cb = cb;
    for (size_t i = 0; i < n; i++)
        rec_strs_add(&x->ids, &x->arena, ids[i]);
    loop_post(l->loop, deregister_here, x);
}

static void status_here(void *arg)
{
    struct errand *x = arg;
    const char *id = x->ids.items[0];
    x->service.registered = local_service_find(x->agent, id) != NULL;
    for (struct local_check *c = x->agent->checks; c; c = c->hh.next)
        if (str_eq(c->def.service_id, id)) {
            x->service.checks++;
            x->service.passing += c->status == CATALOG_PASSING;
        }
    loop_post(x->reply_loop, errand_reply, x);
}

void local_service_status_post(struct local_agent *l, struct loop *reply, const char *id,
                               void (*cb)(void *arg, const struct local_service_status *s),
                               void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->status_cb = cb;
    rec_strs_add(&x->ids, &x->arena, id);
    loop_post(l->loop, status_here, x);
}

static void checks_here(void *arg)
{
    struct errand *x = arg;
    x->statuses = ARENA_ARRAY(&x->arena, enum catalog_health, x->ids.n + 1);
    for (size_t i = 0; i < x->ids.n; i++) {
        const struct local_check *c = local_check_find(x->agent, x->ids.items[i]);
        x->statuses[i] = c ? c->status : CATALOG_PASSING;
    }
    loop_post(x->reply_loop, errand_reply, x);
}

void local_checks_status_post(struct local_agent *l, struct loop *reply, const char *const *ids,
                              size_t n, local_checks_cb cb, void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->checks_cb = cb;
    for (size_t i = 0; i < n; i++)
        rec_strs_add(&x->ids, &x->arena, ids[i]);
    loop_post(l->loop, checks_here, x);
}
