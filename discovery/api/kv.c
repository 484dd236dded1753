/* /v1/kv/...: get, put and delete, with recurse, keys, raw, cas and blocking. */
#include "discovery/api/api_impl.h"

#include <stdlib.h>

#define VALUE_MAX (512 * 1024)

/* --- reading --------------------------------------------------------------------------------- */

/* The newest change at or below the key: what is there, and what was deleted. */
static log_index prefix_index(struct store_txn *t, const char *prefix, log_index newest)
{
    log_index deleted = *prefix ? store_key_index(t, &catalog_table_kv, prefix, strlen(prefix)) : 0;
    log_index i = newest > deleted ? newest : deleted;
    return *prefix && i ? i : store_table_index(t, &catalog_table_kv);
}

static void write_key(struct buf *out, const char *key, size_t len, struct buf *last, bool *first)
{
    if (!*first && last->len == len && !memcmp(buf_str(last), key, len))
        return; /* the same folder again */
    buf_str_add(out, *first ? "" : ",");
    *first = false;
    buf_json_str(out, key, len);
    buf_clear(last);
    buf_add(last, key, len);
}

static int render_tree(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    const char *prefix = http_param(r, "key"), *separator = http_query(r, "separator");
    bool keys = http_query(r, "keys") != NULL, first = true;
    struct buf last = BUF_INIT;
    struct store_cursor c;
    log_index newest = 0;
    size_t plen = strlen(prefix), slen = separator ? strlen(separator) : 0;
    buf_char(out, '[');
    for (store_scan(t, &catalog_table_kv, prefix, plen, &c); store_cursor_valid(&c);
         store_next(&c)) {
        struct catalog_kv v;
        if (rec_unpack(&catalog_kv_desc, c.val.data, c.val.len, http_arena(r), &v, e))
            break;
        newest = v.modify_index > newest ? v.modify_index : newest;
        if (keys) {
            const char *cut = slen ? strstr(v.key + plen, separator) : NULL;
            write_key(out, v.key, cut ? (size_t)(cut - v.key) + slen : strlen(v.key), &last,
                      &first);
            continue;
        }
        buf_str_add(out, first ? "" : ",");
        first = false;
        rec_json_write(&catalog_kv_desc, &v, out);
    }
    store_cursor_close(&c);
    buf_fini(&last);
    buf_char(out, ']');
    *index = prefix_index(t, prefix, newest);
    if (first && !keys) {
        buf_clear(out);
        *status = 404;
    } else if (first) {
        *status = 404;
        buf_clear(out);
    }
    return 0;
}

static int render_key(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                      log_index *index, int *status, struct err *e)
{
    const char *key = http_param(r, "key");
    struct catalog_kv v;
    if (store_get_rec(t, &catalog_table_kv, key, strlen(key), &catalog_kv_desc, http_arena(r),
                      &v)) {
        log_index gone = store_key_index(t, &catalog_table_kv, key, strlen(key));
        *index = gone ? gone : store_table_index(t, &catalog_table_kv);
        *status = 404;
        return 0;
    }
    *index = v.modify_index;
    buf_char(out, '[');
    rec_json_write(&catalog_kv_desc, &v, out);
    buf_char(out, ']');
    return 0;
}

static void reply_raw(struct discovery_api *api, struct http_req *r)
{
    const char *key = http_param(r, "key");
    struct store_txn *t;
    struct catalog_kv v;
    if (store_read(api->store, &t, NULL)) {
        http_reply_text(r, 500, "state not readable");
        return;
    }
    int rv =
        store_get_rec(t, &catalog_table_kv, key, strlen(key), &catalog_kv_desc, http_arena(r), &v);
    log_index index = rv ? store_table_index(t, &catalog_table_kv) : v.modify_index;
    store_read_end(&t);
    http_plain_index(r);
    http_set_index(r, index);
    http_add_header(r, "Content-Security-Policy", "sandbox"); /* it may be anybody's HTML */
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    if (rv)
        http_reply(r, 404, NULL, "", 0);
    else
        http_reply(r, 200, "text/plain", v.value.n ? (const void *)v.value.data : "", v.value.n);
}

static void on_get(struct http_req *r, void *ctx)
{
    const char *key = http_param(r, "key");
    bool tree = http_query(r, "recurse") || http_query(r, "keys");
    if (api_refuse_dc(ctx, r))
        return;
    if (!tree && !*key) {
        http_reply_text(r, 400, "Missing key name");
        return;
    }
    if (http_query(r, "raw") && !tree && !http_query(r, "index")) {
        reply_raw(ctx, r);
        return;
    }
    struct http_watch w = {!tree  ? STORE_WATCH_KEY
                           : *key ? STORE_WATCH_PREFIX
                                  : STORE_WATCH_TABLE,
                           &catalog_table_kv, key, strlen(key)};
    http_plain_index(r);
    http_blocking(r, &w, 1, tree ? render_tree : render_key, ctx);
}

/* --- writing --------------------------------------------------------------------------------- */

static void on_written(void *arg, int status, log_index index, const struct store_result *result)
{
    struct api_pending *p = arg;
    if (p->req && status)
        http_reply_text(p->req, 500, "%s", err_code_text(status));
    else if (p->req && result->code)
        http_reply(p->req, 200, "application/json", "false", 5);
    else if (p->req)
        http_reply(p->req, 200, "application/json", "true", 4);
    free(p);
}

/* ?cas=N. false: answered. */
static bool read_number(struct http_req *r, const char *name, bool *given, uint64_t *out)
{
    const char *text = http_query(r, name);
    *given = text != NULL;
    if (!text || !str_to_u64(text, out))
        return true;
    http_reply_text(r, 400, "strconv.ParseUint: parsing \"%s\": invalid syntax", text);
    return false;
}

static void propose(struct discovery_api *api, struct http_req *r, const struct kv_command *c)
{
    store_propose_rec(api->store, api->loop, CATALOG_CMD_KV, &kv_command_desc, c, on_written,
                      api_pending_new(r));
}

static void on_put(struct http_req *r, void *ctx)
{
    struct kv_command c;
    size_t n;
    bool cas, flags;
    rec_init(&kv_command_desc, &c);
    c.entry.key = arena_strdup(http_arena(r), http_param(r, "key"));
    const char *body = http_body(r, &n);
    if (!*c.entry.key) {
        http_reply_text(r, 400, "Missing key name");
        return;
    }
    if (strlen(c.entry.key) > 500) {
        http_reply_text(r, 400, "Key too long: at most 500 bytes");
        return;
    }
    if (n > VALUE_MAX) {
        http_reply_text(r, 413,
                        "Request body(%zu bytes) too large, max size: %d bytes. See "
                        "https://www.consul.io/docs/agent/options.html#kv_max_value_size.",
                        n, VALUE_MAX);
        return;
    }
    if (!read_number(r, "cas", &cas, &c.cas_index) ||
        !read_number(r, "flags", &flags, &c.entry.flags))
        return;
    if (http_query(r, "acquire") || http_query(r, "release")) {
        http_reply_text(r, 501, "sessions and locks are not available");
        return;
    }
    c.op = cas ? KV_OP_CAS : KV_OP_SET;
    c.entry.value = (struct rec_bytes){(uint8_t *)(uintptr_t)body, n};
    propose(ctx, r, &c);
}

static void on_delete(struct http_req *r, void *ctx)
{
    struct kv_command c;
    bool cas;
    rec_init(&kv_command_desc, &c);
    c.entry.key = arena_strdup(http_arena(r), http_param(r, "key"));
    bool tree = http_query(r, "recurse") != NULL;
    if (!tree && !*c.entry.key) {
        http_reply_text(r, 400, "Missing key name");
        return;
    }
    if (!read_number(r, "cas", &cas, &c.cas_index))
        return;
    c.op = tree ? KV_OP_DELETE_TREE : cas ? KV_OP_DELETE_CAS : KV_OP_DELETE;
    propose(ctx, r, &c);
}

void kv_routes(struct discovery_api *api, struct http_server *s)
{
    http_route(s, "GET", "/v1/kv/*key", on_get, api);
    http_route(s, "PUT", "/v1/kv/*key", on_put, api);
    http_route(s, "DELETE", "/v1/kv/*key", on_delete, api);
}
