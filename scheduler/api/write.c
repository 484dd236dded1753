/* Allocations and nodes as the API shows them: rows of listings, and whole, with their resources
 * once more in the form of before 0.9, which older clients read. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>

/* Named fields of a record, in the order given. */
static void write_fields(const struct rec_desc *d, const void *rec, const char *const *names,
                         size_t n, struct buf *out)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < d->n_fields; i++)
            if (!strcmp(d->fields[i].name, names[k])) {
                buf_printf(out, "%s\"%s\":", k ? "," : "", names[k]);
                rec_json_field(&d->fields[i], rec, out);
            }
}

static void write_networks(const struct networks *n, struct buf *out)
{
    if (!n || !n->n)
        buf_str_add(out, "null");
    for (size_t i = 0; n && i < n->n; i++) {
        buf_char(out, i ? ',' : '[');
        rec_json_write(&network_desc, &n->items[i], out);
    }
    if (n && n->n)
        buf_char(out, ']');
}

static void write_resources(const char *name, int64_t cpu, int64_t memory_mb, int64_t disk_mb,
                            const struct networks *n, struct buf *out)
{
    buf_json_str(out, name, strlen(name));
    buf_printf(out,
               ":{\"CPU\":%" PRId64 ",\"MemoryMB\":%" PRId64 ",\"DiskMB\":%" PRId64
               ",\"IOPS\":0,\"Networks\":",
               cpu, memory_mb, disk_mb);
    write_networks(n, out);
    buf_str_add(out, ",\"Devices\":null}");
}

/* --- allocations ----------------------------------------------------------------------------- */

void api_write_alloc_row(const struct allocation *x, struct buf *out)
{
    static const char *const first[] = {"ID",       "EvalID", "Name",    "Namespace",  "NodeID",
                                        "NodeName", "JobID",  "JobType", "JobVersion", "TaskGroup"};
    static const char *const rest[] = {
        "DesiredStatus",     "DesiredDescription", "ClientStatus",
        "ClientDescription", "DesiredTransition",  "TaskStates",
        "DeploymentStatus",  "FollowupEvalID",     "RescheduleTracker"};
    static const char *const last[] = {"CreateIndex", "ModifyIndex", "CreateTime", "ModifyTime"};
    buf_char(out, '{');
    write_fields(&allocation_desc, x, first, 10, out);
    buf_str_add(out, ",\"AllocatedResources\":null,");
    write_fields(&allocation_desc, x, rest, 9, out);
    buf_str_add(out, ",\"PreemptedAllocations\":null,\"PreemptedByAllocation\":\"\",");
    write_fields(&allocation_desc, x, last, 4, out);
    buf_char(out, '}');
}

static const struct task *task_of(const struct job *j, const struct allocation *x, const char *name)
{
    const struct task_group *g = j && x->task_group ? job_group_find(j, x->task_group) : NULL;
    for (size_t i = 0; g && i < g->tasks.n; i++)
        if (str_eq(g->tasks.items[i].name, name))
            return &g->tasks.items[i];
    return NULL;
}

/* With the tasks' lifecycles, which are the job's. */
static void write_allocated(const struct allocation *x, const struct job *j, struct buf *out)
{
    static const char *const tasks = "Tasks", *const shared = "Shared";
    const struct allocated_resources *r = &x->resources;
    buf_char(out, '{');
    write_fields(&allocated_resources_desc, r, &tasks, 1, out);
    buf_str_add(out, ",\"TaskLifecycles\":{");
    for (size_t i = 0; i < r->tasks.n; i++) {
        const struct task *t = task_of(j, x, r->tasks.items[i].key);
        buf_str_add(out, i ? "," : "");
        buf_json_str(out, r->tasks.items[i].key, strlen(r->tasks.items[i].key));
        buf_char(out, ':');
        if (t && t->lifecycle)
            rec_json_write(&lifecycle_desc, t->lifecycle, out);
        else
            buf_str_add(out, "null");
    }
    buf_str_add(out, "},");
    write_fields(&allocated_resources_desc, r, &shared, 1, out);
    buf_char(out, '}');
}

static void write_old_forms(const struct allocated_resources *r, struct buf *out)
{
    int64_t cpu = 0, memory_mb = 0;
    for (size_t i = 0; i < r->tasks.n; i++) {
        cpu += r->tasks.items[i].cpu.cpu_shares;
        memory_mb += r->tasks.items[i].memory.memory_mb;
    }
    write_resources("Resources", cpu, memory_mb, r->shared.disk_mb, &r->shared.networks, out);
    buf_char(out, ',');
    write_resources("SharedResources", 0, 0, r->shared.disk_mb, &r->shared.networks, out);
    buf_str_add(out, ",\"TaskResources\":{");
    for (size_t i = 0; i < r->tasks.n; i++) {
        const struct allocated_task *t = &r->tasks.items[i];
        if (i)
            buf_char(out, ',');
        write_resources(t->key, t->cpu.cpu_shares, t->memory.memory_mb, 0, &t->networks, out);
    }
    buf_char(out, '}');
}

void api_write_alloc(const struct allocation *x, const struct job *j, struct buf *out)
{
    const struct rec_desc *d = &allocation_desc;
    buf_char(out, '{');
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct rec_field *f = &d->fields[i];
        if (f->flags & REC_NO_JSON)
            continue;
        buf_printf(out, "\"%s\":", f->name);
        if (str_eq(f->name, "AllocatedResources"))
            write_allocated(x, j, out);
        else
            rec_json_field(f, x, out);
        buf_char(out, ',');
    }
    write_old_forms(&x->resources, out);
    /* nothing here gives an allocation an interface of its own */
    buf_str_add(out, ",\"NetworkStatus\":{\"InterfaceName\":\"\",\"Address\":\"\",\"DNS\":null}");
    buf_str_add(out, ",\"Job\":");
    if (j)
        rec_json_write(&job_desc, j, out);
    else
        buf_str_add(out, "null");
    buf_char(out, '}');
}

/* --- nodes ----------------------------------------------------------------------------------- */

void api_write_node_row(const struct node *n, bool with_resources, struct buf *out)
{
    static const char *const names[] = {"ID",         "Datacenter",
                                        "Name",       "NodeClass",
                                        "Drain",      "SchedulingEligibility",
                                        "Status",     "StatusDescription",
                                        "Drivers",    "CreateIndex",
                                        "ModifyIndex"};
    static const char *const resources[] = {"NodeResources", "ReservedResources"};
    const char *version = rec_str_map_get(&n->attributes, "nomad.version");
    buf_printf(out, "{\"Address\":\"%.*s\",\"Version\":\"%s\",\"HostVolumes\":null,",
               (int)strcspn(n->http_addr ? n->http_addr : "", ":"),
               n->http_addr ? n->http_addr : "", version ? version : "");
    write_fields(&node_desc, n, names, 11, out);
    buf_char(out, ',');
    if (with_resources)
        write_fields(&node_desc, n, resources, 2, out);
    else
        buf_str_add(out, "\"NodeResources\":null,\"ReservedResources\":null");
    buf_char(out, '}');
}

void api_write_node(const struct node *n, struct buf *out)
{
    const struct node_resources *r = &n->resources;
    rec_json_write(&node_desc, n, out);
    out->data[--out->len] = '\0'; /* reopened */
    buf_char(out, ',');
    write_resources("Resources", r->cpu.cpu_shares, r->memory.memory_mb, r->disk.disk_mb,
                    &r->networks, out);
    buf_char(out, ',');
    write_resources("Reserved", n->reserved.cpu.cpu_shares, n->reserved.memory.memory_mb,
                    n->reserved.disk.disk_mb, NULL, out);
    buf_str_add(out, ",\"SecretID\":\"\",\"HostVolumes\":null,\"CSIControllerPlugins\":null,"
                     "\"CSINodePlugins\":null}");
}
