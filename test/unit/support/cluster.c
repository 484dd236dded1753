#include "test/unit/support/cluster.h"
#include "agent/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

char *cluster_uuid(struct arena *a, unsigned n)
{
    return arena_printf(a, "%08x-0000-4000-8000-%012x", n, n);
}

struct node *cluster_node(struct arena *a, unsigned n)
{
    struct node *x = ARENA_NEW(a, struct node);
    rec_init(&node_desc, x);
    x->id = cluster_uuid(a, n);
    x->secret_id = cluster_uuid(a, n + 100000);
    x->name = arena_printf(a, "node%u", n);
    x->datacenter = arena_strdup(a, "dc1");
    x->status = arena_strdup(a, "ready");
    x->scheduling_eligibility = arena_strdup(a, "eligible");
    x->resources.cpu.cpu_shares = 4000;
    x->resources.memory.memory_mb = 8000;
    x->resources.disk.disk_mb = 50000;
    struct driver_info *d = rec_list_add(&driver_info_desc, &x->drivers, a);
    d->key = arena_strdup(a, "raw_exec");
    d->detected = d->healthy = true;
    return x;
}

struct job *cluster_job(struct arena *a, const char *id, const char *type, int64_t count)
{
    struct job *j = ARENA_NEW(a, struct job);
    rec_init(&job_desc, j);
    j->id = arena_strdup(a, id);
    j->name = j->id;
    j->type = arena_strdup(a, type);
    rec_strs_add(&j->datacenters, a, "dc1");
    struct task_group *g = rec_list_add(&task_group_desc, &j->groups, a);
    g->name = arena_strdup(a, "web");
    g->count = count;
    struct task *t = rec_list_add(&task_desc, &g->tasks, a);
    t->name = arena_strdup(a, "web");
    t->driver = arena_strdup(a, "raw_exec");
    t->config = arena_strdup(a, "{\"command\":\"/bin/true\"}");
    t->resources = ARENA_NEW(a, struct resources);
    rec_init(&resources_desc, t->resources);
    t->resources->cpu = 100;
    t->resources->memory_mb = 64;
    job_canonicalize(j, a);
    return j;
}

struct allocation *cluster_alloc(struct arena *a, struct allocations *list, const struct job *j,
                                 const char *node_id, int index)
{
    struct allocation *x = rec_list_add(&allocation_desc, list, a);
    x->id = cluster_uuid(a, 0xa0000 + (unsigned)list->n);
    x->namespace = arena_strdup(a, "default");
    x->name = arena_printf(a, "%s.web[%d]", j->id, index);
    x->job_id = j->id;
    x->job_version = j->version;
    x->job_modify_index = j->job_modify_index;
    x->job_type = j->type;
    x->task_group = arena_strdup(a, "web");
    x->node_id = arena_strdup(a, node_id);
    x->desired_status = arena_strdup(a, "run");
    x->client_status = arena_strdup(a, "running");
    x->modify_time_ns = CLUSTER_NOW;
    return x;
}

struct store *cluster_open(char *dir)
{
    static const struct store_module *const modules[] = {&scheduler_store_module};
    strcpy(dir, "/tmp/platform-cluster-XXXXXX");
    assert_non_null(mkdtemp(dir));
    struct store_config c = {
        .dir = dir, .modules = modules, .n_modules = 1, .map_size_bytes = 1 << 28};
    struct store *s = NULL;
    struct err e = ERR_INIT;
    if (store_open(&c, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

int cluster_close(struct store **s, const char *dir)
{
    store_close(s);
    return file_remove_tree(dir, NULL);
}

log_index cluster_propose(struct store *s, uint16_t command, const struct rec_desc *d,
                          const void *rec, struct store_result *r)
{
    struct buf b = BUF_INIT;
    struct store_result own;
    log_index index = 0;
    rec_pack(d, rec, &b);
    assert_int_equal(0, store_propose_wait(s, command, b.data, b.len, &index, r ? r : &own));
    buf_fini(&b);
    return index;
}

char *cluster_register(struct store *s, struct arena *a, struct job *j)
{
    struct evaluation e;
    struct store_result r;
    evaluation_init(&e, a, j, "job-register", CLUSTER_NOW);
    struct cmd_job_register c = {.job = *j, .eval = &e};
    cluster_propose(s, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_int_equal(0, r.code);
    return e.id;
}

void cluster_add_node(struct store *s, struct node *n)
{
    struct store_result r;
    cluster_propose(s, CMD_NODE_REGISTER, &node_desc, n, &r);
    assert_int_equal(0, r.code);
}

/* --- a running scheduler --------------------------------------------------------------------- */

struct cluster cluster;
static char dir[64];
static volatile bool closed;

int cluster_start_as(struct scheduler_config c)
{
    struct err e = ERR_INIT;
    c.store = cluster.store = cluster_open(dir);
    c.loop = &cluster.loop;
    loop_init(&cluster.loop);
    return scheduler_new(&c, &cluster.scheduler, &e);
}

int cluster_start(void **state)
{
    return cluster_start_as((struct scheduler_config){.workers = 2});
}

static void on_closed(void *arg)
{
    closed = true;
}

int cluster_stop(void **state)
{
    closed = false;
    scheduler_close(cluster.scheduler, on_closed, NULL);
    bool in_time = loop_run_until(&cluster.loop, &closed, 10000);
    int rv = cluster_close(&cluster.store, dir);
    loop_close(&cluster.loop);
    arena_fini(&cluster.arena);
    return rv || !in_time;
}

void cluster_wait(cluster_condition holds, const void *arg)
{
    bool never = false, done = false;
    for (int i = 0; i < 1000 && !done; i++) {
        struct store_txn *t;
        loop_run_until(&cluster.loop, &never, 10);
        assert_int_equal(0, store_read(cluster.store, &t, NULL));
        done = holds(t, arg);
        store_read_end(&t);
    }
    assert_true(done);
}

struct allocations cluster_allocs(struct store_txn *t, const char *job)
{
    struct allocations all;
    assert_int_equal(0, state_job_allocs(t, "default", job, &cluster.arena, &all));
    return all;
}

size_t cluster_live(struct store_txn *t, const char *job)
{
    struct allocations all = cluster_allocs(t, job);
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        n += !alloc_is_terminal(&all.items[i]);
    return n;
}
