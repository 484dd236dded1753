/* Every example reads, and says the same after a way through the API's JSON. */
#include "agent/base/file.h"
#include "jobs/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct job *read_file(const char *path, struct arena *a)
{
    struct buf text = BUF_INIT;
    struct job_mistakes m = {.arena = a};
    struct job *j = NULL;
    assert_int_equal(0, file_read(path, 1 << 20, &text, NULL));
    struct job_source source = {path, buf_str(&text), text.len};
    if (job_parse(&source, NULL, a, &j, &m))
        fail_msg("%s", m.items[0].text);
    buf_fini(&text);
    job_canonicalize(j, a);
    return j;
}

static struct job *through_json(const struct job *j, struct arena *a)
{
    struct buf text = BUF_INIT;
    struct job *out = NULL;
    rec_json_write(&job_desc, j, &text);
    json_t *json = json_loadb(buf_str(&text), text.len, 0, NULL);
    assert_non_null(json);
    assert_int_equal(0, job_parse_json(json, a, &out, NULL));
    json_decref(json);
    buf_fini(&text);
    job_canonicalize(out, a);
    return out;
}

static void examples_survive_json(void **state)
{
    glob_t g;
    assert_int_equal(0, glob("jobs/examples/*.hcl", 0, NULL, &g));
    assert_true(g.gl_pathc >= 20);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct arena a = ARENA_INIT;
        struct job *j = read_file(g.gl_pathv[i], &a), *back = through_json(j, &a);
        if (!rec_equal(&job_desc, j, back))
            fail_msg("%s changed on its way through JSON", g.gl_pathv[i]);
        arena_fini(&a);
    }
    globfree(&g);
}

/* All but those that ask for what this platform refuses. */
static void examples_are_valid(void **state)
{
    static const char *const refused[] = {"secrets"};
    glob_t g;
    assert_int_equal(0, glob("jobs/examples/*.hcl", 0, NULL, &g));
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m = {.arena = &a}, w = {.arena = &a};
        bool expected = true;
        for (size_t k = 0; k < sizeof(refused) / sizeof(refused[0]); k++)
            expected = expected && !strstr(g.gl_pathv[i], refused[k]);
        struct job *j = read_file(g.gl_pathv[i], &a);
        bool valid = !job_validate(j, &m, &w);
        if (valid != expected)
            fail_msg("%s: %s", g.gl_pathv[i], valid ? "valid" : m.items[0].text);
        arena_fini(&a);
    }
    globfree(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_survive_json),
        cmocka_unit_test(examples_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
