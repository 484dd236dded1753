/* raw_exec: the command as it stands, without isolation, in the agent's environment. */
#ifndef AGENT_CLIENT_DRIVERS_RAW_EXEC_H
#define AGENT_CLIENT_DRIVERS_RAW_EXEC_H

#include "agent/client/client_impl.h"

/* Fills command, args, env, uid and gid of the spec; memory from a. Refuses a config it does not
 * understand, a command that is not there, a user that does not exist. */
int raw_exec_prepare(const struct task *task, const struct task_env *env, const char *task_dir,
                     struct arena *a, struct executor_spec *spec, struct err *e);

#endif
