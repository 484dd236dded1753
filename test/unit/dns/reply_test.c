/* Records in wire form: read back by ldns, which did not write them. */
#include "dns/reply.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t out[REPLY_MAX];
static const uint8_t wire[] = "\3web\7service\6consul"; /* its root label is the final NUL */

static struct reply begin(size_t limit)
{
    struct reply r;
    memset(out, 0, sizeof(out));
    reply_begin(&r, out, limit, wire, sizeof(wire), "web.service.consul", "consul", LDNS_RR_TYPE_A,
                LDNS_RR_CLASS_IN);
    return r;
}

static ldns_pkt *finish(struct reply *r)
{
    ldns_pkt *p;
    out[2] = 0x84; /* an answer, with authority */
    out[5] = 1;
    for (int i = 0; i < 3; i++) {
        out[6 + 2 * i] = (uint8_t)(r->counts[i] >> 8);
        out[7 + 2 * i] = (uint8_t)r->counts[i];
    }
    assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&p, out, r->len));
    return p;
}

static void records_of_every_kind_are_read_back(void **state)
{
    struct reply r = begin(REPLY_MAX);
    static const uint8_t v4[] = {127, 0, 0, 1}, v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
    const char *owner = "web.service.consul";
    assert_int_equal(REPLY_OK, reply_address(&r, REPLY_ANSWER, owner, 30, v4, 4));
    assert_int_equal(REPLY_OK, reply_address(&r, REPLY_ANSWER, owner, 0, v6, 16));
    assert_int_equal(REPLY_OK, reply_srv(&r, owner, 5, 10, 8080, "n1.node.dc1.consul"));
    assert_int_equal(REPLY_OK,
                     reply_name(&r, REPLY_ANSWER, owner, LDNS_RR_TYPE_CNAME, 0, "www.example.com"));
    assert_int_equal(REPLY_OK, reply_soa(&r, REPLY_AUTHORITY, 42));
    assert_int_equal(REPLY_OK, reply_txt(&r, REPLY_ADDITIONAL, "n1.node.dc1.consul", 0, "k", "v"));
    ldns_pkt *p = finish(&r);
    static const char *const want[] = {
        "web.service.consul.\t30\tIN\tA\t127.0.0.1\n",
        "web.service.consul.\t0\tIN\tAAAA\t2001:db8::1\n",
        "web.service.consul.\t5\tIN\tSRV\t1 10 8080 n1.node.dc1.consul.\n",
        "web.service.consul.\t0\tIN\tCNAME\twww.example.com.\n",
        "consul.\t0\tIN\tSOA\tns.consul. hostmaster.consul. 42 3600 600 86400 0\n",
        "n1.node.dc1.consul.\t0\tIN\tTXT\t\"k=v\"\n"};
    ldns_rr_list *all = ldns_pkt_all_noquestion(p);
    assert_int_equal(6, ldns_rr_list_rr_count(all));
    for (size_t i = 0; i < 6; i++) {
        char *text = ldns_rr2str(ldns_rr_list_rr(all, i));
        assert_string_equal(want[i], text);
        free(text);
    }
    ldns_rr_list_deep_free(all);
    ldns_pkt_free(p);
}

/* RFC 2782: the target of an SRV is written whole; owners are pointers into what stands before. */
static void owners_are_compressed(void **state)
{
    struct reply r = begin(REPLY_MAX);
    static const uint8_t v4[] = {127, 0, 0, 1};
    size_t before = r.len;
    reply_address(&r, REPLY_ANSWER, "web.service.consul", 0, v4, 4);
    assert_int_equal(2 + 10 + 4, r.len - before);
    assert_int_equal(0xc0, out[before]);
    assert_int_equal(12, out[before + 1]);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    static const uint8_t v4[] = {127, 0, 0, 1};
    struct reply r = begin(200);
    size_t n = 0;
    while (reply_address(&r, REPLY_ANSWER, "web.service.consul", 0, v4, 4) == REPLY_OK)
        n++;
    assert_true(n > 0);
    assert_true(r.truncated);
    assert_true(r.len <= 200 && r.len + 16 > 200);
    assert_int_equal(n, r.counts[REPLY_ANSWER]);
    ldns_pkt *p = finish(&r);
    assert_int_equal(n, ldns_pkt_ancount(p));
    ldns_pkt_free(p);
}

static void a_name_without_wire_form_is_refused(void **state)
{
    struct reply r = begin(REPLY_MAX);
    size_t before = r.len;
    char label[80];
    memset(label, 'x', 64);
    strcpy(label + 64, ".consul");
    static const char *const bad[] = {"a..b", ".a"};
    assert_int_equal(REPLY_BROKEN, reply_srv(&r, "web.service.consul", 0, 1, 80, label));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(REPLY_BROKEN, reply_srv(&r, "web.service.consul", 0, 1, 80, bad[i]));
    char long_name[400] = "a";
    for (int i = 0; i < 130; i++)
        strcat(long_name, ".b");
    assert_int_equal(REPLY_BROKEN, reply_srv(&r, "web.service.consul", 0, 1, 80, long_name));
    assert_int_equal(before, r.len);
    assert_int_equal(0, r.counts[REPLY_ANSWER]);
}

/* RFC 1464: equals signs, backquotes and spaces at the ends of a key are quoted. */
static void metadata_is_quoted(void **state)
{
    static const struct {
        const char *key, *value, *want;
    } cases[] = {{"k", "v", "\"k=v\""},
                 {"a=b", "c", "\"a`=b=c\""},
                 {"`", "x", "\"``=x\""},
                 {" lead", "x", "\"` lead=x\""},
                 {"rfc1035-00", "raw", "\"raw\""},
                 {"none", "", "\"none=\""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply r = begin(REPLY_MAX);
        assert_int_equal(REPLY_OK, reply_txt(&r, REPLY_ANSWER, "web.service.consul", 0,
                                             cases[i].key, cases[i].value));
        ldns_pkt *p = finish(&r);
        char *text = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(p), 0), 0));
        assert_string_equal(cases[i].want, text);
        free(text);
        ldns_pkt_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_every_kind_are_read_back),
        cmocka_unit_test(owners_are_compressed),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(a_name_without_wire_form_is_refused),
        cmocka_unit_test(metadata_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
