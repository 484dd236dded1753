#include "lb/table.h"
#include "agent/base/str.h"
#include "discovery/catalog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- tags ------------------------------------------------------------------------------------ */

static char *expand(struct arena *a, const char *s, size_t len, const char *dc)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '$' && len - i >= 3 &&
            (!strncmp(s + i, "$DC", 3) || (len - i >= 5 && !strncmp(s + i, "${DC}", 5)))) {
            buf_str_add(&b, dc);
            i += s[i + 1] == '{' ? 4 : 2;
        } else {
            buf_char(&b, s[i]);
        }
    }
    char *out = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

/* "host:80" means host for plain HTTP. */
static void normalise_host(char *host)
{
    for (char *p = host; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    size_t n = strlen(host);
    if (n > 3 && !strcmp(host + n - 3, ":80"))
        host[n - 3] = '\0';
}

static void read_option(struct route_tag *t, struct arena *a, const char *option, size_t len)
{
    const char *eq = memchr(option, '=', len);
    char *value = eq ? arena_strndup(a, eq + 1, len - (size_t)(eq - option) - 1) : NULL;
    if (value && !strncmp(option, "strip=", 6))
        t->strip = value;
    else if (value && !strncmp(option, "host=", 5))
        t->host_header = value;
}

bool route_tag_parse(const char *tag, const char *prefix, const char *dc, struct arena *a,
                     struct route_tag *out)
{
    memset(out, 0, sizeof(*out));
    while (*tag == ' ' || *tag == '\t')
        tag++;
    if (strncmp(tag, prefix, strlen(prefix)))
        return false;
    const char *src = tag + strlen(prefix);
    size_t len = strcspn(src, " \t"), host_len = strcspn(src, "/");
    if (!len || host_len >= len)
        return false; /* no path: a TCP route, which HTTP does not take */
    char *whole = expand(a, src, len, dc);
    host_len = strcspn(whole, "/");
    out->host = arena_strndup(a, whole, host_len);
    out->path = arena_strdup(a, whole + host_len);
    out->opts = arena_strdup(a, src + len + strspn(src + len, " \t"));
    normalise_host(out->host);
    for (const char *p = src + len; *p;) {
        p += strspn(p, " \t");
        size_t n = strcspn(p, " \t");
        if (!strncmp(p, "proto=", 6) && strncmp(p, "proto=http", n))
            return false; /* https, tcp and grpc upstreams are not ours to reach */
        read_option(out, a, p, n);
        p += n;
    }
    return true;
}

/* --- building -------------------------------------------------------------------------------- */

static struct route *route_at(struct route_table *t, const struct route_tag *tag)
{
    static const struct rec_desc route = {"", sizeof(struct route), NULL, 0, false};
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->routes[i].host, tag->host) && !strcmp(t->routes[i].path, tag->path))
            return &t->routes[i];
    struct rec_list l = {t->routes, t->n};
    struct route *r = rec_list_add(&route, &l, &t->arena);
    t->routes = l.items;
    t->n = l.n;
    r->host = tag->host;
    r->path = tag->path;
    return r;
}

static char *other_tags(struct route_table *t, const struct rec_strs *tags, const char *prefix)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < tags->n; i++)
        if (strncmp(tags->items[i], prefix, strlen(prefix)))
            buf_printf(&b, "%s%s", b.len ? "," : "", tags->items[i]);
    char *out = arena_strndup(&t->arena, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

static void add_instance(struct route_table *t, const struct catalog_instance *i,
                         const char *prefix, const char *dc)
{
    static const struct rec_desc target = {"", sizeof(struct target), NULL, 0, false};
    for (size_t k = 0; k < i->service.tags.n; k++) {
        struct route_tag tag;
        if (!route_tag_parse(i->service.tags.items[k], prefix, dc, &t->arena, &tag))
            continue;
        struct route *r = route_at(t, &tag);
        struct rec_list l = {r->targets, r->n};
        struct target *x = rec_list_add(&target, &l, &t->arena);
        r->targets = l.items;
        r->n = l.n;
        *x = (struct target){.service = arena_strdup(&t->arena, i->service.service),
                             .instance = arena_strdup(&t->arena, i->service.id),
                             .host = arena_strdup(&t->arena, catalog_instance_address(i)),
                             .port = (int)i->service.port,
                             .strip = tag.strip,
                             .host_header =
                                 tag.host_header ? tag.host_header : arena_strdup(&t->arena, ""),
                             .tags = other_tags(t, &i->service.tags, prefix),
                             .opts = tag.opts};
    }
}

static bool has_own_check(const struct catalog_instance *i)
{
    for (size_t k = 0; k < i->n_checks; k++)
        if (!str_is_empty(i->checks[k].service_id))
            return true;
    return false;
}

/* fabio's order: hosts before none, longer suffixes first; paths reverse-lexicographic. */
static int by_specificity(const void *a, const void *b)
{
    const struct route *x = a, *y = b;
    size_t n = strlen(x->host), m = strlen(y->host);
    if (!n != !m)
        return n ? -1 : 1;
    int c = strcmp(x->host, y->host);
    return c ? c : -strcmp(x->path, y->path);
}

struct route_table *route_table_build(struct store_txn *t, const char *tag_prefix, const char *dc)
{
    struct route_table *out = MEM_NEW(struct route_table);
    struct catalog_service_name *names;
    struct arena a = ARENA_INIT;
    size_t n;
    out->index = store_txn_index(t);
    if (catalog_service_names(t, &a, &names, &n))
        n = 0;
    for (size_t i = 0; i < n; i++) {
        struct catalog_instances all;
        bool routed = false;
        for (size_t k = 0; k < names[i].tags.n && !routed; k++)
            routed = strstr(names[i].tags.items[k], tag_prefix) != NULL;
        if (!routed || catalog_service_instances(t, names[i].name, &a, &all))
            continue;
        for (size_t k = 0; k < all.n;
             k++) /* with no check at all an instance is not routed to (fabio) */
            if (all.items[k].health == CATALOG_PASSING && has_own_check(&all.items[k]))
                add_instance(out, &all.items[k], tag_prefix, dc);
    }
    arena_fini(&a);
    if (out->n)
        qsort(out->routes, out->n, sizeof(out->routes[0]), by_specificity);
    for (size_t i = 0; i < out->n; i++)
        for (size_t k = 0; k < out->routes[i].n; k++)
            out->routes[i].targets[k].weight = 1.0 / (double)out->routes[i].n;
    return out;
}

void route_table_free(struct route_table *t)
{
    arena_fini(&t->arena);
    free(t);
}

/* --- looking up ------------------------------------------------------------------------------ */

/* "*" in a route's host stands for anything; matched from the end, as most are "*.domain". */
static bool host_matches(const char *pattern, const char *host, size_t len)
{
    const char *star = strchr(pattern, '*');
    size_t n = strlen(pattern);
    if (!star)
        return n == len && !strncasecmp(pattern, host, len);
    size_t before = (size_t)(star - pattern), after = n - before - 1;
    return len >= before + after && !strncasecmp(pattern, host, before) &&
           !strncasecmp(star + 1, host + len - after, after);
}

struct route *route_table_find(const struct route_table *t, const char *host, size_t host_len,
                               const char *path, size_t path_len)
{
    if (host_len > 3 && !strncmp(host + host_len - 3, ":80", 3))
        host_len -= 3;
    for (size_t i = 0; i < t->n; i++) {
        struct route *r = &t->routes[i];
        size_t n = strlen(r->path);
        if (*r->host && !host_matches(r->host, host, host_len))
            continue;
        if (n <= path_len && !memcmp(r->path, path, n))
            return r;
    }
    return NULL;
}

const struct target *route_pick(struct route *r)
{
    if (!r->n)
        return NULL;
    return &r->targets[atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed) % r->n];
}
