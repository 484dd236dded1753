/* Watches: who waits for which (table, key). The store thread matches what a commit touched with
 * what is watched and hands each loop its list; a parked watch costs its struct and nothing else.
 *
 * One mutex guards the buckets. A watch that fired is `pending` until its loop has called it; one
 * that is removed while pending is freed by that delivery. */
#include "agent/store/store_impl.h"
#include "agent/base/check.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct bucket { /* all watches of one kind on one (table, key) */
    UT_hash_handle hh;
    struct store_watch *first;
    size_t klen;
    uint8_t key[]; /* kind, table, key */
};

struct mailbox { /* what one loop is to be told */
    struct mailbox *next;
    struct watches *owner;
    struct loop *loop;
    struct store_watch *first, **last;
    bool posted;
};

struct store_watch {
    struct watches *owner;
    struct bucket *bucket;
    struct store_watch *prev, *next; /* in the bucket */
    struct store_watch *next_pending;
    struct mailbox *mailbox;
    store_watch_cb cb;
    void *arg;
    log_index index;
    bool pending, removed;
};

struct watches {
    pthread_mutex_t lock;
    struct bucket *buckets;
    struct mailbox *mailboxes;
    uint32_t prefixes_of_length[512];
    uint64_t count;
};

struct watches *watches_new(void)
{
    struct watches *w = MEM_NEW(struct watches);
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void watches_free(struct watches *w)
{
    INVARIANT(w->count == 0); /* watches are removed before the store is closed */
    while (w->mailboxes) {
        struct mailbox *m = w->mailboxes;
        w->mailboxes = m->next;
        free(m);
    }
    pthread_mutex_destroy(&w->lock);
    free(w);
}

uint64_t watches_count(struct watches *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t n = w->count;
    pthread_mutex_unlock(&w->lock);
    return n;
}

static size_t bucket_key(uint8_t out[514], enum store_watch_kind kind, uint8_t table,
                         const void *key, size_t klen)
{
    out[0] = (uint8_t)kind;
    out[1] = table;
    if (klen)
        memcpy(out + 2, key, klen);
    return klen + 2;
}

static struct mailbox *mailbox_of(struct watches *w, struct loop *loop)
{
    for (struct mailbox *m = w->mailboxes; m; m = m->next)
        if (m->loop == loop)
            return m;
    struct mailbox *m = MEM_NEW(struct mailbox);
    *m = (struct mailbox){.owner = w, .loop = loop, .next = w->mailboxes};
    m->last = &m->first;
    w->mailboxes = m;
    return m;
}

struct store_watch *store_watch_add(struct store *s, struct loop *loop, enum store_watch_kind kind,
                                    const struct store_table *table, const void *key, size_t klen,
                                    store_watch_cb cb, void *arg)
{
    struct watches *ws = s->watches;
    struct store_watch *w = MEM_NEW(struct store_watch);
    uint8_t k[514];
    if (kind == STORE_WATCH_TABLE)
        klen = 0;
    klen = klen < 511 ? klen : 511;
    size_t n = bucket_key(k, kind, table->id, key, klen);
    *w = (struct store_watch){.owner = ws, .cb = cb, .arg = arg};
    pthread_mutex_lock(&ws->lock);
    struct bucket *b;
    HASH_FIND(hh, ws->buckets, k, n, b);
    if (!b) {
        b = mem_alloc(sizeof(*b) + n);
        memcpy(b->key, k, n);
        b->klen = klen;
        HASH_ADD(hh, ws->buckets, key, n, b);
        if (kind == STORE_WATCH_PREFIX)
            ws->prefixes_of_length[klen]++;
    }
    w->bucket = b;
    w->mailbox = mailbox_of(ws, loop);
    w->next = b->first;
    if (b->first)
        b->first->prev = w;
    b->first = w;
    ws->count++;
    pthread_mutex_unlock(&ws->lock);
    return w;
}

static void bucket_drop(struct watches *ws, struct bucket *b)
{
    if (b->key[0] == STORE_WATCH_PREFIX)
        ws->prefixes_of_length[b->klen]--;
    HASH_DEL(ws->buckets, b);
    free(b);
}

void store_watch_remove(struct store_watch **pw)
{
    struct store_watch *w = *pw;
    *pw = NULL;
    if (!w)
        return;
    struct watches *ws = w->owner;
    pthread_mutex_lock(&ws->lock);
    if (w->prev)
        w->prev->next = w->next;
    else
        w->bucket->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    if (!w->bucket->first)
        bucket_drop(ws, w->bucket);
    ws->count--;
    bool pending = w->pending;
    w->removed = true;
    pthread_mutex_unlock(&ws->lock);
    if (!pending)
        free(w);
}

/* On the loop. Each watch leaves `pending` just before its callback, so that a change during the
 * callback is told again, and a removal by an earlier callback is seen here. */
static void deliver(void *arg)
{
    struct mailbox *m = arg;
    struct watches *ws = m->owner;
    pthread_mutex_lock(&ws->lock);
    struct store_watch *w = m->first;
    m->first = NULL;
    m->last = &m->first;
    m->posted = false;
    while (w) {
        struct store_watch *next = w->next_pending;
        w->pending = false;
        log_index index = w->index;
        bool removed = w->removed;
        pthread_mutex_unlock(&ws->lock);
        if (removed)
            free(w);
        else
            w->cb(w->arg, index);
        pthread_mutex_lock(&ws->lock);
        w = next;
    }
    pthread_mutex_unlock(&ws->lock);
}

static void fire_bucket(struct watches *ws, const uint8_t *key, size_t n, log_index index)
{
    struct bucket *b;
    HASH_FIND(hh, ws->buckets, key, n, b);
    for (struct store_watch *w = b ? b->first : NULL; w; w = w->next) {
        w->index = index;
        if (w->pending)
            continue;
        struct mailbox *m = w->mailbox;
        w->pending = true;
        w->next_pending = NULL;
        *m->last = w;
        m->last = &w->next_pending;
        if (!m->posted)
            loop_post(m->loop, deliver, m);
        m->posted = true;
    }
}

static void fire_key(struct watches *ws, uint8_t table, const void *key, size_t klen,
                     log_index index)
{
    uint8_t k[514];
    klen = klen < 511 ? klen : 511;
    fire_bucket(ws, k, bucket_key(k, STORE_WATCH_TABLE, table, NULL, 0), index);
    size_t n = bucket_key(k, STORE_WATCH_KEY, table, key, klen);
    fire_bucket(ws, k, n, index);
    k[0] = STORE_WATCH_PREFIX;
    for (size_t len = 0; len <= klen; len++)
        if (ws->prefixes_of_length[len])
            fire_bucket(ws, k, len + 2, index);
}

void watches_fire(struct watches *ws, const struct buf *touched, log_index index)
{
    pthread_mutex_lock(&ws->lock);
    for (size_t at = 0; ws->count && at < touched->len;) {
        uint8_t table = (uint8_t)touched->data[at];
        uint16_t n;
        memcpy(&n, touched->data + at + 1, 2);
        fire_key(ws, table, touched->data + at + 3, n, index);
        at += 3u + n;
    }
    pthread_mutex_unlock(&ws->lock);
}
