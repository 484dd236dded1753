/* A job file of any bytes: a job or mistakes, never a crash; and a job can be validated and
 * written. */
#include "jobs/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *j;
    if (size < (1 << 16) && !job_parse_hcl("fuzz.hcl", (const char *)data, size, &a, &j, &m)) {
        struct buf b = BUF_INIT;
        job_canonicalize(j, &a);
        (void)job_validate(j, &m, &m);
        rec_json_write(&job_desc, j, &b);
        buf_fini(&b);
    }
    arena_fini(&a);
    return 0;
}
