/* What placement's files share: the targets of constraints, counts in metrics, and rules about a
 * property's uses. Private to scheduler/. */
#ifndef SCHEDULER_PLACE_IMPL_H
#define SCHEDULER_PLACE_IMPL_H

#include "scheduler/place.h"

#define TARGET_MAX 256

/* ${attr.x}, ${meta.x}, ${node.x}, or the literal itself. NULL: the node has no such thing. */
const char *target_resolve(const char *target, const struct node *n, char name[TARGET_MAX]);

/* Adds to a key of a sorted map. */
void metric_count(struct rec_int_map *m, struct arena *a, const char *key, int64_t add);

/* view.c: what a node uses, read and marked when first asked for */
#define PORT_WORDS 1024
void usage_prepare(struct node_view *n);
void ports_prepare(struct node_view *n);
void port_mark(struct node_view *n, uint16_t port, bool used);
bool port_used(const struct node_view *n, int64_t port);

struct distinct_rule {
    const char *target;
    int64_t allowed;
    struct rec_int_map uses; /* by value */
};
struct spread_rule {
    const struct spread *spread;
    struct rec_int_map uses;
};
struct property_rules { /* of one group, as the view stands */
    struct REC_LIST_BODY(struct distinct_rule) distinct;
    struct REC_LIST_BODY(struct spread_rule) spreads;
    int64_t spread_weights;
};
void property_rules_read(struct cluster_view *v, const struct task_group *g,
                         struct property_rules *out);
/* Why distinct_property leaves the node out, or NULL. */
const char *property_refuses(const struct property_rules *rules, const struct node *n,
                             struct arena *a);
/* The sum of what the spreads give the node; 0 when there are none. */
double property_spread_score(const struct property_rules *rules, const struct task_group *g,
                             const struct node *n);

#endif
