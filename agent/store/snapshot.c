/* Snapshots: a compact copy of the state, taken in the background, after which the log below it may
 * go. The file is snapshot-<index>.mdb; it is whole when it has that name (renamed after fsync). */
#include "agent/store/store_impl.h"
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool snapshot_index_of(const char *name, log_index *index)
{
    return sscanf(name, "snapshot-%20" SCNu64 ".mdb", index) == 1 && str_has_suffix(name, ".mdb");
}

char *snapshot_newest(const char *dir, log_index *index)
{
    char *best = NULL;
    DIR *d = opendir(dir);
    struct dirent *e;
    *index = 0;
    while (d && (e = readdir(d))) {
        log_index i;
        if (!snapshot_index_of(e->d_name, &i) || (best && i <= *index))
            continue;
        free(best);
        best = mem_printf("%s/%s", dir, e->d_name);
        *index = i;
    }
    if (d)
        closedir(d);
    return best;
}

static void remove_older(const char *dir, log_index keep)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        log_index i;
        bool old = snapshot_index_of(e->d_name, &i) && i < keep;
        if (!old && !str_has_prefix(e->d_name, "snapshot-tmp"))
            continue;
        char *path = mem_printf("%s/%s", dir, e->d_name);
        unlink(path);
        free(path);
    }
    if (d)
        closedir(d);
}

/* The applied index inside a copied environment file. */
static int read_applied(const char *path, log_index *index, struct err *e)
{
    MDB_env *env;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_val k = {7, (void *)(uintptr_t) "applied"}, v;
    int rc = mdb_env_create(&env);
    if (rc)
        return store_err_from_mdb(e, rc, path);
    mdb_env_set_maxdbs(env, 4);
    rc = mdb_env_open(env, path, MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    if (!rc)
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (!rc)
        rc = mdb_dbi_open(txn, "store.meta", 0, &dbi);
    if (!rc)
        rc = mdb_get(txn, dbi, &k, &v);
    if (!rc)
        memcpy(index, v.mv_data, sizeof(*index));
    if (txn)
        mdb_txn_abort(txn);
    mdb_env_close(env);
    return rc ? store_err_from_mdb(e, rc, path) : 0;
}

static int copy_env(struct store *s, const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_from_errno(e, errno, path);
    int rc = mdb_env_copyfd2(s->env, fd, MDB_CP_COMPACT);
    int rv = rc ? store_err_from_mdb(e, rc, path) : 0;
    if (!rv && fsync(fd) < 0)
        rv = err_from_errno(e, errno, path);
    close(fd);
    return rv;
}

static int take(struct store *s, log_index *index, struct err *e)
{
    char *tmp = mem_printf("%s/snapshot-tmp", s->dir), *path = NULL;
    int rv = copy_env(s, tmp, e);
    if (!rv)
        rv = read_applied(tmp, index, e);
    if (!rv) {
        path = mem_printf("%s/snapshot-%020" PRIu64 ".mdb", s->dir, *index);
        if (rename(tmp, path) < 0)
            rv = err_from_errno(e, errno, path);
        else
            rv = file_fsync_dir(s->dir, e);
    }
    if (rv) {
        unlink(tmp);
    } else {
        s->log->ops->drop_below(s->log, *index + 1);
        remove_older(s->dir, *index);
    }
    free(path);
    free(tmp);
    return rv;
}

static void *run(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->closing) {
        if (!s->snapshot_wanted) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        s->snapshot_wanted = false;
        s->snapshot_busy = true;
        pthread_mutex_unlock(&s->lock);
        struct err e = ERR_INIT;
        log_index index = 0;
        int rv = take(s, &index, &e);
        if (rv)
            log_warn("store", "snapshot failed: %s", e.text);
        else
            log_info("store", "snapshot at index %" PRIu64, index);
        pthread_mutex_lock(&s->lock);
        s->snapshot_busy = false;
        s->snapshot_code = rv;
        s->snapshots_done++;
        if (!rv)
            s->snapshot_index = index;
        pthread_cond_broadcast(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* The thread begins with the first snapshot that is wanted. lock is held. */
static void want(struct store *s)
{
    s->snapshot_wanted = true;
    if (!s->snapshot_thread_running) {
        int rc = pthread_create(&s->snapshot_thread, NULL, run, s);
        INVARIANT(rc == 0);
        s->snapshot_thread_running = true;
    }
    pthread_cond_broadcast(&s->wake);
}

void snapshot_start(struct store *s)
{
    struct store_stats st = {0};
    pthread_mutex_lock(&s->lock);
    if (!s->closing) /* the log is there as long as this is not set */
        s->log->ops->stats(s->log, &st);
    if (st.log_bytes > s->snapshot_log_bytes && !s->snapshot_busy && !s->snapshot_wanted)
        want(s);
    pthread_mutex_unlock(&s->lock);
}

void snapshot_stop(struct store *s)
{
    if (s->snapshot_thread_running)
        pthread_join(s->snapshot_thread, NULL);
}

int store_snapshot(struct store *s, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    uint64_t goal = s->snapshots_done + (s->snapshot_busy ? 2 : 1);
    want(s);
    while (s->snapshots_done < goal && !s->closing)
        pthread_cond_wait(&s->wake, &s->lock);
    int rv = s->snapshots_done < goal ? ERR_CLOSED : s->snapshot_code;
    pthread_mutex_unlock(&s->lock);
    return rv ? err_set(e, rv, "snapshot failed (the log has the reason)") : 0;
}
