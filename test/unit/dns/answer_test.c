/* Questions against a filled catalog; ldns, which did not write the answers, reads them. */
#include "dns/answer.h"
#include "test/unit/support/catalog_store.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct store *store;
static struct store_txn *txn;
static struct answer_config config = {.domain = "consul", .datacenter = "dc1", .node_name = "n1"};
static struct answer_stats stats;
static uint8_t answer[ANSWER_MAX];

#define N1 "\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"}"
#define FOO                                                                                        \
    "\"Node\":{\"Node\":\"foo\",\"Address\":\"127.0.0.7\",\"Meta\":{\"key\":\"value\","            \
    "\"rfc1035-00\":\"raw\"}}"
#define SERVICE(id, more) "\"Service\":{\"ID\":\"" id "\",\"Service\":\"" id "\"," more "}"

static void fill_many(void)
{
    for (int i = 1; i <= 40; i++) {
        char json[512];
        snprintf(json, sizeof(json),
                 "{\"Node\":{\"Node\":\"m%d\",\"Address\":\"10.1.1.%d\"},\"Service\":{\"ID\":\"m\","
                 "\"Service\":\"many\",\"Port\":80}}",
                 i, i);
        catalog_store_add(store, json);
    }
}

static int fill(void **state)
{
    static const char *const rows[] = {
        "{" N1 "," SERVICE("consul", "\"Port\":8300") "}",
        "{" FOO "," SERVICE("db", "\"Port\":12345,\"Tags\":[\"primary\",\"v1.x\"]") "}",
        "{" N1 "," SERVICE("db2", "\"Port\":80,\"Address\":\"198.18.0.2\","
                                  "\"Weights\":{\"Passing\":10,\"Warning\":2}") "}",
        "{" N1 "," SERVICE("search", "\"Port\":443,\"Address\":\"www.example.com\"") "}",
        "{" N1 "," SERVICE("alias", "\"Port\":1,\"Address\":\"db.service.consul\"") "}",
        "{" N1 "," SERVICE("loop", "\"Port\":1,\"Address\":\"loop.service.consul\"") "}",
        "{" N1 "," SERVICE("both", "\"Port\":1,\"Address\":\"127.0.0.2\",\"TaggedAddresses\":"
                                   "{\"lan_ipv6\":{\"Address\":\"::2\",\"Port\":1}}") "}",
        "{\"Node\":{\"Node\":\"v6\",\"Address\":\"fe80::1\"}," SERVICE("web6", "\"Port\":80") "}",
        "{\"Node\":{\"Node\":\"bad_node\",\"Address\":\"10.9.9.9\"}," SERVICE("badn",
                                                                              "\"Port\":80") "}",
        "{\"Node\":{\"Node\":\"goog\",\"Address\":\"www.example.com\"}}",
        "{\"Node\":{\"Node\":\"a.dotted.name\",\"Address\":\"10.9.9.8\"}}",
        "{" N1 "," SERVICE("web", "\"Port\":80") ",\"Checks\":[{\"CheckID\":\"c\",\"Name\":\"c\","
                                                 "\"Status\":\"critical\",\"ServiceID\":"
                                                 "\"web\",\"ServiceName\":\"web\"}]}",
        "{" N1 "," SERVICE(
            "warn",
            "\"Port\":80,\"Weights\":{\"Passing\":10,\"Warning\":2}") ",\"Checks\":[{\"CheckID\":"
                                                                      "\"w\",\"Name\":\"w\","
                                                                      "\"Status\":\"warning\","
                                                                      "\"ServiceID\":"
                                                                      "\"warn\",\"ServiceName\":"
                                                                      "\"warn\"}]}",
        "{" N1 ",\"Service\":{\"ID\":\"twin-a\",\"Service\":\"twin\",\"Port\":7,\"Address\":"
        "\"127.0.0.9\"}}",
        "{" N1 ",\"Service\":{\"ID\":\"twin-b\",\"Service\":\"twin\",\"Port\":8,\"Address\":"
        "\"127.0.0.9\"}}",
        "{" N1 ",\"Service\":{\"ID\":\"twin-c\",\"Service\":\"twin\",\"Port\":8,\"Address\":"
        "\"127.0.0.9\"}}",
        "{" N1 "," SERVICE("brokentarget", "\"Port\":1,\"Address\":\"a..b\"") "}",
        "{\"Node\":{\"Node\":\"quoting\",\"Address\":\"10.9.9.7\",\"Meta\":{\"a=a\":\"true\","
        "\"=\":\"\\\\=\",\"s\":\"`abc`\",\" lead\":\" 3\",\"tail \":\"1 \",\"none\":\"\"}}}",
    };
    store = catalog_store_open(dir);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        catalog_store_add(store, rows[i]);
    fill_many();
    return store_read(store, &txn, NULL);
}

static int empty(void **state)
{
    store_read_end(&txn);
    catalog_store_close(&store, dir);
    return 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

struct ask { /* how it is asked */
    bool tcp, dnssec;
    uint16_t edns; /* size; 0: none */
    uint16_t class;
};

static size_t ask_bytes(const char *name, ldns_rr_type type, struct ask how)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    assert_non_null(owner);
    ldns_pkt *p = ldns_pkt_query_new(
        owner, type, how.class ? (ldns_rr_class)how.class : LDNS_RR_CLASS_IN, LDNS_RD);
    uint8_t *wire;
    size_t len;
    ldns_pkt_set_id(p, 0x1234);
    if (how.edns) {
        ldns_pkt_set_edns_udp_size(p, how.edns);
        ldns_pkt_set_edns_do(p, how.dnssec);
    }
    assert_int_equal(LDNS_STATUS_OK, ldns_pkt2wire(&wire, p, &len));
    size_t n = dns_answer(&config, txn, wire, len, !how.tcp, answer, &stats);
    free(wire);
    ldns_pkt_free(p);
    return n;
}

static ldns_pkt *ask(const char *name, ldns_rr_type type, struct ask how)
{
    ldns_pkt *p;
    size_t n = ask_bytes(name, type, how);
    assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&p, answer, n));
    assert_int_equal(0x1234, ldns_pkt_id(p));
    assert_true(ldns_pkt_qr(p));
    return p;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "owner 0 IN A 1.2.3.4", the SOA's serial as N. */
static char *record_text(const ldns_rr *rr)
{
    char *s = ldns_rr2str(rr);
    for (char *p = s; *p; p++)
        *p = *p == '\t' ? ' ' : *p == '\n' ? '\0' : *p;
    char *serial = ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ? strstr(s, "hostmaster") : NULL;
    if (serial) {
        serial = strchr(serial, ' ') + 1;
        size_t digits = strspn(serial, "0123456789");
        assert_true(digits >= 10);
        *serial = 'N';
        memmove(serial + 1, serial + digits, strlen(serial + digits) + 1);
    }
    size_t n = strlen(s);
    while (n && s[n - 1] == ' ')
        s[--n] = '\0';
    return s;
}

/* The section's records, sorted, one a line. */
static char *section_text(const ldns_rr_list *l)
{
    size_t n = ldns_rr_list_rr_count(l);
    char **lines = calloc(n + 1, sizeof(*lines));
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        lines[i] = record_text(ldns_rr_list_rr(l, i));
    qsort(lines, n, sizeof(*lines), by_text);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%s%s", i ? "\n" : "", lines[i]);
        free(lines[i]);
    }
    free(lines);
    return buf_take(&b);
}

static void expect_section(const char *what, const char *wanted, const ldns_rr_list *l)
{
    char *got = section_text(l);
    if (strcmp(wanted, got))
        fail_msg("%s: wanted\n%s\ngot\n%s", what, wanted, got);
    free(got);
}

#define SOA     "consul. 0 IN SOA ns.consul. hostmaster.consul. N 3600 600 86400 0"
#define NS_GLUE "n1.node.dc1.consul. 0 IN A 127.0.0.1"
#define FOO_META                                                                                   \
    "foo.node.dc1.consul. 0 IN TXT \"key=value\"\nfoo.node.dc1.consul. 0 IN TXT \"raw\""
#define NX LDNS_RCODE_NXDOMAIN

struct known {
    const char *name;
    ldns_rr_type type;
    int rcode;
    const char *answer, *authority, *additional;
};
#define T(x) LDNS_RR_TYPE_##x

static const struct known known[] = {
    /* services */
    {"db.service.consul", T(A), 0, "db.service.consul. 0 IN A 127.0.0.7", "", ""},
    {"db.service.consul", T(ANY), 0, "db.service.consul. 0 IN A 127.0.0.7", "", ""},
    {"db.service.consul", T(AAAA), 0, "", SOA, ""},
    {"db.service.consul", T(TXT), 0, "", SOA, ""},
    {"db.service.consul", T(MX), 0, "", SOA, ""},
    {"db.service.consul", T(SRV), 0, "db.service.consul. 0 IN SRV 1 1 12345 foo.node.dc1.consul.",
     "", "foo.node.dc1.consul. 0 IN A 127.0.0.7\n" FOO_META},
    {"db.service.dc1.consul", T(A), 0, "db.service.dc1.consul. 0 IN A 127.0.0.7", "", ""},
    {"db.service.dc1.dc.consul", T(A), 0, "db.service.dc1.dc.consul. 0 IN A 127.0.0.7", "", ""},
    {"db.service.dc2.consul", T(A), NX, "", SOA, ""},
    {"db.service.a.b.c.consul", T(A), NX, "", SOA, ""},
    {"nosuch.service.consul", T(SRV), NX, "", SOA, ""},
    {"web.service.consul", T(A), NX, "", SOA, ""}, /* critical */
    {"warn.service.consul", T(SRV), 0, "warn.service.consul. 0 IN SRV 1 2 80 n1.node.dc1.consul.",
     "", NS_GLUE},
    {"consul.service.consul", T(A), 0, "consul.service.consul. 0 IN A 127.0.0.1", "", ""},
    {"badn.service.consul", T(SRV), 0,
     "badn.service.consul. 0 IN SRV 1 1 80 bad_node.node.dc1.consul.", "",
     "bad_node.node.dc1.consul. 0 IN A 10.9.9.9"},
    {"twin.service.consul", T(A), 0, "twin.service.consul. 0 IN A 127.0.0.9", "", ""},
    {"twin.service.consul", T(SRV), 0,
     "twin.service.consul. 0 IN SRV 1 1 7 7f000009.addr.dc1.consul.\n"
     "twin.service.consul. 0 IN SRV 1 1 8 7f000009.addr.dc1.consul.",
     "", "7f000009.addr.dc1.consul. 0 IN A 127.0.0.9"},
    {"brokentarget.service.consul", T(SRV), 0, "", SOA, ""},
    /* tags and RFC 2782 */
    {"primary.db.service.consul", T(A), 0, "primary.db.service.consul. 0 IN A 127.0.0.7", "", ""},
    {"v1.x.db.service.consul", T(A), 0, "v1.x.db.service.consul. 0 IN A 127.0.0.7", "", ""},
    {"nope.db.service.consul", T(A), NX, "", SOA, ""},
    {"primary.v1.x.db.service.consul", T(A), NX, "", SOA, ""},
    {"_db._tcp.service.consul", T(A), 0, "_db._tcp.service.consul. 0 IN A 127.0.0.7", "", ""},
    {"_db._primary.service.consul", T(SRV), 0,
     "_db._primary.service.consul. 0 IN SRV 1 1 12345 foo.node.dc1.consul.", "",
     "foo.node.dc1.consul. 0 IN A 127.0.0.7\n" FOO_META},
    {"_db._udp.service.consul", T(SRV), NX, "", SOA, ""},
    {"_db._tcp.dc1.consul", T(SRV), 0,
     "_db._tcp.dc1.consul. 0 IN SRV 1 1 12345 foo.node.dc1.consul.", "",
     "foo.node.dc1.consul. 0 IN A 127.0.0.7\n" FOO_META},
    {"_db._tcp.consul", T(A), NX, "", SOA, ""},
    /* addresses of a service's own */
    {"db2.service.consul", T(A), 0, "db2.service.consul. 0 IN A 198.18.0.2", "", ""},
    {"db2.service.consul", T(SRV), 0,
     "db2.service.consul. 0 IN SRV 1 10 80 c6120002.addr.dc1.consul.", "",
     "c6120002.addr.dc1.consul. 0 IN A 198.18.0.2"},
    {"c6120002.addr.dc1.consul", T(A), 0, "c6120002.addr.dc1.consul. 0 IN A 198.18.0.2", "", ""},
    {"c6120002.addr.consul", T(AAAA), 0, "", "", "c6120002.addr.consul. 0 IN A 198.18.0.2"},
    {"fe800000000000000000000000000001.addr.consul", T(AAAA), 0,
     "fe800000000000000000000000000001.addr.consul. 0 IN AAAA fe80::1", "", ""},
    {"zz.addr.consul", T(A), 0, "", "", ""},
    {"both.service.consul", T(A), 0, "both.service.consul. 0 IN A 127.0.0.2", "", ""},
    {"both.service.consul", T(AAAA), 0, "both.service.consul. 0 IN AAAA ::2", "", ""},
    {"web6.service.consul", T(A), 0, "", SOA, ""},
    {"web6.service.consul", T(AAAA), 0, "web6.service.consul. 0 IN AAAA fe80::1", "", ""},
    {"web6.service.consul", T(SRV), 0, "web6.service.consul. 0 IN SRV 1 1 80 v6.node.dc1.consul.",
     "", "v6.node.dc1.consul. 0 IN AAAA fe80::1"},
    /* names for addresses */
    {"search.service.consul", T(A), 0, "search.service.consul. 0 IN CNAME www.example.com.", "",
     ""},
    {"search.service.consul", T(SRV), 0, "search.service.consul. 0 IN SRV 1 1 443 www.example.com.",
     "", ""},
    {"goog.node.consul", T(A), 0, "goog.node.consul. 0 IN CNAME www.example.com.", "", ""},
    {"alias.service.consul", T(A), 0,
     "alias.service.consul. 0 IN CNAME db.service.consul.\ndb.service.consul. 0 IN A 127.0.0.7", "",
     ""},
    {"alias.service.consul", T(SRV), 0, "alias.service.consul. 0 IN SRV 1 1 1 db.service.consul.",
     "", "db.service.consul. 0 IN A 127.0.0.7"},
    /* nodes */
    {"foo.node.consul", T(A), 0, "foo.node.consul. 0 IN A 127.0.0.7", "",
     "foo.node.consul. 0 IN TXT \"key=value\"\nfoo.node.consul. 0 IN TXT \"raw\""},
    {"foo.node.dc1.consul", T(TXT), 0, FOO_META, "", ""},
    {"foo.node.consul", T(ANY), 0,
     "foo.node.consul. 0 IN A 127.0.0.7\nfoo.node.consul. 0 IN TXT \"key=value\"\n"
     "foo.node.consul. 0 IN TXT \"raw\"",
     "", ""},
    {"foo.node.consul", T(AAAA), 0, "", "",
     "foo.node.consul. 0 IN TXT \"key=value\"\nfoo.node.consul. 0 IN TXT \"raw\""},
    {"foo.node.consul", T(SRV), 0, "", "", ""},
    {"foo.node.consul", T(MX), 0, "", "", ""},
    {"a.dotted.name.node.consul", T(A), 0, "a.dotted.name.node.consul. 0 IN A 10.9.9.8", "", ""},
    {"nope.node.consul", T(A), NX, "", SOA, ""},
    {"quoting.node.consul", T(TXT), 0,
     "quoting.node.consul. 0 IN TXT \"` lead= 3\"\nquoting.node.consul. 0 IN TXT \"`==\\\\=\"\n"
     "quoting.node.consul. 0 IN TXT \"a`=a=true\"\nquoting.node.consul. 0 IN TXT \"none=\"\n"
     "quoting.node.consul. 0 IN TXT \"s=``abc``\"\nquoting.node.consul. 0 IN TXT \"tail` =1 \"",
     "", ""},
    /* the zone */
    {"consul", T(A), NX, "", SOA, ""},
    {"service.consul", T(A), NX, "", SOA, ""},
    {"node.consul", T(A), NX, "", SOA, ""},
    {"foo.bar.consul", T(A), NX, "", SOA, ""},
    {"db.connect.consul", T(A), NX, "", SOA, ""},
    {"nope.query.consul", T(A), NX, "", SOA, ""},
    {"foo.node.dc1.extra.more.consul", T(A), NX, "", SOA, ""},
    {"consul", T(SOA), 0, SOA, "consul. 0 IN NS n1.node.dc1.consul.", NS_GLUE},
    {"foo.node.consul", T(SOA), 0, SOA, "consul. 0 IN NS n1.node.dc1.consul.", NS_GLUE},
    {"consul", T(NS), 0, "consul. 0 IN NS n1.node.dc1.consul.", "", NS_GLUE},
    {"foo.node.consul", T(NS), 0, "consul. 0 IN NS n1.node.dc1.consul.", "", NS_GLUE},
    {"consul", T(AXFR), LDNS_RCODE_NOTIMPL, "", "", ""},
    /* back from addresses */
    {"7.0.0.127.in-addr.arpa", T(PTR), 0, "7.0.0.127.in-addr.arpa. 0 IN PTR foo.node.dc1.consul.",
     "", ""},
    {"2.0.18.198.in-addr.arpa", T(PTR), 0,
     "2.0.18.198.in-addr.arpa. 0 IN PTR db2.service.dc1.consul.", "", ""},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa", T(PTR), 0,
     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa. 0 IN PTR "
     "v6.node.dc1.consul.",
     "", ""},
    {"9.9.9.9.in-addr.arpa", T(PTR), NX, "", SOA, ""},
    {"9.9.in-addr.arpa", T(PTR), NX, "", SOA, ""},
    {"300.0.0.127.in-addr.arpa", T(PTR), NX, "", SOA, ""},
    /* not ours */
    {"example.com", T(A), LDNS_RCODE_REFUSED, "", "", ""},
    {"notconsul", T(A), LDNS_RCODE_REFUSED, "", "", ""},
    {".", T(NS), LDNS_RCODE_REFUSED, "", "", ""},
};

static void test_known_answers(void **state)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct known *k = &known[i];
        char what[200];
        snprintf(what, sizeof(what), "%s %d", k->name, k->type);
        ldns_pkt *p = ask(k->name, k->type, (struct ask){0});
        if (ldns_pkt_get_rcode(p) != (ldns_pkt_rcode)k->rcode)
            fail_msg("%s: rcode %d, wanted %d", what, ldns_pkt_get_rcode(p), k->rcode);
        assert_true(ldns_pkt_aa(p) == (k->rcode != LDNS_RCODE_REFUSED));
        assert_false(ldns_pkt_ra(p));
        assert_false(ldns_pkt_tc(p));
        assert_true(ldns_pkt_rd(p));
        expect_section(what, k->answer, ldns_pkt_answer(p));
        expect_section(what, k->authority, ldns_pkt_authority(p));
        expect_section(what, k->additional, ldns_pkt_additional(p));
        ldns_pkt_free(p);
    }
}

static void test_a_loop_of_names_ends(void **state)
{
    ldns_pkt *p = ask("loop.service.consul", T(A), (struct ask){.edns = 4096});
    assert_int_equal(0, ldns_pkt_get_rcode(p));
    assert_in_range(ldns_pkt_ancount(p), 1, 4);
    ldns_pkt_free(p);
}

static void test_case_is_kept(void **state)
{
    ldns_pkt *p = ask("Db.Service.cOnSuL", T(SRV), (struct ask){0});
    expect_section("case", "Db.Service.cOnSuL. 0 IN SRV 1 1 12345 foo.node.dc1.consul.",
                   ldns_pkt_answer(p));
    ldns_pkt_free(p);
    p = ask("PRIMARY.DB.SERVICE.DC1.CONSUL", T(A), (struct ask){0});
    expect_section("case", "PRIMARY.DB.SERVICE.DC1.CONSUL. 0 IN A 127.0.0.7", ldns_pkt_answer(p));
    ldns_pkt_free(p);
}

static void test_only_passing_leaves_warnings_out(void **state)
{
    config.only_passing = true;
    ldns_pkt *p = ask("warn.service.consul", T(A), (struct ask){0});
    config.only_passing = false;
    assert_int_equal(NX, ldns_pkt_get_rcode(p));
    ldns_pkt_free(p);
}

static void test_ttl_is_the_configured(void **state)
{
    config.service_ttl_s = 10;
    config.node_ttl_s = 20;
    ldns_pkt *p = ask("db2.service.consul", T(SRV), (struct ask){0});
    expect_section("ttl", "db2.service.consul. 10 IN SRV 1 10 80 c6120002.addr.dc1.consul.",
                   ldns_pkt_answer(p));
    expect_section("ttl", "c6120002.addr.dc1.consul. 10 IN A 198.18.0.2", ldns_pkt_additional(p));
    ldns_pkt_free(p);
    p = ask("n1.node.consul", T(A), (struct ask){0});
    expect_section("ttl", "n1.node.consul. 20 IN A 127.0.0.1", ldns_pkt_answer(p));
    ldns_pkt_free(p);
    config.service_ttl_s = config.node_ttl_s = 0;
}

/* --- sizes ----------------------------------------------------------------------------------- */

static void test_sizes(void **state)
{
    static const struct {
        ldns_rr_type type;
        struct ask how;
        size_t answers_at_least, answers_at_most, bytes_at_most;
    } cases[] = {
        {T(A), {0}, 3, 3, 512},
        {T(SRV), {0}, 3, 3, 512},
        {T(A), {.edns = 512}, 3, 3, 512},
        {T(A), {.edns = 600}, 30, 39, 600},
        {T(A), {.edns = 1232}, 40, 40, 1232},
        {T(SRV), {.edns = 1232}, 20, 39, 1232},
        {T(SRV), {.edns = 4096}, 20, 39, 1232}, /* never a fragment */
        {T(A), {.tcp = true}, 40, 40, 65535},
        {T(SRV), {.tcp = true}, 40, 40, 65535},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ldns_pkt *p = ask("many.service.consul", cases[i].type, cases[i].how);
        size_t n = ldns_pkt_ancount(p);
        if (n < cases[i].answers_at_least || n > cases[i].answers_at_most)
            fail_msg("case %zu: %zu answers", i, n);
        assert_in_range(ldns_pkt_size(p), 1, cases[i].bytes_at_most);
        assert_false(ldns_pkt_tc(p)); /* unless configured */
        ldns_pkt_free(p);
    }
}

static void test_a_cut_answer_says_so_when_configured(void **state)
{
    config.enable_truncate = true;
    ldns_pkt *cut = ask("many.service.consul", T(SRV), (struct ask){.edns = 1232});
    ldns_pkt *few = ask("many.service.consul", T(A), (struct ask){0});
    ldns_pkt *whole = ask("many.service.consul", T(SRV), (struct ask){.tcp = true});
    config.enable_truncate = false;
    assert_true(ldns_pkt_tc(cut));
    assert_true(ldns_pkt_tc(few));
    assert_false(ldns_pkt_tc(whole));
    ldns_pkt_free(cut);
    ldns_pkt_free(few);
    ldns_pkt_free(whole);
}

static void test_every_order_comes(void **state)
{
    bool seen[41] = {false};
    unsigned first = 0;
    for (int i = 0; i < 2000; i++) {
        ldns_pkt *p = ask("many.service.consul", T(A), (struct ask){.edns = 1232});
        const ldns_rdf *a = ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(p), 0), 0);
        unsigned last = ldns_rdf_data(a)[3];
        assert_in_range(last, 1, 40);
        first += !seen[last];
        seen[last] = true;
        ldns_pkt_free(p);
    }
    assert_int_equal(40, first);
}

/* --- EDNS ------------------------------------------------------------------------------------ */

static void test_edns_is_echoed(void **state)
{
    ldns_pkt *p = ask("db.service.consul", T(A), (struct ask){.edns = 4096, .dnssec = true});
    assert_true(ldns_pkt_edns(p));
    assert_int_equal(4096, ldns_pkt_edns_udp_size(p));
    assert_int_equal(0, ldns_pkt_edns_version(p));
    assert_false(ldns_pkt_edns_do(p));
    ldns_pkt_free(p);
    p = ask("db.service.consul", T(A), (struct ask){0});
    assert_false(ldns_pkt_edns(p));
    ldns_pkt_free(p);
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        unsigned v;
        assert_int_equal(1, sscanf(hex, "%2x", &v));
        out[n++] = (uint8_t)v;
    }
    return n;
}

static size_t ask_hex(const char *hex)
{
    uint8_t raw[512];
    size_t n = from_hex(hex, raw);
    uint8_t *exact = malloc(n ? n : 1); /* a read past the end is seen */
    memcpy(exact, raw, n);
    size_t len = dns_answer(&config, txn, exact, n, true, answer, &stats);
    free(exact);
    return len;
}

#define HEAD_EDNS "123401000001000000000001"
#define DB_IN_A   "026462077365727669636506636f6e73756c0000010001"

static void test_subnet_is_echoed_for_all(void **state)
{
    /* 10.1.2.0/24 (RFC 7871), behind a cookie that is not echoed */
    size_t n = ask_hex(HEAD_EDNS DB_IN_A "00002904d000000000"
                                         "0017"
                                         "000a00080102030405060708"
                                         "0008000700011800"
                                         "0a0102");
    uint8_t wanted[64];
    size_t w = from_hex("00002904d000000000"
                        "000b"
                        "0008000700011800"
                        "0a0102",
                        wanted);
    assert_true(n > w);
    assert_memory_equal(answer + n - w, wanted, w);
}

static void test_unknown_edns_version(void **state)
{
    size_t n = ask_hex(HEAD_EDNS DB_IN_A "00002904d0000100000000");
    ldns_pkt *p;
    assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&p, answer, n));
    assert_int_equal(0, ldns_pkt_get_rcode(p));
    assert_int_equal(1, ldns_pkt_edns_extended_rcode(p)); /* BADVERS is 16 */
    assert_int_equal(0, ldns_pkt_edns_version(p));
    assert_int_equal(0, ldns_pkt_ancount(p));
    ldns_pkt_free(p);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void test_other_classes_are_refused(void **state)
{
    ldns_pkt *p = ask("db.service.consul", T(A), (struct ask){.class = LDNS_RR_CLASS_CH});
    assert_int_equal(LDNS_RCODE_REFUSED, ldns_pkt_get_rcode(p));
    assert_int_equal(0, ldns_pkt_ancount(p));
    ldns_pkt_free(p);
}

static void test_broken_packets(void **state)
{
    static const struct {
        const char *hex;
        int rcode; /* -1: no answer at all */
    } cases[] = {
        {"", -1},
        {"1234010000010000000000", -1},                   /* 11 bytes */
        {"123481000001000000000000" DB_IN_A, -1},         /* an answer itself */
        {"123401000001000000000000", LDNS_RCODE_FORMERR}, /* no question after all */
        {"123401000000000000000000", LDNS_RCODE_FORMERR}, /* none promised */
        {"123401000002000000000000" DB_IN_A DB_IN_A, LDNS_RCODE_FORMERR},
        {"123401000001000000000000"
         "026462",
         LDNS_RCODE_FORMERR}, /* the name ends early */
        {"123401000001000000000000"
         "c00c00010001",
         LDNS_RCODE_FORMERR}, /* points at itself */
        {"123401000001000000000000"
         "ffff00010001",
         LDNS_RCODE_FORMERR},                                              /* points nowhere */
        {"123428000001000000000000" DB_IN_A, LDNS_RCODE_NOTIMPL},          /* UPDATE */
        {"123410000001000000000000" DB_IN_A, LDNS_RCODE_NOTIMPL},          /* STATUS */
        {"123401000001000000000001" DB_IN_A "000029", LDNS_RCODE_FORMERR}, /* half an OPT */
        {"123401000001000000000000"
         "03612e6206636f6e73756c0000010001",
         LDNS_RCODE_REFUSED}, /* a dot inside a label */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = ask_hex(cases[i].hex);
        if (cases[i].rcode < 0 ? n != 0 : n < 12 || (answer[3] & 15) != cases[i].rcode)
            fail_msg("case %zu: %zu bytes, rcode %d", i, n, n < 12 ? -1 : answer[3] & 15);
        if (n)
            assert_int_equal(0x12, answer[0]);
    }
}

/* The peer's own packets, recorded: the questions and the length of its answers. */
static void test_recorded_questions(void **state)
{
    ldns_pkt *p;
    size_t n = ask_hex("123401000001000000000000066e6f73756368077365727669636506636f6e73756c0000010"
                       "001");
    assert_int_equal(89, n); /* compressed as the peer does it */
    assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&p, answer, n));
    expect_section("recorded", SOA, ldns_pkt_authority(p));
    ldns_pkt_free(p);
    n = ask_hex("123401000001000000000000026e31046e6f646506636f6e73756c0000010001");
    assert_int_equal(48, n);
    assert_memory_equal(answer + n - 16, "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1", 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_a_loop_of_names_ends),
        cmocka_unit_test(test_case_is_kept),
        cmocka_unit_test(test_only_passing_leaves_warnings_out),
        cmocka_unit_test(test_ttl_is_the_configured),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_cut_answer_says_so_when_configured),
        cmocka_unit_test(test_every_order_comes),
        cmocka_unit_test(test_edns_is_echoed),
        cmocka_unit_test(test_subnet_is_echoed_for_all),
        cmocka_unit_test(test_unknown_edns_version),
        cmocka_unit_test(test_other_classes_are_refused),
        cmocka_unit_test(test_broken_packets),
        cmocka_unit_test(test_recorded_questions),
    };
    return cmocka_run_group_tests(tests, fill, empty);
}
