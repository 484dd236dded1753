/* The proxy in this process, before servers that answer by a script: for tests of what it makes of
 * them. The proxy has threads of its own, so the test may block on its sockets. */
#ifndef TEST_UNIT_SUPPORT_PROXIED_H
#define TEST_UNIT_SUPPORT_PROXIED_H

#include "agent/base/buf.h"
#include "lb/lb.h"

#include <pthread.h>
#include <stdatomic.h>

struct proxied {
    struct loop loop;
    struct store *store;
    struct lb *lb;
    int port, admin_port;
};
extern struct proxied proxied;
int proxied_start(void **state); /* setup and teardown */
int proxied_stop(void **state);
/* A healthy service with these tags ("urlprefix-/a strip=/a|other") at that port; waits until the
 * route table has it. */
void proxied_add(const char *id, const char *service, int port, const char *tags);
/* Removes it; requests may still go there. */
void proxied_deregister(const char *id);
/* Removes it and waits until no loop routes to it any more. */
void proxied_remove(const char *id);

/* What an answer is: text as it goes over the wire, then perhaps the connection's end. */
struct scripted {
    const char *text;
    size_t len; /* 0: the text's length */
    bool close;
    bool echo; /* afterwards sends back what comes, until the peer closes */
};
/* A server that answers its n-th request by the n-th of the script, and the last for good. */
struct stand_in {
    int port, listener;
    const struct scripted *script;
    size_t n;
    pthread_t thread;
    pthread_mutex_t lock;
    struct buf received; /* every request, as it came */
    atomic_int connections, requests;
    atomic_bool closing;
};
void stand_in_start(struct stand_in *s, const struct scripted *script, size_t n);
void stand_in_stop(struct stand_in *s);
bool stand_in_got(struct stand_in *s, const char *text); /* anywhere in what was received */

/* A server that always answers 200 "ok"; setup and teardown of it and of `proxied`, whose lb the
 * test may have closed. */
extern struct stand_in proxied_up;
int proxied_start_with_up(void **state);
int proxied_stop_with_up(void **state);

/* A connection to the proxy that has sent the text. */
int proxied_connect(const char *text);
/* Reads until the connection ends; heap. */
char *proxied_read(int fd);
/* The whole answer to a request that asks for the connection's end; heap. */
char *proxied_ask(const char *request);
/* "GET path" with Connection: close; the status. `answer` may be NULL. */
int proxied_get(const char *path, char **answer);

#endif
