/* One request through the proxy: every form an answer's body can take, and upstreams that fail. */
#include "test/unit/support/proxied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\n"

static struct stand_in up;

static void serve(const struct scripted *script, size_t n)
{
    stand_in_start(&up, script, n);
    proxied_add("web1", "web", up.port, "urlprefix-/");
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : "";
}

static void bodies_of_every_form_arrive(void **state)
{
    static const struct {
        struct scripted from;
        int status;
        const char *body; /* in the client's answer, chunks undone */
    } cases[] = {
        {{.text = OK "Content-Length: 5\r\n\r\nhello"}, 200, "hello"},
        {{.text = OK "Content-Length: 0\r\n\r\n"}, 200, ""},
        {{.text = OK "\r\nuntil it closes", .close = true}, 200, "until it closes"},
        {{.text = "HTTP/1.0 200 OK\r\n\r\nold", .close = true}, 200, "old"},
        {{.text =
              OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"},
         200,
         "hello world"},
        {{.text = OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nTrailer: x\r\n\r\n"},
         200,
         "hi"},
        {{.text = "HTTP/1.1 204 No Content\r\n\r\n"}, 204, ""},
        {{.text = "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"}, 304, ""},
        {{.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"}, 404, "nope"},
        {{.text = "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nok"}, 200, "ok"},
        {{.text = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK "Content-Length: 2\r\n\r\nok"},
         200,
         "ok"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *answer;
        serve(&cases[i].from, 1);
        int status = proxied_get("/", &answer);
        if (status != cases[i].status || !strstr(body_of(answer), cases[i].body) ||
            (status == 404 && !strstr(answer, "404 Not Found\r\n")))
            fail_msg("case %zu: %s", i, answer);
        if (!strstr(answer, "chunked"))
            assert_string_equal(cases[i].body, body_of(answer));
        free(answer);
        proxied_remove("web1");
        stand_in_stop(&up);
    }
}

static void nonsense_is_a_502(void **state)
{
    static char many[40000], large[80000];
    size_t n = 0;
    for (int i = 0; i < 150; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "%sX-%d: y\r\n", i ? "" : OK, i);
    snprintf(many + n, sizeof(many) - n, "\r\n");
    memset(large, 'y', sizeof(large) - 1); /* one header that is as good as endless */
    memcpy(large, OK "X: ", strlen(OK "X: "));
    const struct scripted bad[] = {
        {.text = "nonsense\r\n\r\n", .close = true},
        {.text = OK "Content-Length: abc\r\n\r\nx", .close = true},
        {.text = OK "Content-Length: -1\r\n\r\nx", .close = true},
        {.text = OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", .close = true},
        {.text = OK "Transfer-Encoding: gzip\r\n\r\nx", .close = true},
        {.text = "HTTP/1.1 99 Low\r\n\r\n", .close = true},
        {.text = "HTTP/1.1 200 OK", .close = true},
        {.text = "", .close = true},
        {.text = "HTTP/1.1 100 Continue\r\n\r\n", .close = true},
        {.text = many, .close = true},
        {.text = large},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *answer = NULL;
        serve(&bad[i], 1);
        int status = proxied_get("/", &answer);
        if (status != 502)
            fail_msg("case %zu: %s", i, answer);
        free(answer);
        proxied_remove("web1");
        stand_in_stop(&up);
    }
}

/* What was promised and does not come ends the client's connection: it must not pass for whole. */
static void a_cut_body_is_seen_as_cut(void **state)
{
    static const struct scripted cut[] = {
        {.text = OK "Content-Length: 10\r\n\r\nshort", .close = true},
        {.text = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .close = true},
        {.text = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", .close = true},
    };
    for (size_t i = 0; i < 3; i++) {
        char *answer = NULL;
        serve(&cut[i], 1);
        proxied_get("/", &answer);
        if (i == 0)
            assert_non_null(strstr(answer, "ontent-"));
        assert_null(strstr(answer, "\r\n0\r\n")); /* no last chunk of ours */
        free(answer);
        proxied_remove("web1");
        stand_in_stop(&up);
    }
}

/* Thousands in one piece: each is passed over, none costs the next. */
static void interim_answers_without_end_are_survived(void **state)
{
    static char many[60000];
    size_t n = 0;
    while (n < 50000)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "HTTP/1.1 100 C\r\n\r\n");
    snprintf(many + n, sizeof(many) - n, OK "Content-Length: 2\r\n\r\nok");
    const struct scripted s = {.text = many};
    serve(&s, 1);
    assert_int_equal(200, proxied_get("/", NULL));
    stand_in_stop(&up);
}

static void connections_are_kept_where_both_agree(void **state)
{
    static const struct {
        struct scripted from;
        int connections; /* for three requests */
    } cases[] = {
        {{.text = OK "Content-Length: 2\r\n\r\nok"}, 1},
        {{.text = OK "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"}, 1},
        {{.text = OK "Connection: close\r\nContent-Length: 2\r\n\r\nok", .close = true}, 3},
        {{.text = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", .close = true}, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        serve(&cases[i].from, 1);
        char *answers = proxied_ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                    "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                    "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_int_equal(3, up.requests);
        if (up.connections != cases[i].connections)
            fail_msg("case %zu: %d connections", i, up.connections);
        free(answers);
        proxied_remove("web1");
        stand_in_stop(&up);
    }
}

/* A kept connection that its upstream closed in the meantime is nobody's fault. */
static void a_kept_connection_gone_stale_is_replaced(void **state)
{
    static const struct scripted script[] = {
        {.text = OK "Content-Length: 1\r\n\r\na"},
        {.text = "", .close = true}, /* the second request meets the close */
        {.text = OK "Content-Length: 1\r\n\r\nb"}};
    serve(script, 3);
    char *answers = proxied_ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answers, "\r\n\r\na"));
    assert_non_null(strstr(answers, "\r\n\r\nb"));
    free(answers);
    stand_in_stop(&up);
}

/* One instance is dead, the other lives: whoever asks notices nothing, whatever the method. */
static void a_refused_connection_is_tried_elsewhere(void **state)
{
    static const struct scripted ok = {.text = OK "Content-Length: 2\r\n\r\nok"};
    struct stand_in dead;
    stand_in_start(&dead, &ok, 1);
    int gone = dead.port;
    stand_in_stop(&dead);
    serve(&ok, 1);
    proxied_add("web2", "web", gone, "urlprefix-/");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(200, proxied_get("/", NULL));
        char *answer = proxied_ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                                   "Connection: close\r\n\r\nabc");
        assert_non_null(strstr(answer, "200 OK")); /* nothing of it had been sent */
        free(answer);
    }
    stand_in_stop(&up);
}

/* What may have had consequences is not sent twice. */
static void a_post_that_broke_off_is_not_repeated(void **state)
{
    static const struct scripted broken = {.text = "", .close = true};
    serve(&broken, 1);
    char *answer = proxied_ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                               "Connection: close\r\n\r\nabc");
    assert_non_null(strstr(answer, "502"));
    assert_int_equal(1, up.requests);
    free(answer);
    assert_int_equal(502, proxied_get("/", NULL));
    assert_true(up.requests > 2); /* a GET was tried again */
    stand_in_stop(&up);
}

static void large_bodies_pass_both_ways(void **state)
{
    enum { N = 3000000 };
    static char answer_text[N + 200];
    int head = snprintf(answer_text, 200, OK "Content-Length: %d\r\n\r\n", N);
    memset(answer_text + head, 'd', N);
    const struct scripted big = {.text = answer_text, .len = (size_t)head + N};
    struct buf request = BUF_INIT;
    serve(&big, 1);
    buf_printf(&request,
               "PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
               N / 3);
    for (int i = 0; i < N / 3; i++)
        buf_char(&request, 'u');
    char *answer = proxied_ask(request.data);
    assert_int_equal(N, strlen(body_of(answer)));
    pthread_mutex_lock(&up.lock);
    assert_true(up.received.len > N / 3);
    pthread_mutex_unlock(&up.lock);
    free(answer);
    buf_fini(&request);
    stand_in_stop(&up);
}

static void a_whole_address_is_routed_by_its_host(void **state)
{
    static const struct scripted answer = {.text = OK "Content-Length: 2\r\n\r\nok"};
    stand_in_start(&up, &answer, 1);
    proxied_add("web1", "web", up.port, "urlprefix-shop.example/");
    char *got = proxied_ask("GET http://shop.example/basket?n=1 HTTP/1.1\r\nHost: other\r\n"
                            "Connection: close\r\n\r\n");
    assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\n"));
    assert_true(stand_in_got(&up, "GET /basket?n=1 HTTP/1.1\r\n"));
    free(got);
    stand_in_stop(&up);
}

static void without_a_route_there_is_a_404(void **state)
{
    struct lb_stats st;
    assert_int_equal(404, proxied_get("/nothing/here", NULL));
    lb_stats(proxied.lb, &st);
    assert_int_equal(1, st.requests);
    assert_int_equal(1, st.no_route);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, proxied_start, proxied_stop)
    const struct CMUnitTest tests[] = {
        T(bodies_of_every_form_arrive),
        T(nonsense_is_a_502),
        T(a_cut_body_is_seen_as_cut),
        T(interim_answers_without_end_are_survived),
        T(connections_are_kept_where_both_agree),
        T(a_kept_connection_gone_stale_is_replaced),
        T(a_refused_connection_is_tried_elsewhere),
        T(a_post_that_broke_off_is_not_repeated),
        T(large_bodies_pass_both_ways),
        T(a_whole_address_is_routed_by_its_host),
        T(without_a_route_there_is_a_404),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
