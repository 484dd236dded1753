/* A tag of any bytes: a route or a complaint; its rules answer for any address. */
#include "agent/base/check.h"
#include "lb/tag.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct route_tag t;
    char *tag = arena_strndup(&a, (const char *)data, size);
    enum tag_result rv = route_tag_parse(tag, "urlprefix-", "dc1", &a, &t);
    if (rv != TAG_OTHER) {
        PRE(t.host && t.path && *t.path == '/' && t.opts);
        PRE(rv == TAG_ROUTE || t.complaint);
    }
    if (rv == TAG_ROUTE) {
        PRE(t.weight >= 0 && !t.redirect_code == !t.redirect_url);
        PRE(!strchr(t.host, '/'));
        (void)access_allows(&t.access, "10.1.2.3");
        (void)access_allows(&t.access, "fe80::1");
    }
    arena_fini(&a);
    return 0;
}
