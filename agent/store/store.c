/* The store: proposals go to the log; what the log has made durable is applied here, by one thread,
 * in one LMDB transaction for all that has arrived; then watches, then completions.
 *
 * A full disk under LMDB cannot refuse a command that is already durable: the thread keeps it,
 * refuses new ones (ERR_NO_SPACE) and tries again until there is room. Reads go on. */
#include "agent/store/store_impl.h"
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define APPLY_AT_MOST   4096 /* commands in one transaction */
#define RETRY_APPLY_SEC 1

/* --- completions ----------------------------------------------------------------------------- */

static void complete_on_loop(void *arg)
{
    struct proposal *p = arg;
    p->cb(p->arg, p->status, p->index, &p->result);
    free(p);
}

static void proposal_finish(struct proposal *p)
{
    if (p->cb && p->loop)
        loop_post(p->loop, complete_on_loop, p);
    else if (p->cb) /* store_propose_wait: its callback only wakes the waiter */
        complete_on_loop(p);
    else
        free(p);
}

/* --- from the log ---------------------------------------------------------------------------- */

static void on_batch(void *arg, struct log_batch *batch)
{
    struct store *s = arg;
    struct done_batch *d = MEM_NEW(struct done_batch);
    d->batch = batch;
    pthread_mutex_lock(&s->lock);
    *s->last = d;
    s->last = &d->next;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void on_failed(void *arg, struct log_batch *batch, int code)
{
    struct proposal *p = (struct proposal *)batch;
    p->status = code;
    proposal_finish(p);
}

/* --- applying -------------------------------------------------------------------------------- */

static void apply_entry(struct store *s, struct store_txn *t, log_index index,
                        const struct log_entry *e, struct store_result *result)
{
    const struct store_command *c =
        e->command < STORE_MAX_COMMANDS ? s->commands[e->command] : NULL;
    memset(result, 0, sizeof(*result));
    t->index = index;
    t->changed = false;
    if (!c) { /* written by a newer version: the state would go a way of its own */
        log_error("store", "index %" PRIu64 ": unknown command 0x%x", index, e->command);
        abort();
    }
    if (c->apply(t, index, e->payload, e->len, result)) {
        log_error("store", "index %" PRIu64 ": command %s: the state cannot be trusted", index,
                  c->name);
        abort();
    }
    result->changed = t->changed;
}

static void apply_batch(struct store *s, struct store_txn *t, struct log_batch *b)
{
    struct proposal *p = b->tag;
    struct store_result scratch;
    for (size_t i = 0; i < b->n; i++)
        apply_entry(s, t, b->first + i, &b->entries[i], p ? &p->result : &scratch);
    if (p)
        p->index = b->first;
}

/* One transaction over the list; again and again while the disk is full. */
static void apply_all(struct store *s, struct done_batch *list)
{
    for (;;) {
        struct store_txn t;
        int rc = store_write_begin(s, &t);
        for (struct done_batch *d = list; !rc && d; d = d->next)
            apply_batch(s, &t, d->batch);
        if (!rc)
            rc = store_write_commit(&t);
        if (!rc) {
            pthread_mutex_lock(&s->lock);
            s->applied = t.index;
            s->stalled = 0;
            pthread_mutex_unlock(&s->lock);
            watches_fire(s->watches, &t.touched, t.index);
            buf_fini(&t.touched);
            return;
        }
        buf_fini(&t.touched);
        struct err e = ERR_INIT;
        store_err_from_mdb(&e, rc, "state: commit");
        log_error("store", "%s: new writes are refused until it succeeds", e.text);
        pthread_mutex_lock(&s->lock);
        s->stalled = e.code;
        pthread_mutex_unlock(&s->lock);
        sleep(RETRY_APPLY_SEC);
    }
}

static struct done_batch *take_some(struct store *s)
{
    struct done_batch *list = s->first, **end = &s->first;
    size_t n = 0;
    while (*end && n < APPLY_AT_MOST) {
        n += (*end)->batch->n;
        end = &(*end)->next;
    }
    s->first = *end;
    *end = NULL;
    if (!s->first)
        s->last = &s->first;
    s->commands_applied += n;
    return list;
}

static void finish_all(struct done_batch *list)
{
    while (list) {
        struct done_batch *next = list->next;
        if (list->batch->tag)
            proposal_finish(list->batch->tag);
        else
            free(list->batch);
        free(list);
        list = next;
    }
}

static void apply_queue(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    struct done_batch *list = take_some(s);
    pthread_mutex_unlock(&s->lock);
    if (!list)
        return;
    apply_all(s, list);
    finish_all(list);
}

static void *run(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->log_closed || s->first) {
        if (!s->first) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        apply_queue(s);
        snapshot_start(s);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- proposing ------------------------------------------------------------------------------- */

void store_propose(struct store *s, struct loop *loop, uint16_t command, const void *payload,
                   size_t len, store_done_cb cb, void *arg)
{
    PRE(command < STORE_MAX_COMMANDS && s->commands[command]);
    PRE(len < UINT32_MAX / 2);
    struct proposal *p = mem_alloc(sizeof(*p) + len);
    if (len)
        memcpy(p + 1, payload, len);
    p->entry = (struct log_entry){command, p + 1, (uint32_t)len};
    p->batch = (struct log_batch){0, &p->entry, 1, p};
    p->loop = loop;
    p->cb = cb;
    p->arg = arg;
    pthread_mutex_lock(&s->lock);
    p->status = s->closing ? ERR_CLOSED : s->stalled;
    pthread_mutex_unlock(&s->lock);
    if (p->status)
        proposal_finish(p);
    else
        s->log->ops->append(s->log, &p->batch);
}

void store_propose_rec(struct store *s, struct loop *loop, uint16_t command,
                       const struct rec_desc *d, const void *rec, store_done_cb cb, void *arg)
{
    struct buf b = BUF_INIT;
    rec_pack(d, rec, &b);
    store_propose(s, loop, command, b.data, b.len, cb, arg);
    buf_fini(&b);
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int status;
    log_index index;
    struct store_result result;
};

static void on_waited(void *arg, int status, log_index index, const struct store_result *result)
{
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->status = status;
    w->index = index;
    w->result = *result;
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

int store_propose_wait(struct store *s, uint16_t command, const void *payload, size_t len,
                       log_index *index, struct store_result *result)
{
    struct waiter w = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    store_propose(s, NULL, command, payload, len, on_waited, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.cond, &w.lock);
    pthread_mutex_unlock(&w.lock);
    if (index)
        *index = w.index;
    if (result)
        *result = w.result;
    return w.status;
}

/* --- life ------------------------------------------------------------------------------------ */

static int take_lock(struct store *s, struct err *e)
{
    char *path = mem_printf("%s/lock", s->dir), pid[32] = "";
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rv = s->lock_fd < 0 ? err_from_errno(e, errno, path) : 0;
    if (!rv && flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? n : 0] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        rv = err_set(e, ERR_LOCKED, "%s: used by another agent (process %s)", s->dir,
                     *pid ? pid : "unknown");
    }
    if (!rv) {
        int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
        if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
            rv = err_from_errno(e, errno, path);
    }
    free(path);
    return rv;
}

static void index_commands(struct store *s)
{
    for (size_t m = 0; m < s->n_modules; m++)
        for (size_t i = 0; i < s->modules[m]->n_commands; i++) {
            const struct store_command *c = &s->modules[m]->commands[i];
            PRE(c->id < STORE_MAX_COMMANDS && !s->commands[c->id]);
            s->commands[c->id] = c;
        }
}

static int open_log(struct store *s, uint64_t segment_bytes, struct err *e)
{
    char *path = mem_printf("%s/log", s->dir);
    int rv = log_file_open(path, segment_bytes, &s->log, e);
    free(path);
    struct log_callbacks cb = {on_batch, on_failed, s};
    s->applied = store_env_applied(s);
    if (!rv)
        rv = s->log->ops->start(s->log, s->applied + 1, &cb, e);
    while (!rv && s->first) /* what the log has beyond the state */
        apply_queue(s);
    return rv;
}

int store_open(const struct store_config *c, struct store **out, struct err *e)
{
    struct store *s = MEM_NEW(struct store);
    s->dir = mem_strdup(c->dir);
    s->lock_fd = -1;
    s->modules = c->modules;
    s->n_modules = c->n_modules;
    s->map_size = c->map_size_bytes ? c->map_size_bytes : (size_t)64 << 30;
    s->snapshot_log_bytes = c->snapshot_log_bytes ? c->snapshot_log_bytes : UINT64_C(256) << 20;
    s->last = &s->first;
    s->watches = watches_new();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    index_commands(s);
    int rv = file_mkdirs(c->dir, 0700, e);
    if (!rv)
        rv = take_lock(s, e);
    if (!rv)
        rv = store_env_open(s, e);
    if (!rv)
        rv = open_log(s, c->segment_bytes, e);
    if (!rv) {
        int rc = pthread_create(&s->thread, NULL, run, s);
        INVARIANT(rc == 0);
        s->thread_running = true;
    }
    *out = s;
    if (rv)
        store_close(out);
    return rv;
}

void store_close(struct store **ps)
{
    struct store *s = *ps;
    *ps = NULL;
    if (!s)
        return;
    bool clean = s->thread_running;
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    snapshot_stop(s);
    if (s->log)
        s->log->ops->close(&s->log); /* hands back everything that was queued */
    pthread_mutex_lock(&s->lock);
    s->log_closed = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (s->thread_running)
        pthread_join(s->thread, NULL);
    finish_all(s->first);
    store_readers_free(s);
    store_env_close(s, clean);
    watches_free(s->watches);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    free(s->dir);
    free(s);
}

void store_stats(struct store *s, struct store_stats *out)
{
    memset(out, 0, sizeof(*out));
    s->log->ops->stats(s->log, out);
    MDB_envinfo info;
    MDB_stat st;
    if (!mdb_env_info(s->env, &info) && !mdb_env_stat(s->env, &st))
        out->db_bytes = (uint64_t)(info.me_last_pgno + 1) * st.ms_psize;
    pthread_mutex_lock(&s->lock);
    out->applied = s->applied;
    out->snapshot_index = s->snapshot_index;
    out->commands = s->commands_applied;
    pthread_mutex_unlock(&s->lock);
    out->watches = watches_count(s->watches);
}
