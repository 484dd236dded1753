/* The client: what went wrong, and calls that end early. */
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_big(struct http_req *r, void *ctx)
{
    char *text = mem_alloc(100000);
    memset(text, 'x', 100000);
    http_reply(r, 200, "text/plain", text, 100000);
    free(text);
}

static void ignore(void *arg) {}
static void on_hold(struct http_req *r, void *ctx)
{
    http_on_cancel(r, ignore, NULL);
}

static void on_indexed(struct http_req *r, void *ctx)
{
    size_t len;
    const char *body = http_body(r, &len);
    http_set_index(r, 42);
    http_reply_text(r, 200, "%s %s %s", http_method(r),
                    http_header(r, "x-token") ? http_header(r, "x-token") : "-", body);
}
static void on_moved(struct http_req *r, void *ctx)
{
    http_add_header(r, "Location", "/indexed");
    http_reply_text(r, 307, "elsewhere");
}

static int setup(void **state)
{
    web_begin();
    web_serve(HTTP_CONSUL);
    http_route(web.server, "GET", "/hold", on_hold, NULL);
    http_route(web.server, "GET", "/big", on_big, NULL);
    http_route(web.server, "GET,PUT,DELETE", "/indexed", on_indexed, NULL);
    http_route(web.server, "GET", "/moved", on_moved, NULL);
    return 0;
}

static void the_client_reports_what_went_wrong(void **state)
{
    struct web_answer g = {0};
    struct http_call_options o = {.url = "http://127.0.0.1:1/", .timeout_ms = 5000};
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_UNAVAILABLE, g.code);
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", web.port);
    o = (struct http_call_options){.url = url, .timeout_ms = 100};
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_TIMEOUT, g.code);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", web.port);
    o = (struct http_call_options){.url = url, .max_response_bytes = 1000};
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(ERR_TOO_LARGE, g.code);
    o.keep_tail = true;
    g.done = false;
    http_call(web.client, &o, web_on_response, &g);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(0, g.code);
    assert_int_equal(1000, g.len);
    struct web_answer never = {0};
    struct http_call *c = web_call(&never, "GET", "/hold", NULL);
    web_wait_held(1);
    http_cancel(&c);
    web_wait_held(0);
    assert_false(never.done);
}

static int answers, code;

static void count_answer(void *arg, const struct http_response *r)
{
    answers++;
    code = r->code;
}
static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

/* Closing answers what is under way, from the loop and not from within the call. */
static void closing_cancels_what_is_under_way(void **state)
{
    char url[128];
    bool closed = false;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", web.port);
    struct http_call_options o = {.url = url, .timeout_ms = 60000};
    struct http_client *own;
    struct err e = ERR_INIT;
    answers = 0;
    assert_int_equal(0, http_client_new(&web.loop, &own, &e));
    http_call(own, &o, count_answer, NULL);
    assert_int_equal(0, answers);
    web_wait_held(1);
    http_client_close(own, set_flag, &closed);
    assert_true(loop_run_until(&web.loop, &closed, 30000));
    assert_int_equal(1, answers);
    assert_int_equal(ERR_CANCELED, code);
    web_wait_held(0);
}

static void a_wrong_address_is_answered_too(void **state)
{
    static const char *const urls[] = {"", "nonsense", "http://", "gopher://127.0.0.1/",
                                       "http://no.such.host.invalid/"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        static struct web_answer g;
        struct http_call_options o = {.url = urls[i], .timeout_ms = 20000};
        g.done = false;
        http_call(web.client, &o, web_on_response, &g);
        assert_false(g.done); /* never before the call returns */
        assert_true(loop_run_until(&web.loop, &g.done, 60000));
        assert_int_not_equal(0, g.code);
    }
}

/* A command's blocking call: on a thread of its own, since the server is in this one's loop. */
struct command {
    struct http_call_options options;
    FILE *file; /* a download, when there is one */
    int rv, status;
    struct buf body;
    log_index index;
    struct err e;
    atomic_bool done;
};

static void *run_command(void *arg)
{
    struct command *c = arg;
    if (c->file)
        c->rv = http_download(c->options.url, c->file, &c->e);
    else
        c->rv = http_fetch(&c->options, &c->status, &c->body, &c->index, &c->e);
    atomic_store(&c->done, true);
    return NULL;
}

static void command_wait(struct command *c)
{
    pthread_t thread;
    c->e = (struct err)ERR_INIT;
    atomic_store(&c->done, false);
    buf_clear(&c->body);
    assert_int_equal(0, pthread_create(&thread, NULL, run_command, c));
    for (int ms = 0; ms < 60000 && !atomic_load(&c->done); ms++)
        web_turn(1);
    pthread_join(thread, NULL);
}

static void a_command_fetches(void **state)
{
    char url[128];
    static const char *const headers[] = {"X-Token: secret"};
    struct command c = {.options = {.url = url, .headers = headers, .n_headers = 1}};
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/indexed", web.port);
    command_wait(&c);
    assert_int_equal(0, c.rv);
    assert_int_equal(200, c.status);
    assert_int_equal(42, c.index);
    assert_string_equal("GET secret ", buf_str(&c.body));
    c.options.method = "PUT";
    c.options.body = "hello";
    c.options.body_len = 5;
    command_wait(&c);
    assert_string_equal("PUT secret hello", buf_str(&c.body));
    c.options = (struct http_call_options){.url = url, .method = "DELETE"};
    command_wait(&c);
    assert_string_equal("DELETE - ", buf_str(&c.body));
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/moved", web.port);
    c.options = (struct http_call_options){.url = url};
    command_wait(&c);
    assert_int_equal(307, c.status);
    assert_string_equal("elsewhere", buf_str(&c.body));
    c.options.follow_redirects = true;
    command_wait(&c);
    assert_int_equal(200, c.status);
    assert_string_equal("GET - ", buf_str(&c.body));
    buf_fini(&c.body);
}

static void a_download_is_written_or_refused(void **state)
{
    char url[128];
    struct command c = {.options = {.url = url}, .file = tmpfile()};
    assert_non_null(c.file);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", web.port);
    command_wait(&c);
    assert_int_equal(0, c.rv);
    assert_int_equal(100000, ftell(c.file));
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/moved", web.port);
    command_wait(&c);
    assert_int_equal(ERR_IO, c.rv);
    assert_string_equal("Unexpected response code: 307 (elsewhere)", err_text(&c.e));
    assert_int_equal(100000, ftell(c.file)); /* the refusal is not the file's */
    fclose(c.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_client_reports_what_went_wrong, setup, web_end),
        cmocka_unit_test_setup_teardown(closing_cancels_what_is_under_way, setup, web_end),
        cmocka_unit_test_setup_teardown(a_command_fetches, setup, web_end),
        cmocka_unit_test_setup_teardown(a_download_is_written_or_refused, setup, web_end),
        cmocka_unit_test_setup_teardown(a_wrong_address_is_answered_too, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
