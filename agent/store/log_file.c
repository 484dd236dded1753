/* The embedded log: segments of checksummed batches, one fdatasync for all that is queued.
 *
 * Happy path: append queues; the thread takes the whole queue, writes every batch with one writev
 * stream, syncs once, and hands the batches back in order. When a segment is full, the next batch
 * begins a new one, named for its first index.
 *
 * Failures: a write or sync that fails cuts the segment back to the last good batch, makes the cut
 * durable, tells the proposers, and goes on in a fresh segment: what follows a failed fdatasync on
 * the same descriptor cannot be trusted. If even the cut fails, the process stops: it could no
 * longer tell what a restart will find.
 *
 * Recovery: batches are read in order. A broken one at the very end was never acknowledged and is
 * cut off; a broken one before a whole one is corruption, refused with file and offset. */
#include "agent/store/log_file.h"
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define SEGMENT_MAGIC "PLTLOG1\n"
#define BATCH_MAGIC   UINT32_C(0x48435442) /* "BTCH" */

struct segment_header {
    char magic[8];
    uint64_t first;
};
struct batch_header {
    uint32_t magic, crc; /* crc of what follows it: the rest of the header, and the body */
    uint64_t first;
    uint32_t count, body_bytes;
};
struct entry_header {
    uint16_t command, zero;
    uint32_t len;
};

struct queued {
    struct queued *next;
    struct log_batch *batch;
};

struct segment {
    struct segment *next;
    log_index first;
    uint64_t bytes;
};

struct log_file {
    struct log_engine base;
    char *dir;
    uint64_t segment_bytes;
    struct log_callbacks cb;
    pthread_t thread;
    bool running, closing;
    pthread_mutex_t lock; /* queue, segments, counters */
    pthread_cond_t wake;
    struct queued *first, **last;
    struct segment *segments; /* oldest first */
    uint64_t syncs, batches;
    /* the thread's own */
    int fd; /* -1: the next batch begins a segment */
    uint64_t offset;
    log_index next_index;
    struct buf out;
};

struct log_file_faults log_file_faults;

static bool fault_due(int *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

static char *segment_path(const struct log_file *l, log_index first)
{
    return mem_printf("%s/%020" PRIu64 ".log", l->dir, first);
}

/* --- writing --------------------------------------------------------------------------------- */

static void encode_batch(struct buf *out, const struct log_batch *b)
{
    size_t start = out->len;
    struct batch_header h = {BATCH_MAGIC, 0, b->first, (uint32_t)b->n, 0};
    buf_add(out, &h, sizeof(h));
    for (size_t i = 0; i < b->n; i++) {
        struct entry_header e = {b->entries[i].command, 0, b->entries[i].len};
        buf_add(out, &e, sizeof(e));
        buf_add(out, b->entries[i].payload, b->entries[i].len);
    }
    h.body_bytes = (uint32_t)(out->len - start - sizeof(h));
    memcpy(out->data + start, &h, sizeof(h));
    const unsigned char *p = (unsigned char *)out->data + start + 8;
    h.crc = (uint32_t)crc32(0, p, (unsigned)(out->len - start - 8));
    memcpy(out->data + start, &h, sizeof(h));
}

static int write_out(struct log_file *l, const char *p, size_t n)
{
    uint64_t at = l->offset;
    while (n) {
        if (fault_due(&log_file_faults.write)) {
            errno = log_file_faults.error;
            return -1;
        }
        ssize_t w = pwrite(l->fd, p, n, (off_t)at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return -1;
        p += w;
        at += (uint64_t)w;
        n -= (size_t)w;
    }
    if (fault_due(&log_file_faults.sync)) {
        errno = log_file_faults.error;
        return -1;
    }
    if (fdatasync(l->fd) < 0)
        return -1;
    l->offset = at;
    return 0;
}

static int begin_segment(struct log_file *l)
{
    char *path = segment_path(l, l->next_index);
    struct segment_header h = {SEGMENT_MAGIC, l->next_index};
    memcpy(h.magic, SEGMENT_MAGIC, 8);
    l->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    l->offset = 0;
    int rv = l->fd < 0 || write_out(l, (char *)&h, sizeof(h)) < 0 ? errno : 0;
    if (!rv && file_fsync_dir(l->dir, NULL))
        rv = EIO;
    if (rv && l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
        unlink(path);
    }
    free(path);
    if (rv)
        return rv;
    pthread_mutex_lock(&l->lock);
    struct segment **s = &l->segments;
    while (*s)
        s = &(*s)->next;
    *s = MEM_NEW(struct segment);
    **s = (struct segment){NULL, l->next_index, l->offset};
    pthread_mutex_unlock(&l->lock);
    return 0;
}

/* Takes back what a failed write may have left. An empty segment goes altogether. */
static void cut_back(struct log_file *l)
{
    if (ftruncate(l->fd, (off_t)l->offset) < 0 || fsync(l->fd) < 0) {
        log_error("log",
                  "cannot undo a failed write (%s): stopping, so that nothing refused can "
                  "come back",
                  strerror(errno));
        abort();
    }
    close(l->fd);
    l->fd = -1;
    if (l->offset > sizeof(struct segment_header))
        return;
    pthread_mutex_lock(&l->lock);
    struct segment **s = &l->segments;
    while ((*s)->next)
        s = &(*s)->next;
    char *path = segment_path(l, (*s)->first);
    unlink(path);
    free(path);
    free(*s);
    *s = NULL;
    pthread_mutex_unlock(&l->lock);
}

static int write_queue(struct log_file *l, struct queued *q)
{
    if (l->fd >= 0 && l->offset >= l->segment_bytes) {
        close(l->fd);
        l->fd = -1;
    }
    if (l->fd < 0) {
        int rv = begin_segment(l);
        if (rv)
            return rv;
    }
    buf_clear(&l->out);
    log_index next = l->next_index;
    for (; q; q = q->next) {
        q->batch->first = next;
        next += q->batch->n;
        encode_batch(&l->out, q->batch);
    }
    if (write_out(l, l->out.data, l->out.len) < 0) {
        int rv = errno;
        cut_back(l);
        return rv;
    }
    l->next_index = next;
    if (l->out.cap > 1 << 20)
        buf_fini(&l->out);
    return 0;
}

static void finish(struct log_file *l, struct queued *q, int code)
{
    while (q) {
        struct queued *next = q->next;
        if (code)
            l->cb.on_failed(l->cb.arg, q->batch, code);
        else
            l->cb.on_batch(l->cb.arg, q->batch);
        free(q);
        q = next;
    }
}

static void *run(void *arg)
{
    struct log_file *l = arg;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->first && !l->closing)
            pthread_cond_wait(&l->wake, &l->lock);
        if (!l->first)
            break;
        struct queued *q = l->first;
        l->first = NULL;
        l->last = &l->first;
        pthread_mutex_unlock(&l->lock);
        int errnum = write_queue(l, q);
        struct err e = ERR_INIT;
        if (errnum) {
            err_from_errno(&e, errnum, "log write");
            log_warn("log", "%s: the commands were refused", e.text);
        }
        pthread_mutex_lock(&l->lock);
        l->syncs++;
        if (l->segments) {
            struct segment *s = l->segments;
            while (s->next)
                s = s->next;
            s->bytes = l->offset;
        }
        for (struct queued *x = q; x && !errnum; x = x->next)
            l->batches++;
        pthread_mutex_unlock(&l->lock);
        finish(l, q, e.code);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* --- recovery -------------------------------------------------------------------------------- */

/* Bytes of the whole, checksummed batch at p, or 0. */
static size_t batch_at(const uint8_t *p, size_t left, struct batch_header *h)
{
    if (left < sizeof(*h))
        return 0;
    memcpy(h, p, sizeof(*h));
    if (h->magic != BATCH_MAGIC || h->body_bytes > left - sizeof(*h) || h->count == 0)
        return 0;
    size_t n = sizeof(*h) + h->body_bytes;
    return (uint32_t)crc32(0, p + 8, (unsigned)(n - 8)) == h->crc ? n : 0;
}

/* Splits a checked body into entries that point into it. */
static int entries_of(const uint8_t *body, const struct batch_header *h, struct log_entry *out)
{
    size_t at = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        struct entry_header e;
        if (h->body_bytes - at < sizeof(e))
            return ERR_CORRUPT;
        memcpy(&e, body + at, sizeof(e));
        at += sizeof(e);
        if (e.len > h->body_bytes - at)
            return ERR_CORRUPT;
        out[i] = (struct log_entry){e.command, body + at, e.len};
        at += e.len;
    }
    return at == h->body_bytes ? 0 : ERR_CORRUPT;
}

/* Hands one batch on, in memory of its own, if it is wanted. */
static int replay_batch(struct log_file *l, const uint8_t *p, const struct batch_header *h,
                        log_index from)
{
    if (h->count > h->body_bytes / sizeof(struct entry_header))
        return ERR_CORRUPT;
    size_t entries = h->count * sizeof(struct log_entry);
    struct log_batch *b = mem_alloc(sizeof(*b) + entries + h->body_bytes);
    uint8_t *body = (uint8_t *)(b + 1) + entries;
    memcpy(body, p + sizeof(*h), h->body_bytes);
    *b = (struct log_batch){h->first, (struct log_entry *)(b + 1), h->count, NULL};
    int rv = entries_of(body, h, b->entries);
    if (rv || h->first + h->count <= from || !l->cb.on_batch) {
        free(b);
        return rv;
    }
    INVARIANT(h->first >= from); /* a snapshot falls between batches */
    l->cb.on_batch(l->cb.arg, b);
    return 0;
}

/* Whether a whole batch with a later index stands anywhere after the broken one. */
static bool later_batch_follows(const uint8_t *p, size_t left, log_index expected)
{
    struct batch_header h;
    for (size_t i = 1; i + sizeof(h) <= left; i++) {
        uint32_t magic;
        memcpy(&magic, p + i, sizeof(magic));
        if (magic == BATCH_MAGIC && batch_at(p + i, left - i, &h) && h.first >= expected)
            return true;
    }
    return false;
}

static int replay_bytes(struct log_file *l, const char *path, const uint8_t *data, size_t size,
                        log_index from, bool last, log_index next_first, struct err *e)
{
    struct segment_header sh;
    size_t at = sizeof(sh);
    l->offset = 0;
    if (size < sizeof(sh) || memcmp(data, SEGMENT_MAGIC, 8)) {
        if (last && size <= sizeof(sh))
            return 0; /* begun, and never written to */
        return err_set(e, ERR_CORRUPT, "%s: not a log segment", path);
    }
    memcpy(&sh, data, sizeof(sh));
    if (sh.first != l->next_index)
        return err_set(e, ERR_CORRUPT, "%s: begins at index %" PRIu64 ", expected %" PRIu64, path,
                       sh.first, l->next_index);
    while (at < size) {
        struct batch_header h;
        size_t n = batch_at(data + at, size - at, &h);
        if (!n || h.first != l->next_index) {
            bool harmless = last ? !later_batch_follows(data + at, size - at, l->next_index)
                                 : next_first == l->next_index;
            if (!harmless)
                return err_set(e, ERR_CORRUPT, "%s: broken batch at byte %zu (index %" PRIu64 ")",
                               path, at, l->next_index);
            log_warn("log", "%s: cut %zu bytes of a batch that was never acknowledged", path,
                     size - at);
            break;
        }
        if (replay_batch(l, data + at, &h, from))
            return err_set(e, ERR_CORRUPT, "%s: impossible batch at byte %zu", path, at);
        l->next_index += h.count;
        at += n;
    }
    l->offset = at;
    return 0;
}

static int replay_segment(struct log_file *l, struct segment *s, log_index from, struct err *e)
{
    char *path = segment_path(l, s->first);
    struct stat st;
    int rv = 0, fd = open(path, O_RDWR | O_CLOEXEC);
    void *map = NULL;
    if (fd < 0 || fstat(fd, &st) < 0) {
        rv = err_from_errno(e, errno, path);
        goto out;
    }
    if (st.st_size > 0) {
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            map = NULL;
            rv = err_from_errno(e, errno, path);
            goto out;
        }
    }
    rv = replay_bytes(l, path, map, (size_t)st.st_size, from, !s->next,
                      s->next ? s->next->first : 0, e);
    s->bytes = l->offset;
    if (!rv && (uint64_t)st.st_size > l->offset &&
        (ftruncate(fd, (off_t)l->offset) < 0 || fsync(fd) < 0))
        rv = err_from_errno(e, errno, path);
    if (!rv && !s->next && l->offset >= sizeof(struct segment_header)) {
        l->fd = fd; /* appending goes on here */
        fd = -1;
    }
out:
    if (map)
        munmap(map, (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
    free(path);
    return rv;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_segment(const struct dirent *d)
{
    return strlen(d->d_name) == 24 && !strcmp(d->d_name + 20, ".log") &&
           strspn(d->d_name, "0123456789") == 20;
}

static int list_segments(struct log_file *l, struct err *e)
{
    struct dirent **names;
    int n = scandir(l->dir, &names, is_segment, by_name);
    if (n < 0)
        return err_from_errno(e, errno, l->dir);
    struct segment **end = &l->segments;
    for (int i = 0; i < n; i++) {
        *end = MEM_NEW(struct segment);
        (*end)->first = strtoull(names[i]->d_name, NULL, 10);
        end = &(*end)->next;
        free(names[i]);
    }
    free(names);
    return 0;
}

/* A segment whose header never got to the disk holds nothing: it makes room for a new one. */
static void drop_empty_tail(struct log_file *l)
{
    struct segment **s = &l->segments;
    while (*s && (*s)->next)
        s = &(*s)->next;
    if (!*s || l->fd >= 0)
        return;
    char *path = segment_path(l, (*s)->first);
    unlink(path);
    free(path);
    free(*s);
    *s = NULL;
}

static int log_file_start(struct log_engine *base, log_index from, const struct log_callbacks *cb,
                          struct err *e)
{
    struct log_file *l = (struct log_file *)base;
    l->cb = *cb;
    int rv = list_segments(l, e);
    if (rv)
        return rv;
    l->next_index = l->segments ? l->segments->first : from;
    if (l->segments && l->segments->first > from)
        return err_set(e, ERR_CORRUPT,
                       "%s: begins at index %" PRIu64 ", but the state needs %" PRIu64, l->dir,
                       l->segments->first, from);
    for (struct segment *s = l->segments; !rv && s; s = s->next)
        rv = replay_segment(l, s, from, e);
    if (rv)
        return rv;
    drop_empty_tail(l);
    if (l->next_index < from) /* the state is ahead: the log was lost, and begins anew after it */
        return err_set(e, ERR_CORRUPT,
                       "%s: ends at index %" PRIu64 ", but the state is at %" PRIu64, l->dir,
                       l->next_index - 1, from - 1);
    l->running = pthread_create(&l->thread, NULL, run, l) == 0;
    INVARIANT(l->running);
    return 0;
}

/* --- the rest of the interface --------------------------------------------------------------- */

static void log_file_append(struct log_engine *base, struct log_batch *batch)
{
    struct log_file *l = (struct log_file *)base;
    struct queued *q = MEM_NEW(struct queued);
    q->batch = batch;
    pthread_mutex_lock(&l->lock);
    INVARIANT(!l->closing);
    *l->last = q;
    l->last = &q->next;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

static void log_file_drop_below(struct log_engine *base, log_index index)
{
    struct log_file *l = (struct log_file *)base;
    pthread_mutex_lock(&l->lock);
    while (l->segments && l->segments->next && l->segments->next->first <= index) {
        struct segment *s = l->segments;
        l->segments = s->next;
        char *path = segment_path(l, s->first);
        if (unlink(path) < 0)
            log_warn("log", "%s: %s", path, strerror(errno));
        free(path);
        free(s);
    }
    pthread_mutex_unlock(&l->lock);
}

static bool log_file_leads(struct log_engine *base, char *leader, size_t cap)
{
    if (cap)
        leader[0] = '\0';
    return true;
}

static void log_file_stats(struct log_engine *base, struct store_stats *out)
{
    struct log_file *l = (struct log_file *)base;
    pthread_mutex_lock(&l->lock);
    out->syncs = l->syncs;
    out->batches = l->batches;
    out->first_log_index = l->segments ? l->segments->first : 0;
    out->log_bytes = 0;
    for (struct segment *s = l->segments; s; s = s->next)
        out->log_bytes += s->bytes;
    pthread_mutex_unlock(&l->lock);
}

static void log_file_close(struct log_engine **base)
{
    struct log_file *l = (struct log_file *)*base;
    *base = NULL;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    if (l->running)
        pthread_join(l->thread, NULL);
    if (l->fd >= 0)
        close(l->fd);
    while (l->segments) {
        struct segment *s = l->segments;
        l->segments = s->next;
        free(s);
    }
    buf_fini(&l->out);
    free(l->dir);
    free(l);
}

static const struct log_ops ops = {log_file_start, log_file_append, log_file_drop_below,
                                   log_file_leads, log_file_stats,  log_file_close};

int log_file_open(const char *dir, uint64_t segment_bytes, struct log_engine **out, struct err *e)
{
    int rv = file_mkdirs(dir, 0700, e);
    if (rv)
        return rv;
    struct log_file *l = MEM_NEW(struct log_file);
    l->base.ops = &ops;
    l->dir = mem_strdup(dir);
    l->segment_bytes = segment_bytes ? segment_bytes : UINT64_C(64) << 20;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    l->last = &l->first;
    l->fd = -1;
    *out = &l->base;
    return 0;
}

int log_file_check_bytes(const uint8_t *data, size_t size)
{
    struct log_file l = {.next_index = 1, .fd = -1};
    struct err e = ERR_INIT;
    return replay_bytes(&l, "input", data, size, 1, true, 0, &e);
}
