/* A request's target of any bytes: its path is cleaned and matched, its query and parameters are
 * decoded; nothing reaches past it, and what was encoded comes back. */
#include "agent/base/check.h"
#include "agent/http/server_impl.h"

#include <stdio.h>
#include <string.h>

static void no_handler(struct http_req *r, void *ctx) {}

static void check_path(const struct router *t, struct arena *a, char *path)
{
    struct route_params ps;
    char *allow;
    char *clean = path_clean(a, path);
    PRE(*clean == '/' && clean[1] != '/' && strlen(clean) <= strlen(path));
    PRE(!strstr(clean, "//") && !strstr(clean, "/./") && !strstr(clean, "/../"));
    PRE(!strcmp(clean, path_clean(a, clean)));
    if (!router_match(t, "GET", path, a, &ps, &allow))
        return;
    PRE(ps.n <= ROUTE_MAX_PARAMS);
    for (size_t i = 0; i < ps.n; i++) {
        PRE(ps.items[i].value >= path);
        PRE(ps.items[i].value + ps.items[i].len <= path + strlen(path));
        PRE(strlen(percent_decode(a, ps.items[i].value, ps.items[i].len, false)) <=
            ps.items[i].len);
    }
}

static void check_query(struct http_req *r)
{
    size_t n = 0;
    while (http_query_nth(r, "tag", n))
        n++;
    PRE(!n == !http_query(r, "tag"));
    PRE(!http_query_bool(r, "pretty") || http_query(r, "pretty"));
    PRE(n <= strlen(r->query) / 3 + 1);
}

static void check_encoded(struct arena *a, const char *text)
{
    size_t len = strlen(text);
    char *encoded = arena_alloc(a, 3 * len + 1);
    for (size_t i = 0; i < len; i++)
        sprintf(encoded + 3 * i, "%%%02x", (unsigned char)text[i]);
    PRE(!strcmp(text, percent_decode(a, encoded, 3 * len, true)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct router t;
    if (!t.routes) {
        router_add(&t, "GET,PUT,DELETE", "/v1/kv/*key", no_handler, NULL);
        router_add(&t, "GET", "/v1/health/service/:service", no_handler, NULL);
        router_add(&t, "GET", "/v1/job/:id/versions", no_handler, NULL);
        router_add(&t, "GET,POST,DELETE", "/v1/job/*id", no_handler, NULL);
        router_add(&t, "GET", "/:a/:b/:c/:d/:e/:f/:g/*rest", no_handler, NULL);
        router_add(&t, "PUT", "/", no_handler, NULL);
    }
    if (size > 4096)
        return 0;
    struct http_req r = {.arena = ARENA_INIT};
    char *target = arena_strndup(&r.arena, (const char *)data, size);
    char *query = strchr(target, '?');
    if (query) {
        r.query = query + 1;
        check_query(&r);
        *query = '\0';
    }
    if (*target == '/')
        check_path(&t, &r.arena, target);
    check_encoded(&r.arena, target);
    arena_fini(&r.arena);
    return 0;
}
