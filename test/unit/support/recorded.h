/* A server that gives recorded answers, and commands run against it on a thread of
 * their own: what they print, ask for, and exit with. */
#ifndef TEST_UNIT_SUPPORT_RECORDED_H
#define TEST_UNIT_SUPPORT_RECORDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct recorded {
    const char *request; /* "GET /v1/jobs": with the query, or for whatever query */
    int status;
    const char *body; /* "@name": that file of test/unit/agent/cli/data */
};
/* The table it answers from; what is not in it is 404, as the peer says it. */
#define RECORDED(...) \
    recorded_answers((const struct recorded[]){__VA_ARGS__, {NULL, 0, NULL}})
void recorded_answers(const struct recorded *table);
/* An evaluation of job "web" that is complete: the routes for who follows it, what is printed. */
#define RECORDED_EVAL "7a76a78d-0000-4000-8000-000000000001"
#define RECORDED_FOLLOWED                                                                          \
    {"GET /v1/evaluation/" RECORDED_EVAL, 200,                                                     \
     "{\"ID\":\"" RECORDED_EVAL                                                                    \
     "\",\"JobID\":\"web\",\"Status\":\"complete\",\"ModifyIndex\":7}"},                          \
    {                                                                                              \
        "GET /v1/evaluation/" RECORDED_EVAL "/allocations", 200, "[]"                              \
    }
#define RECORDED_FOLLOWED_TEXT                                                                     \
    "==> Monitoring evaluation \"7a76a78d\"\n    Evaluation triggered by job \"web\"\n"            \
    "    Evaluation status changed: \"pending\" -> \"complete\"\n"                                 \
    "==> Evaluation \"7a76a78d\" finished with status \"complete\"\n"
/* A recorded object as a list of one. */
char *recorded_list(const char *body);
/* What was asked for since: "METHOD path body" lines. */
const char *recorded_requests(void);

int recorded_start(void **state); /* setup and teardown of the group */
int recorded_stop(void **state);

struct command_run {
    int status;
    char *out, *err;
};
/* Runs the command, its words separated by spaces; the next run frees what it printed. */
const struct command_run *run_command(const char *words);
/* The same with a terminal for its output. */
const struct command_run *run_command_on_terminal(const char *words);
/* Runs it; fails the test unless it exits so and prints so. NULL: whatever. "@name" as above, where
 * ages read AGO and columns are two spaces apart. */
void expect_command(const char *words, int status, const char *out, const char *err);

struct command_case {
    const char *words;
    int status;
    const char *out, *err;
};
#define EXPECT_COMMANDS(...)                                                                       \
    do {                                                                                           \
        const struct command_case cases_[] = {__VA_ARGS__};                                        \
        for (size_t i_ = 0; i_ < sizeof(cases_) / sizeof(cases_[0]); i_++)                         \
            expect_command(cases_[i_].words, cases_[i_].status, cases_[i_].out, cases_[i_].err);   \
    } while (0)

#endif
