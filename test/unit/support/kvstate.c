#include "test/unit/support/kvstate.h"
#include "agent/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

const struct store_table kv_table = {1, "test.kv"};

static int apply_set(struct store_txn *t, log_index index, const void *payload, size_t len,
                     struct store_result *r)
{
    const char *p = payload, *eq = memchr(p, '=', len);
    if (!eq)
        return ERR_CORRUPT;
    struct store_val old;
    size_t klen = (size_t)(eq - p), vlen = len - klen - 1;
    if (!store_get(t, &kv_table, p, klen, &old) && old.len == vlen &&
        !memcmp(old.data, eq + 1, vlen))
        return 0; /* the same: nothing changes */
    store_put(t, &kv_table, p, klen, eq + 1, vlen);
    r->number = index;
    return 0;
}

static int apply_del(struct store_txn *t, log_index index, const void *payload, size_t len,
                     struct store_result *r)
{
    if (!store_del(t, &kv_table, payload, len))
        r->code = ERR_NOT_FOUND;
    return 0;
}

static int apply_refuse(struct store_txn *t, log_index index, const void *payload, size_t len,
                        struct store_result *r)
{
    r->code = ERR_CONFLICT;
    snprintf(r->text, sizeof(r->text), "refused");
    return 0;
}

static int apply_touch(struct store_txn *t, log_index index, const void *payload, size_t len,
                       struct store_result *r)
{
    store_touch(t, &kv_table, payload, len);
    return 0;
}

static const struct store_table *const tables[] = {&kv_table};
static const struct store_command commands[] = {{KV_SET, "set", apply_set},
                                                {KV_DEL, "del", apply_del},
                                                {KV_REFUSE, "refuse", apply_refuse},
                                                {KV_TOUCH, "touch", apply_touch}};
const struct store_module kv_module = {"test", tables, 1, commands, 4};
static const struct store_module *const modules[] = {&kv_module};

struct store *kv_open(const char *dir, uint64_t segment_bytes)
{
    struct store_config c = {.dir = dir,
                             .modules = modules,
                             .n_modules = 1,
                             .segment_bytes = segment_bytes,
                             .map_size_bytes = (size_t)1 << 30};
    struct store *s;
    struct err e = ERR_INIT;
    if (store_open(&c, &s, &e))
        fail_msg("store_open: %s", e.text);
    return s;
}

int kv_set(struct store *s, const char *key, const char *value)
{
    char text[1024];
    struct store_result r = {0};
    int n = snprintf(text, sizeof(text), "%s=%s", key, value);
    int rv = store_propose_wait(s, KV_SET, text, (size_t)n, NULL, &r);
    return rv ? rv : r.code;
}

const char *kv_get(struct store *s, const char *key)
{
    static char out[1024];
    struct store_txn *t;
    struct store_val v;
    assert_int_equal(0, store_read(s, &t, NULL));
    int rv = store_get(t, &kv_table, key, strlen(key), &v);
    if (!rv)
        snprintf(out, sizeof(out), "%.*s", (int)v.len, (const char *)v.data);
    store_read_end(&t);
    return rv ? NULL : out;
}

/* --- directories ----------------------------------------------------------------------------- */

char kv_dir[64];

int kv_make_dir(void **state)
{
    strcpy(kv_dir, "/tmp/platform-store-XXXXXX");
    return mkdtemp(kv_dir) ? 0 : -1;
}

int kv_remove_dir(void **state)
{
    return file_remove_tree(kv_dir, NULL);
}

log_index kv_propose(struct store *s, uint16_t command, const char *payload, int want_code)
{
    struct store_result r;
    log_index i;
    assert_int_equal(0, store_propose_wait(s, command, payload, strlen(payload), &i, &r));
    assert_int_equal(want_code, r.code);
    return i;
}

void kv_drop_state(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/state", kv_dir);
    file_remove_tree(path, NULL);
}

int kv_count_files(const char *sub, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", kv_dir, sub);
    DIR *d = opendir(path);
    struct dirent *e;
    int n = 0;
    while (d && (e = readdir(d)))
        n += strlen(e->d_name) > strlen(suffix) &&
             !strcmp(e->d_name + strlen(e->d_name) - strlen(suffix), suffix);
    closedir(d);
    return n;
}
