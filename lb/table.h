/* The route table: immutable once built; lookups on any thread. Pure: tags in, targets out.
 * Order follows fabio (inventory fabio 3 and 4). Private to lb/. */
#ifndef LB_TABLE_H
#define LB_TABLE_H

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/store/store.h"
#include "lb/tag.h"

#include <stdatomic.h>

struct target {
    char *service, *instance; /* name and id */
    char *host;               /* address of the instance */
    int port;
    char *strip;              /* prefix taken off the path, or NULL */
    char *prepend;            /* put before what is left, or NULL */
    char *host_header;        /* "" = the client's, "dst" = the target's, else this */
    char *tags, *opts;        /* as shown */
    double weight;            /* the share of the route's requests, 0 to 1 */
    double fixed_weight;      /* as tagged; 0: not */
    bool gated;               /* redirects or asks who comes: see gate.c */
    int redirect_code;        /* 0: none */
    char *redirect_url;
    struct access access;
};
struct route {
    char *host, *path; /* host lower case, "" for any; path a prefix */
    struct target *targets;
    size_t n;
    bool weighted; /* some target has a fixed weight */
    atomic_size_t next; /* round robin */
};
struct route_complaint { /* for the log, once */
    char *service, *tag, *text;
};
struct route_table {
    struct arena arena;
    log_index index; /* of the snapshot it was built from */
    struct route *routes; /* the most specific host first, then the longest path */
    size_t n;
    struct route_complaint *complaints;
    size_t n_complaints;
    unsigned waiting_loops; /* private to lb.c: who has not let go of it yet */
};

/* Reads the catalog: one route per distinct urlprefix- source, its healthy instances as targets. */
struct route_table *route_table_build(struct store_txn *t, const char *tag_prefix, const char *dc);
void route_table_free(struct route_table *t);
/* Whether it has the same complaint. */
bool route_table_complains(const struct route_table *t, const struct route_complaint *c);
/* The route for a request's host (":80" taken off) and path, or NULL. `after` continues behind a
 * route found before; NULL begins. */
struct route *route_table_find(const struct route_table *t, const struct route *after,
                               const char *host, size_t host_len, const char *path,
                               size_t path_len);
/* The next target by turns and weights; NULL when the route has none. */
const struct target *route_pick(struct route *r);

/* show.c: the table as the admin API gives it, and as fabio's commands. */
void route_table_json(const struct route_table *t, struct buf *out);
void route_table_text(const struct route_table *t, struct buf *out);
char *target_url(const struct target *t, struct arena *a); /* where requests go */

#endif
