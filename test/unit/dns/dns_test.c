/* The server on real sockets: UDP and TCP, clients that behave and clients that do not. */
#include "dns/dns.h"
#include "test/unit/support/catalog_store.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[64];
static struct store *store;
static struct dns *dns;
static int port;

static int start(void **state)
{
    struct err e = ERR_INIT;
    store = catalog_store_open(dir);
    catalog_store_add_service(store, "web1", "web", 8080, "v1");
    struct dns_config c = {.store = store,
                           .addr = "127.0.0.1",
                           .threads = 2,
                           .domain = "consul",
                           .datacenter = "dc1",
                           .node_name = "n1"};
    return dns_new(&c, &dns, &port, &e);
}
static int stop(void **state)
{
    dns_close(&dns);
    assert_null(dns);
    catalog_store_close(&store, dir);
    return 0;
}

static int connect_to(int type)
{
    int fd = socket(AF_INET, type, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(0, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
    return fd;
}

/* The question in wire form; its length. */
static size_t question(const char *name, uint16_t id, uint8_t wire[512])
{
    ldns_pkt *p =
        ldns_pkt_query_new(ldns_dname_new_frm_str(name), LDNS_RR_TYPE_SRV, LDNS_RR_CLASS_IN, 0);
    uint8_t *made;
    size_t n;
    ldns_pkt_set_id(p, id);
    assert_int_equal(LDNS_STATUS_OK, ldns_pkt2wire(&made, p, &n));
    memcpy(wire, made, n);
    free(made);
    ldns_pkt_free(p);
    return n;
}

static void read_whole(int fd, void *to, size_t n)
{
    struct pollfd pfd = {fd, POLLIN, 0};
    for (size_t got = 0; got < n;) {
        assert_int_equal(1, poll(&pfd, 1, 30000));
        ssize_t r = read(fd, (char *)to + got, n - got);
        assert_true(r > 0);
        got += (size_t)r;
    }
}

static void expect_web(const uint8_t *wire, size_t n, uint16_t id)
{
    ldns_pkt *p;
    assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&p, wire, n));
    assert_int_equal(id, ldns_pkt_id(p));
    assert_int_equal(LDNS_RCODE_NOERROR, ldns_pkt_get_rcode(p));
    assert_int_equal(1, ldns_pkt_ancount(p));
    char *text = ldns_rr2str(ldns_rr_list_rr(ldns_pkt_answer(p), 0));
    assert_non_null(strstr(text, " 8080 n1.node.dc1.consul."));
    free(text);
    ldns_pkt_free(p);
}

static void one_by_udp(int fd, uint16_t id)
{
    uint8_t wire[512], answer[4096];
    size_t n = question("web.service.consul", id, wire);
    struct pollfd pfd = {fd, POLLIN, 0};
    assert_int_equal(n, write(fd, wire, n));
    assert_int_equal(1, poll(&pfd, 1, 30000));
    ssize_t got = read(fd, answer, sizeof(answer));
    assert_true(got > 0);
    expect_web(answer, (size_t)got, id);
}

static void udp_answers(void **state)
{
    int fd = connect_to(SOCK_DGRAM);
    for (uint16_t id = 1; id <= 200; id++)
        one_by_udp(fd, id);
    close(fd);
    struct dns_stats st;
    dns_stats(dns, &st);
    assert_int_equal(200, st.queries);
    assert_int_equal(200, st.answers);
}

/* Several questions in one write, and one in single bytes. */
static void tcp_takes_questions_as_they_come(void **state)
{
    int fd = connect_to(SOCK_STREAM);
    uint8_t all[4096], wire[512], head[2], answer[4096];
    size_t n = 0;
    for (uint16_t id = 1; id <= 5; id++) {
        size_t len = question("web.service.consul", id, wire);
        all[n++] = (uint8_t)(len >> 8);
        all[n++] = (uint8_t)len;
        memcpy(all + n, wire, len);
        n += len;
    }
    assert_int_equal(n, write(fd, all, n));
    for (uint16_t id = 1; id <= 5; id++) {
        read_whole(fd, head, 2);
        size_t len = (size_t)(head[0] << 8 | head[1]);
        read_whole(fd, answer, len);
        expect_web(answer, len, id);
    }
    size_t first = n / 5;
    for (size_t i = 0; i < first; i++)
        assert_int_equal(1, write(fd, all + i, 1));
    read_whole(fd, head, 2);
    read_whole(fd, answer, (size_t)(head[0] << 8 | head[1]));
    expect_web(answer, (size_t)(head[0] << 8 | head[1]), 1);
    close(fd);
}

static void what_is_no_question_is_not_answered(void **state)
{
    static const char *const junk[] = {"", "x", "0123456789a",
                                       "\x12\x34\x80\x00\x00\x01\x00\x00"
                                       "\x00\x00\x00\x00"};
    int fd = connect_to(SOCK_DGRAM);
    for (size_t i = 0; i < 3; i++)
        (void)!write(fd, junk[i], strlen(junk[i]));
    (void)!write(fd, junk[3], 12); /* an answer, not a query: answering would be a loop */
    one_by_udp(fd, 77);            /* the first that comes back is this one's */
    close(fd);
    fd = connect_to(SOCK_STREAM); /* a length that no question has */
    char c;
    struct pollfd pfd = {fd, POLLIN, 0};
    assert_int_equal(2, write(fd, "\xff\xff", 2));
    assert_int_equal(1, poll(&pfd, 1, 30000));
    assert_true(read(fd, &c, 1) <= 0); /* closed */
    close(fd);
}

/* A client that asks and does not listen holds nobody up, nor does one that leaves. */
static void slow_and_gone_clients_harm_nobody(void **state)
{
    int silent[50];
    for (int i = 0; i < 50; i++) {
        silent[i] = connect_to(SOCK_STREAM);
        assert_int_equal(1, write(silent[i], "\0", 1));
    }
    for (int i = 0; i < 50; i++) {
        uint8_t wire[512], head[2];
        int fd = connect_to(SOCK_STREAM);
        size_t n = question("web.service.consul", 1, wire);
        head[0] = (uint8_t)(n >> 8);
        head[1] = (uint8_t)n;
        assert_int_equal(2, write(fd, head, 2));
        assert_int_equal(n, write(fd, wire, n));
        close(fd); /* without waiting */
    }
    int fd = connect_to(SOCK_DGRAM);
    one_by_udp(fd, 5);
    close(fd);
    for (int i = 0; i < 25; i++)
        close(silent[i]);
    stop(NULL); /* with connections open */
    for (int i = 25; i < 50; i++)
        close(silent[i]);
    start(NULL);
}

static void a_taken_port_is_named(void **state)
{
    struct dns *second = NULL;
    struct err e = ERR_INIT;
    int other = socket(AF_INET, SOCK_STREAM, 0), bound;
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sin);
    assert_int_equal(0, bind(other, (struct sockaddr *)&sin, sizeof(sin)));
    assert_int_equal(0, listen(other, 1));
    assert_int_equal(0, getsockname(other, (struct sockaddr *)&sin, &len));
    struct dns_config c = {.store = store,
                           .addr = "127.0.0.1",
                           .port = ntohs(sin.sin_port),
                           .domain = "consul",
                           .datacenter = "dc1",
                           .node_name = "n1"};
    assert_int_not_equal(0, dns_new(&c, &second, &bound, &e));
    assert_null(second);
    assert_non_null(strstr(e.text, "127.0.0.1"));
    close(other);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        T(udp_answers),
        T(tcp_takes_questions_as_they_come),
        T(what_is_no_question_is_not_answered),
        T(slow_and_gone_clients_harm_nobody),
        T(a_taken_port_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
