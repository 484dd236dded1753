/* The jobs room's figures: parsing a large file, validating and diffing many jobs. Prints two lines. */
#include "agent/base/file.h"
#include "jobs/diff.h"
#include "jobs/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINES 2000
#define JOBS  10000

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A file of at least LINES lines: groups of four tasks. */
static void write_large(struct buf *b)
{
    int lines = 0;
    buf_str_add(b, "job \"large\" {\n  datacenters = [\"dc1\"]\n");
    for (int g = 0; lines < LINES; g++) {
        buf_printf(b, "  group \"g%d\" {\n    network {\n      port \"http\" {}\n    }\n", g);
        for (int t = 0; t < 4; t++)
            buf_printf(b,
                       "    task \"t%d\" {\n      driver = \"raw_exec\"\n      config {\n"
                       "        command = \"http-echo\"\n"
                       "        args    = [\"-listen\", \":${NOMAD_PORT_http}\"]\n      }\n"
                       "      env {\n        N = \"${1 + %d}\"\n      }\n    }\n",
                       t, t);
        buf_str_add(b, "  }\n");
        lines += 5 + 4 * 10;
    }
    buf_str_add(b, "}\n");
}

static void parse_large(void)
{
    struct buf b = BUF_INIT;
    double best = 1e9;
    write_large(&b);
    for (int i = 0; i < 20; i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m = {.arena = &a};
        struct job *j;
        double from = now_s();
        if (job_parse_hcl("large.hcl", buf_str(&b), b.len, &a, &j, &m))
            exit(1);
        double took = now_s() - from;
        best = took < best ? took : best;
        arena_fini(&a);
    }
    printf("%-58s %11.2f ms   %s\n", "parse of a job file of 2,000 lines", best * 1e3,
           best <= 0.005 ? "(at most 5 ms)" : "(over: at most 5 ms)");
    buf_fini(&b);
}

static struct job *example(int i, struct arena *a)
{
    struct job_mistakes m = {.arena = a};
    struct job *j;
    char *text = arena_printf(
        a,
        "job \"j%d\" {\n datacenters = [\"dc1\"]\n group \"g\" {\n count = %d\n network { port "
        "\"http\" {} }\n service {\n name = \"s%d\"\n port = \"http\"\n check {\n type = "
        "\"http\"\n "
        "path = \"/\"\n interval = \"10s\"\n timeout = \"2s\"\n }\n }\n task \"t\" {\n driver = "
        "\"raw_exec\"\n config { command = \"c%d\" }\n env { A = \"%d\" }\n }\n }\n}\n",
        i, i % 7 + 1, i, i, i);
    if (job_parse_hcl("j.hcl", text, strlen(text), a, &j, &m))
        exit(1);
    job_canonicalize(j, a);
    return j;
}

static void validate_and_diff(void)
{
    struct arena jobs = ARENA_INIT;
    struct job **all = ARENA_ARRAY(&jobs, struct job *, JOBS);
    for (int i = 0; i < JOBS; i++)
        all[i] = example(i, &jobs);
    double from = now_s();
    for (int i = 0; i < JOBS; i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m = {.arena = &a}, w = {.arena = &a};
        if (job_validate(all[i], &m, &w))
            exit(1);
        struct job before = *all[(i + 1) % JOBS];
        before.id = all[i]->id; /* another version of this one */
        if (!job_diff(&before, all[i], &a))
            exit(1);
        arena_fini(&a);
    }
    double rate = JOBS / (now_s() - from);
    printf("%-58s %11.0f /s   %s\n", "jobs validated and diffed, one core", rate,
           rate >= 10000 ? "(at least 10,000 /s)" : "(under: at least 10,000 /s)");
    arena_fini(&jobs);
}

int main(void)
{
    parse_large();
    validate_and_diff();
    return 0;
}
