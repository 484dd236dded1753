/* An API body of any bytes: a job or a mistake, never a crash; a job can be completed and
 * checked. */
#include "jobs/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct err e = ERR_INIT;
    struct job *j;
    json_t *json = size < (1 << 16) ? json_loadb((const char *)data, size, 0, NULL) : NULL;
    if (json && !job_parse_json(json, &a, &j, &e)) {
        struct buf b = BUF_INIT;
        job_canonicalize(j, &a);
        (void)job_validate(j, &m, &m);
        rec_json_write(&job_desc, j, &b);
        buf_fini(&b);
    }
    json_decref(json);
    arena_fini(&a);
    return 0;
}
