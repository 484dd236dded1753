/* node drain, node eligibility, alloc stop, system gc. */
#include "agent/cli/cli_impl.h"
#include "agent/base/duration.h"

#include <inttypes.h>
#include <time.h>

/* --- which node ------------------------------------------------------------------------------ */

struct node_list {
    struct node *items;
    size_t n;
};

static const char *find_node(struct cli *c, bool self)
{
    struct node_list l = {NULL, 0};
    if (!self)
        return cli_wants(c, 1, "one argument: <node id>")
                   ? cli_resolve(c, "node", "/v1/nodes", c->args[0])
                   : NULL;
    if (!cli_wants(c, 0, "no argument beside -self") ||
        !cli_get_list(c, "/v1/nodes", &node_desc, &l, "Error querying node"))
        return NULL;
    if (l.n == 1)
        return l.items[0].id;
    fprintf(stderr, "Local node not found: name it\n");
    return NULL;
}

/* --- eligibility ----------------------------------------------------------------------------- */

int cmd_node_eligibility(struct cli *c)
{
    bool enable = cli_switch(c, "enable", false), disable = cli_switch(c, "disable", false);
    bool self = cli_switch(c, "self", false);
    struct cli_answer a;
    struct buf b = BUF_INIT;
    if (enable == disable) {
        fprintf(stderr, "Either the '-enable' or '-disable' flag must be set\n");
        return 1;
    }
    const char *id = find_node(c, self);
    if (!id)
        return 1;
    buf_printf(&b, "{\"NodeID\":\"%s\",\"Eligibility\":\"%s\"}", id,
               enable ? "eligible" : "ineligible");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/node/%s/eligibility", id), &b,
                      "Error updating scheduling eligibility", &a);
    buf_fini(&b);
    if (ok)
        printf("Node \"%s\" scheduling eligibility set: %s for scheduling\n", id,
               enable ? "eligible" : "ineligible");
    return ok ? 0 : 1;
}

/* --- drains ---------------------------------------------------------------------------------- */

struct drain_flags {
    bool enable, disable, self, detach, force, no_deadline, ignore_system, keep_ineligible, monitor;
    int64_t deadline_ns;
};

static bool take_drain_flags(struct cli *c, struct drain_flags *f)
{
    const char *deadline = "1h";

    *f = (struct drain_flags){
        .enable = cli_switch(c, "enable", false),
        .disable = cli_switch(c, "disable", false),
        .self = cli_switch(c, "self", false),
        .detach = cli_switch(c, "detach", false),
        .force = cli_switch(c, "force", false),
        .no_deadline = cli_switch(c, "no-deadline", false),
        .ignore_system = cli_switch(c, "ignore-system", false),
        .keep_ineligible = cli_switch(c, "keep-ineligible", false),
        .monitor = cli_switch(c, "monitor", false),
    };
    cli_switch(c, "yes", false);
    cli_flag(c, "deadline", &deadline);
    if (f->enable + f->disable + f->monitor != 1) {
        fprintf(stderr, "Either the '-enable' or '-disable' flag must be set, unless using "
                        "'-monitor'\n");
        return false;
    }
    if (duration_parse(deadline, &f->deadline_ns) || f->deadline_ns <= 0) {
        fprintf(stderr, "A positive deadline must be given: \"%s\"\n", deadline);
        return false;
    }
    f->deadline_ns = f->force ? -1 : f->no_deadline ? 0 : f->deadline_ns;
    return true;
}

static void say(struct cli *c, const char *text)
{
    printf("%s: %s\n", cli_time(c, clock_wall_ns()), text);
    fflush(stdout);
}

struct seen_alloc { /* as last told of */
    const char *id, *status;
    bool marked, draining;
};
struct drain_watch {
    struct cli *c;
    const char *node;
    struct REC_LIST_BODY(struct seen_alloc) seen;
    bool node_done;
};

static struct seen_alloc *seen_of(struct drain_watch *w, const struct allocation *x)
{
    static const struct rec_desc row = {"", sizeof(struct seen_alloc), NULL, 0, false};
    for (size_t i = 0; i < w->seen.n; i++)
        if (str_eq(w->seen.items[i].id, x->id))
            return &w->seen.items[i];
    struct seen_alloc *s = rec_list_add(&row, &w->seen, &w->c->arena);
    s->id = arena_strdup(&w->c->arena, x->id);
    s->status = arena_strdup(&w->c->arena, x->client_status);
    return s;
}

static void tell_alloc(struct drain_watch *w, const struct allocation *x)
{
    struct arena *a = &w->c->arena;
    struct seen_alloc *s = seen_of(w, x);
    bool over = alloc_is_client_terminal(x) && str_eq(s->status, x->client_status);
    if (!over && !s->marked && x->desired_transition.migrate == 1) {
        s->marked = true;
        say(w->c, arena_printf(a, "Alloc \"%s\" marked for migration", x->id));
    }
    if (!over && s->marked && !s->draining && !str_eq(x->desired_status, "run")) {
        s->draining = true;
        say(w->c, arena_printf(a, "Alloc \"%s\" draining", x->id));
    }
    if (!str_eq(s->status, x->client_status)) {
        say(w->c,
            arena_printf(a, "Alloc \"%s\" status %s -> %s", x->id, s->status, x->client_status));
        s->status = arena_strdup(a, x->client_status);
    }
}

/* One look; returns false when there is nothing more to tell, *failed when it could not look. */
static bool watch_once(struct drain_watch *w, bool *failed)
{
    struct {
        struct allocation *items;
        size_t n;
    } allocs = {NULL, 0};
    struct node n;
    struct cli *c = w->c;
    char *path = arena_printf(&c->arena, "/v1/node/%s", w->node);
    *failed = !cli_get(c, path, &node_desc, &n, "Error monitoring node") ||
              !cli_get_list(c, arena_printf(&c->arena, "%s/allocations", path), &allocation_desc,
                            &allocs, "Error monitoring allocations");
    if (*failed)
        return false;
    size_t live = 0;
    for (size_t i = 0; i < allocs.n; i++) {
        tell_alloc(w, &allocs.items[i]);
        live += !alloc_is_client_terminal(&allocs.items[i]);
    }
    if (!n.drain && !w->node_done) {
        w->node_done = true;
        say(c, arena_printf(&c->arena, "Drain complete for node %s", w->node));
    }
    if (live || !w->node_done)
        return true;
    say(c, arena_printf(&c->arena, "All allocations on node \"%s\" have stopped", w->node));
    return false;
}

static int watch_drain(struct cli *c, const char *id)
{
    struct drain_watch w = {.c = c, .node = id};
    bool failed = false;
    while (watch_once(&w, &failed))
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000 * 1000}, NULL);
    return failed;
}

int cmd_node_drain(struct cli *c)
{
    struct drain_flags f;
    struct cli_answer a;
    struct buf b = BUF_INIT;
    const char *id = take_drain_flags(c, &f) ? find_node(c, f.self) : NULL;
    if (!id)
        return 1;
    if (f.monitor)
        return watch_drain(c, id);
    buf_printf(&b, "{\"NodeID\":\"%s\",\"DrainSpec\":", id);
    if (f.enable)
        buf_printf(&b, "{\"Deadline\":%" PRId64 ",\"IgnoreSystemJobs\":%s}", f.deadline_ns,
                   f.ignore_system ? "true" : "false");
    else
        buf_str_add(&b, "null");
    buf_printf(&b, ",\"MarkEligible\":%s}", f.keep_ineligible || f.enable ? "false" : "true");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/node/%s/drain", id), &b,
                      "Error updating drain specification", &a);
    buf_fini(&b);
    if (!ok)
        return 1;
    if (f.disable || f.detach) {
        printf("Node \"%s\" drain strategy %s\n", id, f.enable ? "set" : "unset");
        return 0;
    }
    say(c, "Ctrl-C to stop monitoring: will not cancel the node drain");
    say(c, arena_printf(&c->arena, "Node \"%s\" drain strategy set", id));
    return watch_drain(c, id);
}

/* --- the rest -------------------------------------------------------------------------------- */

int cmd_alloc_stop(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    if (!cli_wants(c, 1, "exactly one alloc-id"))
        return 1;
    const char *id = cli_resolve(c, "allocation", "/v1/allocations", c->args[0]);
    if (!id || !cli_put(c, arena_printf(&c->arena, "/v1/allocation/%s/stop", id), NULL,
                        "Error stopping allocation", &a))
        return 1;
    if (!detach)
        return cli_follow(c, a.eval_id, false);
    printf("%s\n", a.eval_id);
    return 0;
}

int cmd_system_gc(struct cli *c)
{
    struct cli_answer a;
    return cli_wants(c, 0, "no arguments") &&
                   cli_put(c, "/v1/system/gc", NULL, "Error running system garbage-collection", &a)
               ? 0
               : 1;
}

int cmd_system_reconcile(struct cli *c)
{
    struct cli_answer a;
    return cli_wants(c, 1, "one argument: summaries") &&
                   cli_put(c, "/v1/system/reconcile/summaries", NULL,
                           "Error running system summary reconciliation", &a)
               ? 0
               : 1;
}
