/* Transactions: reading from any thread, writing inside apply. */
#include "agent/store/store_impl.h"
#include "agent/base/check.h"

#include <stdlib.h>
#include <string.h>

static MDB_val val_of(const void *p, size_t n)
{
    return (MDB_val){n, (void *)(uintptr_t)p};
}

static MDB_dbi dbi_of(const struct store_txn *t, const struct store_table *table)
{
    PRE(t->store->has_dbi[table->id]); /* its module is in the schema */
    return t->store->dbi[table->id];
}

/* --- readers: kept and renewed, so that a snapshot costs no system call ---------------------- */

int store_read(struct store *s, struct store_txn **out, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    struct store_txn *t = s->free_readers;
    if (t)
        s->free_readers = t->next_free;
    pthread_mutex_unlock(&s->lock);
    int rc;
    if (t) {
        rc = mdb_txn_renew(t->mdb);
    } else {
        t = MEM_NEW(struct store_txn);
        t->store = s;
        rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &t->mdb);
    }
    if (rc) {
        free(t);
        return store_err_from_mdb(e, rc, "state: read");
    }
    MDB_val k = val_of("applied", 7), v;
    t->index = 1;
    if (!mdb_get(t->mdb, s->dbi_meta, &k, &v))
        memcpy(&t->index, v.mv_data, sizeof(t->index));
    *out = t;
    return 0;
}

void store_read_end(struct store_txn **pt)
{
    struct store_txn *t = *pt;
    *pt = NULL;
    if (!t)
        return;
    PRE(!t->write);
    mdb_txn_reset(t->mdb);
    pthread_mutex_lock(&t->store->lock);
    t->next_free = t->store->free_readers;
    t->store->free_readers = t;
    pthread_mutex_unlock(&t->store->lock);
}

void store_readers_free(struct store *s)
{
    while (s->free_readers) {
        struct store_txn *t = s->free_readers;
        s->free_readers = t->next_free;
        mdb_txn_abort(t->mdb);
        free(t);
    }
}

log_index store_txn_index(const struct store_txn *t)
{
    return t->index ? t->index : 1;
}

int store_get(struct store_txn *t, const struct store_table *table, const void *key, size_t klen,
              struct store_val *out)
{
    if (klen == 0 || klen > 511)
        return ERR_NOT_FOUND;
    MDB_val k = val_of(key, klen), v;
    if (mdb_get(t->mdb, dbi_of(t, table), &k, &v))
        return ERR_NOT_FOUND;
    *out = (struct store_val){v.mv_data, v.mv_size};
    return 0;
}

int store_get_rec(struct store_txn *t, const struct store_table *table, const void *key,
                  size_t klen, const struct rec_desc *d, struct arena *a, void *rec)
{
    struct store_val v;
    int rv = store_get(t, table, key, klen, &v);
    return rv ? rv : rec_unpack(d, v.data, v.len, a, rec, NULL);
}

/* --- cursors --------------------------------------------------------------------------------- */

static void settle(struct store_cursor *c, int rc, const MDB_val *k, const MDB_val *v)
{
    c->valid =
        rc == 0 && k->mv_size >= c->prefix_len && !memcmp(k->mv_data, c->prefix, c->prefix_len);
    if (c->valid) {
        c->key = (struct store_val){k->mv_data, k->mv_size};
        c->val = (struct store_val){v->mv_data, v->mv_size};
    }
}

void store_scan_from(struct store_txn *t, const struct store_table *table, const void *prefix,
                     size_t plen, const void *from, size_t flen, struct store_cursor *c)
{
    c->prefix_len = plen;
    c->mdb_cursor = NULL;
    c->valid = false;
    if (plen > sizeof(c->prefix))
        return; /* longer than any key */
    if (plen)
        memcpy(c->prefix, prefix, plen);
    MDB_cursor *mc;
    if (mdb_cursor_open(t->mdb, dbi_of(t, table), &mc))
        return;
    c->mdb_cursor = mc;
    MDB_val k = val_of(from, flen), v;
    int rc = mdb_cursor_get(mc, &k, &v, flen ? MDB_SET_RANGE : MDB_FIRST);
    settle(c, rc, &k, &v);
}

void store_scan(struct store_txn *t, const struct store_table *table, const void *prefix,
                size_t plen, struct store_cursor *c)
{
    store_scan_from(t, table, prefix, plen, prefix, plen, c);
}

bool store_cursor_valid(const struct store_cursor *c)
{
    return c->valid;
}

void store_next(struct store_cursor *c)
{
    MDB_val k, v;
    settle(c, mdb_cursor_get(c->mdb_cursor, &k, &v, MDB_NEXT), &k, &v);
}

void store_cursor_close(struct store_cursor *c)
{
    if (c->mdb_cursor)
        mdb_cursor_close(c->mdb_cursor);
    c->mdb_cursor = NULL;
    c->valid = false;
}

uint64_t store_count(struct store_txn *t, const struct store_table *table)
{
    MDB_stat st;
    return mdb_stat(t->mdb, dbi_of(t, table), &st) ? 0 : st.ms_entries;
}

/* --- writing --------------------------------------------------------------------------------- */

static void stick(struct store_txn *t, int rc)
{
    if (rc && !t->sticky)
        t->sticky = rc;
}

static void put_row(struct store_txn *t, MDB_dbi dbi, const void *key, size_t klen, const void *val,
                    size_t vlen)
{
    PRE(t->write && klen >= 1 && klen <= 511);
    MDB_val k = val_of(key, klen), v = val_of(val, vlen);
    if (!t->sticky)
        stick(t, mdb_put(t->mdb, dbi, &k, &v, 0));
}

static bool del_row(struct store_txn *t, MDB_dbi dbi, const void *key, size_t klen)
{
    PRE(t->write);
    if (klen == 0 || klen > 511)
        return false;
    MDB_val k = val_of(key, klen);
    int rc = t->sticky ? t->sticky : mdb_del(t->mdb, dbi, &k, NULL);
    if (rc && rc != MDB_NOTFOUND)
        stick(t, rc);
    return rc == 0;
}

/* Remembers for the watches, and moves the table's own index. */
static void note_touch(struct store_txn *t, const struct store_table *table, const void *key,
                       size_t klen)
{
    uint8_t id = table->id;
    uint16_t n = (uint16_t)klen;
    buf_add(&t->touched, &id, 1);
    buf_add(&t->touched, &n, 2);
    buf_add(&t->touched, key, klen);
    put_row(t, t->store->dbi_index, &id, 1, &t->index, sizeof(t->index));
    t->changed = true;
}

void store_put(struct store_txn *t, const struct store_table *table, const void *key, size_t klen,
               const void *val, size_t vlen)
{
    put_row(t, dbi_of(t, table), key, klen, val, vlen);
    note_touch(t, table, key, klen);
}

void store_put_rec(struct store_txn *t, const struct store_table *table, const void *key,
                   size_t klen, const struct rec_desc *d, const void *rec)
{
    struct buf b = BUF_INIT;
    rec_pack(d, rec, &b);
    store_put(t, table, key, klen, b.data, b.len);
    buf_fini(&b);
}

bool store_del(struct store_txn *t, const struct store_table *table, const void *key, size_t klen)
{
    if (!del_row(t, dbi_of(t, table), key, klen))
        return false;
    note_touch(t, table, key, klen);
    return true;
}

void store_put_quiet(struct store_txn *t, const struct store_table *table, const void *key,
                     size_t klen, const void *val, size_t vlen)
{
    put_row(t, dbi_of(t, table), key, klen, val, vlen);
    t->changed = true;
}

bool store_del_quiet(struct store_txn *t, const struct store_table *table, const void *key,
                     size_t klen)
{
    t->changed = true;
    return del_row(t, dbi_of(t, table), key, klen);
}

/* --- indexes --------------------------------------------------------------------------------- */

/* store.index rows: [table] -> the table's, [table][key] -> the key's (store_touch). Keys that
 * would not fit LMDB's 511 bytes with the table in front are cut: two names equal in 510 bytes
 * share one index, which wakes a waiter too often and never too seldom. */
static size_t index_key(uint8_t out[511], const struct store_table *table, const void *key,
                        size_t klen)
{
    out[0] = table->id;
    size_t n = klen < 510 ? klen : 510;
    if (n)
        memcpy(out + 1, key, n);
    return n + 1;
}

static log_index read_index(struct store_txn *t, const struct store_table *table, const void *key,
                            size_t klen)
{
    uint8_t row[511];
    MDB_val k = val_of(row, index_key(row, table, key, klen)), v;
    log_index index = 0;
    if (!mdb_get(t->mdb, t->store->dbi_index, &k, &v))
        memcpy(&index, v.mv_data, sizeof(index));
    return index;
}

void store_touch(struct store_txn *t, const struct store_table *table, const void *key, size_t klen)
{
    uint8_t row[511];
    PRE(klen >= 1 && klen <= UINT16_MAX);
    put_row(t, t->store->dbi_index, row, index_key(row, table, key, klen), &t->index,
            sizeof(t->index));
    note_touch(t, table, key, klen);
}

void store_untouch(struct store_txn *t, const struct store_table *table, const void *key,
                   size_t klen)
{
    uint8_t row[511];
    del_row(t, t->store->dbi_index, row, index_key(row, table, key, klen));
}

log_index store_table_index(struct store_txn *t, const struct store_table *table)
{
    log_index i = read_index(t, table, NULL, 0);
    return i ? i : 1;
}

log_index store_key_index(struct store_txn *t, const struct store_table *table, const void *key,
                          size_t klen)
{
    return read_index(t, table, key, klen);
}

/* --- the store thread's side ----------------------------------------------------------------- */

int store_write_begin(struct store *s, struct store_txn *t)
{
    *t = (struct store_txn){.store = s, .write = true};
    return mdb_txn_begin(s->env, NULL, 0, &t->mdb);
}

int store_write_commit(struct store_txn *t)
{
    put_row(t, t->store->dbi_meta, "applied", 7, &t->index, sizeof(t->index));
    int rc = t->sticky;
    if (rc)
        mdb_txn_abort(t->mdb);
    else
        rc = mdb_txn_commit(t->mdb);
    return rc;
}

void store_write_abort(struct store_txn *t)
{
    mdb_txn_abort(t->mdb);
    buf_fini(&t->touched);
}
