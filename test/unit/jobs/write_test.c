#include "jobs/write.h"
#include "agent/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <string.h>

static struct job *parse(const char *name, const char *text, size_t len, struct arena *a)
{
    struct job_mistakes m = {.arena = a};
    struct job *j;
    if (job_parse_hcl(name, text, len, a, &j, &m))
        fail_msg("%s: %s\n%s", name, m.items[0].text, text);
    job_canonicalize(j, a);
    return j;
}

/* In, out, in again: the same job, unless the text says that it could not write all of it. */
static void check(const char *name, const char *text, size_t len)
{
    struct arena a = ARENA_INIT;
    struct buf first = BUF_INIT, b = BUF_INIT, second = BUF_INIT;
    struct job *j = parse(name, text, len, &a);
    job_write_hcl(j, &b);
    struct job *k = parse(name, buf_str(&b), b.len, &a);
    rec_json_write(&job_desc, j, &first);
    rec_json_write(&job_desc, k, &second);
    size_t same = 0;
    while (first.data[same] && first.data[same] == second.data[same])
        same++;
    bool all_written = !strstr(buf_str(&b), "# ");
    if (all_written && (first.data[same] || second.data[same]))
        fail_msg("%s: ...%.150s\nread as ...%.150s\nfrom\n%s", name,
                 first.data + (same > 50 ? same - 50 : 0),
                 second.data + (same > 50 ? same - 50 : 0), b.data);
    buf_fini(&first);
    buf_fini(&b);
    buf_fini(&second);
    arena_fini(&a);
}

static void every_example_comes_back(void **state)
{
    DIR *d = opendir("jobs/examples");
    struct dirent *e;
    int seen = 0;
    assert_non_null(d);
    while ((e = readdir(d))) {
        char path[512];
        struct buf b = BUF_INIT;
        if (!strstr(e->d_name, ".hcl"))
            continue;
        snprintf(path, sizeof(path), "jobs/examples/%s", e->d_name);
        assert_int_equal(0, file_read(path, 1 << 20, &b, NULL));
        check(path, buf_str(&b), b.len);
        buf_fini(&b);
        seen++;
    }
    closedir(d);
    assert_true(seen >= 10);
}

static void what_needs_quoting_comes_back(void **state)
{
    static const char text[] =
        "job \"a \\\"b\\\"\" {\n  datacenters = [\"dc1\"]\n  meta = {\n    \"x.y z\" = "
        "\"line\\nbreak "
        "\\\\ tab\\t\"\n  }\n  group \"g\" {\n    volume \"data\" {\n      type = \"host\"\n      "
        "source = \"d\"\n    }\n    network {\n      port \"fixed\" {\n        static = 8080\n     "
        " "
        "}\n      port \"free\" {\n        to = 80\n      }\n    }\n    task \"t\" {\n      driver "
        "= "
        "\"docker\"\n      config {\n        image = \"redis:${NOMAD_META_v}\"\n        ports = "
        "[\"free\"]\n        labels = {\n          \"com.x\" = \"y\"\n        }\n        deep = [{ "
        "a "
        "= 1 }, { b = [true, 1.5] }]\n      }\n      template {\n        data = <<EOT\nhello "
        "{{ key \"x\" }}\n  there\nEOT\n        destination = \"local/x\"\n      }\n      service "
        "{\n        name = \"s\"\n        port = \"free\"\n        check {\n          type = "
        "\"http\"\n"
        "          path = \"/\"\n          interval = \"10s\"\n          timeout = \"2s\"\n        "
        "  "
        "header {\n            Authorization = [\"Basic x\"]\n          }\n        }\n      }\n    "
        "}\n  }\n}\n";
    check("quoting.hcl", text, sizeof(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_comes_back),
        cmocka_unit_test(what_needs_quoting_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
