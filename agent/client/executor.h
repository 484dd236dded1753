/* A task's executor, seen from the client: starting it, finding it again, hearing of its end.
 * thread: the client's loop. The handle is closed by executor_close; the process is not touched. */
#ifndef AGENT_CLIENT_EXECUTOR_H
#define AGENT_CLIENT_EXECUTOR_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/base/record.h"

struct executor;
struct executor_spec {
    const char *dir; /* its files; private to the task */
    const char *command;
    const struct rec_strs *args; /* with argv[0] */
    const struct rec_strs *env;  /* "K=V" */
    const char *cwd;
    long uid, gid; /* -1: as the agent */
    const char *out_prefix, *err_prefix;
    int64_t max_files, max_bytes;
};
struct executor_exit {
    int code, signal;
    int64_t time_ns;
    const char *error; /* why it could not run at all; "" otherwise */
    bool lost;         /* the executor is gone and left no word */
};
/* Once, when the task has ended. Never before the call that made the executor returned. */
typedef void (*executor_exit_cb)(void *arg, const struct executor_exit *e);

/* Starts. *pid is the task's once it runs. */
int executor_start(struct loop *l, const struct executor_spec *spec, executor_exit_cb cb, void *arg,
                   struct executor **out, struct err *e);
/* Finds the executor of a task that was started before: running, or ended meanwhile. ERR_NOT_FOUND
 * when nothing was ever started in dir. */
int executor_attach(struct loop *l, const char *dir, executor_exit_cb cb, void *arg,
                    struct executor **out, struct err *e);
/* Signals the task's process group; everything below it for SIGKILL. */
void executor_signal(struct executor *x, int signal);
void executor_close(struct executor **x);

#endif
