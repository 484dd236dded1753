/* Schedules 1,000 jobs of 10 allocations on 100 simulated nodes: from the first registration until
 * the last allocation is placed and durable. Prints one line. */
#include "agent/base/clock.h"
#include "agent/base/file.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct loop loop;
    struct store *store;
    struct scheduler *scheduler;
    long nodes, jobs, per_job;
    uint64_t wanted;
    uv_timer_t look;
    bool placed;
    volatile bool closed;
};

static void node_make(struct node *n, struct arena *a, long i)
{
    uuid_text id;
    rec_init(&node_desc, n);
    id_new(id);
    n->id = arena_strdup(a, id);
    id_new(id);
    n->secret_id = arena_strdup(a, id);
    n->name = arena_printf(a, "node-%ld", i);
    n->datacenter = arena_strdup(a, "dc1");
    n->status = arena_strdup(a, "ready");
    n->scheduling_eligibility = arena_strdup(a, "eligible");
    for (int k = 0; k < 40; k++) /* about what a fingerprint holds */
        rec_str_map_set(&n->attributes, a, arena_printf(a, "attr.number.%d", k), "some value");
    rec_str_map_set(&n->attributes, a, "kernel.name", "linux");
    n->resources.cpu.cpu_shares = 32000;
    n->resources.memory.memory_mb = 64000;
    n->resources.disk.disk_mb = 500000;
    struct driver_info *d = rec_list_add(&driver_info_desc, &n->drivers, a);
    d->key = arena_strdup(a, "raw_exec");
    d->detected = d->healthy = true;
}

static void job_make(struct job *j, struct arena *a, long i, long count)
{
    rec_init(&job_desc, j);
    j->id = arena_printf(a, "job-%ld", i);
    j->name = j->id;
    j->type = arena_strdup(a, "service");
    rec_strs_add(&j->datacenters, a, "dc1");
    struct constraint *c = rec_list_add(&constraint_desc, &j->constraints, a);
    c->ltarget = arena_strdup(a, "${attr.kernel.name}");
    c->rtarget = arena_strdup(a, "linux");
    struct task_group *g = rec_list_add(&task_group_desc, &j->groups, a);
    g->name = arena_strdup(a, "web");
    g->count = count;
    struct network *net = rec_list_add(&network_desc, &g->networks, a);
    ((struct port *)rec_list_add(&port_desc, &net->dynamic_ports, a))->label =
        arena_strdup(a, "http");
    struct task *t = rec_list_add(&task_desc, &g->tasks, a);
    t->name = arena_strdup(a, "web");
    t->driver = arena_strdup(a, "raw_exec");
    t->config = arena_strdup(a, "{\"command\":\"/bin/true\"}");
    t->resources = ARENA_NEW(a, struct resources);
    rec_init(&resources_desc, t->resources);
    t->resources->cpu = 50;
    t->resources->memory_mb = 64;
    job_canonicalize(j, a);
}

static void register_all(struct run *r)
{
    for (long i = 0; i < r->jobs; i++) {
        struct arena a = ARENA_INIT;
        struct evaluation e;
        struct cmd_job_register c = {.eval = &e};
        job_make(&c.job, &a, i, r->per_job);
        evaluation_init(&e, &a, &c.job, "job-register", clock_wall_ns());
        store_propose_rec(r->store, &r->loop, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, NULL,
                          NULL);
        arena_fini(&a);
    }
}

/* What a reader sees has been applied, and so is durable in the log. */
static void on_look(uv_timer_t *t)
{
    struct run *r = t->data;
    struct store_txn *txn;
    if (store_read(r->store, &txn, NULL))
        return;
    r->placed = store_count(txn, &table_allocs) >= r->wanted;
    store_read_end(&txn);
    if (r->placed)
        loop_stop(&r->loop);
}

static void on_closed(void *arg)
{
    ((struct run *)arg)->closed = true;
}

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static int open_all(struct run *r, const char *dir)
{
    static const struct store_module *const modules[] = {&scheduler_store_module};
    struct store_config sc = {.dir = dir, .modules = modules, .n_modules = 1};
    struct err e = ERR_INIT;
    if (store_open(&sc, &r->store, &e)) {
        fprintf(stderr, "schedule: %s\n", e.text);
        return 1;
    }
    loop_init(&r->loop);
    struct scheduler_config c = {
        .loop = &r->loop, .store = r->store, .workers = (unsigned)number("WORKERS", 2)};
    scheduler_new(&c, &r->scheduler, &e);
    uv_timer_init(&r->loop.uv, &r->look);
    r->look.data = r;
    for (long i = 0; i < r->nodes; i++) {
        struct arena a = ARENA_INIT;
        struct node n;
        struct buf b = BUF_INIT;
        node_make(&n, &a, i);
        rec_pack(&node_desc, &n, &b);
        store_propose_wait(r->store, CMD_NODE_REGISTER, b.data, b.len, NULL, NULL);
        buf_fini(&b);
        arena_fini(&a);
    }
    return 0;
}

int main(void)
{
    struct run r = {.nodes = number("NODES", 100),
                    .jobs = number("JOBS", 1000),
                    .per_job = number("PER_JOB", 10)};
    char dir[] = "/tmp/platform-schedule-XXXXXX";
    r.wanted = (uint64_t)(r.jobs * r.per_job);
    if (!mkdtemp(dir) || open_all(&r, dir))
        return 1;
    int64_t began = clock_wall_ns();
    register_all(&r);
    uv_timer_start(&r.look, on_look, 1, 1);
    loop_run(&r.loop);
    double seconds = (double)(clock_wall_ns() - began) / 1e9;
    printf("schedule: %ld jobs of %ld on %ld nodes: %.2f s, %.0f allocations/s\n", r.jobs,
           r.per_job, r.nodes, seconds, (double)r.wanted / seconds);
    uv_close((uv_handle_t *)&r.look, NULL);
    scheduler_close(r.scheduler, on_closed, &r);
    loop_run_until(&r.loop, &r.closed, 60000);
    store_close(&r.store);
    loop_close(&r.loop);
    return file_remove_tree(dir, NULL) != 0;
}
