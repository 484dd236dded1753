/* A client without a cluster: allocations are given to it by hand, its reports are kept, the tasks
 * are real processes. One loop, nothing blocks. */
#ifndef TEST_UNIT_SUPPORT_CLIENT_NODE_H
#define TEST_UNIT_SUPPORT_CLIENT_NODE_H

#include "agent/client/client_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct client_node {
    struct client client;
    struct http_server *server; /* takes the reports */
    struct arena arena;         /* the test's */
    char dir[64];
    struct allocation report; /* the last */
    unsigned reports;
};
extern struct client_node client_node;
int client_node_start(void **state); /* setup and teardown */
int client_node_stop(void **state);

/* A task as HCL: /bin/sh -c script, no restarts unless `more` says so. */
char *client_node_task(const char *name, const char *script, const char *more);
/* What the servers would send: a job of this type with one group of this content. */
struct rpc_alloc *client_node_alloc(const char *type, const char *group);
/* The same, taken on and started. */
struct alloc_runner *client_node_run(const char *type, const char *group);
/* Turns the loop until the report says so of the allocation; fails the test after half a minute. */
void client_node_wait_status(const char *status);
void client_node_wait_done(struct alloc_runner *r);
void client_node_wait_file(const char *name); /* in client_node.dir */
char *client_node_read(const char *name);     /* "" when it is not there */
/* "Received|Task Setup|Started|..." */
char *client_node_events(const struct task_runner *t);
void client_node_turn(void);

#endif
