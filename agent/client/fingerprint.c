/* Fingerprints: what this node is, as attributes and resources (inventory nomad-client 3). */
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

struct print {
    struct node *n;
    struct arena *a;
};

static void set(struct print *p, const char *key, const char *value)
{
    rec_str_map_set(&p->n->attributes, p->a, key, value);
}

static void set_number(struct print *p, const char *key, long long value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", value);
    set(p, key, text);
}

/* The value behind "key" and ":" or "=" in a line of a file, trimmed; static memory. */
static const char *line_value(const char *path, const char *key)
{
    static char out[256];
    char line[1024];
    FILE *f = fopen(path, "re");
    const char *found = NULL;
    while (f && !found && fgets(line, sizeof(line), f)) {
        size_t n = strlen(key);
        if (strncmp(line, key, n) || !strchr(" \t:=", line[n]))
            continue;
        const char *v = line + n + strspn(line + n, " \t:=\"");
        snprintf(out, sizeof(out), "%s", v);
        out[strcspn(out, "\"\n")] = '\0';
        found = out;
    }
    if (f)
        fclose(f);
    return found;
}

static void print_cpu(struct print *p)
{
    struct utsname u;
    uname(&u);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const char *mhz = line_value("/proc/cpuinfo", "cpu MHz");
    double frequency = mhz ? atof(mhz) : 0;
    struct buf b = BUF_INIT;
    if (!file_read("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", 64, &b, NULL) &&
        atof(b.data) > 0)
        frequency = atof(b.data) / 1000;
    buf_fini(&b);
    if (frequency < 1)
        frequency = 1000; /* the kernel does not say (arm64 in a sandbox) */
    const char *model = line_value("/proc/cpuinfo", "model name");
    set(p, "cpu.arch",
        !strcmp(u.machine, "x86_64")    ? "amd64"
        : !strcmp(u.machine, "aarch64") ? "arm64"
                                        : u.machine);
    set(p, "cpu.modelname", model ? model : "unknown");
    set_number(p, "cpu.frequency", (long long)frequency);
    set_number(p, "cpu.numcores", cores);
    set_number(p, "cpu.totalcompute", (long long)(frequency * (double)cores));
    p->n->resources.cpu.cpu_shares = (int64_t)(frequency * (double)cores);
}

static void print_memory(struct print *p)
{
    struct sysinfo si;
    sysinfo(&si);
    unsigned long long bytes = (unsigned long long)si.totalram * si.mem_unit;
    set_number(p, "memory.totalbytes", (long long)bytes);
    p->n->resources.memory.memory_mb = (int64_t)(bytes >> 20);
}

static void print_storage(struct print *p, const char *dir)
{
    struct statvfs v;
    if (statvfs(dir, &v))
        return;
    set(p, "unique.storage.volume", dir);
    set_number(p, "unique.storage.bytestotal", (long long)(v.f_blocks * v.f_frsize));
    set_number(p, "unique.storage.bytesfree", (long long)(v.f_bavail * v.f_frsize));
    p->n->resources.disk.disk_mb = (int64_t)((v.f_bavail * v.f_frsize) >> 20);
}

static void print_host(struct print *p)
{
    struct utsname u;
    uname(&u);
    set(p, "kernel.name", "linux");
    set(p, "kernel.version", u.release);
    set(p, "kernel.arch", u.machine);
    set(p, "unique.hostname", u.nodename);
    const char *id = line_value("/etc/os-release", "ID");
    set(p, "os.name", id ? id : "linux");
    const char *version = line_value("/etc/os-release", "VERSION_ID");
    set(p, "os.version", version ? version : "");
    set(p, "os.signals",
        "SIGABRT,SIGALRM,SIGBUS,SIGCHLD,SIGCONT,SIGFPE,SIGHUP,SIGILL,SIGINT,SIGIO,"
        "SIGIOT,SIGKILL,SIGPIPE,SIGPROF,SIGQUIT,SIGSEGV,SIGSTOP,SIGSYS,SIGTERM,"
        "SIGTRAP,SIGTSTP,SIGTTIN,SIGTTOU,SIGURG,SIGUSR1,SIGUSR2,SIGWINCH,SIGXCPU,"
        "SIGXFSZ");
}

/* The interface that has the address. */
static void device_of(const char *address, char out[IF_NAMESIZE])
{
    struct ifaddrs *all, *i;
    snprintf(out, IF_NAMESIZE, "lo");
    if (getifaddrs(&all))
        return;
    for (i = all; i; i = i->ifa_next) {
        char text[INET6_ADDRSTRLEN];
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
            continue;
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, text,
                  sizeof(text));
        if (!strcmp(text, address))
            snprintf(out, IF_NAMESIZE, "%s", i->ifa_name);
    }
    freeifaddrs(all);
}

static void print_network(struct print *p, const char *address)
{
    char device[IF_NAMESIZE];
    device_of(address, device);
    set(p, "unique.network.ip-address", address);
    struct network *n = rec_list_add(&network_desc, &p->n->resources.networks, p->a);
    n->mode = arena_strdup(p->a, "host");
    n->device = arena_strdup(p->a, device);
    n->ip = arena_strdup(p->a, address);
    n->cidr = arena_printf(p->a, "%s/32", address);
    n->mbits = 1000;
    static const struct rec_desc node_network = {"", sizeof(struct node_network), NULL, 0, false};
    static const struct rec_desc node_address = {"", sizeof(struct node_address), NULL, 0, false};
    struct node_network *w = rec_list_add(&node_network, &p->n->resources.node_networks, p->a);
    w->mode = n->mode;
    w->device = n->device;
    w->speed = 1000;
    struct node_address *x = rec_list_add(&node_address, &w->addresses, p->a);
    x->family = arena_strdup(p->a, strchr(address, ':') ? "ipv6" : "ipv4");
    x->alias = arena_strdup(p->a, "default");
    x->address = n->ip;
}

static void print_drivers(struct print *p)
{
    struct driver_info *d = rec_list_add(&driver_info_desc, &p->n->drivers, p->a);
    d->key = arena_strdup(p->a, "raw_exec");
    d->detected = d->healthy = true;
    d->health_description = arena_strdup(p->a, "Healthy");
    d->update_time_ns = clock_wall_ns();
    rec_str_map_set(&d->attributes, p->a, "driver.raw_exec", "true");
    set(p, "driver.raw_exec", "1");
}

void fingerprint(struct node *n, struct arena *a, const struct client_config *c)
{
    struct print p = {n, a};
    print_cpu(&p);
    print_memory(&p);
    print_storage(&p, c->alloc_dir);
    print_host(&p);
    print_network(&p, c->address);
    print_drivers(&p);
    set(&p, "nomad.version", c->nomad_version);
    set(&p, "nomad.revision", "platform");
    set(&p, "nomad.advertise.address", c->http_addr);
    set(&p, "consul.version", c->consul_version);
    set(&p, "consul.datacenter", c->datacenter);
    set(&p, "consul.server", "true");
    set(&p, "unique.consul.name", c->name);
    rec_str_map_set(&n->links, a, "consul", arena_printf(a, "%s.%s", c->datacenter, c->name));
}
