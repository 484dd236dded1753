#include "agent/http/router.h"

#include <stdlib.h>
#include <string.h>

static void measure(struct route *r)
{
    for (const char *p = r->pattern; (p = strchr(p, '/')); p++) {
        if (p[1] == '*')
            r->has_rest = true;
        else if (p[1] != ':' && p[1])
            r->literal_segments++;
    }
}

/* Before b in the table: no rest, then more literal segments. */
static bool is_better(const struct route *a, const struct route *b)
{
    if (a->has_rest != b->has_rest)
        return !a->has_rest;
    return a->literal_segments > b->literal_segments;
}

void router_add(struct router *t, const char *methods, const char *pattern, http_handler handler,
                void *ctx)
{
    struct route *r = MEM_NEW(struct route);
    *r = (struct route){.methods = mem_strdup(methods),
                        .pattern = mem_strdup(pattern),
                        .handler = handler,
                        .ctx = ctx};
    measure(r);
    struct route **at = &t->routes;
    while (*at && !is_better(r, *at))
        at = &(*at)->next;
    r->next = *at;
    *at = r;
}

void router_fini(struct router *t)
{
    while (t->routes) {
        struct route *r = t->routes;
        t->routes = r->next;
        free(r->methods);
        free(r->pattern);
        free(r);
    }
}

static void param_add(struct route_params *ps, const char *name, const char *value, size_t len)
{
    if (ps->n < ROUTE_MAX_PARAMS)
        ps->items[ps->n++] = (struct route_param){name, strcspn(name, "/"), value, len};
}

static bool path_matches(const char *pattern, const char *path, struct route_params *ps)
{
    ps->n = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        size_t want = strcspn(pattern, "/"), have = strcspn(path, "/");
        if (*pattern == '*') {
            param_add(ps, pattern + 1, path, strlen(path));
            return true;
        }
        if (*pattern == ':') {
            if (!have)
                return false;
            param_add(ps, pattern + 1, path, have);
        } else if (want != have || strncmp(pattern, path, want)) {
            return false;
        }
        pattern += want;
        path += have;
    }
    return !*pattern && !*path;
}

static bool method_in(const char *methods, const char *method)
{
    size_t n = strlen(method);
    for (const char *p = methods; *p;) {
        size_t len = strcspn(p, ",");
        if (len == n && !strncmp(p, method, n))
            return true;
        p += len + (p[len] == ',');
    }
    return false;
}

const struct route *router_match(const struct router *t, const char *method, const char *path,
                                 struct arena *a, struct route_params *params, char **allow)
{
    unsigned best = 0;
    *allow = NULL;
    for (const struct route *r = t->routes; r; r = r->next) {
        if (!path_matches(r->pattern, path, params))
            continue;
        if (method_in(r->methods, method))
            return r;
        /* a less literal route of the same path must not answer for another method */
        if (!*allow || r->literal_segments >= best)
            *allow =
                *allow ? arena_printf(a, "%s,%s", *allow, r->methods) : arena_strdup(a, r->methods);
        best = r->literal_segments;
    }
    return NULL;
}
