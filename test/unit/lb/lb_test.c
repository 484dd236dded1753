/* The router as a whole: tables that follow the catalog, the barrier, the admin API. */
#include "test/unit/support/proxied.h"
#include "agent/base/clock.h"
#include "agent/http/http.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void routes_follow_the_catalog(void **state)
{
    assert_int_equal(404, proxied_get("/a", NULL));
    proxied_add("web1", "web", proxied_up.port, "urlprefix-/a");
    assert_int_equal(200, proxied_get("/a", NULL));
    proxied_add("web1", "web", proxied_up.port, "urlprefix-/b");
    assert_int_equal(404, proxied_get("/a", NULL));
    assert_int_equal(200, proxied_get("/b", NULL));
    proxied_remove("web1");
    assert_int_equal(404, proxied_get("/b", NULL));
}

static void instances_take_turns(void **state)
{
    struct stand_in other;
    stand_in_start(&other, proxied_up.script, 1);
    proxied_add("web1", "web", proxied_up.port, "urlprefix-/");
    proxied_add("web2", "web", other.port, "urlprefix-/");
    for (int i = 0; i < 20; i++)
        assert_int_equal(200, proxied_get("/", NULL));
    assert_int_equal(10, proxied_up.requests);
    assert_int_equal(10, other.requests);
    stand_in_stop(&other);
}

struct waiter {
    bool done;
};
static void on_passed(void *arg)
{
    ((struct waiter *)arg)->done = true;
}

/* Turns the loop until no new request is routed any more, on whichever thread it comes in. */
static void wait_for_no_route(void)
{
    bool never = false;
    for (int in_a_row = 0, tries = 0; in_a_row < 16; tries++) {
        assert_true(tries < 3000);
        in_a_row = proxied_get("/", NULL) == 404 ? in_a_row + 1 : 0;
        loop_run_until(&proxied.loop, &never, in_a_row ? 1 : 10);
    }
}

/* A request under way to what has left holds the barrier until it ends. */
static void the_barrier_waits_for_requests_in_flight(void **state)
{
    static const struct scripted answers[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"}, /* it stays under way */
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
    };
    struct stand_in late;
    struct waiter w = {false};
    struct store_txn *t;
    stand_in_start(&late, answers, 2);
    proxied_add("web1", "web", late.port, "urlprefix-/");
    int fd = proxied_connect("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!late.requests)
        usleep(1000);
    mono_ms begun = clock_mono_ms();
    proxied_deregister("web1");
    assert_int_equal(0, store_read(proxied.store, &t, NULL));
    log_index index = store_txn_index(t);
    store_read_end(&t);
    lb_wait_index(proxied.lb, index, on_passed, &w);
    wait_for_no_route();
    if (clock_mono_ms() - begun < 4000) /* the barrier's own bound is 5 s */
        assert_false(w.done);
    stand_in_stop(&late); /* the answer is cut: the request has ended */
    assert_true(loop_run_until(&proxied.loop, &w.done, 30000));
    close(fd);
}

struct answer {
    bool done;
    int status;
    struct buf body;
};
static void on_answer(void *arg, const struct http_response *r)
{
    struct answer *a = arg;
    a->status = r->code ? r->code : r->status;
    buf_add(&a->body, r->body, r->body_len);
    a->done = true;
}
static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static struct answer admin_get(const char *path)
{
    struct http_client *c;
    struct err e = ERR_INIT;
    struct answer a = {.body = BUF_INIT};
    bool closed = false;
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", proxied.admin_port, path);
    struct http_call_options o = {.url = url};
    assert_int_equal(0, http_client_new(&proxied.loop, &c, &e));
    http_call(c, &o, on_answer, &a);
    assert_true(loop_run_until(&proxied.loop, &a.done, 30000));
    http_client_close(c, set_true, &closed);
    assert_true(loop_run_until(&proxied.loop, &closed, 30000));
    return a;
}

static void the_admin_api_shows_the_table(void **state)
{
    proxied_add("web1", "web", proxied_up.port, "urlprefix-shop.example/a strip=/a|<b>");
    struct answer a = admin_get("/api/routes");
    json_t *j = json_loadb(a.body.data, a.body.len, 0, NULL);
    assert_int_equal(1, json_array_size(j));
    json_t *r = json_array_get(j, 0);
    assert_string_equal("web", json_string_value(json_object_get(r, "service")));
    assert_string_equal("shop.example", json_string_value(json_object_get(r, "host")));
    assert_string_equal("/a", json_string_value(json_object_get(r, "path")));
    assert_string_equal("shop.example/a", json_string_value(json_object_get(r, "src")));
    json_decref(j);
    buf_fini(&a.body);
    a = admin_get("/api/routes?raw");
    assert_non_null(strstr(a.body.data, "route add web shop.example/a http://127.0.0.1:"));
    assert_non_null(strstr(a.body.data, "opts \"strip=/a\""));
    buf_fini(&a.body);
    a = admin_get("/routes");
    assert_int_equal(200, a.status);
    assert_non_null(strstr(a.body.data, "shop.example/a"));
    assert_non_null(strstr(a.body.data, "&lt;b&gt;")); /* a tag is anybody's text */
    assert_null(strstr(a.body.data, "<b>"));
    buf_fini(&a.body);
    a = admin_get("/health");
    assert_string_equal("OK\n", a.body.data);
    buf_fini(&a.body);
    a = admin_get("/");
    assert_int_equal(303, a.status);
    buf_fini(&a.body);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, proxied_start_with_up, proxied_stop_with_up)
    const struct CMUnitTest tests[] = {
        T(routes_follow_the_catalog),
        T(instances_take_turns),
        T(the_barrier_waits_for_requests_in_flight),
        T(the_admin_api_shows_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
