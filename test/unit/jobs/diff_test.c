#include "jobs/diff.h"
#include "agent/base/clock.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;

static int drop(void **state)
{
    arena_fini(&arena);
    return 0;
}

static const char base[] =
    "job \"web\" {\n  datacenters = [\"dc1\"]\n  %s\n  group \"g\" {\n    count = 2\n    %s\n"
    "    task \"t\" {\n      driver = \"raw_exec\"\n      config {\n        command = \"/bin/x\"\n"
    "        args = [\"a\", \"b\"]\n      }\n      resources {\n        cpu = 100\n      }\n"
    "      %s\n    }\n  }\n}\n";

/* The base with something more at the level of the job, the group or the task. */
static struct job *job_with(const char *job, const char *group, const char *task)
{
    struct job_mistakes m = {.arena = &arena};
    struct job *j;
    char *text = arena_printf(&arena, base, job, group, task);
    if (job_parse_hcl("t.hcl", text, strlen(text), &arena, &j, &m))
        fail_msg("%s", m.items[0].text);
    job_canonicalize(j, &arena);
    return j;
}

static void add_fields(struct buf *b, const struct diff_fields *l, const char *where)
{
    for (size_t i = 0; i < l->n; i++)
        if (!str_eq(l->items[i].type, "None"))
            buf_printf(b, "%s%.1s %s: %s>%s\n", where, l->items[i].type, l->items[i].name,
                       l->items[i].old_text, l->items[i].new_text);
}

static void add_objects(struct buf *b, const struct diff_objects *l, const char *where)
{
    for (size_t i = 0; i < l->n; i++) {
        char *below =
            arena_printf(&arena, "%s%s(%.1s)/", where, l->items[i].name, l->items[i].type);
        add_fields(b, &l->items[i].fields, below);
        add_objects(b, &l->items[i].objects, below);
    }
}

/* What changed, one line a field: "Edited" as E, and so on. */
static char *told(const struct job *o, const struct job *n)
{
    struct buf b = BUF_INIT;
    struct job_diff *d = job_diff(o, n, &arena);
    add_fields(&b, &d->fields, "");
    add_objects(&b, &d->objects, "");
    for (size_t i = 0; i < d->groups.n; i++) {
        add_fields(&b, &d->groups.items[i].fields, "g/");
        add_objects(&b, &d->groups.items[i].objects, "g/");
        for (size_t k = 0; k < d->groups.items[i].tasks.n; k++) {
            add_fields(&b, &d->groups.items[i].tasks.items[k].fields, "t/");
            add_objects(&b, &d->groups.items[i].tasks.items[k].objects, "t/");
        }
    }
    char *text = arena_strdup(&arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

struct part {
    const char *job, *group, *task;
};

static void each_change_is_told(void **state)
{
    static const struct {
        struct part was, is;
        const char *told;
    } cases[] = {
        {{"", "", ""}, {"", "", ""}, ""},
        {{"", "", ""}, {"priority = 60", "", ""}, "E Priority: 50>60\n"},
        {{"", "", ""}, {"meta { a = \"1\" }", "", ""}, "A Meta[a]: >1\n"},
        {{"meta { a = \"1\" }", "", ""}, {"", "", ""}, "D Meta[a]: 1>\n"},
        {{"meta { a = \"1\" }", "", ""}, {"meta { a = \"2\" }", "", ""}, "E Meta[a]: 1>2\n"},
        {{"", "", ""}, {"", "", "env { A = \"b\" }"}, "t/A Env[A]: >b\n"},
        {{"", "", ""}, {"", "", "user = \"nobody\""}, "t/A User: >nobody\n"},
        {{"", "", ""},
         {"", "", "kill_timeout = \"9s\""},
         "t/E KillTimeout: 5000000000>9000000000\n"},
        {{"", "", ""},
         {"constraint {\n attribute = \"${attr.x}\"\n value = \"y\"\n }", "", ""},
         "Constraint(A)/A LTarget: >${attr.x}\nConstraint(A)/A Operand: >=\n"
         "Constraint(A)/A RTarget: >y\n"},
        {{"", "", ""},
         {"", "constraint {\n distinct_hosts = true\n }", ""},
         "g/Constraint(A)/A Operand: >distinct_hosts\n"},
        {{"", "", ""},
         {"", "restart {\n attempts = 9\n }", ""},
         "g/RestartPolicy(E)/E Attempts: 2>9\n"},
        {{"", "ephemeral_disk {\n size = 400\n }", ""},
         {"", "", ""},
         "g/EphemeralDisk(E)/E SizeMB: 400>300\n"},
        {{"", "", ""},
         {"", "network {\n port \"http\" {}\n }", ""},
         "g/Network(A)/A MBits: >0\ng/Network(A)/Dynamic Port(A)/A HostNetwork: >default\n"
         "g/Network(A)/Dynamic Port(A)/A Label: >http\ng/Network(A)/Dynamic Port(A)/A To: >0\n"},
        {{"", "", "service {\n name = \"s\"\n port = \"1\"\n tags = [\"a\", \"b\"]\n }"},
         {"", "", "service {\n name = \"s\"\n port = \"1\"\n tags = [\"a\", \"c\"]\n }"},
         "t/Service(E)/Tags(E)/A Tags: >c\nt/Service(E)/Tags(E)/D Tags: b>\n"},
        {{"", "", "artifact {\n source = \"http://a\"\n }"},
         {"", "", "artifact {\n source = \"http://b\"\n }"},
         "t/Artifact(A)/A GetterMode: >any\nt/Artifact(A)/A GetterSource: >http://b\n"
         "t/Artifact(A)/A RelativeDest: >local/\nt/Artifact(D)/D GetterMode: any>\n"
         "t/Artifact(D)/D GetterSource: http://a>\nt/Artifact(D)/D RelativeDest: local/>\n"},
        {{"", "", "template {\n data = \"x\"\n destination = \"d\"\n }"},
         {"", "", ""},
         "t/Template(D)/D ChangeMode: restart>\nt/Template(D)/D DestPath: d>\n"
         "t/Template(D)/D EmbeddedTmpl: x>\nt/Template(D)/D Envvars: false>\n"
         "t/Template(D)/D LeftDelim: {{>\nt/Template(D)/D Perms: 0644>\n"
         "t/Template(D)/D RightDelim: }}>\nt/Template(D)/D Splay: 5000000000>\n"
         "t/Template(D)/D VaultGrace: 0>\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct job *o = job_with(cases[i].was.job, cases[i].was.group, cases[i].was.task);
        struct job *n = job_with(cases[i].is.job, cases[i].is.group, cases[i].is.task);
        char *text = told(o, n);
        if (strcmp(cases[i].told, text))
            fail_msg("case %zu:\n%swanted:\n%s", i, text, cases[i].told);
    }
}

static void a_config_is_told_by_path(void **state)
{
    struct job *o = job_with("", "", ""), *n = job_with("", "", "");
    n->groups.items[0].tasks.items[0].config = arena_strdup(
        &arena, "{\"args\":[\"a\",\"c\",\"d\"],\"command\":\"/bin/x\",\"deep\":{\"k\":[1,true]}}");
    assert_string_equal("t/Config(E)/E args[1]: b>c\nt/Config(E)/A args[2]: >d\n"
                        "t/Config(E)/A deep[k][0]: >1\nt/Config(E)/A deep[k][1]: >true\n",
                        told(o, n));
}

static const char *type_of_first(const struct job_diff *d)
{
    return d->groups.items[0].tasks.items[0].type;
}

static void what_is_new_or_gone_is_told_whole(void **state)
{
    struct job *j = job_with("", "", "");
    struct job_diff *added = job_diff(NULL, j, &arena), *gone = job_diff(j, NULL, &arena);
    struct job_diff *same = job_diff(j, j, &arena);
    assert_string_equal("Added", added->type);
    assert_string_equal("Added", type_of_first(added));
    assert_string_equal("Deleted", gone->type);
    assert_string_equal("Deleted", type_of_first(gone));
    assert_string_equal("None", same->type);
    assert_string_equal("None", type_of_first(same));
    assert_int_equal(0, same->fields.n + same->objects.n);
}

static void groups_and_tasks_are_matched_by_name(void **state)
{
    struct job *o = job_with("", "", ""), *n = job_with("", "", "");
    n->groups.items[0].name = arena_strdup(&arena, "h");
    struct job_diff *d = job_diff(o, n, &arena);
    assert_int_equal(2, d->groups.n);
    assert_string_equal("g", d->groups.items[0].name);
    assert_string_equal("Deleted", d->groups.items[0].type);
    assert_string_equal("Added", d->groups.items[1].type);
}

static const char *annotation(struct job *o, struct job *n)
{
    struct job_diff *d = job_diff(o, n, &arena);
    struct rec_int_map updates = {NULL, 0};
    job_diff_annotate(d, "g", &updates, &arena);
    const struct diff_task *t = &d->groups.items[0].tasks.items[0];
    return t->annotations.n ? t->annotations.items[0] : "";
}

static void annotations_say_what_is_forced(void **state)
{
    struct job *o = job_with("", "", "");
    assert_string_equal("", annotation(o, o));
    assert_string_equal("forces create", annotation(NULL, o));
    assert_string_equal("forces destroy", annotation(o, NULL));
    assert_string_equal("forces create/destroy update",
                        annotation(o, job_with("", "", "env { A = \"b\" }")));
    assert_string_equal("forces in-place update",
                        annotation(o, job_with("", "", "kill_timeout = \"9s\"")));
    assert_string_equal(
        "forces in-place update",
        annotation(o, job_with("", "", "service {\n name = \"s\"\n port = \"1\"\n }")));
    assert_string_equal("", annotation(o, job_with("priority = 3", "", "")));
}

static void a_diff_survives_json(void **state)
{
    struct job *o = job_with("", "", ""),
               *n = job_with("priority = 3", "restart {\n attempts = 9\n }", "env { A = \"b\" }");
    struct job_diff *d = job_diff(o, n, &arena), back;
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    rec_init(&job_diff_desc, &back);
    rec_json_write(&job_diff_desc, d, &b);
    assert_int_equal(0,
                     rec_json_parse(&job_diff_desc, b.data, b.len, REC_STRICT, &arena, &back, &e));
    struct buf again = BUF_INIT;
    rec_json_write(&job_diff_desc, &back, &again);
    assert_string_equal(b.data, again.data);
    buf_fini(&again);
    assert_true(rec_equal(&job_diff_desc, d, &back));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_told),
        cmocka_unit_test(a_config_is_told_by_path),
        cmocka_unit_test(what_is_new_or_gone_is_told_whole),
        cmocka_unit_test(groups_and_tasks_are_matched_by_name),
        cmocka_unit_test(annotations_say_what_is_forced),
        cmocka_unit_test(a_diff_survives_json),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
