/* fmt: what a file in its canonical layout is, and that a broken one stays as it is. */
#include "jobs/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static int format(const char *text, struct buf *out, struct job_mistakes *m)
{
    const struct job_source s = {"web.hcl", text, strlen(text)};
    return job_file_format(&s, m->arena, out, m);
}

static void a_file_is_laid_out(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct buf out = BUF_INIT, again = BUF_INIT;
    assert_int_equal(0, format("job \"web\" {\n# what it is\ntype=\"service\"\n"
                               "     datacenters = [ \"dc1\",\"dc2\" ] // where\ngroup \"g\" {}\n}",
                               &out, &m));
    assert_string_equal("job \"web\" {\n  # what it is\n  type        = \"service\"\n"
                        "  datacenters = [\"dc1\", \"dc2\"] // where\n  group \"g\" {}\n}",
                        buf_str(&out));
    assert_int_equal(0, format(buf_str(&out), &again, &m));
    assert_string_equal(buf_str(&out), buf_str(&again));
    buf_fini(&out);
    buf_fini(&again);
    arena_fini(&a);
}

static void a_broken_file_is_told_and_left(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct buf out = BUF_INIT;
    assert_int_not_equal(0, format("job \"web\" {\n  type = \n}\njob {", &out, &m));
    assert_int_equal(0, out.len);
    assert_true(m.n >= 2);
    assert_non_null(strstr(m.items[0].text, "web.hcl:2,"));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_laid_out),
        cmocka_unit_test(a_broken_file_is_told_and_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
