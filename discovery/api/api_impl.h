/* What the Consul API's files share; private to discovery/. */
#ifndef DISCOVERY_API_API_IMPL_H
#define DISCOVERY_API_API_IMPL_H

#include "agent/base/str.h"
#include "discovery/discovery.h"
#include "discovery/local_impl.h"

#include <string.h>

void agent_routes(struct discovery_api *api, struct http_server *s);
void catalog_routes(struct discovery_api *api, struct http_server *s);
void health_routes(struct discovery_api *api, struct http_server *s);
void kv_routes(struct discovery_api *api, struct http_server *s);

/* A request that is answered when a proposal is through: survives the client's leaving. */
struct api_pending {
    struct http_req *req; /* NULL when it has gone */
};
struct api_pending *api_pending_new(struct http_req *r);
/* store_done_cb and local_done_cb: 200 with no body, or the error. */
void api_on_local_done(void *arg, int status, const struct err *e);
/* ?dc= other than ours: answered, true. */
bool api_refuse_dc(struct discovery_api *api, struct http_req *r);
/* Reads a JSON body; answers 400 in the peer's words and returns false. */
bool api_read_body(struct http_req *r, const struct rec_desc *d, unsigned flags, void *rec);
/* A blocking query on the service that the path names. */
void api_block_on_service(struct discovery_api *api, struct http_req *r, http_render render);
void api_write_service_node(struct buf *out, const struct catalog_instance *i);

#endif
