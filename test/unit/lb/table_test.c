/* From a catalog to routes, lookups, shares and what the admin API shows. */
#include "lb/table.h"
#include "test/unit/support/catalog_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct store *store;
static struct route_table *table;

static int open_store(void **state)
{
    store = catalog_store_open(dir);
    return 0;
}

static int close_store(void **state)
{
    if (table)
        route_table_free(table);
    table = NULL;
    catalog_store_close(&store, dir);
    return 0;
}

static void build(void)
{
    struct store_txn *t;
    if (table)
        route_table_free(table);
    assert_int_equal(0, store_read(store, &t, NULL));
    table = route_table_build(t, "urlprefix-", "dc1");
    store_read_end(&t);
}

static struct route *find(const char *host, const char *path)
{
    return route_table_find(table, NULL, host, strlen(host), path, strlen(path));
}

/* "host path" of the route found, "-" without one. */
static void expect_route(const char *host, const char *path, const char *wanted)
{
    struct route *r = find(host, path);
    char got[256] = "-";
    if (r)
        snprintf(got, sizeof(got), "%s%s", r->host, r->path);
    if (strcmp(wanted, got))
        fail_msg("%s%s: wanted %s, got %s", host, path, wanted, got);
}

static void test_lookup(void **state)
{
    static const char *const tags[] = {
        "urlprefix-/",
        "urlprefix-/foo",
        "urlprefix-/foo/bar",
        "urlprefix-abc.com/",
        "urlprefix-abc.com/foo",
        "urlprefix-*.abc.com/",
        "urlprefix-z.abc.com/",
        "urlprefix-*.x.abc.com/",
        "urlprefix-xyz.com:8080/",
        "urlprefix-*/everywhere",
        "urlprefix-api.*/v",
    };
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        char id[16];
        snprintf(id, sizeof(id), "s%zu", i);
        catalog_store_add_service(store, id, id, 1000 + (int)i, tags[i]);
    }
    build();
    assert_int_equal(11, table->n);
    expect_route("other.org", "/", "/");
    expect_route("other.org", "/fo", "/");
    expect_route("other.org", "/foo", "/foo");
    expect_route("other.org", "/fools", "/foo"); /* a prefix, not a segment */
    expect_route("other.org", "/foo/bar/x", "/foo/bar");
    expect_route("other.org", "/FOO", "/");
    expect_route("abc.com", "/x", "abc.com/");
    expect_route("ABC.com", "/foo/bar", "abc.com/foo");
    expect_route("abc.com:80", "/x", "abc.com/");
    expect_route("abc.com:81", "/x", "/");
    expect_route("y.abc.com", "/", "*.abc.com/");
    expect_route("z.abc.com", "/", "z.abc.com/"); /* an exact name before a pattern */
    expect_route("q.x.abc.com", "/", "*.x.abc.com/");
    expect_route("q.y.abc.com", "/", "*.abc.com/"); /* "*" spans dots */
    expect_route("xyz.com:8080", "/", "xyz.com:8080/");
    expect_route("xyz.com", "/", "/");
    expect_route("abc.com", "/everywhere", "abc.com/");
    expect_route("q.org", "/everywhere", "*/everywhere");
    expect_route("api.q", "/v1", "api.*/v");
    expect_route("api.q", "/w", "/");
    expect_route("", "/", "/");
    /* the next one behind it */
    struct route *first = find("z.abc.com", "/");
    struct route *next = route_table_find(table, first, "z.abc.com", 9, "/", 1);
    assert_string_equal("*.abc.com", next->host);
}

static void test_nothing_without_routes(void **state)
{
    build();
    expect_route("any", "/", "-");
    struct buf b = BUF_INIT;
    route_table_json(table, &b);
    assert_string_equal("[]", b.data);
    buf_fini(&b);
}

static void test_only_healthy_instances_with_a_check(void **state)
{
    static const char node[] = "\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"}";
    static const char *const status[] = {"warning", "critical"};
    catalog_store_add_service(store, "ok", "web", 1, "urlprefix-/");
    for (size_t i = 0; i < 2; i++) {
        char json[600];
        snprintf(json, sizeof(json),
                 "{%s,\"Service\":{\"ID\":\"%s\",\"Service\":\"web\",\"Port\":2,\"Tags\":"
                 "[\"urlprefix-/\"]},\"Checks\":[{\"CheckID\":\"%s\",\"Status\":\"%s\","
                 "\"ServiceID\":\"%s\",\"ServiceName\":\"web\"}]}",
                 node, status[i], status[i], status[i], status[i]);
        catalog_store_add(store, json);
    }
    char unchecked[400];
    snprintf(unchecked, sizeof(unchecked),
             "{%s,\"Service\":{\"ID\":\"bare\",\"Service\":\"web\",\"Port\":3,\"Tags\":"
             "[\"urlprefix-/\"]}}",
             node);
    catalog_store_add(store, unchecked);
    build();
    assert_int_equal(1, table->n);
    assert_int_equal(1, table->routes[0].n);
    assert_string_equal("ok", table->routes[0].targets[0].instance);
}

/* --- shares ---------------------------------------------------------------------------------- */

static void test_weights(void **state)
{
    static const struct {
        const char *given[4]; /* tags' weights by port; "" none */
        double wanted[4];
    } cases[] = {
        {{"", "", NULL}, {.5, .5}},
        {{"", "", "0.5", NULL}, {.25, .25, .5}},
        {{"", "0.25", "0.75", NULL}, {0, .25, .75}},
        {{"", "1", "3", NULL}, {0, .25, .75}},
        {{"0.2", NULL}, {1}},
        {{"0.1", "0.3", NULL}, {.25, .75}},
        {{"0.8", "", NULL}, {.8, .2}},
        {{"0", "", NULL}, {.5, .5}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[32];
        size_t n = 0;
        for (; n < 4 && cases[i].given[n]; n++) {
            char id[32], tag[64];
            snprintf(id, sizeof(id), "w%zu-%zu", i, n);
            snprintf(tag, sizeof(tag), "urlprefix-/w%zu/%s%s", i,
                     *cases[i].given[n] ? " weight=" : "", cases[i].given[n]);
            catalog_store_add_service(store, id, "w", 1000 + (int)n, tag);
        }
        build();
        snprintf(path, sizeof(path), "/w%zu/", i);
        struct route *r = find("h", path);
        assert_non_null(r);
        assert_int_equal(n, r->n);
        unsigned counts[4] = {0};
        for (int k = 0; k < 1000; k++)
            counts[route_pick(r)->port - 1000]++;
        for (size_t k = 0; k < n; k++) {
            double wanted = cases[i].wanted[r->targets[k].port - 1000];
            double off = r->targets[k].weight - wanted;
            double seen = counts[r->targets[k].port - 1000] / 1000.0 - wanted;
            if (off > 1e-9 || off < -1e-9 || seen > 0.005 || seen < -0.005)
                fail_msg("case %zu target %d: weight %f, seen %f off", i, r->targets[k].port,
                         r->targets[k].weight, seen);
        }
    }
}

static void test_targets_take_turns(void **state)
{
    catalog_store_add_service(store, "a", "web", 1, "urlprefix-/");
    catalog_store_add_service(store, "b", "web", 2, "urlprefix-/");
    catalog_store_add_service(store, "c", "web", 3, "urlprefix-/");
    build();
    struct route *r = find("", "/");
    for (int i = 0; i < 9; i++) {
        int a = route_pick(r)->port, b = route_pick(r)->port, c = route_pick(r)->port;
        assert_int_equal(6, a + b + c);
        assert_int_equal(6, a * b * c);
    }
}

/* --- what is shown: the peer's own answers --------------------------------------------------- */

static void fill_recorded(void)
{
    catalog_store_add_service(store, "hdr1", "hdr", 7001,
                              "urlprefix-/w weight=0.8|other|urlprefix-/strip strip=/strip|"
                              "urlprefix-/redirp redirect=301,http://example.org/p$path|"
                              "urlprefix-/prep prepend=/pre|urlprefix-*.bar.com/x|"
                              "urlprefix-foo.com/|urlprefix-/deny deny=ip:127.0.0.0/8");
    catalog_store_add_service(store, "hdr2", "hdr", 7002, "urlprefix-/w");
    catalog_store_add_service(store, "bad", "badtag", 7999, "urlprefix-nopath");
    catalog_store_add_service(store, "e1", "echo", 21227, "anaconda|urlprefix-/http-echo");
    catalog_store_add_service(store, "e2", "echo", 29733, "anaconda|urlprefix-/http-echo");
    build();
}

static void test_commands_are_the_peers(void **state)
{
    struct buf b = BUF_INIT;
    fill_recorded();
    route_table_text(table, &b);
    assert_string_equal(
        "route add badtag nopath/ http://127.0.0.1:7999/\n"
        "route add hdr foo.com/ http://127.0.0.1:7001/ tags \"other\"\n"
        "route add hdr *.bar.com/x http://127.0.0.1:7001/ tags \"other\"\n"
        "route add hdr /w http://127.0.0.1:7002/\n"
        "route add hdr /w http://127.0.0.1:7001/ weight 0.8000 tags \"other\"\n"
        "route add hdr /strip http://127.0.0.1:7001/ tags \"other\" opts \"strip=/strip\"\n"
        "route add hdr /redirp http://example.org/p$path tags \"other\" opts \"redirect=301\"\n"
        "route add hdr /prep http://127.0.0.1:7001/ tags \"other\" opts \"prepend=/pre\"\n"
        "route add echo /http-echo http://127.0.0.1:29733/ tags \"anaconda\"\n"
        "route add echo /http-echo http://127.0.0.1:21227/ tags \"anaconda\"\n"
        "route add hdr /deny http://127.0.0.1:7001/ tags \"other\" opts \"deny=ip:127.0.0.0/8\"\n",
        b.data);
    buf_fini(&b);
}

static void test_json_is_the_peers(void **state)
{
    struct buf b = BUF_INIT;
    fill_recorded();
    route_table_json(table, &b);
    json_t *j = json_loads(b.data, 0, NULL);
    assert_non_null(j);
    assert_int_equal(11, json_array_size(j));
    assert_non_null(strstr(
        b.data, "{\"service\":\"hdr\",\"host\":\"\",\"path\":\"/w\",\"src\":\"/w\",\"dst\":"
                "\"http://127.0.0.1:7001/\",\"opts\":\"\",\"weight\":0.8,\"tags\":[\"other\"],"
                "\"cmd\":\"route add\",\"rate1\":0,\"pct99\":0}"));
    assert_non_null(
        strstr(/* no tags, no member */
               b.data,
               "\"dst\":\"http://127.0.0.1:7002/\",\"opts\":\"\",\"weight\":0.19999999999999996,"
               "\"cmd\":"));
    assert_string_equal("/w", json_string_value(json_object_get(json_array_get(j, 0), "path")));
    assert_string_equal("nopath",
                        json_string_value(json_object_get(json_array_get(j, 10), "host")));
    json_decref(j);
    buf_fini(&b);
}

static void test_a_bad_tag_spoils_nothing_else(void **state)
{
    catalog_store_add_service(store, "a", "web", 1, "urlprefix-/bad weight=abc|urlprefix-/good");
    catalog_store_add_service(store, "b", "web", 2, "urlprefix-/bad weight=abc|urlprefix-/good");
    catalog_store_add_service(store, "c", "other", 3, "urlprefix-/idle pxyproto=true");
    build();
    expect_route("", "/bad", "-");
    assert_int_equal(2, find("", "/good")->n);
    assert_int_equal(1, find("", "/idle")->n);
    assert_int_equal(2, table->n_complaints); /* one a service and tag */
    struct route_complaint *web = &table->complaints[1], *other = &table->complaints[0];
    assert_string_equal("web", web->service);
    assert_string_equal("urlprefix-/bad weight=abc", web->tag);
    assert_string_equal("other", other->service);
    assert_true(route_table_complains(table, web));
    assert_false(route_table_complains(
        table, &(struct route_complaint){web->service, other->tag, web->text}));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(test_lookup),
        TEST(test_nothing_without_routes),
        TEST(test_only_healthy_instances_with_a_check),
        TEST(test_weights),
        TEST(test_targets_take_turns),
        TEST(test_commands_are_the_peers),
        TEST(test_json_is_the_peers),
        TEST(test_a_bad_tag_spoils_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
