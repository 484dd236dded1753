/* The grammar of names. */
#include "dns/name.h"
#include "agent/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {"foreign", "unknown", "service", "node", "addr", "reverse"};

/* "service web tag=v1", "addr 7f000001" */
static void describe(const char *dotted, bool srv, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct name n;
    name_parse(dotted, "consul", "dc1", srv, &a, &n);
    buf_str_add(out, kinds[n.kind]);
    if (n.service)
        buf_printf(out, " %s", n.service);
    if (n.tag)
        buf_printf(out, " tag=%s", n.tag);
    if (n.node)
        buf_printf(out, " %s", n.node);
    for (unsigned i = 0; i < n.ip_len; i++)
        buf_printf(out, "%s%02x", i ? "" : " ", n.ip[i]);
    arena_fini(&a);
}

static void names_case_by_case(void **state)
{
    static const struct {
        const char *dotted;
        bool srv;
        const char *want;
    } cases[] = {
        {"web.service.consul", false, "service web"},
        {"WEB.Service.CONSUL", false, "service web"},
        {"web.service.dc1.consul", false, "service web"},
        {"web.service.DC1.consul", false, "service web"},
        {"web.service.dc1.dc.consul", false, "service web"},
        {"web.service.dc2.consul", false, "unknown"},
        {"web.service.dc1.x.consul", false, "unknown"},
        {"web.service.dc1.dc.x.consul", false, "unknown"},
        {"v1.web.service.consul", false, "service web tag=v1"},
        {"v1.2.web.service.consul", false, "service web tag=v1.2"},
        {"_web._tcp.service.consul", true, "service web"},
        {"_web._v1.service.consul", true, "service web tag=v1"},
        {"_web._v1.service.consul", false, "service web tag=v1"},
        {"_web._tcp.consul", true, "service web"},
        {"_web._tcp.dc1.consul", true, "service web"},
        {"_web._tcp.consul", false, "unknown"},
        {"_web._tcp.dc2.consul", true, "unknown"},
        {"service.service.consul", false, "service service"},
        {"node.service.consul", false, "service node"},
        {"service.node.consul", false, "node service"},
        {"a.node.consul", false, "node a"},
        {"a.b.node.dc1.consul", false, "node a.b"},
        {"7f000001.addr.consul", false, "addr 7f000001"},
        {"7F000001.addr.dc1.consul", false, "addr 7f000001"},
        {"7f00001.addr.consul", false, "addr"},
        {"7f00000g.addr.consul", false, "addr"},
        {"x.7f000001.addr.consul", false, "unknown"},
        {"20010db8000000000000000000000001.addr.consul", false,
         "addr 20010db8000000000000000000000001"},
        {"web.query.consul", false, "unknown"},
        {"web.connect.consul", false, "unknown"},
        {"consul", false, "unknown"},
        {"service.consul", false, "unknown"},
        {"consul.example.com", false, "foreign"},
        {"xconsul", false, "foreign"},
        {"", false, "foreign"},
        {"1.0.0.127.in-addr.arpa", false, "reverse 7f000001"},
        {"256.0.0.127.in-addr.arpa", false, "reverse"},
        {"0.0.127.in-addr.arpa", false, "reverse"},
        {"-1.0.0.127.in-addr.arpa", false, "reverse"},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", false,
         "reverse 20010db8000000000000000000000001"},
        {"10.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", false,
         "reverse"},
        {"..service.consul", false, "service  tag="},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        describe(cases[i].dotted, cases[i].srv, &b);
        if (strcmp(cases[i].want, buf_str(&b)))
            fail_msg("%s: %s instead of %s", cases[i].dotted, buf_str(&b), cases[i].want);
        buf_fini(&b);
    }
}

static void suffixes_end_at_labels(void **state)
{
    assert_true(name_is_in("a.consul", "consul"));
    assert_true(name_is_in("consul", "CONSUL"));
    assert_false(name_is_in("aconsul", "consul"));
    assert_false(name_is_in("consul.a", "consul"));
    assert_true(name_is_in("a.in-addr.arpa", "in-addr.arpa"));
}

/* More labels than a name can have are told from none. */
static void too_many_labels_are_unknown(void **state)
{
    struct arena a = ARENA_INIT;
    struct name n;
    char text[1024] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, "a.");
    strcat(text, "service.consul");
    name_parse(text, "consul", "dc1", false, &a, &n);
    assert_int_equal(NAME_UNKNOWN, n.kind);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_case_by_case),
        cmocka_unit_test(suffixes_end_at_labels),
        cmocka_unit_test(too_many_labels_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
