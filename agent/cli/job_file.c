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

struct job *cli_read_job(struct cli *c, const char *command)
{
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    struct job *j = NULL;
    struct job_mistakes m = {.arena = &c->arena};
    if (!one_file(c, command))
        return NULL;
    const char *path = c->args[0];
    bool from_stdin = !strcmp(path, "-");
    if (file_read(from_stdin ? "/dev/stdin" : path, 1 << 20, &text, &e)) {
        tell_missing(path);
        return NULL;
    }
    if (job_parse_hcl(from_stdin ? "stdin.hcl" : path, buf_str(&text), text.len, &c->arena, &j,
                      &m)) {
        fprintf(stderr, "Error getting job struct: Error parsing job file from %s:\n", path);
        for (size_t i = 0; i < m.n; i++)
            fprintf(stderr, "%s\n%s%s", m.items[i].text,
                    m.items[i].snippet ? m.items[i].snippet : "", m.items[i].snippet ? "\n" : "");
        j = NULL;
    }
    if (j) /* what a file may write shorter has no place in JSON */
        job_canonicalize(j, &c->arena);
    buf_fini(&text);
    return j;
}
