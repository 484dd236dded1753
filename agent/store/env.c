/* Opening the state: the LMDB environment, its tables, and the decision whether to trust it.
 *
 * LMDB runs without fsync, so its file is whole after the process dies but perhaps not after the
 * machine does. state/epoch says under which boot it was last open and whether it was closed with a
 * sync; another boot without that means: rebuild from the newest snapshot and the log. */
#include "agent/store/store_impl.h"
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int store_err_from_mdb(struct err *e, int rc, const char *what)
{
    if (rc == MDB_MAP_FULL || rc == ENOSPC)
        return err_set(e, ERR_NO_SPACE, "%s: %s", what, mdb_strerror(rc));
    if (rc == MDB_NOTFOUND)
        return err_set(e, ERR_NOT_FOUND, "%s: not found", what);
    if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID ||
        rc == MDB_VERSION_MISMATCH)
        return err_set(e, ERR_CORRUPT, "%s: %s", what, mdb_strerror(rc));
    return err_set(e, ERR_IO, "%s: %s", what, mdb_strerror(rc));
}

static void boot_id(char out[64])
{
    struct buf b = BUF_INIT;
    file_read("/proc/sys/kernel/random/boot_id", 60, &b, NULL);
    snprintf(out, 64, "%s", buf_str(&b));
    out[strcspn(out, "\n")] = '\0';
    buf_fini(&b);
}

static int epoch_write(struct store *s, const char *word, struct err *e)
{
    char id[64], text[80];
    boot_id(id);
    snprintf(text, sizeof(text), "%s %s\n", id, word);
    char *path = mem_printf("%s/state/epoch", s->dir);
    int rv = file_write_atomic(path, text, strlen(text), 0600, e);
    free(path);
    return rv;
}

static bool state_is_trusted(struct store *s)
{
    char id[64];
    boot_id(id);
    char *path = mem_printf("%s/state/epoch", s->dir);
    struct buf b = BUF_INIT;
    bool trusted =
        !file_read(path, 200, &b, NULL) && (str_has_prefix(b.data, id) || strstr(b.data, " clean"));
    buf_fini(&b);
    free(path);
    return trusted;
}

/* Empties state/ and puts the newest snapshot there. */
static int rebuild(struct store *s, struct err *e)
{
    char *state = mem_printf("%s/state", s->dir), *data = mem_printf("%s/data.mdb", state);
    log_index index;
    char *snapshot = snapshot_newest(s->dir, &index);
    struct buf b = BUF_INIT;
    int rv = file_remove_tree(state, e);
    if (!rv)
        rv = file_mkdirs(state, 0700, e);
    if (!rv && snapshot) {
        log_info("store", "state: rebuilt from %s and the log", snapshot);
        rv = file_read(snapshot, SIZE_MAX / 8, &b, e);
        if (!rv)
            rv = file_write_atomic(data, b.data, b.len, 0600, e);
    }
    buf_fini(&b);
    free(snapshot);
    free(data);
    free(state);
    return rv;
}

static int open_tables(struct store *s, struct err *e)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (rc)
        return store_err_from_mdb(e, rc, "state");
    rc = mdb_dbi_open(txn, "store.meta", MDB_CREATE, &s->dbi_meta);
    if (!rc)
        rc = mdb_dbi_open(txn, "store.index", MDB_CREATE, &s->dbi_index);
    for (size_t m = 0; m < s->n_modules && !rc; m++)
        for (size_t i = 0; i < s->modules[m]->n_tables && !rc; i++) {
            const struct store_table *t = s->modules[m]->tables[i];
            INVARIANT(!s->has_dbi[t->id]);
            rc = mdb_dbi_open(txn, t->name, MDB_CREATE, &s->dbi[t->id]);
            s->has_dbi[t->id] = true;
        }
    if (rc) {
        mdb_txn_abort(txn);
        return store_err_from_mdb(e, rc, "state: open tables");
    }
    rc = mdb_txn_commit(txn);
    return rc ? store_err_from_mdb(e, rc, "state: open tables") : 0;
}

static int env_create(struct store *s, struct err *e)
{
    char *path = mem_printf("%s/state", s->dir);
    int rc = mdb_env_create(&s->env);
    if (!rc)
        rc = mdb_env_set_mapsize(s->env, s->map_size);
    if (!rc)
        rc = mdb_env_set_maxdbs(s->env, STORE_MAX_TABLES + 2);
    if (!rc)
        rc = mdb_env_set_maxreaders(s->env, STORE_READERS + 2);
    if (!rc)
        rc = mdb_env_open(s->env, path, MDB_NOSYNC | MDB_NOMETASYNC | MDB_NOTLS | MDB_NORDAHEAD,
                          0600);
    int rv = rc ? store_err_from_mdb(e, rc, path) : 0;
    free(path);
    return rv;
}

int store_env_open(struct store *s, struct err *e)
{
    char *state = mem_printf("%s/state/data.mdb", s->dir);
    bool exists = access(state, F_OK) == 0;
    free(state);
    int rv = 0;
    if (!exists || !state_is_trusted(s))
        rv = rebuild(s, e);
    if (!rv)
        rv = epoch_write(s, "open", e);
    if (!rv)
        rv = env_create(s, e);
    if (!rv)
        rv = open_tables(s, e);
    return rv;
}

void store_env_close(struct store *s, bool clean)
{
    if (!s->env)
        return;
    struct err e = ERR_INIT;
    if (clean && (mdb_env_sync(s->env, 1) || epoch_write(s, "clean", &e)))
        log_warn("store", "state: not synced at close; the next boot rebuilds it from the log");
    mdb_env_close(s->env);
    s->env = NULL;
}

log_index store_env_applied(struct store *s)
{
    MDB_txn *txn;
    MDB_val k = {7, (void *)(uintptr_t) "applied"}, v;
    log_index index = 0;
    if (mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn))
        return 0;
    if (!mdb_get(txn, s->dbi_meta, &k, &v) && v.mv_size == sizeof(index))
        memcpy(&index, v.mv_data, sizeof(index));
    mdb_txn_abort(txn);
    return index;
}
