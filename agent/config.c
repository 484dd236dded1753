#include "agent/config.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "jobs/hcl/hcl.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct rec_field ports_fields[] = {
    REC_H(struct agent_ports, http, "HTTP", "http", REC_INT, 0),
    REC_H(struct agent_ports, rpc, "RPC", "rpc", REC_INT, 0),
    REC_H(struct agent_ports, consul, "Consul", "consul", REC_INT, 0),
    REC_H(struct agent_ports, dns, "DNS", "dns", REC_INT, 0),
    REC_H(struct agent_ports, lb, "LB", "lb", REC_INT, 0),
    REC_H(struct agent_ports, lb_admin, "LBAdmin", "lb_admin", REC_INT, 0),
};
static const struct rec_desc ports_desc = REC_DESC("ports", struct agent_ports, ports_fields);

static const struct rec_field config_fields[] = {
    REC_H(struct agent_config, datacenter, "Datacenter", "datacenter", REC_STR, 0),
    REC_H(struct agent_config, region, "Region", "region", REC_STR, 0),
    REC_H(struct agent_config, name, "Name", "name", REC_STR, 0),
    REC_H(struct agent_config, node_class, "NodeClass", "node_class", REC_STR, 0),
    REC_H(struct agent_config, data_dir, "DataDir", "data_dir", REC_STR, 0),
    REC_H(struct agent_config, bind_addr, "BindAddr", "bind_addr", REC_STR, 0),
    REC_H(struct agent_config, log_level, "LogLevel", "log_level", REC_STR, 0),
    REC_H(struct agent_config, log_json, "LogJSON", "log_json", REC_BOOL, 0),
    REC_OF_H(struct agent_config, ports, "Ports", "ports", REC_PTR, 0, &ports_desc),
    REC_H(struct agent_config, workers, "Workers", "workers", REC_INT, 0),
    REC_H(struct agent_config, lb_threads, "LBThreads", "lb_threads", REC_INT, 0),
    REC_H(struct agent_config, dns_threads, "DNSThreads", "dns_threads", REC_INT, 0),
    REC_OF_H(struct agent_config, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_H(struct agent_config, state_max_mb, "StateMaxMB", "state_max_mb", REC_INT, 0),
    REC_H(struct agent_config, enable_script_checks, "EnableScriptChecks", "enable_script_checks",
          REC_BOOL, 0),
};
static const struct rec_desc config_desc = REC_DESC("config", struct agent_config, config_fields);

/* --- files ----------------------------------------------------------------------------------- */

static void read_config_file(const char *path, struct arena *a, struct agent_config *c,
                             struct buf *mistakes)
{
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    if (file_read(path, 1 << 20, &text, &e)) {
        buf_printf(mistakes, "%s\n", e.text);
        return;
    }
    const struct hcl_file file = {path, arena_strndup(a, buf_str(&text), text.len), text.len};
    const struct hcl_scope scope = {.parent = NULL};
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags, .scope = &scope};
    const struct hcl_body *body = hcl_parse(&file, a, &diags);
    struct agent_ports keep = *c->ports;
    hcl_decode(&ev, body, &config_desc, c);
    struct agent_ports *p = c->ports;
    int64_t *got[] = {&p->http, &p->rpc, &p->consul, &p->dns, &p->lb, &p->lb_admin};
    const int64_t had[] = {keep.http, keep.rpc, keep.consul, keep.dns, keep.lb, keep.lb_admin};
    for (int i = 0; i < 6; i++)
        if (!*got[i])
            *got[i] = had[i];
    for (size_t i = 0; i < diags.n; i++)
        buf_printf(mistakes, "%s\n%s\n", hcl_diag_text(&diags, &diags.items[i]),
                   hcl_diag_snippet(&diags, &diags.items[i]));
    buf_fini(&text);
}

static int is_hcl(const struct dirent *d)
{
    return str_has_suffix(d->d_name, ".hcl");
}

/* A file, or every .hcl of a folder in the order of their names. */
static void read_config(const char *path, struct arena *a, struct agent_config *c,
                        struct buf *mistakes)
{
    struct stat st;
    struct dirent **names;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        read_config_file(path, a, c, mistakes);
        return;
    }
    int n = scandir(path, &names, is_hcl, alphasort);
    for (int i = 0; i < n; i++) {
        read_config_file(arena_printf(a, "%s/%s", path, names[i]->d_name), a, c, mistakes);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

/* --- flags ----------------------------------------------------------------------------------- */

struct flag {
    const char *name, *value,
        *help; /* value: what stands after "=" in the help, NULL of a switch */
    char **text;
    int64_t *number;
    bool *yes;
};
#define N_FLAGS 19

static void flags_of(struct agent_config *c, char **config, struct flag out[N_FLAGS])
{
    struct agent_ports *p = c->ports;
    const struct flag flags[N_FLAGS] = {
        {"dev", NULL, "One machine, a temporary data directory", .yes = &c->dev},
        {"config", "<path>", "An HCL file or a folder of them; may be repeated", .text = config},
        {"data-dir", "<dir>", "Where the state is kept", .text = &c->data_dir},
        {"bind", "<addr>", "The address to listen on (127.0.0.1)", .text = &c->bind_addr},
        {"dc", "<name>", "Datacenter (dc1)", .text = &c->datacenter},
        {"region", "<name>", "Region (global)", .text = &c->region},
        {"node", "<name>", "Name of this node (the host's)", .text = &c->name},
        {"node-class", "<class>", "What ${node.class} is here", .text = &c->node_class},
        {"log-level", "<level>", "TRACE, DEBUG, INFO, WARN or ERROR (INFO)", .text = &c->log_level},
        {"log-json", NULL, "Log JSON lines", .yes = &c->log_json},
        {"http-port", "<port>", "Nomad API (4646)", .number = &p->http},
        {"rpc-port", "<port>", "Clients' RPC (4647)", .number = &p->rpc},
        {"consul-port", "<port>", "Consul API (8500)", .number = &p->consul},
        {"dns-port", "<port>", "DNS, UDP and TCP (8600)", .number = &p->dns},
        {"lb-port", "<port>", "Proxy (9999)", .number = &p->lb},
        {"lb-admin-port", "<port>", "Proxy's routes (9998)", .number = &p->lb_admin},
        {"workers", "<n>", "Scheduler threads (1)", .number = &c->workers},
        {"lb-threads", "<n>", "Proxy threads (1)", .number = &c->lb_threads},
        {"dns-threads", "<n>", "DNS threads (1)", .number = &c->dns_threads},
    };
    memcpy(out, flags, sizeof(flags));
}

void agent_config_help(FILE *out)
{
    struct agent_ports ports;
    struct agent_config c = {.ports = &ports};
    struct flag flags[N_FLAGS];
    char *config, left[64];
    flags_of(&c, &config, flags);
    fprintf(out, "Usage: platform agent [options]\n\n"
                 "  Runs an agent in the foreground until it is interrupted. Ports given as 0 are\n"
                 "  chosen by the system. Flags win over files.\n\nOptions:\n\n");
    for (size_t i = 0; i < N_FLAGS; i++) {
        snprintf(left, sizeof(left), "-%s%s%s", flags[i].name, flags[i].value ? "=" : "",
                 flags[i].value ? flags[i].value : "");
        fprintf(out, "  %-22s %s\n", left, flags[i].help);
    }
}

static const struct flag *flag_find(const struct flag *flags, size_t n, const char *arg)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(flags[i].name);
        if (!strncmp(arg, flags[i].name, len) && (!arg[len] || arg[len] == '='))
            return &flags[i];
    }
    return NULL;
}

static void set_flag(const struct flag *f, const char *value, struct arena *a, struct buf *mistakes)
{
    int64_t number;
    if (f->yes)
        *f->yes = !value || !strcmp(value, "true");
    else if (!value)
        buf_printf(mistakes, "-%s needs a value\n", f->name);
    else if (f->text)
        *f->text = arena_strdup(a, value);
    else if (str_to_i64(value, &number) || number < 0 || number > 65535)
        buf_printf(mistakes, "-%s %s: not a number between 0 and 65535\n", f->name, value);
    else
        *f->number = number;
}

/* One pass for -config alone, one for the rest: flags win over files wherever they stand. */
static void read_args(int argc, char **argv, struct arena *a, struct agent_config *c, bool files,
                      struct buf *mistakes)
{
    char *config = NULL;
    struct flag flags[N_FLAGS];
    flags_of(c, &config, flags);
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i] + strspn(argv[i], "-");
        const struct flag *f = *argv[i] == '-' ? flag_find(flags, N_FLAGS, arg) : NULL;
        if (!f) {
            if (!files)
                buf_printf(mistakes, "flag provided but not defined: %s\n", argv[i]);
            continue;
        }
        const char *value = strchr(arg, '=') ? strchr(arg, '=') + 1 : NULL;
        if (!value && !f->yes && i + 1 < argc)
            value = argv[++i];
        bool is_file = !strcmp(f->name, "config");
        if (is_file != files)
            continue;
        set_flag(f, value, a, mistakes);
        if (is_file && config)
            read_config(config, a, c, mistakes);
    }
}

static void check_numbers(const struct agent_config *c, struct buf *mistakes)
{
    const struct agent_ports *p = c->ports;
    const struct {
        const char *name;
        int64_t value, least, most;
    } numbers[] = {{"ports.http", p->http, 0, 65535},
                   {"ports.rpc", p->rpc, 0, 65535},
                   {"ports.consul", p->consul, 0, 65535},
                   {"ports.dns", p->dns, 0, 65535},
                   {"ports.lb", p->lb, 0, 65535},
                   {"ports.lb_admin", p->lb_admin, 0, 65535},
                   {"workers", c->workers, 1, 1024},
                   {"lb_threads", c->lb_threads, 1, 1024},
                   {"dns_threads", c->dns_threads, 1, 1024},
                   {"state_max_mb", c->state_max_mb, 0, 1 << 24}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most)
            buf_printf(mistakes, "%s: %lld is not between %lld and %lld\n", numbers[i].name,
                       (long long)numbers[i].value, (long long)numbers[i].least,
                       (long long)numbers[i].most);
}

int agent_config_parse(int argc, char **argv, struct arena *a, struct agent_config *c,
                       struct err *e)
{
    static const struct agent_ports defaults = {4646, 4647, 8500, 8600, 9999, 9998};
    struct buf mistakes = BUF_INIT;
    enum log_level level;
    rec_init(&config_desc, c);
    c->dev = false;
    c->ports = ARENA_NEW(a, struct agent_ports);
    *c->ports = defaults;
    char host[256] = "node";
    gethostname(host, sizeof(host) - 1);
    c->datacenter = arena_strdup(a, "dc1");
    c->region = arena_strdup(a, "global");
    c->name = arena_strdup(a, host);
    c->bind_addr = arena_strdup(a, "127.0.0.1");
    c->log_level = arena_strdup(a, "INFO");
    c->workers = c->lb_threads = c->dns_threads = 1;
    read_args(argc, argv, a, c, true, &mistakes);
    read_args(argc, argv, a, c, false, &mistakes);
    check_numbers(c, &mistakes);
    if (!c->dev && str_is_empty(c->data_dir))
        buf_str_add(&mistakes, "Must specify data directory: -data-dir (or -dev)\n");
    if (log_level_parse(c->log_level, &level))
        buf_printf(&mistakes,
                   "Invalid log level: %s. Valid log levels are: TRACE, DEBUG, INFO, WARN, "
                   "ERROR\n",
                   c->log_level);
    if (c->dev)
        c->enable_script_checks = true;
    int rv =
        mistakes.len ? err_set(e, ERR_INVALID, "%.*s", (int)mistakes.len - 1, mistakes.data) : 0;
    buf_fini(&mistakes);
    return rv;
}
