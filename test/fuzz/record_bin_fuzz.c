/* A stored record of any bytes: a job or ERR_CORRUPT; what was read is written and read again
 * without a change. */
#include "agent/base/check.h"
#include "jobs/job.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16)
        return 0;
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct buf once = BUF_INIT, twice = BUF_INIT;
    struct job *j = ARENA_NEW(&a, struct job), *again = ARENA_NEW(&a, struct job);
    int rv = rec_unpack(&job_desc, data, size, &a, j, &e);
    PRE(!rv || rv == ERR_CORRUPT);
    if (!rv) {
        rec_pack(&job_desc, j, &once);
        PRE(!rec_unpack(&job_desc, once.data, once.len, &a, again, &e));
        rec_pack(&job_desc, again, &twice);
        PRE(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
    }
    buf_fini(&once);
    buf_fini(&twice);
    arena_fini(&a);
    return 0;
}
