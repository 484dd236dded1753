/* A DNS packet of any bytes against a small catalog: an answer that ldns can read, or none. */
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "discovery/catalog_impl.h"
#include "dns/answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static char dir[64];

static void add(const char *json)
{
    struct arena a = ARENA_INIT;
    struct catalog_registration r;
    struct buf b = BUF_INIT;
    struct store_result result;
    log_index index;
    rec_init(&catalog_registration_desc, &r);
    PRE(!rec_json_parse(&catalog_registration_desc, json, strlen(json), 0, &a, &r, NULL));
    rec_pack(&catalog_registration_desc, &r, &b);
    PRE(!store_propose_wait(store, CATALOG_CMD_REGISTER, b.data, b.len, &index, &result));
    buf_fini(&b);
    arena_fini(&a);
}

static void clean_up(void)
{
    store_close(&store);
    file_remove_tree(dir, NULL);
}

static void fill(void)
{
    static const struct store_module *const modules[] = {&catalog_store_module};
    strcpy(dir, "/tmp/platform-fuzz-XXXXXX");
    PRE(mkdtemp(dir));
    struct store_config c = {
        .dir = dir, .modules = modules, .n_modules = 1, .map_size_bytes = 1 << 26};
    PRE(!store_open(&c, &store, NULL));
    atexit(clean_up);
    add("{\"Node\":{\"Node\":\"n\",\"Address\":\"127.0.0.1\",\"Meta\":{\"k\":\"v\"}},"
        "\"Service\":{\"ID\":\"a\",\"Service\":\"a\",\"Port\":1,\"Tags\":[\"t\"]}}");
    add("{\"Node\":{\"Node\":\"n6\",\"Address\":\"fe80::1\"},"
        "\"Service\":{\"ID\":\"a\",\"Service\":\"a\",\"Port\":2,\"Address\":\"10.0.0.1\"}}");
    add("{\"Node\":{\"Node\":\"n\",\"Address\":\"127.0.0.1\"},"
        "\"Service\":{\"ID\":\"c\",\"Service\":\"c\",\"Port\":3,\"Address\":\"a.service.consul\"}"
        "}");
}

/* The first byte chooses UDP or TCP and the settings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[ANSWER_MAX];
    struct answer_stats stats = {0};
    struct store_txn *t;
    if (!store)
        fill();
    if (!size || store_read(store, &t, NULL))
        return 0;
    struct answer_config c = {.domain = "consul",
                              .datacenter = "dc1",
                              .node_name = "n",
                              .only_passing = data[0] & 2,
                              .enable_truncate = data[0] & 4};
    size_t n = dns_answer(&c, t, data + 1, size - 1, data[0] & 1, out, &stats);
    store_read_end(&t);
    PRE(n <= ANSWER_MAX && (!n || n >= 12));
    if (n > 12) {
        ldns_pkt *p = NULL;
        PRE(ldns_wire2pkt(&p, out, n) == LDNS_STATUS_OK);
        PRE(ldns_pkt_qr(p));
        ldns_pkt_free(p);
    }
    return 0;
}
