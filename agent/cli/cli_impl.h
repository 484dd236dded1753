/* What the commands share; private to agent/cli. */
#ifndef AGENT_CLI_CLI_IMPL_H
#define AGENT_CLI_CLI_IMPL_H

#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "agent/cli/cli.h"
#include "agent/http/http.h"
#include "jobs/cluster.h"

#include <stdio.h>
#include <string.h>

struct cli {
    struct arena arena;
    const char *address; /* "http://127.0.0.1:4646" */
    char **args;         /* what is left after flags */
    int n_args;
};

/* Takes "-name" (and "-name=value", "-name value" when value is not NULL) out of the arguments. */
bool cli_flag(struct cli *c, const char *name, const char **value);
/* A flag that is on or off: "-name", "-name=false". */
bool cli_switch(struct cli *c, const char *name, bool otherwise);
/* Whether a flag is left that no command took: complains. */
bool cli_unknown_flag(const struct cli *c);

/* GET into a record list or record; false after telling why on standard error. what: "Error
 * querying jobs" */
bool cli_get(struct cli *c, const char *path, const struct rec_desc *d, void *rec,
             const char *what);
/* The same for a list: rows' descriptor, out {items, n}. */
bool cli_get_list(struct cli *c, const char *path, const struct rec_desc *d, void *list,
                  const char *what);
/* Sends; the answer's body into out. Returns the status, 0 after telling of a failed connection. */
int cli_send(struct cli *c, const char *method, const char *path, const struct buf *body,
             struct buf *out);

/* Columns as the peers align them: fields separated by '|', two spaces between, none at the end. */
void cli_columns(const char *text);
/* "key|value" lines with " = " between. */
void cli_pairs(const char *text);
const char *cli_short(struct cli *c, const char *id);
const char *cli_ago(struct cli *c, int64_t time_ns);
const char *cli_time(struct cli *c, int64_t time_ns);
/* "1m14s": how the peers round a span. */
const char *cli_span(struct cli *c, int64_t span_ns);
/* Why nothing was placed, each line after `indent`. */
void cli_metrics_text(const struct alloc_metric *m, const char *indent, struct buf *out);
void cli_print_metrics(const struct alloc_metric *m, const char *indent);

/* ui.c: marks in a text, colours on a terminal and nothing elsewhere */
#define UI_RESET        "\001"
#define UI_BOLD         "\002"
#define UI_GREEN        "\003"
#define UI_RED          "\004"
#define UI_BLUE         "\005"
#define UI_CYAN         "\006"
#define UI_YELLOW       "\007"
#define UI_LIGHT_YELLOW "\010"
#define UI_CLOSE        "\013" /* the end of what is coloured, when more follows */
void cli_output(const char *text); /* and a line break */
/* "text" with what is special in it escaped, as Go's %q. */
void cli_quote(struct buf *b, const char *s);

/* job_file.c: the job of the file that is the one argument, with -var and -var-file; NULL after
 * telling why there is none. */
struct job *cli_read_job(struct cli *c, const char *command);

/* plan.c */
struct job_diff;
void cli_diff_text(const struct job_diff *d, bool verbose, struct buf *out);

/* As much of an id's beginning as whole bytes are: the API looks up no half ones. */
const char *cli_whole_prefix(struct cli *c, const char *prefix);
/* The one object whose id begins with the prefix; NULL after telling that none or several do. */
const char *cli_resolve(struct cli *c, const char *kind, const char *path, const char *prefix);
/* "Deployed" and its groups, with the columns that mean something for it. */
void cli_print_deployed(struct cli *c, const struct deployment *d);
void cli_print_deployment(struct cli *c, const struct deployment *d, bool verbose);
/* progress.c: on a terminal follows the deployment to its end; 1 when it did not end well. */
int cli_progress(struct cli *c, const char *deployment_id);

/* "2026-11-23T18:15:00Z (1m14s from now)", or NULL for a job that is not periodic. */
const char *cli_next_launch(struct cli *c, const struct job *j);

/* What a change answers with. */
struct cli_answer {
    char *eval_id, *warnings;
    uint64_t job_modify_index;
    int64_t reverted_version; /* REC_NULL_INT: none */
};
/* PUTs; false after telling "<what>: Unexpected response code: ...". body may be NULL. */
bool cli_put(struct cli *c, const char *path, const struct buf *body, const char *what,
             struct cli_answer *out);
bool cli_read_answer(struct cli *c, int status, const struct buf *b, const char *what,
                     struct cli_answer *out);
/* Follows the evaluation, or with detach prints its id. */
int cli_follow(struct cli *c, const char *eval_id, bool detach);
/* Whether n arguments are left; else tells what the command takes. */
bool cli_wants(struct cli *c, int n, const char *what);

/* commands */
int cmd_run(struct cli *c);
int cmd_plan(struct cli *c);
int cmd_validate(struct cli *c);
int cmd_fmt(struct cli *c);
int cmd_init(struct cli *c);
int cmd_stop(struct cli *c);
int cmd_status(struct cli *c);
int cmd_alloc_status(struct cli *c);
int cmd_logs(struct cli *c);
int cmd_node_status(struct cli *c);
int cmd_eval_status(struct cli *c);
int cmd_members(struct cli *c);
int cmd_deployment_list(struct cli *c);
int cmd_deployment_status(struct cli *c);
int cmd_deployment_promote(struct cli *c);
int cmd_deployment_fail(struct cli *c);
int cmd_deployment_pause(struct cli *c);
int cmd_deployment_resume(struct cli *c);
int cmd_job_promote(struct cli *c);
int cmd_job_deployments(struct cli *c);
int cmd_job_history(struct cli *c);
int cmd_job_revert(struct cli *c);
int cmd_job_inspect(struct cli *c);
int cmd_job_eval(struct cli *c);
int cmd_job_dispatch(struct cli *c);
int cmd_job_scale(struct cli *c);
int cmd_job_periodic(struct cli *c);
int cmd_alloc_stop(struct cli *c);
int cmd_node_drain(struct cli *c);
int cmd_node_eligibility(struct cli *c);
int cmd_system_gc(struct cli *c);
int cmd_system_reconcile(struct cli *c);
/* Follows an evaluation to its end. Returns the exit status. */
int cli_monitor(struct cli *c, const char *eval_id);

#endif
