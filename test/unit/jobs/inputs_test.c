/* variable, variables, locals, dynamic, and the values given from outside. */
#include "jobs/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The job's meta as JSON, or "! " and every mistake, one a line. */
static void parse(const char *text, const struct job_parse_options *o, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    const struct job_source s = {"t", text, strlen(text)};
    struct job *j;
    if (!job_parse(&s, o, &a, &j, &m)) {
        buf_char(out, '{');
        for (size_t i = 0; i < j->meta.n; i++)
            buf_printf(out, "%s%s=%s", i ? "," : "", j->meta.items[i].key, j->meta.items[i].value);
        buf_char(out, '}');
    }
    for (size_t i = 0; i < m.n; i++)
        buf_printf(out, "%s%s", i ? "\n" : "! ", m.items[i].text);
    arena_fini(&a);
}

struct input_case {
    const char *text, *var, *env, *file;
    const char *want; /* begins with "!": a part of the mistakes */
};

static void check(const struct input_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct input_case *c = &cases[i];
        const char *const vars[] = {c->var}, *const env[] = {"HOME=/", c->env, NULL};
        const struct job_source file = {"f.vars", c->file, c->file ? strlen(c->file) : 0};
        const struct job_parse_options o = {.environment = env,
                                            .var_files = &file,
                                            .n_var_files = c->file != NULL,
                                            .vars = vars,
                                            .n_vars = c->var != NULL};
        struct buf b = BUF_INIT;
        parse(c->text, &o, &b);
        bool mistake = c->want[0] == '!';
        bool ok = mistake ? buf_str(&b)[0] == '!' && strstr(buf_str(&b), c->want + 2)
                          : !strcmp(c->want, buf_str(&b));
        if (!ok)
            fail_msg("case %zu: %s\nwant %s\ngot  %s", i, c->text, c->want, buf_str(&b));
        buf_fini(&b);
    }
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))
#define JOB(meta)    "\njob \"j\" {\n meta = {" meta "}\n}\n"

static void variables_and_their_values(void **state)
{
    static const struct input_case cases[] = {
        {"variable \"x\" { default = \"d\" }" JOB("a = var.x"), NULL, NULL, NULL, "{a=d}"},
        {"variable \"x\" {\n type = string\n default = \"d\"\n}" JOB("a = var.x"), "x=v", NULL,
         NULL, "{a=v}"},
        {"variable \"x\" { type = string }" JOB("a = var.x"), NULL, "NOMAD_VAR_x=e", NULL, "{a=e}"},
        {"variable \"x\" { type = string }" JOB("a = var.x"), NULL, NULL, "x = \"f\"", "{a=f}"},
        {"variable \"x\" { default = 1 }" JOB("a = var.x"), NULL, "NOMAD_VAR_x=2", "x = 3",
         "{a=3}"},
        {"variable \"x\" { default = 1 }" JOB("a = var.x"), "x=4", "NOMAD_VAR_x=2", "x = 3",
         "{a=4}"},
        {"variable \"x\" { default = 1 }" JOB("a = var.x + 1"), "x=4", NULL, NULL, "{a=5}"},
        {"variables {\n x = \"s\"\n y = 2\n}" JOB("a = \"${var.x}${var.y}\""), NULL, NULL, NULL,
         "{a=s2}"},
        {"variable \"x\" { type = list(string) }" JOB("a = var.x[1]"), "x=[\"p\", \"q\"]", NULL,
         NULL, "{a=q}"},
        {"variable \"x\" { type = map(number) }" JOB("a = var.x.k"), "x={k = \"5\"}", NULL, NULL,
         "{a=5}"},
        {"variable \"x\" { type = bool }" JOB("a = var.x ? \"y\" : \"n\""), "x=true", NULL, NULL,
         "{a=y}"},
        {"variable \"x\" {\n type = object({n = number, s = optional(string, \"z\")})\n}" JOB(
             "a = \"${var.x.n}${var.x.s}\""),
         "x={n = 1}", NULL, NULL, "{a=1z}"},
        {"variable \"x\" {\n type = object({n = number, s = optional(string)})\n}" JOB(
             "a = var.x.s == null ? \"none\" : \"some\""),
         "x={n = 1}", NULL, NULL, "{a=none}"},
        {"variable \"x\" { type = tuple([string, number]) }" JOB("a = var.x[1] + 1"),
         "x=[\"p\", 1]", NULL, NULL, "{a=2}"},
        {"variable \"x\" { type = set(string) }" JOB("a = join(\",\", var.x)"),
         "x=[\"q\", \"p\", \"q\"]", NULL, NULL, "{a=p,q}"},
        {"variable \"x\" { type = any }" JOB("a = var.x"), "x=[1]", NULL, NULL, "{a=[1]}"},
        {"variable \"x\" {\n default = 1\n sensitive = true\n description = \"why\"\n}" JOB(
             "a = var.x"),
         NULL, NULL, NULL, "{a=1}"},
        {"variable \"x\" {\n default = 3\n validation {\n condition = var.x > 2\n error_message = "
         "\"Too small.\"\n }\n}" JOB("a = var.x"),
         NULL, NULL, NULL, "{a=3}"},
        {"variable \"x\" {\n type = number\n validation {\n condition = var.x > 2\n error_message "
         "= \"Too small.\"\n }\n}" JOB("a = var.x"),
         "x=1", NULL, NULL,
         "! t:1,10-13: Invalid value for variable; Too small. This was checked by the validation "
         "rule at t:3,2-12."},
        {"{\"variable\": {\"x\": {\"type\": \"list(string)\", \"default\": [\"p\"]}}, \"job\": "
         "{\"j\": {\"meta\": {\"a\": \"${var.x[0]}\"}}}}",
         NULL, NULL, "{\"x\": [\"q\"]}", "{a=q}"},
        /* mistakes */
        {"variable \"x\" {}" JOB("a = var.x"), NULL, NULL, NULL,
         "! t:1,10-13: Unset variable \"x\"; A used variable must be set or have a default value"},
        {JOB("a = var.xx"), NULL, NULL, NULL,
         "! Unsupported attribute; This object does not have an attribute named \"xx\"."},
        {"variable \"count_x\" { default = 1 }" JOB("a = var.cuont_x"), NULL, NULL, NULL,
         "! Did you mean \"count_x\"?"},
        {"variable \"x\" {\n type = number\n default = \"q\"\n}" JOB(""), NULL, NULL, NULL,
         "! t:3,12-15: Invalid default value for variable; This default value is not compatible "
         "with the variable's type constraint: a number is required."},
        {"variable \"x\" { type = number }" JOB(""), "x=q", NULL, NULL,
         "! <value for var.x from arguments>: Invalid value for variable; The value given for "
         "\"x\" does not fit its type number: a number is required."},
        {"variable \"x\" { type = list(string) }" JOB(""), "x=[1,", NULL, NULL,
         "! <value for var.x from arguments>:1,"},
        {"variable \"x\" { type = lst(string) }" JOB(""), NULL, NULL, NULL,
         "! Invalid type specification; Keyword \"lst\" is not a valid type constructor."},
        {"variable \"x\" { type = nuber }" JOB(""), "x=1", NULL, NULL,
         "! Invalid type specification"},
        {"variable \"x\" { type = map(string, number) }" JOB(""), NULL, NULL, NULL,
         "! The map type constructor requires one argument."},
        {"variable \"x\" {\n type = object({n = number})\n default = {}\n}" JOB(""), NULL, NULL,
         NULL, "! attribute \"n\" is required."},
        {"variable \"x\" { default = 1 }\nvariable \"x\" { default = 2 }" JOB(""), NULL, NULL, NULL,
         "! t:2,10-13: Duplicate variable; Duplicate x variable definition found."},
        {"variable \"1x\" { default = 1 }" JOB(""), NULL, NULL, NULL, "! Invalid variable name"},
        {"variable {}" JOB(""), NULL, NULL, NULL, "! Missing name for variable"},
        {"variable \"x\" {\n default = 1\n colour = 2\n}" JOB(""), NULL, NULL, NULL,
         "! t:3,2-8: Unsupported argument; An argument named \"colour\" is not expected here."},
        {"variable \"x\" { default = var.y }" JOB(""), NULL, NULL, NULL,
         "! Unknown variable; There is no variable named \"var\"."},
        {JOB(""), "x", NULL, NULL, "! Invalid -var option"},
        {JOB(""), "x=1", NULL, NULL,
         "! Undefined -var variable; A \"x\" variable was passed in the command line but was not "
         "found in known variables."},
        {JOB(""), NULL, NULL, "x = 1",
         "! f.vars:1,1-2: Undefined variable; A \"x\" variable was set but was not found in known "
         "variables."},
        {JOB("a = 1"), NULL, "NOMAD_VAR_x=1", NULL, "{a=1}"},
        {JOB(""), NULL, NULL, "variable \"x\" {}", "! Variable declaration in a variables file"},
        {JOB(""), NULL, NULL, "x = ", "! f.vars:1,"},
        {"variable \"x\" {\n default = 1\n validation {\n condition = true\n error_message = "
         "\"Bad.\"\n}\n}" JOB(""),
         NULL, NULL, NULL, "! The condition for variable \"x\" must refer to var.x"},
        {"variable \"y\" { default = 1 }\nvariable \"x\" {\n default = 1\n validation {\n "
         "condition = var.x > var.y\n error_message = \"Bad.\"\n}\n}" JOB(""),
         NULL, NULL, NULL, "! can only refer to the variable itself, using var.x."},
        {"variable \"x\" {\n default = 1\n validation {\n condition = var.x > 0\n error_message = "
         "\"bad\"\n}\n}" JOB(""),
         NULL, NULL, NULL, "! Validation error message must be at least one full English sentence"},
        {"variable \"x\" {\n default = 1\n validation {\n condition = var.x > 0\n }\n}" JOB(""),
         NULL, NULL, NULL, "! The argument \"error_message\" is required"},
    };
    CHECK(cases);
}

static void locals_in_any_order(void **state)
{
    static const struct input_case cases[] = {
        {"locals {\n a = \"${local.b}!\"\n b = upper(var.x)\n}\nvariables { x = \"q\" }" JOB(
             "a = local.a"),
         NULL, NULL, NULL, "{a=Q!}"},
        {"locals { a = 1 }\nlocals { b = local.a + 1 }" JOB("a = local.b"), NULL, NULL, NULL,
         "{a=2}"},
        {"locals { a = [for i in [1, 2] : i * local.b]\n b = 3\n}" JOB("a = local.a[1]"), NULL,
         NULL, NULL, "{a=6}"},
        {"locals { a = local[\"b\"]\n b = 3\n}" JOB("a = local.a"), NULL, NULL, NULL, "{a=3}"},
        {"locals { a = try(local.b, 7)\n}" JOB("a = local.a"), NULL, NULL, NULL, "{a=7}"},
        {"locals {\n a = local.b\n b = local.a\n}" JOB("a = local.a"), NULL, NULL, NULL,
         "! Circular reference; local.a is defined in terms of itself."},
        {"locals {\n a = 1\n b = 2\n}\nlocals { a = 3 }" JOB(""), NULL, NULL, NULL,
         "! Duplicate value in locals; Duplicate a definition found."},
        {"locals {\n a = nope()\n}" JOB("a = local.a\n b = local.a"), NULL, NULL, NULL,
         "! t:2,6-10: Call to unknown function"},
        {"locals {\n a = 1\n}" JOB("a = local.b"), NULL, NULL, NULL,
         "! This object does not have an attribute named \"b\"."},
        {"locals {\n blk {}\n}" JOB(""), NULL, NULL, NULL, "! Blocks are not allowed here"},
        {"locals {\n broken = 1 + []\n ok = can(local.broken)\n}" JOB("a = local.ok"), NULL, NULL,
         NULL, "! t:2,15-17: Invalid operand"},
    };
    CHECK(cases);
}

/* The groups' names with their tasks' and ports'. */
static void outline(const char *text, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *j;
    if (!job_parse_hcl("t", text, strlen(text), &a, &j, &m))
        for (size_t i = 0; i < j->groups.n; i++) {
            const struct task_group *g = &j->groups.items[i];
            buf_printf(out, "%s%s(", i ? " " : "", g->name);
            for (size_t k = 0; g->networks.n && k < g->networks.items[0].dynamic_ports.n; k++)
                buf_printf(out, "%s:%d ", g->networks.items[0].dynamic_ports.items[k].label,
                           (int)g->networks.items[0].dynamic_ports.items[k].to);
            for (size_t k = 0; k < g->tasks.n; k++)
                buf_printf(out, "%s%s%s%s", k ? "," : "", g->tasks.items[k].name,
                           g->tasks.items[k].vault ? "+vault" : "",
                           g->tasks.items[k].config ? g->tasks.items[k].config : "");
            buf_char(out, ')');
        }
    for (size_t i = 0; i < m.n; i++)
        buf_printf(out, "%s%s", i ? "\n" : "! ", m.items[i].text);
    arena_fini(&a);
}

static void dynamic_blocks(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [\"a\", \"b\"]\n labels = "
         "[group.value]\n content {\n task \"t${group.key}\" {}\n }\n }\n}",
         "! t:6,7-22: Invalid string literal"},
        {"job \"j\" {\n group \"g\" {\n network {\n dynamic \"port\" {\n for_each = {http = 80, "
         "admin = 81}\n iterator = p\n labels = [p.key]\n content { to = p.value }\n }\n }\n }\n}",
         "g(admin:81 http:80 )"},
        {"job \"j\" {\n group \"g\" {\n dynamic \"task\" {\n for_each = toset([\"y\", \"x\", "
         "\"y\"])\n labels = [task.key]\n content {\n config { v = task.value }\n }\n }\n }\n}",
         "g(x{\"v\":\"x\"},y{\"v\":\"y\"})"},
        {"job \"j\" {\n group \"g\" {\n task \"t\" {\n config {\n dynamic \"m\" {\n for_each = [1, "
         "2]\n content { n = m.value }\n }\n }\n }\n }\n}",
         "g(t{\"m\":[{\"n\":1},{\"n\":2}]})"},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [\"a\"]\n labels = [group.value]\n "
         "content {\n vault { policies = [group.value] }\n dynamic \"task\" {\n for_each = [1, "
         "2]\n labels = [\"${group.value}${task.value}\"]\n content {}\n }\n }\n }\n}",
         "a(a1+vault,a2+vault)"},
        {"job \"j\" {\n group \"g\" {\n dynamic \"task\" {\n for_each = []\n labels = [\"x\"]\n "
         "content {}\n }\n }\n}",
         "g()"},
        {"{\"job\": {\"j\": {\"group\": {\"g\": {\"dynamic\": {\"task\": {\"for_each\": [\"p\"], "
         "\"iterator\": \"it\", \"labels\": [\"${it.value}\"], \"content\": {}}}}}}}}",
         "g(p)"},
        {"job \"j\" {\n dynamic \"group\" {\n content {}\n }\n}",
         "! t:2,2-17: Missing required argument; The argument \"for_each\" is required, but no "
         "definition was found."},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = []\n }\n}", "! t:2,2-17: Missing content"},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = 5\n content {}\n }\n}",
         "! t:3,13-14: Invalid dynamic for_each value; Cannot use a number value in for_each. An "
         "iterable collection is required."},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [1]\n iterator = \"x\"\n content {}\n "
         "}\n}",
         "! Invalid dynamic iterator name; Dynamic iterator must be a single variable name."},
        {"job \"j\" {\n dynamic \"grup\" {\n for_each = [1]\n content {}\n }\n}",
         "! Blocks of type \"grup\" are not expected here. Did you mean \"group\"?"},
        {"job \"j\" {\n dynamic {\n for_each = [1]\n content {}\n }\n}",
         "! Missing name for dynamic"},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [1]\n labels = [null]\n content {}\n }\n}",
         "! Cannot use a null value as a dynamic block label."},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [1]\n bogus = 1\n content {}\n }\n}",
         "! Unsupported argument; An argument named \"bogus\" is not expected here"},
        {"job \"j\" {\n dynamic \"group\" {\n for_each = [1]\n content {}\n content {}\n }\n}",
         "! Extraneous dynamic content block"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        outline(cases[i].text, &b);
        bool mistake = cases[i].want[0] == '!';
        if (mistake ? !strstr(buf_str(&b), cases[i].want + 2) : strcmp(cases[i].want, buf_str(&b)))
            fail_msg("%s\nwant %s\ngot  %s", cases[i].text, cases[i].want, buf_str(&b));
        buf_fini(&b);
    }
}

static void files_are_read_only_when_allowed(void **state)
{
    char dir[] = "/tmp/inputs-XXXXXX", path[64];
    struct buf b = BUF_INIT;
    static const char text[] =
        "locals {\n f = file(\"a.txt\")\n t = templatefile(\"t.tpl\", {n = 2})\n e = "
        "fileexists(\"nope\")\n s = join(\",\", fileset(\".\", \"*.t*\"))\n}" JOB(
            "f = local.f\n t = local.t\n e = local.e\n s = local.s");
    assert_non_null(mkdtemp(dir));
    static const char *const files[][2] = {{"a.txt", "hello"},
                                           {"t.tpl", "%{ for i in range(n) }<${i}>%{ endfor }"}};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i][0]);
        FILE *f = fopen(path, "w");
        fputs(files[i][1], f);
        fclose(f);
    }
    parse(text, &(struct job_parse_options){.files = true, .base_dir = dir}, &b);
    assert_string_equal("{e=false,f=hello,s=a.txt,t.tpl,t=<0><1>}", buf_str(&b));
    buf_clear(&b);
    parse(text, &(struct job_parse_options){.base_dir = dir}, &b);
    assert_non_null(
        strstr(b.data, "Call to function \"file\" failed: filesystem function disabled"));
    assert_non_null(strstr(b.data, "Call to function \"templatefile\" failed: filesystem"));
    buf_fini(&b);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i][0]);
        unlink(path);
    }
    rmdir(dir);
}

/* Values that hold each other twice over grow as fast as they can. */
static void doubling_locals_are_bounded(void **state)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    buf_str_add(&text, "locals {\n l0 = [1, 2]\n");
    for (int i = 1; i < 40; i++)
        buf_printf(&text, " l%d = [local.l%d, local.l%d]\n", i, i - 1, i - 1);
    buf_str_add(&text, "}\njob \"j\" { meta = { a = jsonencode(local.l39) } }\n");
    parse(text.data, NULL, &out);
    assert_non_null(strstr(out.data, "Expression too large"));
    buf_fini(&text);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_and_their_values),
        cmocka_unit_test(locals_in_any_order),
        cmocka_unit_test(dynamic_blocks),
        cmocka_unit_test(files_are_read_only_when_allowed),
        cmocka_unit_test(doubling_locals_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
