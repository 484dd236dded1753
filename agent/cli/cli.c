/* The command line's frame: which command, flags, asking the agent, aligning what is printed. */
#include "agent/cli/cli_impl.h"
#include "version.h"

#include <stdlib.h>
#include <unistd.h>

const char *cli_version(void)
{
    return "v0.1.0 (" PLATFORM_BUILD ")";
}

/* --- flags ----------------------------------------------------------------------------------- */

bool cli_flag(struct cli *c, const char *name, const char **value)
{
    for (int i = 0; i < c->n_args; i++) {
        const char *arg = c->args[i];
        if (*arg != '-' || !arg[1])
            continue;
        arg += strspn(arg, "-");
        size_t n = strlen(name);
        if (strncmp(arg, name, n) || (arg[n] && arg[n] != '='))
            continue;
        int taken = 1;
        if (value && arg[n] == '=')
            *value = arg + n + 1;
        else if (value && i + 1 < c->n_args) {
            *value = c->args[i + 1];
            taken = 2;
        }
        c->n_args -= taken;
        memmove(c->args + i, c->args + i + taken, (size_t)(c->n_args - i) * sizeof(char *));
        return true;
    }
    return false;
}

bool cli_switch(struct cli *c, const char *name, bool otherwise)
{
    for (int i = 0; i < c->n_args; i++) {
        const char *arg = c->args[i] + strspn(c->args[i], "-");
        size_t n = strlen(name);
        if (arg != c->args[i] && !strncmp(arg, name, n) && arg[n] == '=' && cli_flag(c, name, NULL))
            return str_eq(arg + n + 1, "true") || str_eq(arg + n + 1, "1");
    }
    return cli_flag(c, name, NULL) || otherwise;
}

bool cli_unknown_flag(const struct cli *c)
{
    for (int i = 0; i < c->n_args; i++)
        if (c->args[i][0] == '-' && c->args[i][1]) {
            fprintf(stderr, "flag provided but not defined: %s\n", c->args[i]);
            return true;
        }
    return false;
}

bool cli_wants(struct cli *c, int n, const char *what)
{
    if (cli_unknown_flag(c))
        return false;
    if (c->n_args == n)
        return true;
    fprintf(stderr, "This command takes %s\n", what);
    return false;
}

/* --- asking ---------------------------------------------------------------------------------- */

int cli_send(struct cli *c, const char *method, const char *path, const struct buf *body,
             struct buf *out)
{
    struct err e = ERR_INIT;
    int status = 0;
    struct http_call_options o = {.method = method,
                                  .url = arena_printf(&c->arena, "%s%s", c->address, path),
                                  .body = body ? buf_str(body) : NULL,
                                  .body_len = body ? body->len : 0,
                                  .timeout_ms = 60000};
    if (http_fetch(&o, &status, out, NULL, &e)) {
        fprintf(stderr, "Error contacting the agent at %s: %s\n", c->address, e.text);
        return 0;
    }
    return status;
}

static bool get_text(struct cli *c, const char *path, struct buf *out, const char *what)
{
    int status = cli_send(c, "GET", path, NULL, out);
    if (status == 200)
        return true;
    if (status)
        fprintf(stderr, "%s: Unexpected response code: %d (%s)\n", what, status, buf_str(out));
    return false;
}

bool cli_get(struct cli *c, const char *path, const struct rec_desc *d, void *rec, const char *what)
{
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    rec_init(d, rec);
    bool ok = get_text(c, path, &b, what);
    if (ok && strcmp(buf_str(&b), "null") &&
        rec_json_parse(d, b.data, b.len, 0, &c->arena, rec, &e)) {
        fprintf(stderr, "%s: %s\n", what, e.text);
        ok = false;
    }
    buf_fini(&b);
    return ok;
}

bool cli_get_list(struct cli *c, const char *path, const struct rec_desc *d, void *list,
                  const char *what)
{
    const struct rec_field f = {"", NULL, REC_LIST, 0, 0, d};
    const struct rec_desc whole = {"list", sizeof(struct rec_list), &f, 1, true};
    return cli_get(c, path, &whole, list, what);
}

/* --- printing -------------------------------------------------------------------------------- */

static size_t width_of(const char *s, size_t n)
{
    size_t w = 0;
    for (size_t i = 0; i < n; i++)
        w += ((unsigned char)s[i] & 0xc0) != 0x80;
    return w;
}

static void measure(const char *text, size_t widths[32])
{
    size_t column = 0;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "|\n"), w = width_of(p, n);
        if (column < 32 && p[n] == '|' && w > widths[column])
            widths[column] = w;
        column = p[n] == '|' ? column + 1 : 0;
        p += n + (p[n] != '\0');
    }
}

static void print_aligned(const char *text, const char *glue)
{
    size_t widths[32] = {0}, column = 0;
    measure(text, widths);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "|\n");
        fwrite(p, 1, n, stdout);
        if (p[n] == '|') {
            printf("%*s%s", (int)(widths[column < 32 ? column : 31] - width_of(p, n)), "", glue);
            column++;
        } else {
            putchar('\n');
            column = 0;
        }
        bool ended = p[n] == '|' && !p[n + 1]; /* an empty last field */
        p += n + (p[n] != '\0');
        if (ended)
            putchar('\n');
    }
}

void cli_columns(const char *text)
{
    print_aligned(text, "  ");
}

void cli_pairs(const char *text)
{
    print_aligned(text, " = ");
}

const char *cli_short(struct cli *c, const char *id)
{
    return id ? arena_strndup(&c->arena, id, strlen(id) < 8 ? strlen(id) : 8) : "";
}

/* The two largest units, without those that are none: 45s, 1m14s, 2h, 3d4h. */
const char *cli_span(struct cli *c, int64_t span_ns)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t s = span_ns < 0 ? 0 : span_ns / NS_PER_SEC;
    for (int i = 0; i < 4; i++) {
        int64_t n = s / units[i].seconds, rest = i < 3 ? s % units[i].seconds : 0;
        int64_t m = i < 3 ? rest / units[i + 1].seconds : 0;
        if (n && m)
            return arena_printf(&c->arena, "%d%c%d%c", (int)n, units[i].unit, (int)m,
                                units[i + 1].unit);
        if (n)
            return arena_printf(&c->arena, "%d%c", (int)n, units[i].unit);
    }
    return "0s";
}

const char *cli_ago(struct cli *c, int64_t t)
{
    return t <= 0 ? "N/A" : arena_printf(&c->arena, "%s ago", cli_span(c, clock_wall_ns() - t));
}

const char *cli_time(struct cli *c, int64_t t)
{
    char text[CLOCK_RFC3339_MAX];
    if (t <= 0)
        return "N/A";
    clock_format_rfc3339(t - t % NS_PER_SEC, text);
    return arena_strdup(&c->arena, text);
}

void cli_metrics_text(const struct alloc_metric *m, const char *indent, struct buf *out)
{
    if (m->nodes_evaluated == 0)
        buf_printf(out, "%s* No nodes were eligible for evaluation\n", indent);
    for (size_t i = 0; i < m->nodes_available.n; i++)
        if (m->nodes_available.items[i].value == 0)
            buf_printf(out, "%s* No nodes are available in datacenter \"%s\"\n", indent,
                       m->nodes_available.items[i].key);
    for (size_t i = 0; i < m->class_filtered.n; i++)
        buf_printf(out, "%s* Class \"%s\": %d nodes excluded by filter\n", indent,
                   m->class_filtered.items[i].key, (int)m->class_filtered.items[i].value);
    for (size_t i = 0; i < m->constraint_filtered.n; i++)
        buf_printf(out, "%s* Constraint \"%s\": %d nodes excluded by filter\n", indent,
                   m->constraint_filtered.items[i].key, (int)m->constraint_filtered.items[i].value);
    if (m->nodes_exhausted)
        buf_printf(out, "%s* Resources exhausted on %d nodes\n", indent, (int)m->nodes_exhausted);
    for (size_t i = 0; i < m->class_exhausted.n; i++)
        buf_printf(out, "%s* Class \"%s\" exhausted on %d nodes\n", indent,
                   m->class_exhausted.items[i].key, (int)m->class_exhausted.items[i].value);
    for (size_t i = 0; i < m->dimension_exhausted.n; i++)
        buf_printf(out, "%s* Dimension \"%s\" exhausted on %d nodes\n", indent,
                   m->dimension_exhausted.items[i].key, (int)m->dimension_exhausted.items[i].value);
}

void cli_print_metrics(const struct alloc_metric *m, const char *indent)
{
    struct buf b = BUF_INIT;
    cli_metrics_text(m, indent, &b);
    fputs(buf_str(&b), stdout);
    buf_fini(&b);
}

/* --- commands -------------------------------------------------------------------------------- */

static int cmd_version(struct cli *c)
{
    printf("platform %s\n", cli_version());
    return 0;
}

struct command {
    const char *words; /* one or two */
    int (*run)(struct cli *c);
    const char *help;
};
static const struct command commands[] = {
    {"run", cmd_run, "Run a new job or update an existing job"},
    {"job run", cmd_run, NULL},
    {"status", cmd_status, "Display the jobs, or one job"},
    {"job status", cmd_status, NULL},
    {"stop", cmd_stop, "Stop a running job (-purge forgets it)"},
    {"job stop", cmd_stop, NULL},
    {"plan", cmd_plan, "Show what running a job file would change"},
    {"job plan", cmd_plan, NULL},
    {"validate", cmd_validate, "Check a job file for mistakes"},
    {"job validate", cmd_validate, NULL},
    {"fmt", cmd_fmt, "Lay out job files as they should be (-check only tells)"},
    {"init", cmd_init, "Write an example job file"},
    {"job init", cmd_init, NULL},
    {"alloc status", cmd_alloc_status, "Display an allocation"},
    {"alloc logs", cmd_logs, NULL},
    {"logs", cmd_logs, "Print an allocation's output (-f follows, -stderr)"},
    {"node status", cmd_node_status, "Display the nodes, or one node"},
    {"eval status", cmd_eval_status, "Display an evaluation"},
    {"alloc stop", cmd_alloc_stop, "Stop an allocation; another takes its place"},
    {"deployment list", cmd_deployment_list, "Display the deployments"},
    {"deployment status", cmd_deployment_status, "Display a deployment"},
    {"deployment promote", cmd_deployment_promote, "Let canaries replace the old instances"},
    {"deployment fail", cmd_deployment_fail, "Mark a deployment as failed"},
    {"deployment pause", cmd_deployment_pause, NULL},
    {"deployment resume", cmd_deployment_resume, NULL},
    {"inspect", cmd_job_inspect, "Print a job as JSON"},
    {"job inspect", cmd_job_inspect, NULL},
    {"job history", cmd_job_history, "Display a job's versions (-p: what changed)"},
    {"job revert", cmd_job_revert, "Go back to a version of a job"},
    {"job promote", cmd_job_promote, "Promote a job's canaries"},
    {"job deployments", cmd_job_deployments, NULL},
    {"job eval", cmd_job_eval, NULL},
    {"job dispatch", cmd_job_dispatch, "Start an instance of a parameterized job"},
    {"job periodic", cmd_job_periodic, "Launch a periodic job now: job periodic force JOB"},
    {"job scale", cmd_job_scale, "Change the count of a group"},
    {"node drain", cmd_node_drain, "Move what runs on a node elsewhere"},
    {"node eligibility", cmd_node_eligibility, "Let a node take work, or not"},
    {"system gc", cmd_system_gc, "Forget what is over"},
    {"system reconcile", cmd_system_reconcile, NULL},
    {"members", cmd_members, "Display the servers"},
    {"server members", cmd_members, NULL},
    {"version", cmd_version, "Print the version"},
};

static void usage(FILE *f)
{
    fprintf(f,
            "Usage: platform [-version] [-help] <command> [args]\n\nCommands:\n"
            "    %-20s %s\n",
            "agent", "Run an agent: agent -dev");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].help)
            fprintf(f, "    %-20s %s\n", commands[i].words, commands[i].help);
    fprintf(f, "\nThe agent is asked at NOMAD_ADDR (http://127.0.0.1:4646), or -address=URL.\n");
}

/* How many of the arguments the command's words are; 0: another command. */
static int words_match(const char *words, int argc, char **argv)
{
    const char *space = strchr(words, ' ');
    if (!space)
        return argc >= 1 && !strcmp(argv[0], words);
    size_t n = (size_t)(space - words);
    return argc >= 2 && strlen(argv[0]) == n && !strncmp(argv[0], words, n) &&
                   !strcmp(argv[1], space + 1)
               ? 2
               : 0;
}

int cli_main(int argc, char **argv)
{
    struct cli c = {.address = getenv("NOMAD_ADDR")};
    if (argc < 1 || str_eq(argv[0], "-help") || str_eq(argv[0], "--help") ||
        str_eq(argv[0], "-h")) {
        usage(argc < 1 ? stderr : stdout);
        return argc < 1 ? 127 : 0;
    }
    if (str_eq(argv[0], "-version") || str_eq(argv[0], "--version"))
        return cmd_version(&c);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        int n = words_match(commands[i].words, argc, argv);
        if (!n)
            continue;
        c.args = argv + n;
        c.n_args = argc - n;
        cli_flag(&c, "address", &c.address);
        if (str_is_empty(c.address))
            c.address = "http://127.0.0.1:4646";
        int rv = commands[i].run(&c);
        arena_fini(&c.arena);
        return rv;
    }
    fprintf(stderr, "platform: no command \"%s\"\n\n", argv[0]);
    usage(stderr);
    return 127;
}
