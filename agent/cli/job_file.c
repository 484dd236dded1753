/* The job file a command is given: reading, every mistake with its line. */
#include "agent/base/file.h"
#include "agent/cli/cli_impl.h"

#include <stdlib.h>
#include <unistd.h>

static bool one_file(struct cli *c, const char *command)
{
    if (cli_unknown_flag(c))
        return false;
    if (c->n_args == 1)
        return true;
    fprintf(
        stderr,
        "This command takes one argument: <path>\nFor additional help try 'platform %s -help'\n",
        command);
    return false;
}

static void tell_missing(const char *path)
{
    char cwd[2048] = "";
    bool relative = *path != '/' && getcwd(cwd, sizeof(cwd));
    fprintf(stderr,
            "Error getting job struct: Error getting jobfile from \"%s\": source path error: stat "
            "%s%s%s: no such file or directory\n",
            path, relative ? cwd : "", relative ? "/" : "", path);
}

#define MAX_GIVEN 256 /* -var and -var-file, each */

struct given { /* what the flags say of the file's variables */
    const char *vars[MAX_GIVEN];
    struct job_source files[MAX_GIVEN];
    struct job_parse_options options;
};

static bool take_flags(struct cli *c, struct given *g)
{
    const char *text = NULL;
    struct err e = ERR_INIT;
    size_t n_files = 0, n_vars = 0;
    while (n_files < MAX_GIVEN && cli_flag(c, "var-file", &text)) {
        struct buf b = BUF_INIT;
        if (!text || file_read(text, 1 << 20, &b, &e)) {
            fprintf(stderr, "Error getting job struct: %s\n",
                    text ? e.text : "-var-file without a file");
            return false;
        }
        g->files[n_files++] =
            (struct job_source){text, arena_strndup(&c->arena, buf_str(&b), b.len), b.len};
        buf_fini(&b);
        text = NULL;
    }
    for (text = NULL; n_vars < MAX_GIVEN && cli_flag(c, "var", &text); text = NULL)
        g->vars[n_vars++] = text ? text : "";
    g->options = (struct job_parse_options){.environment = (const char *const *)environ,
                                            .var_files = g->files,
                                            .n_var_files = n_files,
                                            .vars = g->vars,
                                            .n_vars = n_vars,
                                            .files = true};
    return true;
}

/* The file's own folder: what file() and its like start from. */
static char *folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(a, path, slash > path ? (size_t)(slash - path) : 1)
                 : arena_strdup(a, ".");
}

static void tell_mistakes(const char *path, const struct job_mistakes *m)
{
    fprintf(stderr, "Error getting job struct: Error parsing job file from %s:\n", path);
    for (size_t i = 0; i < m->n; i++)
        fprintf(stderr, "%s\n%s%s", m->items[i].text,
                m->items[i].snippet ? m->items[i].snippet : "", m->items[i].snippet ? "\n" : "");
}

struct job *cli_read_job(struct cli *c, const char *command)
{
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    struct job *j = NULL;
    struct job_mistakes m = {.arena = &c->arena};
    struct given *g = ARENA_NEW(&c->arena, struct given);
    if (!take_flags(c, g) || !one_file(c, command))
        return NULL;
    const char *path = c->args[0];
    bool from_stdin = !strcmp(path, "-");
    if (file_read(from_stdin ? "/dev/stdin" : path, 1 << 20, &text, &e)) {
        tell_missing(path);
        return NULL;
    }
    struct job_source file = {from_stdin ? "stdin.hcl" : path, buf_str(&text), text.len};
    g->options.base_dir = from_stdin ? "." : folder_of(&c->arena, path);
    if (job_parse(&file, &g->options, &c->arena, &j, &m)) {
        tell_mistakes(path, &m);
        j = NULL;
    }
    if (j) /* what a file may write shorter has no place in JSON */
        job_canonicalize(j, &c->arena);
    buf_fini(&text);
    return j;
}
