/* A job's deployment as its evaluations move it: begun, cancelled, completed. */
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "scheduler/reconcile_impl.h"

bool deployment_is_active(const struct deployment *d)
{
    return d && (str_eq(d->status, "running") || str_eq(d->status, "paused"));
}

void deployment_begin(struct pass *p)
{
    const struct deployment *d = p->in->deployment;
    const struct job *j = p->in->job;
    bool stopped = !j || j->stop;
    if (!d)
        return;
    bool same = !stopped && d->job_version == j->version && d->job_create_index == j->create_index;
    if (deployment_is_active(d) && !same) {
        p->out->cancel_deployment = d->id;
        p->out->cancel_description =
            stopped ? "Cancelled because job is stopped" : "Cancelled due to newer version of job";
    }
    if (!same || str_eq(d->status, "successful")) {
        p->old = d;
        return;
    }
    p->current = d;
    p->paused = str_eq(d->status, "paused");
    p->failed = str_eq(d->status, "failed") || str_eq(d->status, "cancelled");
}

const struct deployment_state *deployment_group(const struct pass *p, const char *group)
{
    return p->current ? rec_map_find(&p->current->groups, sizeof(struct deployment_state), group)
                      : NULL;
}

static struct deployment *deployment_new(const struct reconcile_in *in)
{
    struct deployment *d = ARENA_NEW(in->arena, struct deployment);
    uuid_text id;
    id_new(id);
    rec_init(&deployment_desc, d);
    d->id = arena_strdup(in->arena, id);
    d->namespace = in->job->namespace;
    d->job_id = in->job->id;
    d->job_version = in->job->version;
    d->job_modify_index = d->job_spec_modify_index = in->job->job_modify_index;
    d->job_create_index = in->job->create_index;
    d->status = arena_strdup(in->arena, "running");
    return d;
}

void deployment_add_group(struct pass *p, const struct task_group *g, int64_t desired_total,
                          int64_t desired_canaries)
{
    static const struct rec_desc state = {"", sizeof(struct deployment_state), NULL, 0, false};
    if (!p->fresh)
        p->fresh = deployment_new(p->in);
    struct deployment_state *s = rec_list_add(&state, &p->fresh->groups, p->in->arena);
    s->key = g->name;
    s->auto_revert = g->update->auto_revert == 1;
    s->auto_promote = g->update->auto_promote == 1;
    s->progress_deadline_ns = g->update->progress_deadline_ns;
    s->desired_total = desired_total;
    s->desired_canaries = desired_canaries;
    rec_map_sort(&p->fresh->groups, sizeof(struct deployment_state));
}

bool deployment_group_done(const struct deployment_state *s)
{
    int64_t wanted =
        s->desired_total > s->desired_canaries ? s->desired_total : s->desired_canaries;
    return s->healthy_allocs >= wanted && (!s->desired_canaries || s->promoted);
}

static const char *description_of(const struct deployment *d)
{
    bool manual = false, automatic = false;
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *s = &d->groups.items[i];
        if (s->desired_canaries && !s->promoted)
            *(s->auto_promote ? &automatic : &manual) = true;
    }
    return manual      ? "Deployment is running but requires manual promotion"
           : automatic ? "Deployment is running pending automatic promotion"
                       : "Deployment is running";
}

void deployment_end(struct pass *p)
{
    struct reconcile_out *out = p->out;
    if (p->fresh) {
        p->fresh->status_description = arena_strdup(p->in->arena, description_of(p->fresh));
        out->deployment = p->fresh;
        out->deployment_id = p->fresh->id;
    } else if (deployment_is_active(p->current)) {
        out->deployment_id = p->current->id;
        out->deployment_done = p->complete;
    }
}
