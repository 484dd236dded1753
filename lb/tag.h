/* A routing tag: "urlprefix-host/path[ opt=val]..." (fabio's grammar, inventory fabio 2). Pure.
 * Private to lb/.
 *
 * Honoured: strip, prepend, host, weight, redirect, allow, deny, proto=http. A tag whose meaning we
 * cannot keep (another proto, auth, a mistake) makes no route: serving it otherwise would show what
 * its owner meant to protect, or answer nonsense. Any other option is shown and said to be idle. */
#ifndef LB_TAG_H
#define LB_TAG_H

#include "agent/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct access_rule {
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;  /* of the 128 */
};
struct access {
    bool allow; /* only these; else all but these */
    struct access_rule *rules;
    size_t n;
};

struct route_tag {
    char *host, *path; /* host lower case without ":80" */
    char *strip, *prepend, *host_header, *redirect_url; /* NULL unless given */
    int redirect_code;
    double weight; /* 0: a share of what the fixed ones leave */
    struct access access;
    char *opts;      /* as shown */
    char *complaint; /* NULL, or what is wrong with it for its owner to read */
};
enum tag_result { TAG_ROUTE, TAG_OTHER /* not a routing tag */, TAG_BAD /* see complaint */ };
enum tag_result route_tag_parse(const char *tag, const char *prefix, const char *dc,
                                struct arena *a, struct route_tag *out);

/* Whether the rules let an address pass; true without rules. `text` is "1.2.3.4" or "::1"; what is
 * no address passes only when nothing is asked of it. */
bool access_allows(const struct access *x, const char *text);

#endif
