/* The Consul HTTP API (:8500) over the catalog and the local agent. thread: the server's loop. */
#ifndef DISCOVERY_DISCOVERY_H
#define DISCOVERY_DISCOVERY_H

#include "agent/http/http.h"
#include "discovery/local.h"

struct discovery_api {
    struct store *store;
    struct loop *loop;
    struct local_agent *local;
    const char *node_name, *node_id, *address, *datacenter, *version; /* live as long as the
                                                                         server */
    int rpc_port, dns_port;
};
/* `api` must outlive the server. */
void discovery_api_routes(struct discovery_api *api, struct http_server *server);

#endif
