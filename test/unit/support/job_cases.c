#include "test/unit/support/job_cases.h"
#include "jobs/job.h"

#include <stdio.h>
#include <string.h>

/* Mistakes, and with `warnings` the warnings, as one text. */
static void validate(const char *text, bool warnings, struct arena *a, struct buf *out)
{
    struct job_mistakes m = {.arena = a}, w = {.arena = a};
    struct job *j;
    if (job_parse_hcl("t", text, strlen(text), a, &j, &m))
        fail_msg("%s: %s", text, m.items[0].text);
    job_canonicalize(j, a);
    job_validate(j, &m, &w);
    if (m.n)
        job_mistakes_write(&m, out);
    if (warnings && w.n)
        job_mistakes_write(&w, out);
}

static char *whole(const struct job_case *c, struct arena *a)
{
    return arena_printf(a,
                        "job \"j\" {\n datacenters = [\"dc1\"]\n %s\n group \"g\" {\n %s\n"
                        " task \"t\" {\n driver = \"raw_exec\"\n %s\n }\n }\n}\n",
                        c->job ? c->job : "", c->group ? c->group : "", c->task ? c->task : "");
}

static void check(const struct job_case *cases, size_t n, bool files, bool warnings)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena a = ARENA_INIT;
        struct buf b = BUF_INIT;
        const char *text = files ? cases[i].job : whole(&cases[i], &a);
        validate(text, warnings, &a, &b);
        if (cases[i].want ? !strstr(buf_str(&b), cases[i].want) : b.len > 0) {
            printf("%s\n  wanted %s\n  got    %s\n", text,
                   cases[i].want ? cases[i].want : "nothing", buf_str(&b));
            wrong++;
        }
        buf_fini(&b);
        arena_fini(&a);
    }
    assert_int_equal(0, wrong);
}

void job_cases_check(const struct job_case *cases, size_t n)
{
    check(cases, n, false, false);
}

void job_cases_check_warnings(const struct job_case *cases, size_t n)
{
    check(cases, n, false, true);
}

void job_files_check(const struct job_case *cases, size_t n)
{
    check(cases, n, true, false);
}
