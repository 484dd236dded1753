/* The clients' side (:4647, /rpc/...): registration, heartbeats, allocations, reports; and what the
 * agent says of itself. Bodies are packed records (jobs/cluster.h). */
#include "agent/base/log.h"
#include "scheduler/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

static bool read_body(struct http_req *r, const struct rec_desc *d, void *rec)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    if (!rec_unpack(d, body, n, http_arena(r), rec, &e))
        return true;
    http_reply_text(r, 400, "%s", e.text);
    return false;
}

static void reply_packed(struct http_req *r, const struct rec_desc *d, const void *rec)
{
    struct buf b = BUF_INIT;
    rec_pack(d, rec, &b);
    http_reply(r, 200, "application/octet-stream", b.data, b.len);
    buf_fini(&b);
}

/* The node must exist, and the secret be its own. Answers otherwise. */
static bool authenticate(struct scheduler *s, struct http_req *r, const char *id,
                         const char *secret)
{
    struct store_txn *t;
    struct node n;
    bool known = false, right = false;
    if (!store_read(s->store, &t, NULL)) {
        known = !str_is_empty(id) && !state_node(t, id, http_arena(r), &n);
        right = known && str_eq(n.secret_id, secret);
        store_read_end(&t);
    }
    if (!known)
        http_reply_text(r, 404, "node not found");
    else if (!right)
        http_reply_text(r, 403, "node secret ID does not match");
    return right;
}

/* --- nodes ----------------------------------------------------------------------------------- */

struct registering {
    struct scheduler *s;
    struct http_req *req;
    uuid_text node_id;
};

static void on_gone(void *arg)
{
    ((struct registering *)arg)->req = NULL;
}

static void on_registered(void *arg, int status, log_index index, const struct store_result *result)
{
    struct registering *g = arg;
    if (!status && !result->code && result->number)
        heartbeat_node_up(g->s, g->node_id);
    if (g->req && (status || result->code)) {
        http_reply_text(g->req, result->code == ERR_PERMISSION ? 403 : 500, "%s",
                        status ? err_code_text(status) : result->text);
    } else if (g->req) {
        struct rpc_heartbeat h = {heartbeat_note(g->s, g->node_id), index};
        reply_packed(g->req, &rpc_heartbeat_desc, &h);
    }
    free(g);
}

/* Only equality counts: an FNV-1a over what makes nodes alike. */
static char *computed_class(const struct node *n, struct arena *a)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    const struct rec_str_map *maps[] = {&n->attributes, &n->meta};
    const char *head[] = {n->datacenter, n->node_class};
    for (int i = 0; i < 2; i++)
        for (const char *p = head[i]; p && *p; p++)
            h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < maps[m]->n; i++) {
            const char *pair[] = {maps[m]->items[i].key, maps[m]->items[i].value};
            if (str_has_prefix(pair[0], "unique."))
                continue;
            for (int k = 0; k < 2; k++)
                for (const char *p = pair[k]; p && *p; p++)
                    h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
        }
    return arena_printf(a, "v1:%" PRIu64, h);
}

static void on_register(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct node n;
    if (!read_body(r, &node_desc, &n))
        return;
    if (!n.id || !id_is_uuid(n.id) || !n.secret_id || !id_is_uuid(n.secret_id)) {
        http_reply_text(r, 400, "missing node ID for client registration");
        return;
    }
    n.computed_class = computed_class(&n, http_arena(r));
    n.status = arena_strdup(http_arena(r), "ready");
    struct registering *g = MEM_NEW(struct registering);
    *g = (struct registering){.s = s, .req = r};
    memcpy(g->node_id, n.id, sizeof(g->node_id));
    http_on_cancel(r, on_gone, g);
    store_propose_rec(s->store, s->loop, CMD_NODE_REGISTER, &node_desc, &n, on_registered, g);
}

static void on_heartbeat(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct rpc_node_ref ref;
    if (!read_body(r, &rpc_node_ref_desc, &ref) || !authenticate(s, r, ref.node_id, ref.secret_id))
        return;
    struct node_timer *known;
    HASH_FIND_STR(s->nodes, ref.node_id, known);
    if (!known || known->down) { /* it was taken for lost: up again */
        struct cmd_node_status c = {.node_id = ref.node_id, .now_ns = clock_wall_ns()};
        c.status = arena_strdup(http_arena(r), "ready");
        system_evals(s->store, ref.node_id, http_arena(r), &c.evals);
        store_propose_rec(s->store, s->loop, CMD_NODE_STATUS, &cmd_node_status_desc, &c, NULL,
                          NULL);
    }
    struct rpc_heartbeat h = {heartbeat_note(s, ref.node_id), 0};
    reply_packed(r, &rpc_heartbeat_desc, &h);
}

/* --- allocations ----------------------------------------------------------------------------- */

static int render_node_allocs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                              log_index *index, int *status, struct err *e)
{
    struct arena *a = http_arena(r);
    struct rpc_allocs answer = {.index = 0};
    struct allocations all;
    char key[STATE_KEY_MAX];
    static const struct rec_desc row = {"", sizeof(struct rpc_alloc), NULL, 0, false};
    log_index touched =
        store_key_index(t, &table_allocs, key, state_watch_key(key, "node", NULL, ctx));
    *index = answer.index = touched ? touched : 1;
    int rv = state_node_allocs(t, ctx, a, &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *x = &all.items[i];
        if (alloc_is_client_terminal(x))
            continue;
        struct rpc_alloc *out_row = rec_list_add(&row, &answer.allocs, a);
        out_row->alloc = *x;
        struct job *j = ARENA_NEW(a, struct job);
        if (!state_job_version(t, x->namespace, x->job_id, x->job_version, a, j))
            out_row->job = j;
    }
    rec_pack(&rpc_allocs_desc, &answer, out);
    return rv;
}

static void on_node_allocs(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct rpc_node_ref ref;
    char key[STATE_KEY_MAX];
    if (!read_body(r, &rpc_node_ref_desc, &ref) || !authenticate(s, r, ref.node_id, ref.secret_id))
        return;
    struct http_watch w = {STORE_WATCH_KEY, &table_allocs, key,
                           state_watch_key(key, "node", NULL, ref.node_id)};
    http_blocking(r, &w, 1, render_node_allocs, ref.node_id);
}

/* --- reports --------------------------------------------------------------------------------- */

static void on_reported(void *arg, int status, log_index index, const struct store_result *result)
{
    struct api_answer *a = arg;
    if (a->req && status)
        http_reply_text(a->req, 500, "%s", err_code_text(status));
    else if (a->req)
        http_reply(a->req, 200, NULL, "", 0);
    api_answer_free(a);
}

/* What a report sets in motion: a failure is rescheduled, an end makes room or is replaced, health
 * moves the deployment on. One evaluation a job. */
static const char *trigger_of(const struct allocation *was, const struct allocation *is,
                              const struct job *j)
{
    bool ended = alloc_is_client_terminal(is) && !alloc_is_client_terminal(was);
    int8_t before = was->deployment_status ? was->deployment_status->healthy : REC_NULL_BOOL;
    int8_t now = is->deployment_status ? is->deployment_status->healthy : REC_NULL_BOOL;
    if (ended && str_eq(was->desired_status, "run") &&
        (str_eq(is->client_status, "failed") || !str_eq(j->type, "batch")))
        return "alloc-failure";
    if (now != REC_NULL_BOOL && now != before && !str_is_empty(was->deployment_id))
        return "deployment-watcher";
    return NULL;
}

static void add_evals(struct scheduler *s, struct http_req *r, struct cmd_alloc_updates *c)
{
    struct arena *a = http_arena(r);
    struct store_txn *t;
    if (store_read(s->store, &t, NULL))
        return;
    for (size_t i = 0; i < c->allocs.n; i++) {
        struct allocation was;
        struct job j;
        bool seen = false;
        if (state_alloc(t, c->allocs.items[i].id, a, &was) ||
            state_job(t, was.namespace, was.job_id, a, &j) || j.stop)
            continue;
        const char *why = trigger_of(&was, &c->allocs.items[i], &j);
        for (size_t k = 0; k < c->evals.n; k++)
            seen |= str_eq(c->evals.items[k].job_id, j.id);
        if (!why || seen)
            continue;
        struct evaluation *e = rec_list_add(&evaluation_desc, &c->evals, a);
        evaluation_init(e, a, &j, why, c->now_ns);
        e->deployment_id = was.deployment_id;
    }
    store_read_end(&t);
}

static void on_update(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct rpc_alloc_updates u;
    if (!read_body(r, &rpc_alloc_updates_desc, &u) || !authenticate(s, r, u.node_id, u.secret_id))
        return;
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    c.allocs.items = u.allocs.items;
    c.allocs.n = u.allocs.n;
    add_evals(s, r, &c);
    store_propose_rec(s->store, s->loop, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c,
                      on_reported, api_answer_new(r));
}

void scheduler_rpc_routes(struct scheduler *s, struct http_server *server)
{
    http_route(server, "PUT", "/rpc/node/register", on_register, s);
    http_route(server, "PUT", "/rpc/node/heartbeat", on_heartbeat, s);
    http_route(server, "PUT", "/rpc/node/allocs", on_node_allocs, s);
    http_route(server, "PUT", "/rpc/alloc/update", on_update, s);
}
