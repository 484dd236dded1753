/* The route table: immutable once built; lookups on any thread. Pure: tags in, targets out.
 * Grammar and order follow fabio (inventory fabio 2 to 4). Private to lb/. */
#ifndef LB_TABLE_H
#define LB_TABLE_H

#include "agent/base/arena.h"
#include "agent/store/store.h"

#include <stdatomic.h>

struct target {
    char *service, *instance; /* name and id */
    char *host;               /* address of the instance */
    int port;
    char *strip;              /* prefix taken off the path, or NULL */
    char *host_header;        /* "" = the client's, "dst" = the target's, else this */
    char *tags, *opts;        /* as shown */
    double weight;
};
struct route {
    char *host, *path; /* host lower case, "" for any; path a prefix */
    struct target *targets;
    size_t n;
    atomic_size_t next; /* round robin */
};
struct route_table {
    struct arena arena;
    log_index index; /* of the snapshot it was built from */
    struct route *routes; /* by host (named first), then longest path first */
    size_t n;
    unsigned waiting_loops; /* private to lb.c: who has not let go of it yet */
};

/* Reads the catalog: one route per distinct urlprefix- source, its healthy instances as targets. */
struct route_table *route_table_build(struct store_txn *t, const char *tag_prefix, const char *dc);
void route_table_free(struct route_table *t);
/* The route for a request's host (":80" taken off) and path, or NULL. */
struct route *route_table_find(const struct route_table *t, const char *host, size_t host_len,
                               const char *path, size_t path_len);
/* The next target by turns; NULL when the route has none. */
const struct target *route_pick(struct route *r);

/* One tag: "host/path[ opt=val]..." behind the prefix. false: not a route of ours (or broken). */
struct route_tag {
    char *host, *path, *strip, *host_header, *opts;
};
bool route_tag_parse(const char *tag, const char *prefix, const char *dc, struct arena *a,
                     struct route_tag *out);

#endif
