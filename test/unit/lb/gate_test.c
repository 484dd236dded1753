/* Targets that are not simply asked: who may come, and where they are sent instead. */
#include "test/unit/support/proxied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void who_may_come(void **state)
{
    static const struct {
        const char *tags, *header;
        int status;
    } cases[] = {
        {"urlprefix-/ allow=ip:127.0.0.0/8", "", 200},
        {"urlprefix-/ allow=ip:10.0.0.0/8", "", 403},
        {"urlprefix-/ deny=ip:127.0.0.1", "", 403},
        {"urlprefix-/ deny=ip:10.0.0.0/8", "", 200},
        {"urlprefix-/ deny=ip:10.0.0.0/8", "X-Forwarded-For: 10.1.2.3\r\n", 403},
        {"urlprefix-/ deny=ip:10.0.0.0/8", "X-Forwarded-For: 192.0.2.1, 10.1.2.3\r\n", 403},
        {"urlprefix-/ allow=ip:127.0.0.0/8", "X-Forwarded-For: 10.1.2.3\r\n", 403},
        {"urlprefix-/ allow=ip:127.0.0.0/8,ip:10.0.0.0/8", "X-Forwarded-For: 10.1.2.3\r\n", 200},
        {"urlprefix-/ allow=ip:127.0.0.0/8", "X-Forwarded-For: nonsense\r\n", 403},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf request = BUF_INIT;
        int status = 0;
        proxied_add("web1", "web", proxied_up.port, cases[i].tags);
        buf_printf(&request, "GET / HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n",
                   cases[i].header);
        char *answer = proxied_ask(request.data);
        sscanf(answer, "HTTP/1.1 %d", &status);
        if (status != cases[i].status)
            fail_msg("%s %s: %s", cases[i].tags, cases[i].header, answer);
        if (status == 403)
            assert_non_null(strstr(answer, "access denied"));
        free(answer);
        buf_fini(&request);
        proxied_remove("web1");
    }
}

static void where_they_are_sent(void **state)
{
    static const struct {
        const char *tags, *path, *status, *location;
    } cases[] = {
        {"urlprefix-/ redirect=301,https://new.example", "/a?q=1", "301 Moved Permanently",
         "https://new.example/"},
        {"urlprefix-/ redirect=302,https://new.example$path", "/a?q=1", "302 Found",
         "https://new.example/a?q=1"},
        {"urlprefix-/ redirect=307,https://new.example/b$path", "/a", "307 Temporary Redirect",
         "https://new.example/b/a"},
        {"urlprefix-/a strip=/a redirect=301,https://new.example$path", "/a/b",
         "301 Moved Permanently", "https://new.example/b"},
        {"urlprefix-/ redirect=308,https://$host$path", "/x", "308 Permanent Redirect",
         "https://shop.example:9999/x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf want = BUF_INIT;
        char *answer;
        proxied_add("web1", "web", proxied_up.port, cases[i].tags);
        proxied_get(cases[i].path, &answer);
        buf_printf(&want, "ocation: %s\r\n", cases[i].location);
        if (!strstr(answer, cases[i].status) || !strstr(answer, want.data))
            fail_msg("%s: %s", cases[i].tags, answer);
        free(answer);
        buf_fini(&want);
        proxied_remove("web1");
    }
    assert_int_equal(0, proxied_up.requests);
}

/* A redirect to what was asked for would never end. */
static void a_redirect_to_itself_asks_the_next_route(void **state)
{
    proxied_add("redirect", "redirect", proxied_up.port,
                "urlprefix-shop.example:9999/ redirect=301,http://$host$path");
    proxied_add("web1", "web", proxied_up.port, "urlprefix-/");
    assert_int_equal(200, proxied_get("/x", NULL));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, proxied_start_with_up, proxied_stop_with_up)
    const struct CMUnitTest tests[] = {
        T(who_may_come),
        T(where_they_are_sent),
        T(a_redirect_to_itself_asks_the_next_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
