/* A task of an allocation on a node, made by hand: for tests of what the client makes of it. */
#ifndef TEST_UNIT_SUPPORT_TASK_H
#define TEST_UNIT_SUPPORT_TASK_H

#include "agent/client/client_impl.h"

/* Task "server" of group "web" of job "shop", the third of its allocations, on node "n7". */
struct task_runner *test_task(void);
void test_task_free(void);

#endif
