/* What the server's files share; private to agent/http. */
#ifndef AGENT_HTTP_SERVER_IMPL_H
#define AGENT_HTTP_SERVER_IMPL_H

#include "agent/http/http.h"
#include "agent/http/router.h"

#include <h2o.h>
#include <uthash.h>

struct connection;
struct http_listener {
    uv_tcp_t tcp;
    struct http_server *server;
    struct http_listener *next;
};

struct http_server {
    struct loop *loop;
    char *name;
    enum http_dialect dialect;
    struct store *store;
    size_t max_body_bytes;
    struct router router;
    http_handler fallback;
    void *fallback_ctx;
    struct http_listener *listeners;
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    uint64_t requests;
    struct connection *open; /* a list */
    uint64_t connections;
    struct http_req *live; /* unanswered, a list */
    struct http_req *held; /* of those, the ones whose socket we read: hash by socket */
    int closing_handles;
    bool closing;
    void (*close_cb)(void *arg);
    void *close_arg;
};

struct stream_part {
    struct stream_part *next;
    size_t len;
    char data[];
};

struct blocking;
struct http_req {
    h2o_generator_t generator; /* first: h2o hands it back */
    h2o_req_t *h2o;            /* NULL once answered */
    struct http_server *server;
    struct arena arena;
    struct http_req *next, **prev; /* in server->live */
    UT_hash_handle hh;
    h2o_socket_t *socket; /* while held */
    char *method, *path, *raw_path, *query;
    struct route_params params;
    char *body;
    size_t body_len;
    void (*on_cancel)(void *arg);
    void *cancel_arg;
    struct blocking *blocking;
    bool answered, pretty;
    bool unrouted;      /* no handler's answer: none of the dialect's headers */
    bool plain_index;   /* no X-Consul-Effective-Consistency */
    /* stream */
    bool streaming, sending, ended;
    struct stream_part *first, **last;
    size_t queued_bytes;
    struct stream_part *in_flight;
    void (*on_drain)(void *arg);
    void *drain_arg;
};

/* request.c */
void request_start(struct http_server *s, h2o_req_t *h);
void request_hold(struct http_req *r); /* notices a client that leaves */
void request_unhold(struct http_req *r);
void request_unlist(struct http_req *r);
/* The request ends without an answer of its own. */
void request_cancel(struct http_req *r);
char *percent_decode(struct arena *a, const char *s, size_t len, bool plus_is_space);
/* What Go's ServeMux, which both peers stand on, makes of a path that begins with "/": no empty,
 * "." or ".." segments. Arena memory; the path itself when it is clean. */
char *path_clean(struct arena *a, char *path);

/* reply.c */
const char *http_reason(int status);

/* stream.c */
void stream_proceed(h2o_generator_t *g, h2o_req_t *h);
void stream_stop(h2o_generator_t *g, h2o_req_t *h);

/* blocking.c */
void blocking_free(struct blocking *b);

#endif
