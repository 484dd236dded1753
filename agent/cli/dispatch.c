/* job dispatch, job periodic, job scale. */
#include "agent/base/file.h"
#include "agent/cli/cli_impl.h"
#include "jobs/cron.h"

#include <inttypes.h>

/* -meta key=value, as often as wanted. */
static bool take_meta(struct cli *c, struct rec_str_map *meta)
{
    const char *pair = NULL;
    while (cli_flag(c, "meta", &pair)) {
        const char *eq = pair ? strchr(pair, '=') : NULL;
        if (!eq) {
            fprintf(stderr, "Error parsing meta value: %s\n", pair ? pair : "");
            return false;
        }
        rec_str_map_set(meta, &c->arena, arena_strndup(&c->arena, pair, (size_t)(eq - pair)),
                        eq + 1);
        pair = NULL;
    }
    return true;
}

static bool read_payload(struct cli *c, const char *path, struct buf *out)
{
    struct err e = ERR_INIT;
    if (!file_read(!strcmp(path, "-") ? "/dev/stdin" : path, 1 << 20, out, &e))
        return true;
    fprintf(stderr, "Error reading input data: %s\n", e.text);
    return false;
}

struct dispatched {
    char *job_id, *eval_id;
};
static const struct rec_field dispatched_fields[] = {
    REC(struct dispatched, job_id, "DispatchedJobID", REC_STR, 0),
    REC(struct dispatched, eval_id, "EvalID", REC_STR, 0),
};
static const struct rec_desc dispatched_desc =
    REC_DESC("dispatched", struct dispatched, dispatched_fields);

static bool send_dispatch(struct cli *c, const char *job, const struct rec_str_map *meta,
                          const struct buf *payload, struct dispatched *d)
{
    struct buf b = BUF_INIT, out = BUF_INIT;
    struct err e = ERR_INIT;
    buf_str_add(&b, "{\"Meta\":{");
    for (size_t i = 0; i < meta->n; i++) {
        buf_str_add(&b, i ? "," : "");
        buf_json_str(&b, meta->items[i].key, strlen(meta->items[i].key));
        buf_char(&b, ':');
        buf_json_str(&b, meta->items[i].value, strlen(meta->items[i].value));
    }
    buf_str_add(&b, "},\"Payload\":\"");
    buf_base64(&b, payload->data, payload->len);
    buf_str_add(&b, "\"}");
    int status = cli_send(c, "PUT", arena_printf(&c->arena, "/v1/job/%s/dispatch", job), &b, &out);
    rec_init(&dispatched_desc, d);
    bool ok =
        status == 200 && !rec_json_parse(&dispatched_desc, out.data, out.len, 0, &c->arena, d, &e);
    if (status && !ok)
        fprintf(stderr, "Failed to dispatch job: Unexpected response code: %d (%s)\n", status,
                buf_str(&out));
    buf_fini(&b);
    buf_fini(&out);
    return ok;
}

int cmd_job_dispatch(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false), verbose = cli_switch(c, "verbose", false);
    struct rec_str_map meta = {NULL, 0};
    struct buf payload = BUF_INIT, b = BUF_INIT;
    struct dispatched d;
    if (!take_meta(c, &meta) || cli_unknown_flag(c))
        return 1;
    if (c->n_args < 1 || c->n_args > 2) {
        fprintf(stderr, "This command takes one or two argument: <parameterized job> [input "
                        "source]\n");
        return 1;
    }
    bool ok = (c->n_args == 1 || read_payload(c, c->args[1], &payload)) &&
              send_dispatch(c, c->args[0], &meta, &payload, &d);
    buf_fini(&payload);
    if (!ok)
        return 1;
    buf_printf(&b, "Dispatched Job ID|%s\nEvaluation ID|%s", d.job_id,
               verbose ? d.eval_id : cli_short(c, d.eval_id));
    cli_pairs(b.data);
    buf_fini(&b);
    if (detach)
        return 0;
    putchar('\n');
    return cli_monitor(c, d.eval_id);
}

const char *cli_next_launch(struct cli *c, const struct job *j)
{
    struct cron cron;
    const struct zone *z;
    int64_t now = clock_wall_ns();
    if (!j->periodic || j->periodic->enabled == 0 || cron_parse(j->periodic->spec, &cron, NULL) ||
        zone_load(j->periodic->time_zone, &c->arena, &z, NULL))
        return NULL;
    int64_t next = cron_next(&cron, z, now / NS_PER_SEC) * NS_PER_SEC;
    return next ? arena_printf(&c->arena, "%s (%s from now)", cli_time(c, next),
                               cli_span(c, next - now))
                : NULL;
}

int cmd_job_periodic(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    if (!cli_wants(c, 2, "a subcommand and one argument: force <job>"))
        return 1;
    if (strcmp(c->args[0], "force")) {
        fprintf(stderr, "platform job periodic: no subcommand \"%s\"\n", c->args[0]);
        return 1;
    }
    if (!cli_put(c, arena_printf(&c->arena, "/v1/job/%s/periodic/force", c->args[1]), NULL,
                 "Error forcing periodic job", &a))
        return 1;
    if (!detach)
        return cli_follow(c, a.eval_id, false);
    printf("Force periodic successful\nEvaluation ID: %s\n", a.eval_id);
    return 0;
}

/* The group may be left out when there is only one. */
int cmd_job_scale(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct cli_answer a;
    struct job j;
    struct buf b = BUF_INIT;
    int64_t count;
    cli_switch(c, "verbose", false);
    if (cli_unknown_flag(c))
        return 1;
    if (c->n_args < 2 || c->n_args > 3 || str_to_i64(c->args[c->n_args - 1], &count)) {
        fprintf(stderr, "This command requires at least two arguments: <job> [<group>] <count>\n");
        return 1;
    }
    if (!cli_get(c, arena_printf(&c->arena, "/v1/job/%s", c->args[0]), &job_desc, &j,
                 "Error querying job"))
        return 1;
    if (c->n_args == 2 && j.groups.n != 1) {
        fprintf(stderr, "Group name required\n");
        return 1;
    }
    const char *group = c->n_args == 3 ? c->args[1] : j.groups.items[0].name;
    buf_printf(&b, "{\"Count\":%" PRId64 ",\"Target\":{\"Group\":", count);
    buf_json_str(&b, group, strlen(group));
    buf_str_add(&b, "},\"Message\":\"submitted using the command line\"}");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/job/%s/scale", j.id), &b,
                      "Error submitting scaling request", &a);
    buf_fini(&b);
    return ok ? cli_follow(c, a.eval_id, detach) : 1;
}
