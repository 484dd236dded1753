/* /v1/client/fs/logs: whole, from an end, followed; and what is refused. */
#include "agent/base/file.h"
#include "agent/client/client_impl.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID   "0363bef9-cf86-c166-16d9-b5ba9435f236"
#define LOGS "/v1/client/fs/logs/" ID
static struct client client;
static struct arena arena;

static void put(const char *name, const char *text)
{
    struct err e = ERR_INIT;
    char *path = arena_printf(&arena, "%s/" ID "/alloc/logs/%s", web.dir, name);
    assert_int_equal(0, file_write_atomic(path, text, strlen(text), 0600, &e));
}

static int start(void **state)
{
    struct err e = ERR_INIT;
    web_begin();
    web_serve(HTTP_NOMAD);
    client = (struct client){.main_loop = &web.loop, .alloc_dir = web.dir};
    client_api_routes(&client, web.server);
    return file_mkdirs(arena_printf(&arena, "%s/" ID "/alloc/logs", web.dir), 0700, &e);
}
static int stop(void **state)
{
    arena_fini(&arena);
    return web_end(state);
}

static void check(const char *query, int status, const char *body)
{
    struct web_answer *g = web_fetch("GET", arena_printf(&arena, LOGS "%s", query), NULL);
    assert_string_equal(body, g->body);
    assert_int_equal(status, g->status);
}

static void rotated_files_are_one_text(void **state)
{
    put("t.stdout.3", "three\n"); /* older ones are gone */
    put("t.stdout.4", "four\n");
    put("t.stderr.0", "oops\n");
    check("?task=t&type=stdout&plain=true", 200, "three\nfour\n");
    check("?task=t&type=stderr&plain=true", 200, "oops\n");
    check("?task=t&type=stdout&plain=true&offset=2", 200, "ree\nfour\n");
    check("?task=t&type=stdout&plain=true&origin=end&offset=3", 200, "ur\n");
    check("?task=t&type=stdout&plain=true&origin=end&offset=300", 200, "four\n");
    check("?task=other&type=stdout&plain=true", 200, "");
}

static void frames_are_the_peers(void **state)
{
    put("t.stdout.0", "hello");
    check("?task=t&type=stdout", 200,
          "{\"Data\":\"aGVsbG8=\",\"File\":\"alloc/logs/t.stdout.0\",\"Offset\":5}");
}

static void what_is_wrong_is_refused(void **state)
{
    check("?type=stdout", 400, "must provide task name");
    check("?task=&type=stdout", 400, "must provide task name");
    check("?task=..%2F..%2Fx&type=stdout", 400, "must provide task name");
    check("?task=t", 400, "log type must be stdout or stderr");
    check("?task=t&type=secrets", 400, "log type must be stdout or stderr");
    check("?task=t&type=stdout&offset=x", 400, "error parsing offset: invalid number");
    struct web_answer *g = web_fetch(
        "GET", "/v1/client/fs/logs/ffffffff-cf86-c166-16d9-b5ba9435f236?task=t&type=stdout", NULL);
    assert_int_equal(404, g->status);
    assert_string_equal("Unknown allocation \"ffffffff-cf86-c166-16d9-b5ba9435f236\"", g->body);
    assert_int_equal(404,
                     web_fetch("GET", "/v1/client/fs/logs/..?task=t&type=stdout", NULL)->status);
}

/* New output comes as it is written, into the next file as well; a client that goes is let go. */
static void following_goes_on(void **state)
{
    char got[65536];
    size_t n = 0;
    put("t.stdout.0", "first\n");
    int fd = web_connect("GET " LOGS "?task=t&type=stdout&plain=true&follow=true HTTP/1.1\r\n"
                         "Host: x\r\n\r\n");
    const char *const parts[] = {"first\n", "second\n"};
    for (int part = 0; part < 2; part++) {
        bool seen = false;
        for (int i = 0; i < 30000 && !seen; i++) {
            web_turn(1);
            ssize_t r = recv(fd, got + n, sizeof(got) - 1 - n, MSG_DONTWAIT);
            n += r > 0 ? (size_t)r : 0;
            got[n] = '\0';
            seen = strstr(got, parts[part]) != NULL;
        }
        assert_true(seen);
        if (!part)
            put("t.stdout.1", "second\n");
    }
    close(fd);
    web_wait_held(0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        T(rotated_files_are_one_text),
        T(frames_are_the_peers),
        T(what_is_wrong_is_refused),
        T(following_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
