#include "lb/tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static const struct {
    const char *tag;
    enum tag_result result;
    const char *host, *path, *opts;
} sources[] = {
    {"p-/", TAG_ROUTE, "", "/", ""},
    {" p-/", TAG_ROUTE, "", "/", ""},
    {"p- / ", TAG_ROUTE, "", "/", ""},
    {"p-/foo", TAG_ROUTE, "", "/foo", ""},
    {"p-/Foo", TAG_ROUTE, "", "/Foo", ""}, /* paths have a case */
    {"p-WWW.BAR.COM/foo/Foo", TAG_ROUTE, "www.bar.com", "/foo/Foo", ""},
    {"p-*.bar.com/x", TAG_ROUTE, "*.bar.com", "/x", ""},
    {"p-www.bar.com:80/foo", TAG_ROUTE, "www.bar.com", "/foo", ""},
    {"p-www.bar.com:8080/foo", TAG_ROUTE, "www.bar.com:8080", "/foo", ""},
    {"p-nopath", TAG_ROUTE, "nopath", "/", ""},
    {"p-$DC/${DC}/x$Y/$", TAG_ROUTE, "east", "/east/x/$", ""},
    {"p-a${DC/x", TAG_ROUTE, "a${dc", "/x", ""},
    {"p-/a strip=/a  host=dst", TAG_ROUTE, "", "/a", "strip=/a host=dst"},
    {"p-/a weight=0.5 strip=/a", TAG_ROUTE, "", "/a", "strip=/a"},
    {"p-/a redirect=302,https://www.bar.com", TAG_ROUTE, "", "/a", "redirect=302"},
    {"p-/a proto=http", TAG_ROUTE, "", "/a", "proto=http"},
    {"p-", TAG_OTHER, NULL, NULL, NULL},
    {"p-   ", TAG_OTHER, NULL, NULL, NULL},
    {"P-/", TAG_OTHER, NULL, NULL, NULL},
    {"web", TAG_OTHER, NULL, NULL, NULL},
    {"", TAG_OTHER, NULL, NULL, NULL},
};

static void test_sources(void **state)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct arena a = ARENA_INIT;
        struct route_tag t;
        enum tag_result rv = route_tag_parse(sources[i].tag, "p-", "east", &a, &t);
        if (rv != sources[i].result)
            fail_msg("%s: %d", sources[i].tag, (int)rv);
        if (rv == TAG_ROUTE) {
            assert_string_equal(sources[i].host, t.host);
            assert_string_equal(sources[i].path, t.path);
            assert_string_equal(sources[i].opts, t.opts);
            assert_null(t.complaint);
        }
        arena_fini(&a);
    }
}

static void test_options(void **state)
{
    struct arena a = ARENA_INIT;
    struct route_tag t;
    assert_int_equal(
        TAG_ROUTE,
        route_tag_parse("p-/a strip=/a prepend=/b host=up.example weight=0.25", "p-", "", &a, &t));
    assert_string_equal("/a", t.strip);
    assert_string_equal("/b", t.prepend);
    assert_string_equal("up.example", t.host_header);
    assert_true(t.weight > 0.2499 && t.weight < 0.2501);
    assert_int_equal(TAG_ROUTE,
                     route_tag_parse("p-/ redirect=307,http://a/$path?x=1,2", "p-", "", &a, &t));
    assert_int_equal(307, t.redirect_code);
    assert_string_equal("http://a/$path?x=1,2", t.redirect_url);
    arena_fini(&a);
}

static const struct {
    const char *tag;
    enum tag_result result;
    const char *complaint; /* part of it */
} complaints[] = {
    {"p-:7070 proto=tcp", TAG_BAD, "TCP"},
    {"p-/a proto=https", TAG_BAD, "proto"},
    {"p-/a proto=h", TAG_BAD, "proto"},
    {"p-/a proto=", TAG_BAD, "proto"},
    {"p-/a auth=basic", TAG_BAD, "auth"},
    {"p-/bad weight=abc", TAG_BAD, "weight"},
    {"p-/bad weight=", TAG_BAD, "weight"},
    {"p-/bad weight=-1", TAG_BAD, "weight"},
    {"p-/bad weight=0.5x", TAG_BAD, "weight"},
    {"p-/bad weight=1e999", TAG_BAD, "weight"},
    {"p-/a redirect=301", TAG_BAD, "redirect"},
    {"p-/a redirect=301,", TAG_BAD, "redirect"},
    {"p-/a redirect=200,http://x", TAG_BAD, "redirect"},
    {"p-/a redirect=abc,http://x", TAG_BAD, "redirect"},
    {"p-/a allow=10.0.0.0/8", TAG_BAD, "allow"},
    {"p-/a allow=ip:10.0.0.0/33", TAG_BAD, "allow"},
    {"p-/a allow=", TAG_BAD, "allow"},
    {"p-/a deny=ip:nonsense", TAG_BAD, "deny"},
    {"p-/a allow=ip:10.0.0.0/8 deny=ip:10.1.0.0/16", TAG_BAD, "exclude"},
    {"p-/a tlsskipverify=true", TAG_ROUTE, "tlsskipverify=true has no effect"},
    {"p-/a register=other", TAG_ROUTE, "register=other has no effect"},
    {"p-/a odd", TAG_ROUTE, "odd has no effect"},
};

static void test_what_is_not_honoured_is_said(void **state)
{
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
        struct arena a = ARENA_INIT;
        struct route_tag t;
        enum tag_result rv = route_tag_parse(complaints[i].tag, "p-", "", &a, &t);
        if (rv != complaints[i].result || !t.complaint ||
            !strstr(t.complaint, complaints[i].complaint))
            fail_msg("%s: %d %s", complaints[i].tag, (int)rv, t.complaint ? t.complaint : "-");
        arena_fini(&a);
    }
}

static const struct {
    const char *rules, *address;
    bool allowed;
} access_cases[] = {
    {"allow=ip:10.0.0.0/8", "10.255.0.1", true},
    {"allow=ip:10.0.0.0/8", "11.0.0.1", false},
    {"allow=ip:10.0.0.0/8", "::1", false},
    {"allow=ip:10.0.0.0/8", "nonsense", false},
    {"allow=ip:10.0.0.0/8,ip:192.168.1.7", "192.168.1.7", true},
    {"allow=ip:192.168.1.7", "192.168.1.8", false},
    {"allow=ip:10.1.16.0/20", "10.1.31.255", true},
    {"allow=ip:10.1.16.0/20", "10.1.32.0", false},
    {"allow=ip:0.0.0.0/0", "1.2.3.4", true},
    {"allow=ip:0.0.0.0/0", "fe80::1", false},
    {"allow=ip:fe80::/10", "fe80::1", true},
    {"allow=ip:::1", "::1", true},
    {"deny=ip:127.0.0.0/8", "127.0.0.1", false},
    {"deny=ip:127.0.0.0/8", "::ffff:127.0.0.1", false},
    {"deny=ip:127.0.0.0/8", "128.0.0.1", true},
    {"deny=ip:127.0.0.0/8", "", false},
    {"strip=/x", "", true}, /* no rules */
};

static void test_access(void **state)
{
    for (size_t i = 0; i < sizeof(access_cases) / sizeof(access_cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct route_tag t;
        char *tag = arena_printf(&a, "p-/ %s", access_cases[i].rules);
        assert_int_equal(TAG_ROUTE, route_tag_parse(tag, "p-", "", &a, &t));
        if (access_allows(&t.access, access_cases[i].address) != access_cases[i].allowed)
            fail_msg("%s %s", access_cases[i].rules, access_cases[i].address);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_what_is_not_honoured_is_said),
        cmocka_unit_test(test_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
