/* A registered job: its versions and what changed between them, going back, the whole of it. */
#include "agent/cli/cli_impl.h"
#include "jobs/diff.h"
#include "jobs/write.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- versions -------------------------------------------------------------------------------- */

struct versions {
    struct REC_LIST_BODY(struct job) jobs;
    struct REC_LIST_BODY(struct job_diff) diffs;
};
static const struct rec_field versions_fields[] = {
    REC_OF(struct versions, jobs, "Versions", REC_LIST, 0, &job_desc),
    REC_OF(struct versions, diffs, "Diffs", REC_LIST, 0, &job_diff_desc),
};
static const struct rec_desc versions_desc = REC_DESC("versions", struct versions, versions_fields);

/* Versions come newest first, each with the difference to the one before it. */
static void print_version(struct cli *c, const struct versions *v, size_t i, bool diff)
{
    struct buf b = BUF_INIT;
    const struct job *j = &v->jobs.items[i];
    bool shown = diff && i < v->diffs.n;
    buf_printf(&b, "Version|%" PRIu64 "\nStable|%s\nSubmit Date|%s%s", j->version,
               j->stable ? "true" : "false", cli_time(c, j->submit_time_ns),
               shown ? "\nDiff|" : "");
    cli_pairs(b.data);
    buf_clear(&b);
    if (shown) {
        cli_diff_text(&v->diffs.items[i], false, &b);
        b.len -= b.len && b.data[b.len - 1] == '\n';
        b.data[b.len] = '\0';
        cli_output(b.data);
    }
    buf_fini(&b);
}

static bool get_versions(struct cli *c, const char *id, bool diffs, struct versions *v)
{
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;
    char *path =
        arena_printf(&c->arena, "/v1/job/%s/versions?diffs=%s", id, diffs ? "true" : "false");
    int status = cli_send(c, "GET", path, NULL, &out);
    rec_init(&versions_desc, v);
    bool ok =
        status == 200 && !rec_json_parse(&versions_desc, out.data, out.len, 0, &c->arena, v, &e);
    if (status == 404)
        fprintf(stderr, "No job(s) with prefix or id \"%s\" found\n", id);
    else if (status && !ok)
        fprintf(stderr, "Error retrieving job versions: Unexpected response code: %d (%s)\n",
                status, buf_str(&out));
    buf_fini(&out);
    return ok;
}

/* -version's value, or -1 for none; false when it is no number. */
static bool take_version(struct cli *c, int64_t *version)
{
    const char *text = NULL;
    *version = -1;
    if (!cli_flag(c, "version", &text))
        return true;
    if (text && !str_to_i64(text, version) && *version >= 0)
        return true;
    fprintf(stderr, "Error parsing version value \"%s\": not a number\n", text ? text : "");
    return false;
}

int cmd_job_history(struct cli *c)
{
    bool diff = cli_switch(c, "p", false), any = false;
    struct versions v;
    int64_t version;
    if (!take_version(c, &version) || !cli_wants(c, 1, "one argument: <job>") ||
        !get_versions(c, c->args[0], diff, &v))
        return 1;
    for (size_t i = 0; i < v.jobs.n; i++) {
        if (version >= 0 && v.jobs.items[i].version != (uint64_t)version)
            continue;
        if (any)
            putchar('\n');
        print_version(c, &v, i, diff);
        any = true;
    }
    if (!any)
        fprintf(stderr, "Job version %" PRId64 " not found\n", version);
    return any ? 0 : 1;
}

int cmd_job_revert(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct cli_answer a;
    uint64_t version;
    struct buf b = BUF_INIT;
    cli_switch(c, "verbose", false);
    if (!cli_wants(c, 2, "two arguments: <job> <version>"))
        return 1;
    if (str_to_u64(c->args[1], &version)) {
        fprintf(stderr, "Failed to parse version: \"%s\" is not a number\n", c->args[1]);
        return 1;
    }
    buf_str_add(&b, "{\"JobID\":");
    buf_json_str(&b, c->args[0], strlen(c->args[0]));
    buf_printf(&b, ",\"JobVersion\":%" PRIu64 ",\"EnforcePriorVersion\":null}", version);
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/job/%s/revert", c->args[0]), &b,
                      "Error reverting job", &a);
    buf_fini(&b);
    return ok ? cli_follow(c, a.eval_id, detach) : 1;
}

int cmd_job_eval(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false), force = cli_switch(c, "force-reschedule", false);
    struct cli_answer a;
    struct buf b = BUF_INIT;
    cli_switch(c, "verbose", false);
    if (!cli_wants(c, 1, "one argument: <job>"))
        return 1;
    buf_str_add(&b, "{\"JobID\":");
    buf_json_str(&b, c->args[0], strlen(c->args[0]));
    buf_printf(&b, ",\"EvalOptions\":{\"ForceReschedule\":%s}}", force ? "true" : "false");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/job/%s/evaluate", c->args[0]), &b,
                      "Error evaluating job", &a);
    buf_fini(&b);
    if (ok && detach)
        printf("Created eval ID: \"%s\" \n", cli_short(c, a.eval_id));
    return ok && !detach ? cli_follow(c, a.eval_id, false) : !ok;
}

/* --- the whole job --------------------------------------------------------------------------- */

static json_t *get_json(struct cli *c, const char *id, int64_t version)
{
    struct buf out = BUF_INIT;
    char *path = arena_printf(&c->arena, "/v1/job/%s%s", id, version >= 0 ? "/versions" : "");
    int status = cli_send(c, "GET", path, NULL, &out);
    json_t *root = status == 200 ? json_loadb(out.data, out.len, 0, NULL) : NULL, *found = NULL;
    size_t i;
    json_t *v;
    if (status == 404)
        fprintf(stderr, "No job(s) with prefix or id \"%s\" found\n", id);
    else if (status && !root)
        fprintf(stderr, "Error inspecting job: Unexpected response code: %d (%s)\n", status,
                buf_str(&out));
    buf_fini(&out);
    if (!root || version < 0)
        return root;
    json_array_foreach(json_object_get(root, "Versions"), i, v)
    {
        if (json_integer_value(json_object_get(v, "Version")) == version)
            found = json_incref(v);
    }
    if (!found)
        fprintf(stderr, "job \"%s\" with version %" PRId64 " couldn't be found\n", id, version);
    json_decref(root);
    return found;
}

static int print_hcl(struct cli *c, json_t *json)
{
    struct job *j;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    int rv = job_parse_json(json, &c->arena, &j, &e);
    json_decref(json);
    if (rv) {
        fprintf(stderr, "Error inspecting job: %s\n", e.text);
        return 1;
    }
    job_write_hcl(j, &b);
    fputs(buf_str(&b), stdout);
    buf_fini(&b);
    return 0;
}

int cmd_job_inspect(struct cli *c)
{
    int64_t version;
    bool hcl = cli_switch(c, "hcl", false);
    cli_switch(c, "json", false);
    if (!take_version(c, &version) || !cli_wants(c, 1, "one argument: <job>"))
        return 1;
    json_t *job = get_json(c, c->args[0], version);
    if (!job)
        return 1;
    if (hcl)
        return print_hcl(c, job);
    static const char *const always[] = {"Migrate", "Reschedule"}; /* of the file, not kept */
    for (int i = 0; i < 2; i++)
        if (!json_object_get(job, always[i]))
            json_object_set_new(job, always[i], json_null());
    json_t *whole = json_pack("{s:o}", "Job", job);
    char *text = json_dumps(whole, JSON_INDENT(4) | JSON_SORT_KEYS);
    printf("%s\n", text);
    free(text);
    json_decref(whole);
    return 0;
}
