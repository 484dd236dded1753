/* Nodes: registration, status, and whether they take work. */
#include "agent/base/str.h"
#include "scheduler/apply.h"

#include <stdio.h>
#include <string.h>

static void add_event(struct arena *a, struct node *n, const char *subsystem, const char *message,
                      int64_t now_ns, log_index index)
{
    if (n->events.n == 10) { /* the last ten are kept */
        memmove(n->events.items, n->events.items + 1, 9 * sizeof(n->events.items[0]));
        n->events.n = 9;
    }
    struct node_event old[10];
    size_t count = n->events.n;
    if (count)
        memcpy(old, n->events.items, count * sizeof(old[0]));
    n->events.items = ARENA_ARRAY(a, struct node_event, count + 1);
    if (count)
        memcpy(n->events.items, old, count * sizeof(old[0]));
    n->events.n = count + 1;
    n->events.items[count] = (struct node_event){.message = arena_strdup(a, message),
                                                 .subsystem = arena_strdup(a, subsystem),
                                                 .timestamp_ns = now_ns,
                                                 .create_index = index};
}

int apply_node_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                        struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct node n, old;
    int rv = rec_unpack(&node_desc, payload, len, &a, &n, NULL);
    if (rv)
        goto out;
    bool known = !state_node(t, n.id, &a, &old);
    if (known && !str_eq(old.secret_id, n.secret_id)) {
        r->code = ERR_PERMISSION;
        snprintf(r->text, sizeof(r->text), "node secret ID does not match");
        goto out;
    }
    if (known) {
        n.drain = old.drain;
        n.drain_strategy = old.drain_strategy;
        n.scheduling_eligibility = old.scheduling_eligibility;
        n.events.items = old.events.items;
        n.events.n = old.events.n;
        n.create_index = old.create_index;
    } else {
        n.create_index = index;
        n.scheduling_eligibility = arena_strdup(&a, "eligible");
        add_event(&a, &n, "Cluster", "Node registered", n.status_updated_at_s * INT64_C(1000000000),
                  0);
    }
    if (known && str_eq(old.status, n.status) && rec_equal(&node_desc, &n, &old))
        goto out; /* nothing new */
    n.modify_index = index;
    r->number = !known || !str_eq(old.status, n.status);
    store_put_rec(t, &table_nodes, n.id, strlen(n.id), &node_desc, &n);
out:
    arena_fini(&a);
    return rv;
}

int apply_node_status(struct store_txn *t, log_index index, const void *payload, size_t len,
                      struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_node_status c;
    struct node n;
    int rv = rec_unpack(&cmd_node_status_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    if (state_node(t, c.node_id, &a, &n)) {
        r->code = ERR_NOT_FOUND;
        goto out;
    }
    if (!str_eq(n.status, c.status)) {
        bool down = str_eq(c.status, "down");
        if (down || str_eq(n.status, "down"))
            add_event(&a, &n, "Cluster",
                      down ? "Node heartbeat missed" : "Node reregistered by heartbeat", c.now_ns,
                      index);
        n.status = c.status;
        n.status_updated_at_s = c.now_ns / INT64_C(1000000000);
        n.modify_index = index;
        store_put_rec(t, &table_nodes, n.id, strlen(n.id), &node_desc, &n);
    }
    for (size_t i = 0; i < c.evals.n; i++) {
        c.evals.items[i].node_modify_index = index;
        eval_put(t, index, &c.evals.items[i]);
    }
out:
    arena_fini(&a);
    return rv;
}

/* --- eligibility and drains ------------------------------------------------------------------ */

static void set_eligibility(struct arena *a, struct node *n, const char *to, int64_t now_ns,
                            log_index index)
{
    if (str_eq(n->scheduling_eligibility, to))
        return;
    n->scheduling_eligibility = arena_strdup(a, to);
    add_event(a, n, "Cluster",
              str_eq(to, "eligible") ? "Node marked as eligible for scheduling"
                                     : "Node marked as ineligible for scheduling",
              now_ns, index);
}

static void set_drain(struct arena *a, struct node *n, const struct cmd_node_scheduling *c,
                      log_index index)
{
    bool drains = !str_is_empty(c->strategy);
    const char *message = c->complete          ? "Node drain complete"
                          : drains && n->drain ? "Node drain strategy updated"
                          : drains             ? "Node drain strategy set"
                          : n->drain           ? "Node drain disabled"
                                               : NULL;
    n->drain = drains;
    n->drain_strategy = c->strategy;
    if (message)
        add_event(a, n, "Drain", message, c->now_ns, index);
    if (drains)
        n->scheduling_eligibility = arena_strdup(a, "ineligible");
    else if (c->mark_eligible)
        n->scheduling_eligibility = arena_strdup(a, "eligible");
}

int apply_node_scheduling(struct store_txn *t, log_index index, const void *payload, size_t len,
                          struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_node_scheduling c;
    struct node n;
    int rv = rec_unpack(&cmd_node_scheduling_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    if (state_node(t, c.node_id, &a, &n)) {
        r->code = ERR_NOT_FOUND;
        snprintf(r->text, sizeof(r->text), "node not found");
        goto out;
    }
    if (!str_is_empty(c.eligibility) && n.drain && str_eq(c.eligibility, "eligible")) {
        r->code = ERR_CONFLICT;
        snprintf(r->text, sizeof(r->text),
                 "can not set node's scheduling eligibility to eligible while it is draining");
        goto out;
    }
    if (!str_is_empty(c.eligibility))
        set_eligibility(&a, &n, c.eligibility, c.now_ns, index);
    else
        set_drain(&a, &n, &c, index);
    n.modify_index = index;
    store_put_rec(t, &table_nodes, n.id, strlen(n.id), &node_desc, &n);
    for (size_t i = 0; i < c.evals.n; i++) {
        c.evals.items[i].node_modify_index = index;
        eval_put(t, index, &c.evals.items[i]);
    }
    r->number = index;
out:
    arena_fini(&a);
    return rv;
}
