/* HTTP: the server every API stands on (h2o in the caller's loop), and the client (libcurl).
 *
 * A room registers routes; a handler gets a request and answers it, at once or later. The server
 * gives what every endpoint of the peers has: path parameters, body limits, errors as bare text,
 * blocking queries, ?pretty, gzip, streams, and notices clients that hang up.
 *
 * owns: listeners, connections, and each request from its handler's call until it is answered or
 * its client has gone. thread: the loop given to http_server_new, for every call.
 * order: http_server_new, http_route..., http_listen..., loop, http_server_close. */
#ifndef AGENT_HTTP_HTTP_H
#define AGENT_HTTP_HTTP_H

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/base/record.h"
#include "agent/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct http_server;
struct http_req;

/* --- server ---------------------------------------------------------------------------------- */

enum http_dialect { HTTP_NOMAD, HTTP_CONSUL, HTTP_PLAIN }; /* header names, error bodies */

struct http_server_config {
    const char *name;          /* for logs: "nomad-api" */
    enum http_dialect dialect; /* X-Nomad-Index or X-Consul-Index ... */
    struct store *store;       /* for blocking queries; NULL for a server without them */
    size_t max_body_bytes;     /* 0 = 32 MiB; a route may set a lower one */
    bool gzip;
};

int http_server_new(struct loop *loop, const struct http_server_config *config,
                    struct http_server **out, struct err *e);
/* Listens on addr:port, TCP with SO_REUSEADDR; port 0 picks a free one. *bound_port may be NULL.
 * ERR_UNAVAILABLE names the address: "listen 127.0.0.1:4646: address already in use". */
int http_listen(struct http_server *s, const char *addr, int port, int *bound_port, struct err *e);
/* Stops listening, cancels held requests, closes connections; cb when all is gone. */
void http_server_close(struct http_server *s, void (*cb)(void *arg), void *arg);

struct http_server_stats {
    uint64_t requests, connections, held;
};
void http_server_stats(const struct http_server *s, struct http_server_stats *out);

/* --- routes ---------------------------------------------------------------------------------- */

typedef void (*http_handler)(struct http_req *req, void *ctx);

enum http_route_flags {
    HTTP_STREAM_BODY = 1 << 0 /* reserved; bodies are whole before the handler runs */
};
/* method: "GET" (answers HEAD too), "PUT", "POST", "DELETE", or several: "PUT,POST". pattern:
 * literal segments, ":name" for one segment, "*name" last for the rest (may be empty, keeps
 * slashes): "/v1/kv/" "*key". The most literal route wins. A path that matches with another
 * method is 405 as the dialect says it (HTTP_PLAIN alone answers HEAD by GET's handler); no match
 * runs the fallback, else the dialect's 404. Unclean paths ("//", "/../") are redirected by the
 * peers' dialects. */
void http_route(struct http_server *s, const char *method, const char *pattern,
                http_handler handler, void *ctx);
void http_route_fallback(struct http_server *s, http_handler handler, void *ctx);

/* "GET http://host/path", which every server must take (RFC 9112 3.2.2), becomes host and path in
 * the h2o request; any other target is left as it is. For handlers that stand on h2o themselves. */
struct st_h2o_req_t;
void http_target_to_origin(struct st_h2o_req_t *h);

/* --- request: valid until it is answered ----------------------------------------------------- */

struct arena *http_arena(struct http_req *req); /* freed with the request */
const char *http_method(const struct http_req *req);
const char *http_path(const struct http_req *req);     /* decoded, without the query */
const char *http_raw_path(const struct http_req *req); /* as sent, with the query */
/* A path parameter, percent-decoded; "" when the pattern has none of the name. */
const char *http_param(struct http_req *req, const char *name);
/* A query parameter's first value, decoded; NULL when absent, "" for `?x` and `?x=`. */
const char *http_query(struct http_req *req, const char *name);
/* The i-th value of a repeated parameter (?tag=a&tag=b), or NULL past the last. */
const char *http_query_nth(struct http_req *req, const char *name, size_t i);
bool http_query_bool(struct http_req *req, const char *name); /* present and not "false" or "0" */
const char *http_header(struct http_req *req, const char *name); /* NULL when absent; lower case
                                                                    name */
const char *http_body(struct http_req *req, size_t *len);
/* The peer's address as text ("127.0.0.1"), and port. */
const char *http_remote(struct http_req *req, int *port);
/* Runs once if the client goes away or the server closes before the answer; the request is gone
 * when it returns. For handlers that answer later. */
void http_on_cancel(struct http_req *req, void (*cb)(void *arg), void *arg);

/* --- answers: each ends the request ---------------------------------------------------------- */

/* Before answering. Line breaks in a value become spaces. */
void http_add_header(struct http_req *req, const char *name, const char *value);
void http_reply(struct http_req *req, int status, const char *content_type, const void *body,
                size_t len);
/* application/json; re-indented when the request asks ?pretty. Takes nothing: copies. */
void http_reply_json(struct http_req *req, int status, const struct buf *json);
void http_reply_rec(struct http_req *req, const struct rec_desc *d, const void *rec);
/* Bare text with the status, as the peers do. */
void http_reply_text(struct http_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* err_text with err_http_status. */
void http_reply_err(struct http_req *req, const struct err *e);
/* Adds the dialect's index headers (Index, KnownLeader, LastContact; a Nomad write's is Index). */
void http_set_index(struct http_req *req, log_index index);
/* Consul says how consistent an answer is with the catalog's, health's and queries' only: others
 * call this first. */
void http_plain_index(struct http_req *req);

/* Streams: begin, then write; each write is one chunk, sent at once and copied. The request ends
 * with http_stream_end or when its client goes (http_on_cancel). queued_bytes tells what the client
 * has not taken yet: stop producing above a bound and go on in on_drain. */
void http_stream_begin(struct http_req *req, int status, const char *content_type);
void http_stream_write(struct http_req *req, const void *data, size_t len);
size_t http_stream_queued_bytes(const struct http_req *req);
void http_stream_on_drain(struct http_req *req, void (*cb)(void *arg), void *arg);
void http_stream_end(struct http_req *req);

/* --- blocking queries ------------------------------------------------------------------------ */

struct http_watch {
    enum store_watch_kind kind;
    const struct store_table *table;
    const void *key; /* copied */
    size_t klen;
};

/* Renders the answer from a snapshot: writes the JSON body into out, sets *index to the index the
 * answer is as of (what ?index= is compared with) and *status (200 unless changed). May add
 * headers (set anew at each run). Returns 0, or an error to answer with. Runs on the loop, once for
 * each time the query might be answered. */
typedef int (*http_render)(struct http_req *req, struct store_txn *t, void *ctx, struct buf *out,
                           log_index *index, int *status, struct err *e);

/* Answers with render's output: at once when there is no ?index (or 0), else when *index has
 * passed it or ?wait has run out (default 5m, at most 10m, plus jitter up to wait/16). Malformed
 * index or wait: 400 in the dialect's words. A query that is held costs its socket, its watches and
 * under 4 KiB; ctx must live in the request's arena or longer. */
void http_blocking(struct http_req *req, const struct http_watch *watches, size_t n,
                   http_render render, void *ctx);

/* --- client ---------------------------------------------------------------------------------- */

struct http_client; /* a libcurl multi handle in a loop, with kept connections */
struct http_call;

struct http_response {
    int code;    /* 0, or ERR_TIMEOUT, ERR_UNAVAILABLE (could not connect), ERR_CANCELED,
                    ERR_TOO_LARGE ... */
    int status;  /* HTTP status when code == 0 */
    const char *body;
    size_t body_len;
    const char *error; /* curl's words when code != 0 */
    log_index index;   /* X-Nomad-Index or X-Consul-Index, 0 when absent */
    const char *status_text; /* "200 OK" */
};
typedef void (*http_response_cb)(void *arg, const struct http_response *r); /* r is borrowed */

struct http_call_options {
    const char *method;        /* NULL = GET */
    const char *url;
    const char *unix_socket;   /* NULL, or the path to connect to instead */
    const void *body;          /* copied */
    size_t body_len;
    const char *const *headers; /* "Name: value", n_headers of them */
    size_t n_headers;
    unsigned timeout_ms;       /* whole call; 0 = 10 s */
    size_t max_response_bytes; /* 0 = 64 MiB; past it ERR_TOO_LARGE */
    bool fresh_connection;     /* no reuse (health checks) */
    bool keep_tail;            /* past max_response_bytes keep the last bytes instead of failing */
    bool follow_redirects;
    bool tls_skip_verify;
};

int http_client_new(struct loop *loop, struct http_client **out, struct err *e);
/* cb exactly once, on the loop, never before return. Returns the call, for http_cancel. */
struct http_call *http_call(struct http_client *c, const struct http_call_options *o,
                            http_response_cb cb, void *arg);
/* cb will not run any more. Empties the pointer. Only before cb ran. */
void http_cancel(struct http_call **call);
/* Cancels calls (their callbacks get ERR_CANCELED), frees; cb when handles are closed. */
void http_client_close(struct http_client *c, void (*cb)(void *arg), void *arg);

/* One blocking call, for commands and tests. body_out is filled. */
int http_fetch(const struct http_call_options *o, int *status, struct buf *body_out,
               log_index *index, struct err *e);

/* Blocking: writes the body to a file as it arrives, for as long as it lasts; flushed piece by
 * piece. A status other than 200 is ERR_IO with the body's words. */
int http_download(const char *url, FILE *out, struct err *e);

#endif
