/* Upgraded connections: bytes both ways, until either side ends. */
#include "test/unit/support/proxied.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPGRADE                                                                                    \
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                 \
    "Sec-WebSocket-Key: k\r\n\r\n"
#define SWITCHED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static struct stand_in up;

static void serve(const struct scripted *s)
{
    stand_in_start(&up, s, 1);
    proxied_add("web1", "web", up.port, "urlprefix-/");
}

/* Reads until the text has come, and nothing behind it. */
static void read_until(int fd, const char *text)
{
    struct buf b = BUF_INIT;
    struct pollfd p = {fd, POLLIN, 0};
    char c;
    while (!b.len || !memmem(b.data, b.len, text, strlen(text))) {
        if (poll(&p, 1, 30000) != 1)
            fail_msg("'%s' did not come: %s", text, buf_str(&b));
        if (read(fd, &c, 1) != 1)
            fail_msg("it ended before '%s': %s", text, buf_str(&b));
        buf_char(&b, c);
    }
    buf_fini(&b);
}

static void bytes_go_both_ways(void **state)
{
    static const struct scripted s = {.text = SWITCHED "first", .echo = true};
    serve(&s);
    int fd = proxied_connect(UPGRADE);
    read_until(fd, "101 Switching Protocols");
    read_until(fd, "first"); /* what the upstream sent with its head */
    for (int i = 0; i < 50; i++) {
        assert_int_equal(4, write(fd, "ping", 4));
        read_until(fd, "ping");
    }
    close(fd);
    stand_in_stop(&up); /* its echo ends: the tunnel closed the other side */
}

/* Bytes that come right behind the request are the tunnel's. */
static void early_bytes_are_not_lost(void **state)
{
    static const struct scripted s = {.text = SWITCHED, .echo = true};
    serve(&s);
    int fd = proxied_connect(UPGRADE);
    read_until(fd, "101");
    static char big[300000];
    memset(big, 'b', sizeof(big));
    size_t sent = 0, got = 0;
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    while (got < sizeof(big)) { /* more than any buffer holds */
        char piece[65536];
        assert_int_equal(1, poll(&p, 1, 30000));
        if ((p.revents & POLLOUT) && sent < sizeof(big)) {
            ssize_t n =
                write(fd, big + sent, sizeof(big) - sent > 8192 ? 8192 : sizeof(big) - sent);
            assert_true(n > 0);
            sent += (size_t)n;
        }
        if (p.revents & POLLIN) {
            ssize_t n = read(fd, piece, sizeof(piece));
            assert_true(n > 0);
            got += (size_t)n;
        }
        p.events = sent < sizeof(big) ? POLLIN | POLLOUT : POLLIN;
    }
    close(fd);
    stand_in_stop(&up);
}

static void the_upstreams_end_is_the_clients(void **state)
{
    static const struct scripted s = {.text = SWITCHED "bye", .close = true};
    serve(&s);
    char *all = proxied_ask(UPGRADE);
    assert_non_null(strstr(all, "\r\n\r\nbye"));
    free(all);
    stand_in_stop(&up);
}

/* An upstream that does not upgrade just answers. */
static void a_refused_upgrade_is_an_answer(void **state)
{
    static const struct scripted s = {.text = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                                              "Content-Length: 2\r\n\r\nno",
                                      .close = true};
    serve(&s);
    int fd = proxied_connect(UPGRADE);
    read_until(fd, "400 Bad Request");
    close(fd);
    stand_in_stop(&up);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, proxied_start, proxied_stop)
    const struct CMUnitTest tests[] = {
        T(bytes_go_both_ways),
        T(early_bytes_are_not_lost),
        T(the_upstreams_end_is_the_clients),
        T(a_refused_upgrade_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
