/* The client: one node's work. Tells the servers what the node is, takes the allocations they give
 * it, runs their tasks, registers their services, and reports what happens.
 *
 * owns: a thread with its own loop, the allocation directories, the executors' sockets.
 * calls: the servers by RPC (:4647) only; discovery/local.h for services. called by: agent.
 * thread: client_new, client_close and client_api_routes on the caller's loop.
 * Tasks outlive the client: it finds them again by their executors when it starts. */
#ifndef AGENT_CLIENT_CLIENT_H
#define AGENT_CLIENT_CLIENT_H

#include "agent/base/loop.h"
#include "agent/http/http.h"
#include "discovery/local.h"

struct client;
struct client_config {
    struct loop *loop;         /* the caller's */
    const char *rpc_url;       /* "http://127.0.0.1:4647" */
    const char *state_dir;     /* what is remembered across restarts */
    const char *alloc_dir;
    const char *name, *datacenter, *region, *node_class;
    const char *address;       /* the address tasks are reached at */
    const char *http_addr;     /* advertised: "127.0.0.1:4646" */
    const char *nomad_version, *consul_version; /* as fingerprinted */
    const struct rec_str_map *meta;
    struct local_agent *local; /* NULL: services are not registered */
    bool kill_on_close;        /* -dev: tasks end with the agent */
};

int client_new(const struct client_config *config, struct client **out, struct err *e);
/* /v1/client/...: logs and files of this node's allocations. Runs on the server's loop. */
void client_api_routes(struct client *c, struct http_server *server);
/* Stops the thread; with kill_on_close stops every task first, in order. cb on the caller's loop */
void client_close(struct client *c, void (*cb)(void *arg), void *arg);
const char *client_node_id(const struct client *c);

#endif
