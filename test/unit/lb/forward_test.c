/* What reaches the upstream of a request: its path, its host, its headers. */
#include "test/unit/support/proxied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stand_in up;
static const struct scripted ok = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};

static void ask(const char *tags, const char *request)
{
    stand_in_start(&up, &ok, 1);
    proxied_add("web1", "web", up.port, tags);
    char *answer = proxied_ask(request);
    if (!strstr(answer, "200 OK"))
        fail_msg("%s", answer);
    free(answer);
}
static void end(void)
{
    proxied_remove("web1");
    stand_in_stop(&up);
}
static void expect(const char *text)
{
    if (!stand_in_got(&up, text))
        fail_msg("'%s' is not in\n%s", text, buf_str(&up.received));
}
static void expect_not(const char *text)
{
    if (stand_in_got(&up, text))
        fail_msg("'%s' is in\n%s", text, buf_str(&up.received));
}

static void paths_are_as_the_tag_says(void **state)
{
    static const struct {
        const char *tags, *path, *want;
    } cases[] = {
        {"urlprefix-/", "/a/b?q=1", "GET /a/b?q=1 HTTP/1.1\r\n"},
        {"urlprefix-/a strip=/a", "/a/b", "GET /b HTTP/1.1\r\n"},
        {"urlprefix-/a strip=/a", "/a", "GET / HTTP/1.1\r\n"},
        {"urlprefix-/a strip=/a", "/a?q", "GET /?q HTTP/1.1\r\n"},
        {"urlprefix-/a strip=/x", "/a/b", "GET /a/b HTTP/1.1\r\n"},
        {"urlprefix-/a prepend=/v1", "/a/b", "GET /v1/a/b HTTP/1.1\r\n"},
        {"urlprefix-/a strip=/a prepend=/v1", "/a/b", "GET /v1/b HTTP/1.1\r\n"},
        {"urlprefix-/", "/a%2Fb/%C3%A9", "GET /a%2Fb/%C3%A9 HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[256];
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", cases[i].path);
        ask(cases[i].tags, request);
        expect(cases[i].want);
        end();
    }
}

static void the_upstream_learns_who_asked(void **state)
{
    ask("urlprefix-/p strip=/p",
        "GET /p/x HTTP/1.1\r\nHost: shop.example:8080\r\nConnection: close\r\n\r\n");
    expect("\r\nHost: shop.example:8080\r\n");
    expect("\r\nX-Forwarded-For: 127.0.0.1\r\n");
    expect("\r\nX-Real-Ip: 127.0.0.1\r\n");
    expect("\r\nX-Forwarded-Proto: http\r\n");
    expect("\r\nX-Forwarded-Host: shop.example:8080\r\n");
    expect("\r\nX-Forwarded-Port: 8080\r\n");
    expect("\r\nForwarded: for=127.0.0.1; proto=http\r\n");
    expect("\r\nX-Forwarded-Prefix: /p\r\n");
    end();
}

static void what_another_proxy_said_is_kept(void **state)
{
    ask("urlprefix-/",
        "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.1.1.1\r\n"
        "X-Forwarded-Proto: https\r\nX-Real-Ip: 10.1.1.1\r\nConnection: close\r\n\r\n");
    expect("\r\nX-Forwarded-For: 10.1.1.1, 127.0.0.1\r\n");
    expect("\r\nX-Forwarded-Proto: https\r\n");
    expect_not("X-Forwarded-Proto: http\r\n");
    expect("\r\nX-Real-Ip: 10.1.1.1\r\n");
    end();
}

/* RFC 9110, 7.6.1: what concerns one connection ends with it, whatever Connection names. */
static void headers_of_one_hop_stay_behind(void **state)
{
    ask("urlprefix-/", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Secret\r\n"
                       "X-Secret: s\r\nX-Kept: k\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
                       "Proxy-Authorization: p\r\n\r\n");
    expect("\r\nX-Kept: k\r\n");
    expect_not("X-Secret");
    expect_not("Keep-Alive");
    expect_not("TE:");
    expect_not("Proxy-Authorization");
    end();
}

static void the_host_is_as_the_tag_says(void **state)
{
    char want[64];
    ask("urlprefix-/ host=dst", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    snprintf(want, sizeof(want), "\r\nHost: 127.0.0.1:%d\r\n", up.port);
    expect(want);
    end();
    ask("urlprefix-/ host=inner.example", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect("\r\nHost: inner.example\r\n");
    end();
}

/* However its length was told, the upstream gets it as Content-Length: one reading only. */
static void bodies_have_one_length(void **state)
{
    ask("urlprefix-/", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                       "Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    expect("\r\nContent-Length: 5\r\n");
    expect("\r\n\r\nabcde");
    expect_not("hunked");
    end();
    ask("urlprefix-/",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    expect("\r\nContent-Length: 0\r\n");
    end();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, proxied_start, proxied_stop)
    const struct CMUnitTest tests[] = {
        T(paths_are_as_the_tag_says),       T(the_upstream_learns_who_asked),
        T(what_another_proxy_said_is_kept), T(headers_of_one_hop_stay_behind),
        T(the_host_is_as_the_tag_says),     T(bodies_have_one_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
