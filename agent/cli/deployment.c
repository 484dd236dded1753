/* deployment list, status, promote, fail, pause, resume; the same of a job's newest. */
#include "agent/cli/cli_impl.h"

#include <inttypes.h>
#include <stdlib.h>

struct deployment_list {
    struct deployment *items;
    size_t n;
};

/* --- printing -------------------------------------------------------------------------------- */

void cli_print_deployed(struct cli *c, const struct deployment *d)
{
    struct buf b = BUF_INIT;
    bool reverts = false, canaries = false;
    for (size_t i = 0; i < d->groups.n; i++) {
        reverts |= d->groups.items[i].auto_revert;
        canaries |= d->groups.items[i].desired_canaries > 0;
    }
    buf_printf(&b, "Task Group%s%s|Desired%s|Placed|Healthy|Unhealthy|Progress Deadline",
               reverts ? "|Auto Revert" : "", canaries ? "|Promoted" : "",
               canaries ? "|Canaries" : "");
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *s = &d->groups.items[i];
        buf_printf(&b, "\n%s", s->key);
        if (reverts)
            buf_printf(&b, "|%s", s->auto_revert ? "true" : "false");
        if (canaries)
            buf_printf(&b, "|%s", !s->desired_canaries ? "N/A" : s->promoted ? "true" : "false");
        buf_printf(&b, "|%" PRId64, s->desired_total);
        if (canaries)
            buf_printf(&b, "|%" PRId64, s->desired_canaries);
        buf_printf(&b, "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%s", s->placed_allocs,
                   s->healthy_allocs, s->unhealthy_allocs, cli_time(c, s->require_progress_by_ns));
    }
    printf("\nDeployed\n");
    cli_columns(b.data);
    buf_fini(&b);
}

void cli_print_deployment(struct cli *c, const struct deployment *d, bool verbose)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "ID|%s\nJob ID|%s\nJob Version|%" PRIu64 "\nStatus|%s\nDescription|%s",
               verbose ? d->id : cli_short(c, d->id), d->job_id, d->job_version, d->status,
               d->status_description);
    cli_pairs(b.data);
    buf_fini(&b);
    cli_print_deployed(c, d);
}

static int newest_first(const void *x, const void *y)
{
    const struct deployment *a = x, *b = y;
    return a->create_index < b->create_index ? 1 : -(a->create_index > b->create_index);
}

static int print_list(struct cli *c, struct deployment_list *l, bool verbose)
{
    struct buf b = BUF_INIT;
    if (!l->n) {
        printf("No deployments found\n");
        return 0;
    }
    qsort(l->items, l->n, sizeof(l->items[0]), newest_first);
    buf_str_add(&b, "ID|Job ID|Job Version|Status|Description");
    for (size_t i = 0; i < l->n; i++) {
        const struct deployment *d = &l->items[i];
        buf_printf(&b, "\n%s|%s|%" PRIu64 "|%s|%s", verbose ? d->id : cli_short(c, d->id),
                   d->job_id, d->job_version, d->status, d->status_description);
    }
    cli_columns(b.data);
    buf_fini(&b);
    return 0;
}

/* --- finding --------------------------------------------------------------------------------- */

static bool find(struct cli *c, const char *prefix, struct deployment *d)
{
    struct deployment_list l = {NULL, 0};
    char *path = arena_printf(&c->arena, "/v1/deployments?prefix=%s", cli_whole_prefix(c, prefix));
    if (!cli_get_list(c, path, &deployment_desc, &l, "Error retrieving deployment"))
        return false;
    if (l.n == 1) {
        *d = l.items[0];
        return true;
    }
    if (!l.n)
        fprintf(stderr,
                "Error retrieving deployment: Deployment ID \"%s\" matched no deployments\n",
                prefix);
    else
        fprintf(stderr, "Prefix matched multiple deployments\n");
    for (size_t i = 0; i < l.n; i++)
        fprintf(stderr, "%s\n", l.items[i].id);
    return false;
}

static bool find_argument(struct cli *c, struct deployment *d)
{
    return cli_wants(c, 1, "one argument: <deployment id>") && find(c, c->args[0], d);
}

int cmd_deployment_list(struct cli *c)
{
    bool verbose = cli_switch(c, "verbose", false);
    struct deployment_list l = {NULL, 0};
    if (!cli_wants(c, 0, "no arguments") ||
        !cli_get_list(c, "/v1/deployments", &deployment_desc, &l, "Error retrieving deployments"))
        return 1;
    return print_list(c, &l, verbose);
}

int cmd_deployment_status(struct cli *c)
{
    bool verbose = cli_switch(c, "verbose", false);
    struct deployment d;
    if (!find_argument(c, &d))
        return 1;
    cli_print_deployment(c, &d, verbose);
    return 0;
}

int cmd_job_deployments(struct cli *c)
{
    bool latest = cli_switch(c, "latest", false), verbose = cli_switch(c, "verbose", false);
    struct deployment_list l = {NULL, 0};
    struct deployment d;
    if (!cli_wants(c, 1, "one argument: <job>"))
        return 1;
    if (!latest) {
        char *path = arena_printf(&c->arena, "/v1/job/%s/deployments", c->args[0]);
        return cli_get_list(c, path, &deployment_desc, &l, "Error retrieving deployments")
                   ? print_list(c, &l, verbose)
                   : 1;
    }
    char *path = arena_printf(&c->arena, "/v1/job/%s/deployment", c->args[0]);
    if (!cli_get(c, path, &deployment_desc, &d, "Error retrieving deployments"))
        return 1;
    if (str_is_empty(d.id))
        printf("No deployment found\n");
    else
        cli_print_deployment(c, &d, verbose);
    return 0;
}

/* --- deciding -------------------------------------------------------------------------------- */

static void take_groups(struct cli *c, struct rec_strs *groups)
{
    const char *group = NULL;
    while (cli_flag(c, "group", &group)) {
        if (group)
            rec_strs_add(groups, &c->arena, group);
        group = NULL;
    }
}

static bool send_promotion(struct cli *c, const char *id, const struct rec_strs *groups,
                           const char *what, struct cli_answer *a)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "{\"DeploymentID\":\"%s\",\"All\":%s,\"Groups\":[", id,
               groups->n ? "false" : "true");
    for (size_t i = 0; i < groups->n; i++) {
        buf_str_add(&b, i ? "," : "");
        buf_json_str(&b, groups->items[i], strlen(groups->items[i]));
    }
    buf_str_add(&b, "]}");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/deployment/promote/%s", id), &b, what, a);
    buf_fini(&b);
    return ok;
}

int cmd_deployment_promote(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct rec_strs groups = {NULL, 0};
    struct deployment d;
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    take_groups(c, &groups);
    if (!find_argument(c, &d) ||
        !send_promotion(c, d.id, &groups, "Error promoting deployment", &a))
        return 1;
    return cli_follow(c, a.eval_id, detach);
}

int cmd_job_promote(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct rec_strs groups = {NULL, 0};
    struct deployment d;
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    take_groups(c, &groups);
    if (!cli_wants(c, 1, "one argument: <job>") ||
        !cli_get(c, arena_printf(&c->arena, "/v1/job/%s/deployment", c->args[0]), &deployment_desc,
                 &d, "Error retrieving deployments"))
        return 1;
    if (str_is_empty(d.id)) {
        fprintf(stderr, "Job \"%s\" has no deployment to promote\n", c->args[0]);
        return 1;
    }
    char *what = arena_printf(&c->arena, "Error promoting deployment \"%s\" for job \"%s\"", d.id,
                              c->args[0]);
    return send_promotion(c, d.id, &groups, what, &a) ? cli_follow(c, a.eval_id, detach) : 1;
}

int cmd_deployment_fail(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct deployment d;
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    if (!find_argument(c, &d) ||
        !cli_put(c, arena_printf(&c->arena, "/v1/deployment/fail/%s", d.id), NULL,
                 "Error failing deployment", &a))
        return 1;
    if (a.reverted_version == REC_NULL_INT)
        printf("Deployment \"%s\" failed\n", d.id);
    else
        printf("Deployment \"%s\" failed. Auto-reverted to job version %" PRId64 ".\n", d.id,
               a.reverted_version);
    if (!detach)
        putchar('\n');
    return cli_follow(c, a.eval_id, detach);
}

static bool set_pause(struct cli *c, bool pause, struct deployment *d, struct cli_answer *a)
{
    struct buf b = BUF_INIT;
    if (!find_argument(c, d))
        return false;
    buf_printf(&b, "{\"DeploymentID\":\"%s\",\"Pause\":%s}", d->id, pause ? "true" : "false");
    bool ok = cli_put(c, arena_printf(&c->arena, "/v1/deployment/pause/%s", d->id), &b,
                      pause ? "Error pausing deployment" : "Error resuming deployment", a);
    buf_fini(&b);
    if (ok)
        printf("Deployment \"%s\" %s\n", d->id, pause ? "paused" : "resumed");
    return ok;
}

int cmd_deployment_pause(struct cli *c)
{
    struct deployment d;
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    return set_pause(c, true, &d, &a) ? 0 : 1;
}

int cmd_deployment_resume(struct cli *c)
{
    bool detach = cli_switch(c, "detach", false);
    struct deployment d;
    struct cli_answer a;
    cli_switch(c, "verbose", false);
    if (!set_pause(c, false, &d, &a))
        return 1;
    if (detach)
        return 0;
    putchar('\n');
    return cli_follow(c, a.eval_id, false);
}
