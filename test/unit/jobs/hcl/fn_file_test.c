/* Functions on paths and files, with files allowed and with files switched off. */
#include "agent/base/file.h"
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/fn_file_test.XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
    char path[200];
    struct err e = ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(0, file_write_atomic(path, text, len, 0600, &e));
}

static int make_files(void **state)
{
    char path[200];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sub", dir);
    assert_int_equal(0, mkdir(path, 0700));
    snprintf(path, sizeof path, "%s/sub/deep", dir);
    assert_int_equal(0, mkdir(path, 0700));
    put("hello.txt", "Hello, W\xC3\xB6rld\n", 14);
    put("raw.bin", "\xFF\x00\x01", 3);
    put("greet.tpl", "Hi ${name}%{ for x in list }, ${x}%{ endfor }!", 46);
    put("bad.tpl", "Hi ${nobody}", 12);
    put("loop.tpl", "${templatefile(\"loop.tpl\", {})}", 31);
    put("sub/a.txt", "a", 1);
    put("sub/deep/b.txt", "b", 1);
    return 0;
}
static int remove_files(void **state)
{
    struct err e = ERR_INIT;
    return file_remove_tree(dir, &e);
}

static const struct hcl_value *no_variable(const struct hcl_scope *s, const char *name)
{
    return NULL;
}
static const struct hcl_function *standard(const struct hcl_scope *s, const char *name)
{
    return hcl_function_find(name);
}

static void check(const char *expr, const char *want, bool files)
{
    static const struct hcl_scope scope = {.variable = no_variable, .function = standard};
    struct arena a = ARENA_INIT;
    struct buf got = BUF_INIT;
    struct hcl_value v;
    struct hcl_diags diags;
    char *text = arena_printf(&a, "a = %s\n", expr);
    const struct hcl_file file = {"t", text, strlen(text)};
    const struct hcl_env env = {.files = files, .base_dir = dir};
    hcl_diags_init(&diags, &a, &file);
    struct hcl_body *body = hcl_parse(&file, &a, &diags);
    struct hcl_eval ev = {
        .file = &file, .arena = &a, .diags = &diags, .scope = &scope, .env = &env};
    assert_int_equal(0, diags.n);
    if (hcl_eval(&ev, body->items[0].attr->expr, &v))
        hcl_value_json(&v, &got);
    else
        buf_printf(&got, "! %s", diags.items[0].detail);
    assert_string_equal(want, buf_str(&got));
    buf_fini(&got);
    arena_fini(&a);
}

static void files_are_read(void **state)
{
    check("file(\"hello.txt\")", "\"Hello, W\303\266rld\\n\"", true);
    check("file(\"./sub/../hello.txt\")", "\"Hello, W\303\266rld\\n\"", true);
    check("filebase64(\"raw.bin\")", "\"/wAB\"", true);
    check("file(\"raw.bin\")",
          "! Invalid value for \"path\" parameter: contents of raw.bin are not valid UTF-8; use "
          "filebase64 to read them.",
          true);
    check("file(\"gone\")", "! Invalid value for \"path\" parameter: no file exists at gone.",
          true);
    check("file(\"sub\")", "! Invalid value for \"path\" parameter: no file exists at sub.", true);
    check("fileexists(\"hello.txt\")", "true", true);
    check("fileexists(\"gone\")", "false", true);
    check("fileexists(\"sub\")",
          "! Invalid value for \"path\" parameter: sub is not a regular file, but a directory or "
          "device.",
          true);
}

static void sets_of_files(void **state)
{
    check("fileset(\".\", \"*.txt\")", "[\"hello.txt\"]", true);
    check("fileset(\".\", \"**/*.txt\")", "[\"hello.txt\",\"sub/a.txt\",\"sub/deep/b.txt\"]", true);
    check("fileset(\"sub\", \"**\")", "[\"a.txt\",\"deep/b.txt\"]", true);
    check("fileset(\".\", \"sub/?.txt\")", "[\"sub/a.txt\"]", true);
    check("fileset(\".\", \"nothing\")", "[]", true);
    check("fileset(\"gone\", \"*\")", "[]", true);
}

static void templates(void **state)
{
    check("templatefile(\"greet.tpl\", {name = \"Eve\", list = [1, 2]})", "\"Hi Eve, 1, 2!\"",
          true);
    check("templatefile(\"bad.tpl\", {})",
          "! Call to function \"templatefile\" failed: bad.tpl:1,6-12: Unknown variable; There is "
          "no variable named \"nobody\"..",
          true);
    check("length(try(templatefile(\"loop.tpl\", {}), \"too deep\"))", "8", true);
}

static void nothing_is_read_where_files_are_off(void **state)
{
    static const char *const calls[] = {"file(\"hello.txt\")",
                                        "filebase64(\"hello.txt\")",
                                        "fileexists(\"hello.txt\")",
                                        "fileset(\".\", \"*\")",
                                        "templatefile(\"greet.tpl\", {name = \"x\", list = []})",
                                        "abspath(\"x\")",
                                        "pathexpand(\"~/x\")"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char want[100];
        snprintf(want, sizeof want,
                 "! Call to function \"%.*s\" failed: filesystem function "
                 "disabled.",
                 (int)strcspn(calls[i], "("), calls[i]);
        check(calls[i], want, false);
    }
}

static void paths(void **state)
{
    static const char *const cases[][2] = {
        {"basename(\"foo/bar/baz.txt\")", "\"baz.txt\""},
        {"basename(\"foo/\")", "\"foo\""},
        {"basename(\"/\")", "\"/\""},
        {"basename(\"\")", "\".\""},
        {"dirname(\"foo/bar/baz.txt\")", "\"foo/bar\""},
        {"dirname(\"foo\")", "\".\""},
        {"dirname(\"/foo\")", "\"/\""},
        {"dirname(\"foo//bar/../x\")", "\"foo\""},
        {"abspath(\"/a/./b/../c\")", "\"/a/c\""},
        {"abspath(\"/../..\")", "\"/\""},
        {"pathexpand(\"/x\")", "\"/x\""},
        {"pathexpand(\"~/x\")", "\"/home/eve/x\""},
        {"pathexpand(\"~eve/x\")", "\"~eve/x\""},
    };
    setenv("HOME", "/home/eve", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i][0], cases[i][1], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read), cmocka_unit_test(sets_of_files),
        cmocka_unit_test(templates),      cmocka_unit_test(nothing_is_read_where_files_are_off),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
