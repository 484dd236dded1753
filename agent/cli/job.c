/* run, validate, init, stop, and following an evaluation. */
#include "agent/base/file.h"
#include "agent/cli/cli_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int cmd_validate(struct cli *c)
{
    struct job *j = cli_read_job(c, "validate");
    if (!j)
        return 1;
    struct job_mistakes m = {.arena = &c->arena}, w = {.arena = &c->arena};
    job_canonicalize(j, &c->arena);
    if (job_validate(j, &m, &w)) {
        struct buf b = BUF_INIT;
        job_mistakes_write(&m, &b);
        fprintf(stderr, "Job validation errors:\n%s", b.data);
        buf_fini(&b);
        return 1;
    }
    if (w.n) {
        printf("Job Warnings:\n%zu warning(s):\n\n", w.n);
        for (size_t i = 0; i < w.n; i++)
            printf("* %s\n", w.items[i].text);
        putchar('\n');
    }
    printf("Job validation successful\n");
    return 0;
}

static const char example[] =
    "# An example job: three little web servers, found at http://127.0.0.1:9999/example\n"
    "# once their checks pass. `platform run` starts it, `platform plan` shows what a change "
    "would\n"
    "# do, `platform stop example` ends it.\n"
    "job \"example\" {\n"
    "  # where it may run\n"
    "  datacenters = [\"dc1\"]\n"
    "\n"
    "  # how a new version replaces the old: so many at a time, each healthy before the next\n"
    "  update {\n"
    "    max_parallel     = 1\n"
    "    min_healthy_time = \"5s\"\n"
    "    auto_revert      = true\n"
    "  }\n"
    "\n"
    "  group \"web\" {\n"
    "    # how many instances\n"
    "    count = 3\n"
    "\n"
    "    network {\n"
    "      # a free port of the node, in NOMAD_PORT_http\n"
    "      port \"http\" {}\n"
    "    }\n"
    "\n"
    "    task \"server\" {\n"
    "      driver = \"raw_exec\"\n"
    "\n"
    "      config {\n"
    "        command = \"http-echo\"\n"
    "        args    = [\"-listen\", \":${NOMAD_PORT_http}\", \"-text\", \"hello\"]\n"
    "      }\n"
    "\n"
    "      # MHz and MiB\n"
    "      resources {\n"
    "        cpu    = 100\n"
    "        memory = 32\n"
    "      }\n"
    "\n"
    "      service {\n"
    "        name = \"example\"\n"
    "        port = \"http\"\n"
    "        # the proxy routes this path to it\n"
    "        tags = [\"urlprefix-/example\"]\n"
    "\n"
    "        check {\n"
    "          type     = \"http\"\n"
    "          path     = \"/health\"\n"
    "          interval = \"10s\"\n"
    "          timeout  = \"2s\"\n"
    "        }\n"
    "      }\n"
    "    }\n"
    "  }\n"
    "}\n";

/* The example without its comments. */
static void add_short(struct buf *b)
{
    for (const char *p = example; *p;) {
        size_t n = strcspn(p, "\n") + 1;
        if (p[strspn(p, " ")] != '#')
            buf_add(b, p, n);
        p += n;
    }
}

int cmd_init(struct cli *c)
{
    bool brief = cli_switch(c, "short", false);
    if (cli_unknown_flag(c))
        return 1;
    const char *path = c->n_args ? c->args[0] : "example.nomad";
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    if (access(path, F_OK) == 0) {
        fprintf(stderr, "Job '%s' already exists\n", path);
        return 1;
    }
    if (brief)
        add_short(&b);
    else
        buf_str_add(&b, example);
    int rv = file_write_atomic(path, b.data, b.len, 0644, &e);
    buf_fini(&b);
    if (rv) {
        fprintf(stderr, "Failed to write '%s': %s\n", path, e.text);
        return 1;
    }
    printf("Example job file written to %s\n", path);
    return 0;
}

/* --- following an evaluation ----------------------------------------------------------------- */

struct monitor {
    struct cli *c;
    struct rec_strs seen; /* allocations told of */
    const char *status;
    bool told_deployment;
};

static void tell_allocs(struct monitor *m, const struct evaluation *e)
{
    struct {
        struct allocation *items;
        size_t n;
    } list = {NULL, 0};
    char *path = arena_printf(&m->c->arena, "/v1/evaluation/%s/allocations", e->id);
    if (!cli_get_list(m->c, path, &allocation_desc, &list, "Error reading allocations"))
        return;
    for (size_t i = 0; i < list.n; i++) {
        const struct allocation *x = &list.items[i];
        if (rec_strs_has(&m->seen, x->id))
            continue;
        rec_strs_add(&m->seen, &m->c->arena, x->id);
        printf("    Allocation \"%s\" %s: node \"%s\", group \"%s\"\n", cli_short(m->c, x->id),
               x->create_index < e->create_index ? "modified" : "created",
               cli_short(m->c, x->node_id), x->task_group);
    }
}

static void tell_failures(struct monitor *m, const struct evaluation *e)
{
    for (size_t i = 0; i < e->failed_tg_allocs.n; i++) {
        const struct alloc_metric *x = &e->failed_tg_allocs.items[i];
        int64_t n = x->coalesced_failures + 1;
        printf("    Task Group \"%s\" (failed to place %" PRId64 " allocation%s):\n", x->key, n,
               n == 1 ? "" : "s");
        cli_print_metrics(x, "      ");
    }
    if (!str_is_empty(e->blocked_eval))
        printf("    Evaluation \"%s\" waiting for additional capacity to place remainder\n",
               cli_short(m->c, e->blocked_eval));
}

int cli_monitor(struct cli *c, const char *eval_id)
{
    struct monitor m = {.c = c};
    char *path = arena_printf(&c->arena, "/v1/evaluation/%s", eval_id);
    printf("==> Monitoring evaluation \"%s\"\n", cli_short(c, eval_id));
    for (uint64_t index = 0;;) {
        struct evaluation e;
        char *held = arena_printf(&c->arena, "%s?index=%" PRIu64 "&wait=10s", path, index);
        if (!cli_get(c, held, &evaluation_desc, &e, "Error reading evaluation"))
            return 1;
        index = e.modify_index;
        if (!m.status)
            printf("    Evaluation triggered by job \"%s\"\n", e.job_id);
        if (!str_is_empty(e.deployment_id) && !m.told_deployment) {
            printf("    Evaluation within deployment: \"%s\"\n", cli_short(c, e.deployment_id));
            m.told_deployment = true;
        }
        tell_allocs(&m, &e);
        bool done = !str_eq(e.status, "pending") && !str_eq(e.status, "blocked");
        if (!m.status && done)
            m.status = "pending"; /* it was, when we registered it */
        if (m.status && !str_eq(m.status, e.status))
            printf("    Evaluation status changed: \"%s\" -> \"%s\"\n", m.status, e.status);
        m.status = e.status;
        if (!done)
            continue;
        printf("==> Evaluation \"%s\" finished with status \"%s\"%s\n", cli_short(c, e.id),
               e.status, e.failed_tg_allocs.n ? " but failed to place all allocations:" : "");
        tell_failures(&m, &e);
        int rc = e.failed_tg_allocs.n ? 2 : str_eq(e.status, "complete") ? 0 : 1;
        return rc ? rc : cli_progress(c, e.deployment_id);
    }
}

/* --- run and stop ---------------------------------------------------------------------------- */

static const struct rec_field answer_fields[] = {
    REC(struct cli_answer, eval_id, "EvalID", REC_STR, 0),
    REC(struct cli_answer, warnings, "Warnings", REC_STR, 0),
    REC(struct cli_answer, job_modify_index, "JobModifyIndex", REC_UINT, 0),
    REC(struct cli_answer, reverted_version, "RevertedJobVersion", REC_OINT, 0),
};
static const struct rec_desc answer_desc = REC_DESC("answer", struct cli_answer, answer_fields);

bool cli_read_answer(struct cli *c, int status, const struct buf *b, const char *what,
                     struct cli_answer *out)
{
    struct err e = ERR_INIT;
    rec_init(&answer_desc, out);
    if (status == 200 &&
        (!b->len || !rec_json_parse(&answer_desc, buf_str(b), b->len, 0, &c->arena, out, &e)))
        return true;
    if (status)
        fprintf(stderr, "%s: Unexpected response code: %d (%s)\n", what, status, buf_str(b));
    return false;
}

bool cli_put(struct cli *c, const char *path, const struct buf *body, const char *what,
             struct cli_answer *out)
{
    struct buf b = BUF_INIT;
    int status = cli_send(c, "PUT", path, body, &b);
    bool ok = cli_read_answer(c, status, &b, what, out);
    buf_fini(&b);
    return ok;
}

int cli_follow(struct cli *c, const char *eval_id, bool detach)
{
    if (str_is_empty(eval_id))
        return 0;
    if (!detach)
        return cli_monitor(c, eval_id);
    printf("Evaluation ID: %s\n", eval_id);
    return 0;
}

int cmd_run(struct cli *c)
{
    const char *check_index = NULL;
    bool detach = cli_flag(c, "detach", NULL), enforce = cli_flag(c, "check-index", &check_index);
    uint64_t index = 0;
    if (enforce && (!check_index || str_to_u64(check_index, &index))) {
        fprintf(stderr, "Error parsing check-index value \"%s\": not a number\n",
                check_index ? check_index : "");
        return 1;
    }
    struct job *j = cli_read_job(c, "run");
    if (!j)
        return 1;
    struct buf body = BUF_INIT, out = BUF_INIT;
    struct cli_answer a;
    buf_str_add(&body, "{\"Job\":");
    rec_json_write(&job_desc, j, &body);
    if (enforce)
        buf_printf(&body, ",\"EnforceIndex\":true,\"JobModifyIndex\":%" PRIu64, index);
    buf_char(&body, '}');
    int status = cli_send(c, "PUT", "/v1/jobs", &body, &out);
    bool ok = cli_read_answer(c, status, &out, "Error submitting job", &a);
    buf_fini(&body);
    buf_fini(&out);
    if (!ok)
        return 1;
    if (!str_is_empty(a.warnings))
        printf("Job Warnings:\n%s\n", a.warnings);
    if (str_is_empty(a.eval_id)) {
        printf("Job registration successful\n");
        const char *next = cli_next_launch(c, j);
        if (next)
            printf("Approximate next launch time: %s\n", next);
        return 0;
    }
    if (detach) {
        printf("Job registration successful\nEvaluation ID: %s\n", a.eval_id);
        return 0;
    }
    return cli_monitor(c, a.eval_id);
}

int cmd_stop(struct cli *c)
{
    bool purge = cli_flag(c, "purge", NULL), detach = cli_flag(c, "detach", NULL);
    cli_flag(c, "yes", NULL);
    struct buf out = BUF_INIT;
    struct cli_answer a;
    struct job j;
    if (cli_unknown_flag(c))
        return 1;
    if (c->n_args != 1) {
        fprintf(stderr, "This command takes one argument: <job>\n");
        return 1;
    }
    char *path = arena_printf(&c->arena, "/v1/job/%s", c->args[0]);
    int status = cli_send(c, "GET", path, NULL, &out);
    if (status == 404)
        fprintf(stderr, "No job(s) with prefix or id \"%s\" found\n", c->args[0]);
    if (status != 200 || rec_json_parse(&job_desc, out.data, out.len, 0, &c->arena, &j, NULL)) {
        buf_fini(&out);
        return 1;
    }
    buf_clear(&out);
    status = cli_send(c, "DELETE",
                      arena_printf(&c->arena, "%s?purge=%s", path, purge ? "true" : "false"), NULL,
                      &out);
    bool ok = cli_read_answer(c, status, &out, "Error deregistering job", &a);
    buf_fini(&out);
    if (!ok)
        return 1;
    if (str_is_empty(a.eval_id))
        return 0;
    if (detach) {
        printf("%s\n", a.eval_id);
        return 0;
    }
    return cli_monitor(c, a.eval_id);
}
