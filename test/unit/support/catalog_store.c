#include "test/unit/support/catalog_store.h"
#include "agent/base/file.h"
#include "discovery/catalog_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct store *catalog_store_open(char *dir)
{
    static const struct store_module *const modules[] = {&catalog_store_module};
    strcpy(dir, "/tmp/platform-catalog-XXXXXX");
    assert_non_null(mkdtemp(dir));
    struct store_config c = {
        .dir = dir, .modules = modules, .n_modules = 1, .map_size_bytes = 1 << 28};
    struct store *s = NULL;
    struct err e = ERR_INIT;
    if (store_open(&c, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

void catalog_store_close(struct store **s, const char *dir)
{
    store_close(s);
    assert_int_equal(0, file_remove_tree(dir, NULL));
}

void catalog_store_add(struct store *s, const char *json)
{
    struct arena a = ARENA_INIT;
    struct catalog_registration r;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    struct store_result result;
    rec_init(&catalog_registration_desc, &r);
    if (rec_json_parse(&catalog_registration_desc, json, strlen(json), REC_STRICT, &a, &r, &e))
        fail_msg("%s: %s", e.text, json);
    if (r.service && !r.service->weights.passing && !r.service->weights.warning)
        r.service->weights = (struct catalog_weights){1, 1};
    rec_pack(&catalog_registration_desc, &r, &b);
    assert_int_equal(
        0, store_propose_wait(s, CATALOG_CMD_REGISTER, b.data, b.len, &(log_index){0}, &result));
    assert_int_equal(0, result.code);
    buf_fini(&b);
    arena_fini(&a);
}

void catalog_store_add_service(struct store *s, const char *id, const char *service, int port,
                               const char *tags)
{
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "{\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"},\"Service\":{\"ID\":\"%s\","
               "\"Service\":\"%s\",\"Port\":%d,\"Tags\":[",
               id, service, port);
    for (const char *p = tags; *p;) {
        size_t n = strcspn(p, "|");
        if (p > tags)
            buf_char(&b, ',');
        buf_json_str(&b, p, n);
        p += n + (p[n] == '|');
    }
    buf_printf(&b,
               "]},\"Checks\":[{\"CheckID\":\"service:%s\",\"Name\":\"up\",\"Status\":\"passing\","
               "\"ServiceID\":\"%s\",\"ServiceName\":\"%s\"}]}",
               id, id, service);
    catalog_store_add(s, b.data);
    buf_fini(&b);
}
