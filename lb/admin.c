/* :9998: the routing table as JSON, as text and as a page. */
#include "lb/lb_impl.h"

#include <string.h>

static void on_api_routes(struct http_req *r, void *ctx)
{
    struct lb *lb = ctx;
    const struct route_table *t = lb->table; /* swapped on this loop only: it stays while we look */
    struct buf b = BUF_INIT;
    if (http_query(r, "raw")) {
        route_table_text(t, &b);
        http_reply(r, 200, "text/plain; charset=utf-8", buf_str(&b), b.len);
    } else {
        route_table_json(t, &b);
        http_reply_json(r, 200, &b);
    }
    buf_fini(&b);
}

void html_add(struct buf *b, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '<':
            buf_str_add(b, "&lt;");
            break;
        case '>':
            buf_str_add(b, "&gt;");
            break;
        case '&':
            buf_str_add(b, "&amp;");
            break;
        case '"':
            buf_str_add(b, "&quot;");
            break;
        default:
            buf_char(b, *s);
        }
}

static void on_page(struct http_req *r, void *ctx)
{
    struct lb *lb = ctx;
    const struct route_table *t = lb->table;
    struct buf b = BUF_INIT;
    buf_str_add(
        &b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Routes</title>"
            "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:"
            "collapse}th,td{text-align:left;padding:.3rem 1.2rem .3rem 0;border-bottom:1px solid "
            "#ddd}td.n{font-variant-numeric:tabular-nums;text-align:right}</style></head><body>"
            "<h1>Routes</h1><table><tr><th>Service</th><th>Source</th><th>Target</th><th>Options"
            "</th><th>Weight</th><th>Tags</th></tr>");
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->routes[i].n; k++) {
            const struct target *x = &t->routes[i].targets[k];
            buf_str_add(&b, "<tr><td>");
            html_add(&b, x->service);
            buf_str_add(&b, "</td><td>");
            html_add(&b, t->routes[i].host);
            html_add(&b, t->routes[i].path);
            buf_str_add(&b, "</td><td>");
            html_add(&b, target_url(x, http_arena(r)));
            buf_str_add(&b, "</td><td>");
            html_add(&b, x->opts);
            buf_printf(&b, "</td><td class=\"n\">%.2f%%</td><td>", x->weight * 100);
            html_add(&b, x->tags);
            buf_str_add(&b, "</td></tr>");
        }
    buf_str_add(
        &b,
        t->n
            ? "</table></body></html>\n"
            : "</table><p>No routes: no healthy service has a urlprefix- tag.</p></body></html>\n");
    http_reply(r, 200, "text/html; charset=utf-8", b.data, b.len);
    buf_fini(&b);
}

static void on_health(struct http_req *r, void *ctx)
{
    http_reply(r, 200, "text/plain; charset=utf-8", "OK\n", 3);
}

static void on_other(struct http_req *r, void *ctx)
{
    http_add_header(r, "Location", "/routes");
    http_reply(r, 303, NULL, "", 0);
}

void admin_routes(struct lb *lb)
{
    http_route(lb->admin, "GET", "/api/routes", on_api_routes, lb);
    http_route(lb->admin, "GET", "/routes", on_page, lb);
    http_route(lb->admin, "GET", "/health", on_health, lb);
    http_route_fallback(lb->admin, on_other, lb);
}
