#include "lb/table.h"
#include "agent/base/str.h"
#include "discovery/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_COMPLAINTS 1000

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

static void complain(struct route_table *t, const char *service, const char *tag, const char *text)
{
    static const struct rec_desc desc = {"", sizeof(struct route_complaint), NULL, 0, false};
    struct route_complaint c = {.service = arena_strdup(&t->arena, service),
                                .tag = arena_strdup(&t->arena, tag),
                                .text = arena_strdup(&t->arena, text)};
    struct rec_list l = {t->complaints, t->n_complaints};
    if (t->n_complaints == MAX_COMPLAINTS || route_table_complains(t, &c))
        return;
    struct route_complaint *x = rec_list_add(&desc, &l, &t->arena);
    *x = c;
    t->complaints = l.items;
    t->n_complaints = l.n;
}

static void add_target(struct route_table *t, const struct catalog_instance *i,
                       const struct route_tag *tag, const char *prefix)
{
    static const struct rec_desc target = {"", sizeof(struct target), NULL, 0, false};
    struct route *r = route_at(t, tag);
    struct rec_list l = {r->targets, r->n};
    struct target *x = rec_list_add(&target, &l, &t->arena);
    r->targets = l.items;
    r->n = l.n;
    *x = (struct target){.service = arena_strdup(&t->arena, i->service.service),
                         .instance = arena_strdup(&t->arena, i->service.id),
                         .host = arena_strdup(&t->arena, catalog_instance_address(i)),
                         .port = (int)i->service.port,
                         .strip = tag->strip,
                         .prepend = tag->prepend,
                         .host_header =
                             tag->host_header ? tag->host_header : arena_strdup(&t->arena, ""),
                         .tags = other_tags(t, &i->service.tags, prefix),
                         .opts = tag->opts,
                         .fixed_weight = tag->weight,
                         .gated = tag->redirect_code || tag->access.n,
                         .redirect_code = tag->redirect_code,
                         .redirect_url = tag->redirect_url,
                         .access = tag->access};
}

static void add_instance(struct route_table *t, const struct catalog_instance *i,
                         const char *prefix, const char *dc)
{
    for (size_t k = 0; k < i->service.tags.n; k++) {
        struct route_tag tag;
        const char *text = i->service.tags.items[k];
        enum tag_result rv = route_tag_parse(text, prefix, dc, &t->arena, &tag);
        if (rv != TAG_OTHER && tag.complaint)
            complain(t, i->service.service, text, tag.complaint);
        if (rv == TAG_ROUTE)
            add_target(t, i, &tag, prefix);
    }
}

static bool has_own_check(const struct catalog_instance *i)
{
    for (size_t k = 0; k < i->n_checks; k++)
        if (!str_is_empty(i->checks[k].service_id))
            return true;
    return false;
}

/* From their ends: an exact name stands before "*.name", a longer suffix before a shorter: "*"
 * sorts before every letter and digit. */
static int compare_from_end(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    while (n && m && a[n - 1] == b[m - 1])
        n--, m--;
    unsigned char x = n ? (unsigned char)a[n - 1] : 0, y = m ? (unsigned char)b[m - 1] : 0;
    return (x < y) - (x > y);
}

/* fabio's order: hosts before none, the more specific first; paths reverse-lexicographic. */
static int by_specificity(const void *a, const void *b)
{
    const struct route *x = a, *y = b;
    if (!*x->host != !*y->host)
        return *x->host ? -1 : 1;
    int c = compare_from_end(x->host, y->host);
    return c ? c : -strcmp(x->path, y->path);
}

/* As fabio's commands sort: the last first. */
static int by_command(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    int c = strcmp(y->service, x->service);
    if (!c)
        c = strcmp(y->host, x->host);
    return c ? c : (x->port < y->port) - (x->port > y->port);
}

/* Fixed weights are scaled down when they exceed 1, and up when nothing else shares the rest; what
 * they leave is shared equally. */
static void set_weights(struct route *r)
{
    double sum = 0, scale = 1;
    size_t fixed = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->targets[i].fixed_weight > 0) {
            sum += r->targets[i].fixed_weight;
            fixed++;
        }
    if (fixed && (sum > 1 || fixed == r->n))
        scale = 1 / sum;
    double rest = fixed < r->n && sum < 1 ? (1 - sum) / (double)(r->n - fixed) : 0;
    r->weighted = fixed > 0;
    for (size_t i = 0; i < r->n; i++)
        r->targets[i].weight =
            r->targets[i].fixed_weight > 0 ? r->targets[i].fixed_weight * scale : rest;
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
    for (size_t i = 0; i < out->n; i++) {
        qsort(out->routes[i].targets, out->routes[i].n, sizeof(struct target), by_command);
        set_weights(&out->routes[i]);
    }
    return out;
}

bool route_table_complains(const struct route_table *t, const struct route_complaint *c)
{
    for (size_t i = 0; i < t->n_complaints; i++)
        if (!strcmp(t->complaints[i].tag, c->tag) && !strcmp(t->complaints[i].service, c->service))
            return true;
    return false;
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

struct route *route_table_find(const struct route_table *t, const struct route *after,
                               const char *host, size_t host_len, const char *path, size_t path_len)
{
    if (host_len > 3 && !strncmp(host + host_len - 3, ":80", 3))
        host_len -= 3;
    for (size_t i = after ? (size_t)(after - t->routes) + 1 : 0; i < t->n; i++) {
        struct route *r = &t->routes[i];
        size_t n = strlen(r->path);
        if (*r->host && !host_matches(r->host, host, host_len))
            continue;
        if (n <= path_len && !memcmp(r->path, path, n))
            return r;
    }
    return NULL;
}

/* Turn n of 2^32 lands at n times the golden section, modulo 1: any run of turns is spread as the
 * weights are. */
static const struct target *pick_weighted(const struct route *r, size_t turn)
{
    double at = (double)(uint32_t)(turn * 2654435769u) / 4294967296.0;
    const struct target *last = NULL;
    for (size_t i = 0; i < r->n; i++) {
        if (r->targets[i].weight <= 0)
            continue;
        last = &r->targets[i];
        at -= last->weight;
        if (at < 0)
            break;
    }
    return last;
}

const struct target *route_pick(struct route *r)
{
    if (!r->n)
        return NULL;
    size_t turn = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
    return r->weighted ? pick_weighted(r, turn) : &r->targets[turn % r->n];
}
