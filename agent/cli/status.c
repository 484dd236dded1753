/* status, alloc status, node status, eval status, members, logs. */
#include "agent/cli/cli_impl.h"

#include <inttypes.h>
#include <stdlib.h>

struct alloc_list {
    struct allocation *items;
    size_t n;
};

/* --- jobs ------------------------------------------------------------------------------------ */

/* A row of /v1/jobs: unlike the job itself, it says of blocks only whether they are there. */
struct job_row {
    char *id, *type, *status;
    int64_t priority, submit_time_ns;
    bool stop, periodic, parameterized;
};
static const struct rec_field job_row_fields[] = {
    REC(struct job_row, id, "ID", REC_STR, 0),
    REC(struct job_row, type, "Type", REC_STR, 0),
    REC(struct job_row, status, "Status", REC_STR, 0),
    REC(struct job_row, priority, "Priority", REC_INT, 0),
    REC(struct job_row, submit_time_ns, "SubmitTime", REC_INT, 0),
    REC(struct job_row, stop, "Stop", REC_BOOL, 0),
    REC(struct job_row, periodic, "Periodic", REC_BOOL, 0),
    REC(struct job_row, parameterized, "ParameterizedJob", REC_BOOL, 0),
};
static const struct rec_desc job_row_desc = REC_DESC("job", struct job_row, job_row_fields);

static int list_jobs(struct cli *c)
{
    struct {
        struct job_row *items;
        size_t n;
    } jobs = {NULL, 0};
    struct buf b = BUF_INIT;
    if (!cli_get_list(c, "/v1/jobs", &job_row_desc, &jobs, "Error querying jobs"))
        return 1;
    if (!jobs.n) {
        printf("No running jobs\n");
        return 0;
    }
    buf_str_add(&b, "ID|Type|Priority|Status|Submit Date");
    for (size_t i = 0; i < jobs.n; i++) {
        const struct job_row *j = &jobs.items[i];
        buf_printf(&b, "\n%s|%s%s|%" PRId64 "|%s%s|%s", j->id, j->type,
                   j->periodic        ? "/periodic"
                   : j->parameterized ? "/parameterized"
                                      : "",
                   j->priority, j->status, j->stop ? " (stopped)" : "",
                   cli_time(c, j->submit_time_ns));
    }
    cli_columns(b.data);
    buf_fini(&b);
    return 0;
}

static void print_job(struct cli *c, const struct job *j)
{
    struct buf b = BUF_INIT, dcs = BUF_INIT;
    for (size_t i = 0; i < j->datacenters.n; i++)
        buf_printf(&dcs, "%s%s", i ? "," : "", j->datacenters.items[i]);
    buf_printf(&b,
               "ID|%s\nName|%s\nSubmit Date|%s\nType|%s\nPriority|%" PRId64 "\nDatacenters|%s\n"
               "Namespace|%s\nStatus|%s%s\nPeriodic|%s\nParameterized|%s",
               j->id, j->name, cli_time(c, j->submit_time_ns), j->type, j->priority, buf_str(&dcs),
               j->namespace, j->status, j->stop ? " (stopped)" : "", j->periodic ? "true" : "false",
               j->parameterized && !j->dispatched ? "true" : "false");
    const char *next = j->stop ? NULL : cli_next_launch(c, j);
    if (next)
        buf_printf(&b, "\nNext Periodic Launch|%s", next);
    cli_pairs(b.data);
    buf_fini(&b);
    buf_fini(&dcs);
}

static void print_summary(struct cli *c, const struct job *j)
{
    struct buf text = BUF_INIT, b = BUF_INIT;
    char *path = arena_printf(&c->arena, "/v1/job/%s/summary", j->id);
    if (cli_send(c, "GET", path, NULL, &text) != 200) {
        buf_fini(&text);
        return;
    }
    json_t *root = json_loadb(text.data, text.len, 0, NULL),
           *groups = json_object_get(root, "Summary"), *g;
    const char *name;
    buf_str_add(&b, "Task Group|Queued|Starting|Running|Failed|Complete|Lost");
    json_object_foreach(groups, name, g)
    {
        static const char *const keys[] = {"Queued", "Starting", "Running",
                                           "Failed", "Complete", "Lost"};
        buf_printf(&b, "\n%s", name);
        for (int i = 0; i < 6; i++)
            buf_printf(&b, "|%d", (int)json_integer_value(json_object_get(g, keys[i])));
    }
    printf("\nSummary\n");
    cli_columns(b.data);
    json_decref(root);
    buf_fini(&b);
    buf_fini(&text);
}

/* Of the newest evaluation that ended: what it could not place, while that still waits. */
static void print_failures(struct cli *c, const struct job *j)
{
    struct {
        struct evaluation *items;
        size_t n;
    } evals = {NULL, 0};
    bool blocked = false;
    const struct evaluation *last = NULL;
    char *path = arena_printf(&c->arena, "/v1/job/%s/evaluations", j->id);
    if (!cli_get_list(c, path, &evaluation_desc, &evals, "Error querying evaluations"))
        return;
    for (size_t i = 0; i < evals.n; i++) {
        blocked |= str_eq(evals.items[i].status, "blocked");
        if (evals.items[i].failed_tg_allocs.n)
            last = &evals.items[i];
    }
    if (!blocked || !last)
        return;
    printf("\nPlacement Failure\n");
    for (size_t i = 0; i < last->failed_tg_allocs.n; i++) {
        printf("Task Group \"%s\":\n", last->failed_tg_allocs.items[i].key);
        cli_print_metrics(&last->failed_tg_allocs.items[i], "  ");
    }
}

/* Evaluations that wait for their time to try a failure again. */
static void print_future(struct cli *c, const struct job *j)
{
    struct {
        struct evaluation *items;
        size_t n;
    } evals = {NULL, 0};
    struct alloc_list allocs = {NULL, 0};
    struct buf b = BUF_INIT;
    char *path = arena_printf(&c->arena, "/v1/job/%s", j->id);
    if (!cli_get_list(c, arena_printf(&c->arena, "%s/evaluations", path), &evaluation_desc, &evals,
                      "Error querying evaluations") ||
        !cli_get_list(c, arena_printf(&c->arena, "%s/allocations", path), &allocation_desc, &allocs,
                      "Error querying allocations"))
        return;
    for (size_t i = 0; i < evals.n; i++) {
        const struct evaluation *e = &evals.items[i];
        int64_t left = e->wait_until_ns - clock_wall_ns();
        if (!str_eq(e->status, "pending") || left <= 0)
            continue;
        for (size_t k = 0; k < allocs.n; k++)
            if (str_eq(allocs.items[k].followup_eval_id, e->id)) {
                buf_printf(&b, "\n%s|%s|%s from now", allocs.items[k].task_group,
                           cli_short(c, e->id), cli_span(c, left));
                break;
            }
    }
    if (b.len) {
        printf("\nFuture Rescheduling Attempts\n");
        cli_columns(arena_printf(&c->arena, "Task Group|Eval ID|Eval Time%s", b.data));
    }
    buf_fini(&b);
}

/* What a parameterized or periodic job launched. */
static void print_children(struct cli *c, const struct job *j)
{
    struct {
        struct job_row *items;
        size_t n;
    } jobs = {NULL, 0};
    struct buf b = BUF_INIT;
    int pending = 0, running = 0, dead = 0;
    if (!cli_get_list(c, arena_printf(&c->arena, "/v1/jobs?prefix=%s/", j->id), &job_row_desc,
                      &jobs, "Error querying jobs"))
        return;
    for (size_t i = 0; i < jobs.n; i++) {
        pending += str_eq(jobs.items[i].status, "pending");
        running += str_eq(jobs.items[i].status, "running");
        dead += str_eq(jobs.items[i].status, "dead");
        buf_printf(&b, "\n%s|%s", jobs.items[i].id, jobs.items[i].status);
    }
    printf("\n%s Job Summary\n", j->periodic ? "Children" : "Parameterized");
    cli_columns(arena_printf(&c->arena, "Pending|Running|Dead\n%d|%d|%d", pending, running, dead));
    if (jobs.n) {
        printf("\n%s Jobs\n", j->periodic ? "Previously Launched" : "Dispatched");
        cli_columns(arena_printf(&c->arena, "ID|Status%s", b.data));
    }
    buf_fini(&b);
}

static char *listed(struct cli *c, const struct rec_strs *l)
{
    char *text = NULL;
    for (size_t i = 0; i < l->n; i++)
        text = text ? arena_printf(&c->arena, "%s, %s", text, l->items[i])
                    : arena_strdup(&c->arena, l->items[i]);
    return text ? text : arena_strdup(&c->arena, "<none>");
}

static void print_parameters(struct cli *c, const struct job *j)
{
    const struct parameterized *p = j->parameterized;
    printf("\nParameterized Job\n");
    cli_pairs(arena_printf(&c->arena, "Payload|%s\nRequired Metadata|%s\nOptional Metadata|%s",
                           str_is_empty(p->payload) ? "optional" : p->payload,
                           listed(c, &p->meta_required), listed(c, &p->meta_optional)));
}

static void print_deployment(struct cli *c, const struct job *j)
{
    struct deployment d;
    struct buf b = BUF_INIT;
    char *path = arena_printf(&c->arena, "/v1/job/%s/deployment", j->id);
    if (!str_eq(j->type, "service") ||
        !cli_get(c, path, &deployment_desc, &d, "Error querying deployment") || str_is_empty(d.id))
        return;
    buf_printf(&b, "ID|%s\nStatus|%s\nDescription|%s", cli_short(c, d.id), d.status,
               d.status_description);
    printf("\nLatest Deployment\n");
    cli_pairs(b.data);
    buf_fini(&b);
    cli_print_deployed(c, &d);
}

static void print_allocs(struct cli *c, const struct alloc_list *list, bool by_node)
{
    struct buf b = BUF_INIT;
    printf("\nAllocations\n");
    if (!list->n) {
        printf("No allocations placed\n");
        return;
    }
    buf_printf(&b, "ID|Node ID|Task Group|Version|Desired|Status|Created|Modified");
    for (size_t i = list->n; i-- > 0;) { /* the newest first */
        const struct allocation *x = &list->items[i];
        buf_printf(&b, "\n%s|%s|%s|%" PRIu64 "|%s|%s|%s|%s", cli_short(c, x->id),
                   cli_short(c, x->node_id), x->task_group, x->job_version, x->desired_status,
                   x->client_status, cli_ago(c, x->create_time_ns), cli_ago(c, x->modify_time_ns));
    }
    cli_columns(b.data);
    buf_fini(&b);
}

int cmd_status(struct cli *c)
{
    struct job j;
    struct alloc_list allocs = {NULL, 0};
    struct buf out = BUF_INIT;
    bool brief = cli_flag(c, "short", NULL);
    if (cli_unknown_flag(c))
        return 1;
    if (!c->n_args)
        return list_jobs(c);
    int status = cli_send(c, "GET", arena_printf(&c->arena, "/v1/job/%s", c->args[0]), NULL, &out);
    if (status == 404)
        fprintf(stderr, "No job(s) with prefix or id \"%s\" found\n", c->args[0]);
    rec_init(&job_desc, &j);
    if (status != 200 || rec_json_parse(&job_desc, out.data, out.len, 0, &c->arena, &j, NULL)) {
        buf_fini(&out);
        return 1;
    }
    buf_fini(&out);
    print_job(c, &j);
    if (brief)
        return 0;
    if (j.periodic || (j.parameterized && !j.dispatched)) {
        if (j.parameterized)
            print_parameters(c, &j);
        print_children(c, &j);
        return 0;
    }
    print_summary(c, &j);
    print_failures(c, &j);
    print_future(c, &j);
    print_deployment(c, &j);
    if (!cli_get_list(c, arena_printf(&c->arena, "/v1/job/%s/allocations", j.id), &allocation_desc,
                      &allocs, "Error querying allocations"))
        return 1;
    print_allocs(c, &allocs, false);
    return 0;
}

/* --- allocations ----------------------------------------------------------------------------- */

const char *cli_whole_prefix(struct cli *c, const char *prefix)
{
    size_t digits = 0;
    for (const char *p = prefix; *p; p++)
        digits += *p != '-';
    return digits % 2 ? arena_strndup(&c->arena, prefix, strlen(prefix) - 1) : prefix;
}

const char *cli_resolve(struct cli *c, const char *kind, const char *path, const char *prefix)
{
    struct alloc_list list = {NULL,
                              0}; /* of every kind only the id is read, which all have first */
    if (strlen(prefix) < 2) {
        fprintf(stderr, "Identifier must contain at least two characters.\n");
        return NULL;
    }
    if (!cli_get_list(c, arena_printf(&c->arena, "%s?prefix=%s", path, cli_whole_prefix(c, prefix)),
                      &allocation_desc, &list, "Error querying"))
        return NULL;
    if (list.n == 0)
        fprintf(stderr, "No %s(s) with prefix%s \"%s\" found\n", kind,
                str_eq(kind, "node") ? "" : " or id", prefix);
    if (list.n > 1) {
        fprintf(stderr, "Prefix matched multiple %ss\n", kind);
        for (size_t i = 0; i < list.n; i++)
            fprintf(stderr, "%s\n", list.items[i].id);
    }
    return list.n == 1 ? list.items[0].id : NULL;
}

static void print_addresses(const struct allocation *x)
{
    struct buf b = BUF_INIT;
    if (!x->resources.shared.ports.n)
        return;
    buf_str_add(&b, "Label|Dynamic|Address");
    for (size_t i = 0; i < x->resources.shared.ports.n; i++) {
        const struct port_mapping *p = &x->resources.shared.ports.items[i];
        bool fixed = false;
        for (size_t n = 0; n < x->resources.shared.networks.n; n++)
            for (size_t k = 0; k < x->resources.shared.networks.items[n].reserved_ports.n; k++)
                fixed |= str_eq(x->resources.shared.networks.items[n].reserved_ports.items[k].label,
                                p->label);
        buf_printf(&b, "\n*%s|%s|%s:%" PRId64, p->label, fixed ? "no" : "yes", p->host_ip,
                   p->value);
    }
    printf("\nAllocation Addresses\n");
    cli_columns(b.data);
    buf_fini(&b);
}

static void print_task(struct cli *c, const struct allocation *x, const struct task_state *s)
{
    struct buf b = BUF_INIT;
    const struct allocated_task *t = rec_map_find(&x->resources.tasks, sizeof(*t), s->key);
    printf("\nTask \"%s\" is \"%s\"\n", s->key, s->state);
    if (t) {
        buf_printf(&b,
                   "CPU|Memory|Disk|Addresses\n%" PRId64 " MHz|%" PRId64 " MiB|%" PRId64 " MiB|",
                   t->cpu.cpu_shares, t->memory.memory_mb, x->resources.shared.disk_mb);
        for (size_t i = 0; i < t->networks.n; i++)
            for (size_t k = 0; k < t->networks.items[i].dynamic_ports.n; k++)
                buf_printf(
                    &b, "%s: %s:%" PRId64 " ", t->networks.items[i].dynamic_ports.items[k].label,
                    t->networks.items[i].ip, t->networks.items[i].dynamic_ports.items[k].value);
        printf("Task Resources\n");
        cli_columns(b.data);
        buf_clear(&b);
    }
    buf_printf(&b, "Started At|%s\nFinished At|%s\nTotal Restarts|%" PRIu64 "\nLast Restart|%s",
               cli_time(c, s->started_at_ns), cli_time(c, s->finished_at_ns), s->restarts,
               cli_time(c, s->last_restart_ns));
    printf("\nTask Events:\n");
    cli_pairs(b.data);
    buf_clear(&b);
    buf_str_add(&b, "Time|Type|Description");
    for (size_t i = s->events.n; i-- > 0;)
        buf_printf(&b, "\n%s|%s|%s", cli_time(c, s->events.items[i].time_ns),
                   s->events.items[i].type, s->events.items[i].display_message);
    printf("\nRecent Events:\n");
    cli_columns(b.data);
    buf_fini(&b);
}

/* When a failure that waits to be tried elsewhere will be. */
static void add_reschedule(struct cli *c, const struct allocation *x, struct buf *b)
{
    struct evaluation e;
    if (str_is_empty(x->followup_eval_id) || !str_is_empty(x->next_allocation) ||
        !cli_get(c, arena_printf(&c->arena, "/v1/evaluation/%s", x->followup_eval_id),
                 &evaluation_desc, &e, "Error querying evaluation"))
        return;
    int64_t left = e.wait_until_ns - clock_wall_ns();
    if (left > 0)
        buf_printf(b, "\nReschedule Eligibility|%s from now", cli_span(c, left));
}

int cmd_alloc_status(struct cli *c)
{
    struct allocation x;
    struct buf b = BUF_INIT;
    if (cli_unknown_flag(c))
        return 1;
    if (c->n_args != 1) {
        fprintf(stderr,
                "This command takes one of the following argument conditions:\n * A single "
                "<allocation>\n * No arguments, with output format specified\nFor additional help "
                "try 'platform alloc status -help'\n");
        return 1;
    }
    const char *id = cli_resolve(c, "allocation", "/v1/allocations", c->args[0]);
    if (!id || !cli_get(c, arena_printf(&c->arena, "/v1/allocation/%s", id), &allocation_desc, &x,
                        "Error querying allocation"))
        return 1;
    buf_printf(
        &b,
        "ID|%s\nEval ID|%s\nName|%s\nNode ID|%s\nNode Name|%s\nJob ID|%s\nJob Version|%" PRIu64
        "\nClient Status|%s\nClient Description|%s\nDesired Status|%s\nDesired Description|%s\n"
        "Created|%s\nModified|%s",
        x.id, cli_short(c, x.eval_id), x.name, cli_short(c, x.node_id), x.node_name, x.job_id,
        x.job_version, x.client_status,
        str_is_empty(x.client_description) ? "<none>" : x.client_description, x.desired_status,
        str_is_empty(x.desired_description) ? "<none>" : x.desired_description,
        cli_ago(c, x.create_time_ns), cli_ago(c, x.modify_time_ns));
    if (!str_is_empty(x.deployment_id)) {
        int8_t h = x.deployment_status ? x.deployment_status->healthy : REC_NULL_BOOL;
        buf_printf(&b, "\nDeployment ID|%s\nDeployment Health|%s", cli_short(c, x.deployment_id),
                   h == 1   ? "healthy"
                   : h == 0 ? "unhealthy"
                            : "unset");
        if (x.deployment_status && x.deployment_status->canary)
            buf_str_add(&b, "\nCanary|true");
    }
    if (!str_is_empty(x.next_allocation))
        buf_printf(&b, "\nReplacement Alloc ID|%s", cli_short(c, x.next_allocation));
    add_reschedule(c, &x, &b);
    cli_pairs(b.data);
    buf_fini(&b);
    print_addresses(&x);
    for (size_t i = 0; i < x.task_states.n; i++)
        print_task(c, &x, &x.task_states.items[i]);
    return 0;
}

/* Streams: printed as it comes, until the other side ends. */
int cmd_logs(struct cli *c)
{
    bool follow = cli_flag(c, "f", NULL), err = cli_flag(c, "stderr", NULL);
    struct allocation x;
    if (cli_unknown_flag(c))
        return 1;
    if (c->n_args < 1 || c->n_args > 2) {
        fprintf(stderr, "This command takes one or two arguments: <alloc> [<task>]\n");
        return 1;
    }
    const char *id = cli_resolve(c, "allocation", "/v1/allocations", c->args[0]);
    if (!id || !cli_get(c, arena_printf(&c->arena, "/v1/allocation/%s", id), &allocation_desc, &x,
                        "Error querying allocation"))
        return 1;
    const char *task = c->n_args > 1     ? c->args[1]
                       : x.task_states.n ? x.task_states.items[0].key
                                         : NULL;
    if (c->n_args == 1 && x.task_states.n > 1) {
        fprintf(stderr, "Allocation \"%s\" is running the following tasks:\n", cli_short(c, id));
        for (size_t i = 0; i < x.task_states.n; i++)
            fprintf(stderr, "  * %s\n", x.task_states.items[i].key);
        fprintf(stderr, "\nPlease specify the task.\n");
        return 1;
    }
    if (!task || !rec_map_find(&x.task_states, sizeof(struct task_state), task)) {
        fprintf(stderr,
                "Error reading file: Unexpected response code: 400 (unknown task name \"%s\")\n",
                task ? task : "");
        return 1;
    }
    char *url =
        arena_printf(&c->arena, "%s/v1/client/fs/logs/%s?task=%s&type=%s&plain=true&follow=%s",
                     c->address, id, task, err ? "stderr" : "stdout", follow ? "true" : "false");
    struct err e = ERR_INIT;
    if (http_download(url, stdout, &e)) {
        fprintf(stderr, "Error reading file: %s\n", e.text);
        return 1;
    }
    return 0;
}

/* --- nodes, evaluations, servers ------------------------------------------------------------- */

static int list_nodes(struct cli *c)
{
    struct {
        struct node *items;
        size_t n;
    } nodes = {NULL, 0};
    struct buf b = BUF_INIT;
    if (!cli_get_list(c, "/v1/nodes", &node_desc, &nodes, "Error querying node status"))
        return 1;
    if (!nodes.n)
        return 0;
    buf_str_add(&b, "ID|DC|Name|Class|Drain|Eligibility|Status");
    for (size_t i = 0; i < nodes.n; i++) {
        const struct node *n = &nodes.items[i];
        buf_printf(&b, "\n%s|%s|%s|%s|%s|%s|%s", cli_short(c, n->id), n->datacenter, n->name,
                   str_is_empty(n->node_class) ? "<none>" : n->node_class,
                   n->drain ? "true" : "false", n->scheduling_eligibility, n->status);
    }
    cli_columns(b.data);
    buf_fini(&b);
    return 0;
}

int cmd_node_status(struct cli *c)
{
    struct node n;
    struct alloc_list allocs = {NULL, 0};
    struct buf b = BUF_INIT;
    if (cli_unknown_flag(c))
        return 1;
    if (!c->n_args)
        return list_nodes(c);
    const char *id = cli_resolve(c, "node", "/v1/nodes", c->args[0]);
    if (!id || !cli_get(c, arena_printf(&c->arena, "/v1/node/%s", id), &node_desc, &n,
                        "Error querying node"))
        return 1;
    buf_printf(
        &b, "ID|%s\nName|%s\nClass|%s\nDC|%s\nDrain|%s\nEligibility|%s\nStatus|%s\nDriver Status|",
        n.id, n.name, str_is_empty(n.node_class) ? "<none>" : n.node_class, n.datacenter,
        n.drain ? "true" : "false", n.scheduling_eligibility, n.status);
    const char *comma = "";
    for (size_t i = 0; i < n.drivers.n; i++)
        if (n.drivers.items[i].detected) {
            buf_printf(&b, "%s%s", comma, n.drivers.items[i].key);
            comma = ",";
        }
    cli_pairs(b.data);
    buf_clear(&b);
    buf_str_add(&b, "Time|Subsystem|Message");
    for (size_t i = n.events.n; i-- > 0;)
        buf_printf(&b, "\n%s|%s|%s", cli_time(c, n.events.items[i].timestamp_ns),
                   n.events.items[i].subsystem, n.events.items[i].message);
    printf("\nNode Events\n");
    cli_columns(b.data);
    buf_fini(&b);
    if (!cli_get_list(c, arena_printf(&c->arena, "/v1/node/%s/allocations", id), &allocation_desc,
                      &allocs, "Error querying allocations"))
        return 1;
    print_allocs(c, &allocs, true);
    return 0;
}

int cmd_eval_status(struct cli *c)
{
    struct evaluation e;
    struct buf b = BUF_INIT;
    if (cli_unknown_flag(c))
        return 1;
    if (c->n_args != 1) {
        fprintf(stderr, "This command takes one argument: <evaluation>\n");
        return 1;
    }
    const char *id = cli_resolve(c, "evaluation", "/v1/evaluations", c->args[0]);
    if (!id || !cli_get(c, arena_printf(&c->arena, "/v1/evaluation/%s", id), &evaluation_desc, &e,
                        "Error querying evaluation"))
        return 1;
    buf_printf(&b,
               "ID|%s\nCreate Time|%s\nModify Time|%s\nStatus|%s\nStatus Description|%s\nType|%s\n"
               "TriggeredBy|%s\nJob ID|%s\nPriority|%" PRId64 "\nPlacement Failures|%s",
               cli_short(c, e.id), cli_ago(c, e.create_time_ns), cli_ago(c, e.modify_time_ns),
               e.status, str_is_empty(e.status_description) ? e.status : e.status_description,
               e.type, e.triggered_by, e.job_id, e.priority,
               e.failed_tg_allocs.n ? "true" : "false");
    cli_pairs(b.data);
    buf_fini(&b);
    if (!e.failed_tg_allocs.n)
        return 0;
    printf("\nFailed Placements\n");
    for (size_t i = 0; i < e.failed_tg_allocs.n; i++) {
        const struct alloc_metric *m = &e.failed_tg_allocs.items[i];
        int64_t n = m->coalesced_failures + 1;
        printf("Task Group \"%s\" (failed to place %" PRId64 " allocation%s):\n", m->key, n,
               n == 1 ? "" : "s");
        cli_print_metrics(m, "  ");
    }
    if (!str_is_empty(e.blocked_eval))
        printf("\nEvaluation \"%s\" waiting for additional capacity to place remainder\n",
               cli_short(c, e.blocked_eval));
    return 0;
}

int cmd_members(struct cli *c)
{
    struct buf text = BUF_INIT, b = BUF_INIT;
    int status = cli_send(c, "GET", "/v1/agent/members", NULL, &text);
    if (status != 200) {
        if (status)
            fprintf(stderr, "Error querying servers: Unexpected response code: %d (%s)\n", status,
                    buf_str(&text));
        buf_fini(&text);
        return 1;
    }
    json_t *root = json_loadb(text.data, text.len, 0, NULL), *m;
    size_t i;
    buf_str_add(&b, "Name|Address|Port|Status|Leader|Protocol|Build|Datacenter|Region");
    json_array_foreach(json_object_get(root, "Members"), i, m)
    {
        json_t *tags = json_object_get(m, "Tags");
        buf_printf(&b, "\n%s|%s|%d|%s|true|%d|%s|%s|%s",
                   json_string_value(json_object_get(m, "Name")),
                   json_string_value(json_object_get(m, "Addr")),
                   (int)json_integer_value(json_object_get(m, "Port")),
                   json_string_value(json_object_get(m, "Status")),
                   (int)json_integer_value(json_object_get(m, "ProtocolCur")),
                   json_string_value(json_object_get(tags, "build")),
                   json_string_value(json_object_get(tags, "dc")),
                   json_string_value(json_object_get(tags, "region")));
    }
    cli_columns(b.data);
    json_decref(root);
    buf_fini(&b);
    buf_fini(&text);
    return 0;
}
