/* Start: state, scheduler, APIs, local agent, DNS, proxy, client. Stop: the other way round, so
 * that nothing is routed to what is gone and nothing acknowledged is lost. */
#include "agent/agent.h"
#include "agent/base/file.h"
#include "agent/base/id.h"
#include "agent/base/log.h"
#include "agent/base/loop.h"
#include "agent/base/str.h"
#include "agent/cli/cli.h"
#include "agent/client/client.h"
#include "agent/config.h"
#include "discovery/catalog.h"
#include "discovery/discovery.h"
#include "dns/dns.h"
#include "lb/lb.h"
#include "scheduler/scheduler.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOMAD_VERSION  "1.0.18"
#define CONSUL_VERSION "1.10.11"
#define DRAIN_MS       5000

struct agent {
    struct arena arena;
    struct agent_config config;
    char *dir;
    bool temporary;
    struct loop loop;
    struct store *store;
    struct scheduler *scheduler;
    struct http_server *nomad, *rpc, *consul;
    struct local_agent *local;
    struct discovery_api discovery;
    struct dns *dns;
    struct lb *lb;
    struct client *client;
    uv_signal_t sigint, sigterm;
    int http_port, rpc_port, consul_port, dns_port, lb_port, lb_admin_port;
    bool stopping;
};

/* --- start ----------------------------------------------------------------------------------- */

static int open_dir(struct agent *g, struct err *e)
{
    if (!str_is_empty(g->config.data_dir)) {
        g->dir = g->config.data_dir;
        return file_mkdirs(g->dir, 0700, e);
    }
    g->dir = arena_strdup(&g->arena, "/tmp/platform-dev-XXXXXX");
    g->temporary = true;
    if (!mkdtemp(g->dir))
        return err_set(e, ERR_IO, "%s: no temporary directory", g->dir);
    chmod(g->dir, 0711); /* tasks of other users pass through it */
    return 0;
}

static int open_store(struct agent *g, struct err *e)
{
    static const struct store_module *modules[2];
    modules[0] = &catalog_store_module;
    modules[1] = &scheduler_store_module;
    struct store_config c = {.dir = arena_printf(&g->arena, "%s/server", g->dir),
                             .modules = modules,
                             .n_modules = 2,
                             .map_size_bytes = (size_t)g->config.state_max_mb << 20};
    return store_open(&c, &g->store, e);
}

static int serve(struct agent *g, const char *name, enum http_dialect dialect, int port,
                 struct http_server **out, struct err *e)
{
    struct http_server_config c = {
        .name = name, .dialect = dialect, .store = g->store, .gzip = dialect != HTTP_PLAIN};
    return http_server_new(&g->loop, &c, out, e);
}

static int start_scheduler(struct agent *g, struct err *e)
{
    struct scheduler_config c = {.loop = &g->loop,
                                 .store = g->store,
                                 .workers = (unsigned)g->config.workers,
                                 .datacenter = g->config.datacenter,
                                 .region = g->config.region,
                                 .name = g->config.name,
                                 .version = NOMAD_VERSION};
    c.advertise_http =
        arena_printf(&g->arena, "%s:%d", g->config.bind_addr, (int)g->config.ports->http);
    int rv = scheduler_new(&c, &g->scheduler, e);
    if (!rv)
        rv = serve(g, "nomad-api", HTTP_NOMAD, (int)g->config.ports->http, &g->nomad, e);
    if (!rv)
        rv = serve(g, "rpc", HTTP_PLAIN, (int)g->config.ports->rpc, &g->rpc, e);
    if (!rv)
        rv = serve(g, "consul-api", HTTP_CONSUL, (int)g->config.ports->consul, &g->consul, e);
    return rv;
}

/* The node's id in the catalog: kept, as clients remember it. */
static char *node_id(struct agent *g)
{
    char *path = arena_printf(&g->arena, "%s/node-id", g->dir);
    struct buf b = BUF_INIT;
    uuid_text id;
    if (file_read(path, 100, &b, NULL) || sscanf(b.data, "%36s", id) != 1 || !id_is_uuid(id)) {
        id_new(id);
        file_write_atomic(path, id, ID_LEN, 0600, NULL);
    }
    buf_fini(&b);
    return arena_strdup(&g->arena, id);
}

static int start_discovery(struct agent *g, struct err *e)
{
    struct local_config c = {.loop = &g->loop,
                             .store = g->store,
                             .node_name = g->config.name,
                             .address = g->config.bind_addr,
                             .datacenter = g->config.datacenter,
                             .version = CONSUL_VERSION,
                             .server = true,
                             .enable_script_checks = g->config.enable_script_checks,
                             .rpc_port = 8300};
    c.node_id = node_id(g);
    c.data_dir = arena_printf(&g->arena, "%s/agent", g->dir);
    int rv = local_agent_new(&c, &g->local, e);
    if (rv)
        return rv;
    local_agent_start(g->local, NULL, NULL);
    g->discovery = (struct discovery_api){.store = g->store,
                                          .loop = &g->loop,
                                          .local = g->local,
                                          .node_name = g->config.name,
                                          .node_id = c.node_id,
                                          .address = g->config.bind_addr,
                                          .datacenter = g->config.datacenter,
                                          .version = CONSUL_VERSION,
                                          .rpc_port = 8300};
    return 0;
}

static int start_readers(struct agent *g, struct err *e)
{
    struct dns_config d = {.store = g->store,
                           .addr = g->config.bind_addr,
                           .port = (int)g->config.ports->dns,
                           .threads = (unsigned)g->config.dns_threads,
                           .domain = "consul",
                           .datacenter = g->config.datacenter,
                           .node_name = g->config.name,
                           .enable_truncate = true};
    struct lb_config l = {.loop = &g->loop,
                          .store = g->store,
                          .addr = g->config.bind_addr,
                          .port = (int)g->config.ports->lb,
                          .admin_addr = g->config.bind_addr,
                          .admin_port = (int)g->config.ports->lb_admin,
                          .threads = (unsigned)g->config.lb_threads,
                          .tag_prefix = "urlprefix-",
                          .datacenter = g->config.datacenter};
    int rv = dns_new(&d, &g->dns, &g->dns_port, e);
    if (!rv)
        rv = lb_new(&l, &g->lb, &g->lb_port, &g->lb_admin_port, e);
    if (!rv)
        local_set_barrier(g->local, lb_wait_index, g->lb);
    g->discovery.dns_port = g->dns_port;
    return rv;
}

static int start_client(struct agent *g, struct err *e)
{
    struct client_config c = {.loop = &g->loop,
                              .name = g->config.name,
                              .datacenter = g->config.datacenter,
                              .region = g->config.region,
                              .node_class = g->config.node_class,
                              .address = g->config.bind_addr,
                              .nomad_version = NOMAD_VERSION,
                              .consul_version = CONSUL_VERSION,
                              .meta = &g->config.meta,
                              .local = g->local,
                              .kill_on_close = g->config.dev};
    c.rpc_url = arena_printf(&g->arena, "http://%s:%d", g->config.bind_addr, g->rpc_port);
    c.state_dir = arena_printf(&g->arena, "%s/client", g->dir);
    c.alloc_dir = arena_printf(&g->arena, "%s/alloc", g->dir);
    c.http_addr = arena_printf(&g->arena, "%s:%d", g->config.bind_addr, g->http_port);
    int rv = client_new(&c, &g->client, e);
    if (!rv)
        client_api_routes(g->client, g->nomad);
    return rv;
}

static int start(struct agent *g, struct err *e)
{
    int rv = open_dir(g, e);
    if (!rv)
        rv = open_store(g, e);
    if (!rv)
        rv = start_scheduler(g, e);
    if (!rv)
        rv = start_discovery(g, e);
    if (!rv)
        rv = start_readers(g, e);
    if (rv)
        return rv;
    scheduler_api_routes(g->scheduler, g->nomad);
    scheduler_rpc_routes(g->scheduler, g->rpc);
    discovery_api_routes(&g->discovery, g->consul);
    const struct agent_ports *p = g->config.ports;
    rv = http_listen(g->rpc, g->config.bind_addr, (int)p->rpc, &g->rpc_port, e);
    if (!rv)
        rv = http_listen(g->consul, g->config.bind_addr, (int)p->consul, &g->consul_port, e);
    if (!rv)
        rv = http_listen(g->nomad, g->config.bind_addr, (int)p->http, &g->http_port, e);
    if (!rv)
        rv = start_client(g, e);
    return rv;
}

/* --- stop: each step is the callback of the one before --------------------------------------- */

static void finish(void *arg)
{
    struct agent *g = arg;
    loop_stop(&g->loop);
}

static void stop_local(void *arg)
{
    struct agent *g = arg;
    local_agent_close(g->local, finish, g);
}

static void stop_scheduler(void *arg)
{
    struct agent *g = arg;
    scheduler_close(g->scheduler, stop_local, g);
}

static void stop_rpc(void *arg)
{
    struct agent *g = arg;
    http_server_close(g->rpc, stop_scheduler, g);
}

static void stop_consul(void *arg)
{
    struct agent *g = arg;
    http_server_close(g->consul, stop_rpc, g);
}

static void stop_nomad(void *arg)
{
    struct agent *g = arg;
    dns_close(&g->dns);
    http_server_close(g->nomad, stop_consul, g);
}

static void stop_lb(void *arg)
{
    struct agent *g = arg;
    lb_close(g->lb, DRAIN_MS, stop_nomad, g);
}

static void on_signal(uv_signal_t *h, int signum)
{
    struct agent *g = h->data;
    if (g->stopping) {
        printf("==> Caught signal again: leaving at once\n");
        fflush(stdout);
        _exit(1); /* what is durable is; the next start finds it */
    }
    g->stopping = true;
    printf("==> Caught signal: %s\n==> Gracefully shutting down agent...\n",
           signum == SIGINT ? "interrupt" : "terminated");
    fflush(stdout);
    client_close(g->client, stop_lb, g);
}

/* --- run ------------------------------------------------------------------------------------- */

static void greet(const struct agent *g)
{
    const char *addr = g->config.bind_addr;
    printf("==> platform agent started\n\n"
           "      Version: %s (Nomad API %s, Consul API %s)\n"
           "    Node name: %s (datacenter %s)\n"
           "         Data: %s\n"
           "    Nomad API: http://%s:%d\n"
           "   Consul API: http://%s:%d\n"
           "          DNS: %s:%d\n"
           "        Proxy: http://%s:%d (routes: http://%s:%d/routes)\n\n"
           "==> Log data will now stream in as it occurs:\n\n",
           cli_version(), NOMAD_VERSION, CONSUL_VERSION, g->config.name, g->config.datacenter,
           g->dir, addr, g->http_port, addr, g->consul_port, addr, g->dns_port, addr, g->lb_port,
           addr, g->lb_admin_port);
    fflush(stdout);
}

static void raise_limits(void)
{
    struct rlimit r;
    if (!getrlimit(RLIMIT_NOFILE, &r)) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    mallopt(M_ARENA_MAX, 2); /* a heap a thread would cost more than it saves */
    mallopt(M_TRIM_THRESHOLD,
            4 << 20); /* giving pages back and faulting them in again, a request */
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int agent_run(int argc, char **argv)
{
    if (argc && (!strcmp(argv[0], "-h") || !strcmp(argv[0] + strspn(argv[0], "-"), "help"))) {
        agent_config_help(stdout);
        return 0;
    }
    struct agent *g = MEM_NEW(struct agent);
    struct err e = ERR_INIT;
    enum log_level level;
    if (agent_config_parse(argc, argv, &g->arena, &g->config, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    log_level_parse(g->config.log_level, &level);
    log_configure(level, g->config.log_json, STDERR_FILENO);
    signal(SIGPIPE, SIG_IGN);
    raise_limits();
    loop_init(&g->loop);
    if (start(g, &e)) {
        fprintf(stderr, "==> Error starting agent: %s\n", e.text);
        if (g->temporary)
            file_remove_tree(g->dir, NULL);
        _exit(1); /* half started: threads are running that nobody would stop */
    }
    uv_signal_t *signals[] = {&g->sigint, &g->sigterm};
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&g->loop.uv, signals[i]);
        signals[i]->data = g;
        uv_signal_start(signals[i], on_signal, i ? SIGTERM : SIGINT);
    }
    greet(g);
    loop_run(&g->loop);
    store_close(&g->store);
    if (g->temporary)
        file_remove_tree(g->dir, NULL);
    fflush(NULL);
    _exit(0); /* connections that clients keep open are the kernel's to close */
}
