/* The routing table: patterns to handlers. Pure. Private to agent/http. */
#ifndef AGENT_HTTP_ROUTER_H
#define AGENT_HTTP_ROUTER_H

#include "agent/http/http.h"

#define ROUTE_MAX_PARAMS 6

struct route_param {
    const char *name; /* into the pattern */
    size_t name_len;
    const char *value; /* into the path */
    size_t len;
};
struct route_params {
    struct route_param items[ROUTE_MAX_PARAMS];
    size_t n;
};
struct route {
    struct route *next;
    char *methods, *pattern;
    http_handler handler;
    void *ctx;
    unsigned literal_segments;
    bool has_rest;
};
struct router {
    struct route *routes; /* most literal first */
};

void router_add(struct router *r, const char *methods, const char *pattern, http_handler handler,
                void *ctx);
void router_fini(struct router *r);
/* Matches the still encoded path (no query). NULL when nothing does; then *allow, when some route
 * has the path with other methods, names them ("GET,PUT"), arena memory, else NULL. */
const struct route *router_match(const struct router *r, const char *method, const char *path,
                                 struct arena *a, struct route_params *params, char **allow);

#endif
