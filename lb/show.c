/* The table in fabio's two forms: JSON (hosts ascending) and the commands that would make it (hosts
 * descending); paths descending in both. */
#include "lb/table.h"

#include <stdlib.h>
#include <string.h>

char *target_url(const struct target *t, struct arena *a)
{
    bool v6 = strchr(t->host, ':') != NULL;
    if (t->redirect_url)
        return t->redirect_url;
    return arena_printf(a, v6 ? "http://[%s]:%d/" : "http://%s:%d/", t->host, t->port);
}

static int by_host(const void *a, const void *b)
{
    const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;
    int c = strcmp(x->host, y->host);
    return c ? c : -strcmp(x->path, y->path);
}

static int by_host_down(const void *a, const void *b)
{
    const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;
    int c = strcmp(y->host, x->host);
    return c ? c : -strcmp(x->path, y->path);
}

static const struct route **sorted(const struct route_table *t, struct arena *a,
                                   int (*order)(const void *, const void *))
{
    const struct route **out = ARENA_ARRAY(a, const struct route *, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        out[i] = &t->routes[i];
    qsort(out, t->n, sizeof(*out), order);
    return out;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void str_field(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "\"%s\":", name);
    buf_json_str(b, value, strlen(value));
    buf_char(b, ',');
}

static void write_tags(struct buf *b, const char *tags)
{
    if (!*tags)
        return;
    buf_str_add(b, ",\"tags\":");
    for (const char *p = tags; *p;) {
        size_t n = strcspn(p, ",");
        buf_char(b, p == tags ? '[' : ',');
        buf_json_str(b, p, n);
        p += n + (p[n] == ',');
    }
    buf_char(b, ']');
}

static void write_target(struct buf *b, const struct route *r, const struct target *t,
                         struct arena *a)
{
    buf_char(b, '{');
    str_field(b, "service", t->service);
    str_field(b, "host", r->host);
    str_field(b, "path", r->path);
    str_field(b, "src", arena_printf(a, "%s%s", r->host, r->path));
    str_field(b, "dst", target_url(t, a));
    str_field(b, "opts", t->opts);
    buf_str_add(b, "\"weight\":");
    buf_json_f64(b, t->weight);
    write_tags(b, t->tags);
    buf_str_add(b, ",\"cmd\":\"route add\",\"rate1\":0,\"pct99\":0}");
}

void route_table_json(const struct route_table *t, struct buf *out)
{
    struct arena a = ARENA_INIT;
    const struct route **routes = sorted(t, &a, by_host);
    bool first = true;
    buf_char(out, '[');
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < routes[i]->n; k++) {
            if (!first)
                buf_char(out, ',');
            first = false;
            write_target(out, routes[i], &routes[i]->targets[k], &a);
        }
    buf_char(out, ']');
    arena_fini(&a);
}

/* --- commands -------------------------------------------------------------------------------- */

static void write_command(struct buf *b, const struct route *r, const struct target *t,
                          struct arena *a)
{
    buf_printf(b, "route add %s %s%s %s", t->service, r->host, r->path, target_url(t, a));
    if (t->fixed_weight > 0)
        buf_printf(b, " weight %.4f", t->fixed_weight);
    if (*t->tags)
        buf_printf(b, " tags \"%s\"", t->tags);
    if (*t->opts)
        buf_printf(b, " opts \"%s\"", t->opts);
    buf_char(b, '\n');
}

void route_table_text(const struct route_table *t, struct buf *out)
{
    struct arena a = ARENA_INIT;
    const struct route **routes = sorted(t, &a, by_host_down);
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < routes[i]->n; k++)
            write_command(out, routes[i], &routes[i]->targets[k], &a);
    arena_fini(&a);
}
