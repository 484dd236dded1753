/* Validates and diffs distinct jobs on one core; prints how many a second. */
#include "agent/base/clock.h"
#include "jobs/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "job \"web\" {\n  datacenters = [\"dc1\"]\n  constraint {\n    attribute = "
    "\"${attr.kernel.name}\""
    "\n    value = \"linux\"\n  }\n  group \"g\" {\n    count = 3\n    network {\n      port "
    "\"http\" "
    "{}\n    }\n    task \"t\" {\n      driver = \"raw_exec\"\n      config {\n        command = "
    "\"http-echo\"\n        args = [\"-listen\", \":${NOMAD_PORT_http}\", \"-text\", \"hello\"]\n  "
    "    "
    "}\n      env {\n        A = \"b\"\n        C = \"d\"\n      }\n      resources {\n        cpu "
    "= "
    "100\n        memory = 64\n      }\n      service {\n        name = \"web\"\n        port = "
    "\"http\"\n        tags = [\"urlprefix-/web\"]\n        check {\n          type = \"http\"\n   "
    "     "
    "  path = \"/health\"\n          interval = \"10s\"\n          timeout = \"2s\"\n        }\n   "
    "   }"
    "\n    }\n  }\n}\n";

int main(void)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *old_job;
    const long n = 10000;
    long changed = 0;
    if (job_parse_hcl("bench.hcl", text, sizeof(text) - 1, &a, &old_job, &m)) {
        fprintf(stderr, "diff: %s\n", m.items[0].text);
        return 1;
    }
    job_canonicalize(old_job, &a);
    int64_t began = clock_wall_ns();
    for (long i = 0; i < n; i++) {
        struct arena own = ARENA_INIT;
        struct job_mistakes mistakes = {.arena = &own}, warnings = {.arena = &own};
        struct job *j = rec_dup(&job_desc, old_job, &own);
        rec_str_map_set(&j->groups.items[0].tasks.items[0].env, &own, "A",
                        arena_printf(&own, "value %ld", i));
        job_canonicalize(j, &own);
        changed += !job_validate(j, &mistakes, &warnings) &&
                   !strcmp(job_diff(old_job, j, &own)->type, "Edited");
        arena_fini(&own);
    }
    double seconds = (double)(clock_wall_ns() - began) / 1e9;
    printf("diff: %ld jobs validated and diffed in %.2f s, %.0f/s\n", changed, seconds,
           (double)n / seconds);
    arena_fini(&a);
    return changed != n;
}
