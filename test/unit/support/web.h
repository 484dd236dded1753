/* A server and a client in one loop, with a store behind: what tests of HTTP need. Both ends are in
 * this process, so nothing here blocks: every wait turns the loop. */
#ifndef TEST_UNIT_SUPPORT_WEB_H
#define TEST_UNIT_SUPPORT_WEB_H

#include "agent/http/http.h"

struct web {
    struct loop loop;
    struct store *store;
    struct http_server *server;
    struct http_client *client;
    int port;
    char dir[64];
};
extern struct web web;

/* A directory and a loop; the store is then the caller's to open, in web.dir. */
void web_begin(void);
/* Server (bodies up to 100,000 bytes, gzip) and client; routes are added by the caller. Listens. */
void web_serve(enum http_dialect dialect);
/* All of it, in the Consul dialect, with a kvstate store and the routes
 *   /echo/:id/... GET and PUT: what of the request arrived, as text;
 *   /echo/fixed: a JSON object;
 *   /kv/...: a blocking query on a key of the store. */
void web_serve_usual(void);
/* Closes what is open; also a teardown. */
int web_end(void **state);
/* Closes the server alone, and waits until it has. */
void web_close_server(void);

struct web_answer {
    bool done;
    int code, status;
    char body[65536];
    size_t len;
    log_index index;
};
struct http_call *web_call(struct web_answer *g, const char *method, const char *path,
                           const char *body);
void web_on_response(void *arg, const struct http_response *r); /* arg: a web_answer */
/* Waits for the answer; the last one's memory. */
struct web_answer *web_fetch(const char *method, const char *path, const char *body);

/* A socket that has sent the text. */
int web_connect(const char *text);
/* The whole answer to a request sent by hand; static memory. */
const char *web_raw(const char *method, const char *path);
/* Until the server holds so many requests. */
void web_wait_held(uint64_t n);
void web_turn(int milliseconds);

#endif
