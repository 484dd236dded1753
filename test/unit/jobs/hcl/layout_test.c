/* The canonical layout: what changes, and that nothing but white space does. */
#include "agent/base/file.h"
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

static void layouts_case_by_case(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a=1\n", "a = 1\n"},
        {"a  =   1   \n", "a = 1\n"},
        {"job \"x\" {\na=1\nbb=2\n}\n", "job \"x\" {\n  a  = 1\n  bb = 2\n}\n"},
        {"a = [1,2 ,3]\n", "a = [1, 2, 3]\n"},
        {"a={b=1}\n", "a = { b = 1 }\n"},
        {"a = { }\n", "a = {}\n"},
        {"a = f( 1,2 )\n", "a = f(1, 2)\n"},
        {"a = b [0] . c\n", "a = b[0].c\n"},
        {"a = -  1\n", "a = -1\n"},
        {"a = 1-1\n", "a = 1 - 1\n"},
        {"a = !  b\n", "a = !b\n"},
        {"a = x ?1:2\n", "a = x ? 1 : 2\n"},
        {"a = [for x in y:x]\n", "a = [for x in y : x]\n"},
        {"a=1 # one\nbbb=22 # two\n", "a   = 1  # one\nbbb = 22 # two\n"},
        {"# c\n  a=1\n", "# c\na = 1\n"},
        {"b {\n\n\na=1\n\nbb=2\n}\n", "b {\n\n\n  a = 1\n\n  bb = 2\n}\n"},
        {"a = <<E\n  keep   this\nE\nb=1\n", "a = <<E\n  keep   this\nE\nb = 1\n"},
        {"x {\n a = <<-E\n   keep\n E\n}\n", "x {\n  a = <<-E\n   keep\n E\n}\n"},
        {"a = \"${ b }  c\"\n", "a = \"${ b }  c\"\n"},
        {"a = [\n1,\n2\n]\n", "a = [\n  1,\n  2\n]\n"},
        {"a = f([\n1\n])\n", "a = f([\n  1\n])\n"},
        {"a { b { c=1 } }\n", "a { b { c = 1 } }\n"},
        {"a = 1\n/* two\nlines */\nb = 2\n", "a = 1\n/* two\nlines */\nb = 2\n"},
        {"a=f(x...)\n", "a = f(x...)\n"},
        {"a = x==1&&y!=2||!z\n", "a = x == 1 && y != 2 || !z\n"},
        {"a = \"\303\251\" # x\nbb = \"e\" # y\n", "a  = \"\303\251\" # x\nbb = \"e\" # y\n"},
        {"", ""},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        hcl_layout(cases[i].text, strlen(cases[i].text), &b);
        if (strcmp(cases[i].want, buf_str(&b))) {
            printf("%s wanted\n%s got\n%s", cases[i].text, cases[i].want, buf_str(&b));
            wrong++;
        }
        buf_fini(&b);
    }
    assert_int_equal(0, wrong);
}

static void squeeze(const struct buf *in, struct buf *out)
{
    for (size_t i = 0; i < in->len; i++)
        if (!isspace((unsigned char)in->data[i]))
            buf_char(out, in->data[i]);
}

static void only_white_space_changes_and_only_once(void **state)
{
    glob_t g;
    assert_int_equal(0, glob("jobs/examples/*.hcl", 0, NULL, &g));
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct buf text = BUF_INIT, once = BUF_INIT, twice = BUF_INIT, a = BUF_INIT, b = BUF_INIT;
        assert_int_equal(0, file_read(g.gl_pathv[i], 1 << 20, &text, NULL));
        hcl_layout(buf_str(&text), text.len, &once);
        hcl_layout(buf_str(&once), once.len, &twice);
        assert_string_equal(buf_str(&once), buf_str(&twice));
        squeeze(&text, &a);
        squeeze(&once, &b);
        assert_string_equal(buf_str(&a), buf_str(&b));
        struct buf *all[] = {&text, &once, &twice, &a, &b};
        for (size_t k = 0; k < 5; k++)
            buf_fini(all[k]);
    }
    globfree(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_case_by_case),
        cmocka_unit_test(only_white_space_changes_and_only_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
