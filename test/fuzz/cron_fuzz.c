#include "jobs/cron.h"

#include <stddef.h>
#include <stdlib.h>

/* Whatever the expression, the next time is after the one given, or there is none. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a = ARENA_INIT;
    struct cron c;
    const struct zone *z;
    char *spec = arena_strndup(&a, (const char *)data, len);
    if (!cron_parse(spec, &c, NULL) && !zone_load("UTC", &a, &z, NULL)) {
        int64_t after = INT64_C(1795457626), next = cron_next(&c, z, after);
        if (next && next <= after)
            abort();
    }
    arena_fini(&a);
    return 0;
}
