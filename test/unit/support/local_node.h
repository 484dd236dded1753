/* A local agent with its catalog, in one loop: for tests of services and checks. */
#ifndef TEST_UNIT_SUPPORT_LOCAL_NODE_H
#define TEST_UNIT_SUPPORT_LOCAL_NODE_H

#include "discovery/local.h"

struct local_node {
    struct loop loop;
    struct store *store;
    struct local_agent *agent;
    struct arena arena; /* the test's */
    char dir[64], data_dir[80];
};
extern struct local_node local_node;
int local_node_start(void **state); /* setup and teardown */
int local_node_stop(void **state);
void local_node_restart(void); /* the agent alone, over the same data directory */

/* Consul's JSON of the register endpoints. 0, or the error's code; local_node_error is its text. */
extern struct err local_node_error;
int local_node_service(const char *json);
int local_node_check(const char *json);
/* Waits until the catalog has everything that was proposed. */
void local_node_settle(void);
void local_node_turn(int milliseconds);
/* How a check stands in the catalog: "passing", "" when there is none; the output in `output`. */
const char *local_node_status(const char *check_id, const char **output);
void local_node_wait_status(const char *check_id, const char *status);
/* How many services the catalog has of this node, besides its own. */
size_t local_node_services(void);

#endif
