/* A whole allocation as the API shows it: the record, and its resources once more in the form of
 * before 0.9, which older clients read. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>

static void write_networks(const struct networks *n, struct buf *out)
{
    if (!n->n)
        buf_str_add(out, "null");
    for (size_t i = 0; i < n->n; i++) {
        buf_char(out, i ? ',' : '[');
        rec_json_write(&network_desc, &n->items[i], out);
    }
    if (n->n)
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

void api_write_alloc(const struct allocation *x, struct buf *out)
{
    const struct allocated_resources *r = &x->resources;
    int64_t cpu = 0, memory_mb = 0;
    for (size_t i = 0; i < r->tasks.n; i++) {
        cpu += r->tasks.items[i].cpu.cpu_shares;
        memory_mb += r->tasks.items[i].memory.memory_mb;
    }
    rec_json_write(&allocation_desc, x, out);
    out->data[--out->len] = '\0'; /* reopened */
    buf_char(out, ',');
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
    buf_str_add(out, "}}");
}
