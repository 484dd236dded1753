#include "test/unit/support/proxied.h"
#include "test/unit/support/catalog_store.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 30000

struct proxied proxied;
static char dir[64];

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

int proxied_start(void **state)
{
    struct err e = ERR_INIT;
    memset(&proxied, 0, sizeof(proxied));
    loop_init(&proxied.loop);
    proxied.store = catalog_store_open(dir);
    struct lb_config c = {.loop = &proxied.loop,
                          .store = proxied.store,
                          .addr = "127.0.0.1",
                          .admin_addr = "127.0.0.1",
                          .threads = 2,
                          .tag_prefix = "urlprefix-",
                          .datacenter = "dc1"};
    return lb_new(&c, &proxied.lb, &proxied.port, &proxied.admin_port, &e);
}

int proxied_stop(void **state)
{
    bool done = false;
    lb_close(proxied.lb, 1000, set_true, &done);
    bool in_time = loop_run_until(&proxied.loop, &done, PATIENCE_MS);
    catalog_store_close(&proxied.store, dir);
    loop_close(&proxied.loop);
    return !in_time;
}

/* Until all loops route by what the store holds now. */
static void settle(void)
{
    bool done = false;
    struct store_txn *t;
    assert_int_equal(0, store_read(proxied.store, &t, NULL));
    log_index index = store_txn_index(t);
    store_read_end(&t);
    lb_wait_index(proxied.lb, index, set_true, &done);
    assert_true(loop_run_until(&proxied.loop, &done, PATIENCE_MS));
}

void proxied_add(const char *id, const char *service, int port, const char *tags)
{
    catalog_store_add_service(proxied.store, id, service, port, tags);
    settle();
}

static void on_removed(void *arg, int status, log_index index, const struct store_result *r)
{
    *(bool *)arg = true;
}

void proxied_deregister(const char *id)
{
    struct catalog_deregistration d = {.node = (char[]){"n1"}, .service_id = (char *)(uintptr_t)id};
    bool done = false;
    catalog_deregister(proxied.store, &proxied.loop, &d, on_removed, &done);
    assert_true(loop_run_until(&proxied.loop, &done, PATIENCE_MS));
}

void proxied_remove(const char *id)
{
    proxied_deregister(id);
    settle();
}

/* --- the script's server --------------------------------------------------------------------- */

static bool is_whole(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(text, "content-length: ") : NULL;
    size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return end && len >= (size_t)(end + 4 - text) + body;
}

static bool send_all(int fd, const char *text, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

static void echo(int fd)
{
    char piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof(piece))) > 0)
        if (!send_all(fd, piece, (size_t)n))
            break;
}

static ssize_t read_or_closing(struct stand_in *s, int fd, char *to, size_t cap)
{
    struct pollfd p = {fd, POLLIN, 0};
    while (!s->closing)
        if (poll(&p, 1, 20) > 0)
            return read(fd, to, cap);
    return 0;
}

struct served {
    struct stand_in *s;
    int fd;
};

static void *serve(void *arg)
{
    struct served *v = arg;
    struct stand_in *s = v->s;
    struct buf head = BUF_INIT;
    char piece[65536];
    ssize_t n;
    while ((n = read_or_closing(s, v->fd, piece, sizeof(piece))) > 0) {
        buf_add(&head, piece, (size_t)n);
        if (!is_whole(head.data, head.len))
            continue;
        pthread_mutex_lock(&s->lock);
        buf_add(&s->received, head.data, head.len);
        pthread_mutex_unlock(&s->lock);
        size_t i = (size_t)s->requests++;
        const struct scripted *x = &s->script[i < s->n ? i : s->n - 1];
        buf_clear(&head);
        if (!send_all(v->fd, x->text, x->len ? x->len : strlen(x->text)) || x->close)
            break;
        if (x->echo) {
            echo(v->fd);
            break;
        }
    }
    close(v->fd);
    buf_fini(&head);
    free(v);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct stand_in *s = arg;
    pthread_t threads[256];
    int n = 0, fd;
    while (n < 256 && (fd = accept(s->listener, NULL, NULL)) >= 0) {
        struct served *v = malloc(sizeof(*v));
        *v = (struct served){s, fd};
        s->connections++;
        pthread_create(&threads[n++], NULL, serve, v);
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return NULL;
}

void stand_in_start(struct stand_in *s, const struct scripted *script, size_t n)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sin);
    memset(s, 0, sizeof(*s));
    s->script = script;
    s->n = n;
    pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, bind(s->listener, (struct sockaddr *)&sin, sizeof(sin)));
    assert_int_equal(0, listen(s->listener, 64));
    assert_int_equal(0, getsockname(s->listener, (struct sockaddr *)&sin, &len));
    s->port = ntohs(sin.sin_port);
    pthread_create(&s->thread, NULL, accept_all, s);
}

void stand_in_stop(struct stand_in *s)
{
    s->closing = true;
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    buf_fini(&s->received);
    pthread_mutex_destroy(&s->lock);
}

bool stand_in_got(struct stand_in *s, const char *text)
{
    pthread_mutex_lock(&s->lock);
    bool got = s->received.len && memmem(s->received.data, s->received.len, text, strlen(text));
    pthread_mutex_unlock(&s->lock);
    return got;
}

/* --- the client's side ----------------------------------------------------------------------- */

int proxied_connect(const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)proxied.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(0, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
    assert_true(send_all(fd, text, strlen(text)));
    return fd;
}

char *proxied_read(int fd)
{
    struct buf b = BUF_INIT;
    struct pollfd p = {fd, POLLIN, 0};
    char piece[65536];
    ssize_t n = 1;
    while (n > 0) {
        if (poll(&p, 1, PATIENCE_MS) != 1)
            fail_msg("no end of the answer: %.300s", buf_str(&b));
        n = read(fd, piece, sizeof(piece));
        if (n > 0)
            buf_add(&b, piece, (size_t)n);
    }
    close(fd);
    return buf_take(&b);
}

char *proxied_ask(const char *request)
{
    return proxied_read(proxied_connect(request));
}

int proxied_get(const char *path, char **answer)
{
    char request[1024];
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: shop.example:9999\r\nConnection: close\r\n\r\n", path);
    char *text = proxied_ask(request);
    int status = 0;
    sscanf(text, "HTTP/1.1 %d ", &status);
    if (answer)
        *answer = text;
    else
        free(text);
    return status;
}

struct stand_in proxied_up;

int proxied_start_with_up(void **state)
{
    static const struct scripted ok = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    int rv = proxied_start(state);
    stand_in_start(&proxied_up, &ok, 1);
    return rv;
}

int proxied_stop_with_up(void **state)
{
    stand_in_stop(&proxied_up);
    return proxied.lb ? proxied_stop(state) : 0;
}
