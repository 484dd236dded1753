#include "test/unit/support/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct arena arena;
static struct client client;
static struct alloc_runner runner;
static struct task_runner task;

static const char job_text[] =
    "job \"shop\" {\n name = \"The Shop\"\n meta = { who = \"job\", from_job = \"j\" }\n"
    " group \"web\" {\n network {\n port \"http\" { to = 8080 }\n }\n"
    " service {\n name = \"front\"\n port = \"http\"\n }\n"
    " task \"server\" {\n driver = \"raw_exec\"\n meta = { who = \"task\" }\n"
    " service {\n name = \"api\"\n port = \"http\"\n tags = [\"${NOMAD_DC}\"]\n }\n"
    " env {\n DOLLAR = \"$${UNKNOWN} stays\"\n GREETING = \"hello from "
    "${NOMAD_HOST_PORT_http} on ${node.unique.name}, ${attr.kernel.name}, rack ${meta.rack}\"\n }\n"
    " resources {\n cpu = 250\n memory = 64\n }\n }\n }\n}\n";

static const char alloc_text[] =
    "{\"ID\":\"0363bef9-cf86-c166-16d9-b5ba9435f236\",\"Name\":\"shop.web[2]\",\"JobID\":\"shop\","
    "\"TaskGroup\":\"web\",\"AllocatedResources\":{\"Tasks\":{\"server\":{\"Cpu\":{\"CpuShares\":"
    "250},\"Memory\":{\"MemoryMB\":64}}},\"Shared\":{\"DiskMB\":300,\"Networks\":[{\"IP\":"
    "\"10.0.0.7\",\"DynamicPorts\":[{\"Label\":\"http\",\"Value\":23456,\"To\":8080}]}]}}}";

static void make(void)
{
    struct job_mistakes m = {.arena = &arena};
    struct err e = ERR_INIT;
    rec_init(&node_desc, &client.node);
    client.node.id = arena_strdup(&arena, "11111111-2222-4333-8444-555555555555");
    client.node.name = arena_strdup(&arena, "n7");
    client.node.datacenter = arena_strdup(&arena, "dc1");
    client.node.node_class = arena_strdup(&arena, "big");
    rec_str_map_set(&client.node.attributes, &arena, "kernel.name", "linux");
    rec_str_map_set(&client.node.attributes, &arena, "unique.network.ip-address", "10.0.0.7");
    rec_str_map_set(&client.node.meta, &arena, "rack", "r1");
    if (job_parse_hcl("t", job_text, strlen(job_text), &arena, &runner.job, &m))
        fail_msg("%s", m.items[0].text);
    job_canonicalize(runner.job, &arena);
    rec_init(&allocation_desc, &runner.alloc);
    if (rec_json_parse(&allocation_desc, alloc_text, strlen(alloc_text), 0, &arena, &runner.alloc,
                       &e))
        fail_msg("%s", e.text);
    runner.client = &client;
    runner.group = &runner.job->groups.items[0];
    runner.dir = arena_strdup(&arena, "/data/a1");
    task.alloc = &runner;
    task.task = &runner.group->tasks.items[0];
    task.dir = arena_strdup(&arena, "/data/a1/server");
}

struct task_runner *test_task(void)
{
    if (!task.alloc)
        make();
    return &task;
}

void test_task_free(void)
{
    arena_fini(&arena);
}
