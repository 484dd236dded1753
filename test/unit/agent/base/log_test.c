/* The log: levels, both forms, and what is kept for a crash. */
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static FILE *out;

static void start(enum log_level level, bool json)
{
    out = tmpfile();
    assert_non_null(out);
    log_configure(level, json, fileno(out));
}
/* What was written since. */
static void written(struct buf *b)
{
    char piece[4096];
    size_t n;
    rewind(out);
    while ((n = fread(piece, 1, sizeof(piece), out)) > 0)
        buf_add(b, piece, n);
    fclose(out);
    log_configure(LOG_INFO, false, 2);
}

static void lines_below_the_level_are_not_written(void **state)
{
    struct buf b = BUF_INIT;
    start(LOG_WARN, false);
    log_info("client", "alloc %d: pending -> running", 1);
    log_warn("client", "alloc %d: running -> failed (exit code 1)", 2);
    log_error("store", "no room");
    assert_false(log_enabled(LOG_INFO));
    assert_true(log_enabled(LOG_ERROR));
    written(&b);
    assert_null(strstr(b.data, "pending"));
    assert_non_null(strstr(b.data, "Z [WARN]  client: alloc 2: running -> failed (exit code 1)\n"));
    assert_non_null(strstr(b.data, "Z [ERROR] store: no room\n"));
    assert_int_equal('2', b.data[0]); /* the time comes first */
    assert_int_equal('T', b.data[10]);
    buf_fini(&b);
}

static void json_lines_are_json(void **state)
{
    struct buf b = BUF_INIT;
    start(LOG_DEBUG, true);
    log_debug("lb", "a \"quoted\" \n line");
    written(&b);
    json_t *j = json_loads(b.data, 0, NULL);
    assert_non_null(j);
    assert_string_equal("debug", json_string_value(json_object_get(j, "@level")));
    assert_string_equal("lb", json_string_value(json_object_get(j, "@module")));
    assert_string_equal("a \"quoted\" \n line", json_string_value(json_object_get(j, "@message")));
    assert_non_null(json_object_get(j, "@timestamp"));
    json_decref(j);
    buf_fini(&b);
}

static void levels_have_the_peers_names(void **state)
{
    static const struct {
        const char *text;
        enum log_level level;
    } cases[] = {{"TRACE", LOG_TRACE}, {"debug", LOG_DEBUG}, {"Info", LOG_INFO},
                 {"WARN", LOG_WARN},   {"ERR", LOG_ERROR},   {"error", LOG_ERROR}};
    enum log_level level;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(0, log_level_parse(cases[i].text, &level));
        assert_int_equal(cases[i].level, level);
    }
    assert_int_equal(ERR_INVALID, log_level_parse("loud", &level));
    assert_int_equal(ERR_INVALID, log_level_parse("", &level));
}

static void the_last_hundred_lines_are_kept_whatever_the_level(void **state)
{
    struct buf b = BUF_INIT;
    start(LOG_ERROR, false);
    for (int i = 0; i < 150; i++)
        log_debug("test", "line %03d", i);
    log_dump_recent(fileno(out));
    written(&b);
    assert_null(strstr(b.data, "line 049"));
    assert_non_null(strstr(b.data, "line 050"));
    assert_non_null(strstr(b.data, "line 149"));
    assert_true(strstr(b.data, "line 050") < strstr(b.data, "line 149"));
    buf_fini(&b);
}

static void *write_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_info("thread", "%s", (const char *)arg);
    return NULL;
}

static void lines_of_threads_are_whole(void **state)
{
    static const char *const texts[] = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                        "bbbbbbbbbbbbbbbbbbbbbbbb"};
    struct buf b = BUF_INIT;
    pthread_t t[2];
    start(LOG_INFO, false);
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, write_many, (void *)(uintptr_t)texts[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    written(&b);
    int n = 0;
    for (char *line = strtok(b.data, "\n"); line; line = strtok(NULL, "\n"), n++) {
        const char *message = strstr(line, "thread: ");
        assert_non_null(message);
        assert_true(!strcmp(message + 8, texts[0]) || !strcmp(message + 8, texts[1]));
    }
    assert_int_equal(1000, n);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_below_the_level_are_not_written),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(levels_have_the_peers_names),
        cmocka_unit_test(the_last_hundred_lines_are_kept_whatever_the_level),
        cmocka_unit_test(lines_of_threads_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
