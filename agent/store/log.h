/* The log, as an interface (DESIGN 3): append a batch, read from an index on, drop below an index,
 * who leads. One engine today, log_file; a clustered one takes its place without a change above.
 *
 * A batch is a run of commands with consecutive indexes, durable together or not at all. Entries a
 * server did not write itself (a clustered log's followers) arrive by the same callback as its own.
 *
 * thread: append from any; drop_below and close from the store's; on_batch and on_failed come from
 * the engine's own thread and must only queue. */
#ifndef AGENT_STORE_LOG_H
#define AGENT_STORE_LOG_H

#include "agent/store/store.h"

struct log_entry {
    uint16_t command;
    const void *payload;
    uint32_t len;
};

struct log_batch {
    log_index first; /* the index of entries[0]; set by the engine */
    struct log_entry *entries;
    size_t n;
    void *tag; /* the proposer's, NULL for a batch from elsewhere or from replay */
};

struct log_engine;
typedef void (*log_batch_cb)(void *arg, struct log_batch *batch);
typedef void (*log_failed_cb)(void *arg, struct log_batch *batch, int code);

struct log_callbacks {
    log_batch_cb on_batch;   /* durable, in order, each index once: apply it */
    log_failed_cb on_failed; /* not appended, and never will be: tell the proposer why */
    void *arg;
};

struct log_ops {
    /* Replays every batch at or above `from` through cb->on_batch on the calling thread (tag NULL),
     * then starts. ERR_CORRUPT when a batch that was acknowledged cannot be read. */
    int (*start)(struct log_engine *l, log_index from, const struct log_callbacks *cb,
                 struct err *e);
    /* Takes the batch (its memory stays the caller's until a callback returns it). */
    void (*append)(struct log_engine *l, struct log_batch *batch);
    /* Everything below `index` is in a snapshot and may go. */
    void (*drop_below)(struct log_engine *l, log_index index);
    /* Whether this server may append, and where the leader is otherwise ("" when unknown). */
    bool (*leads)(struct log_engine *l, char *leader, size_t cap);
    void (*stats)(struct log_engine *l, struct store_stats *out);
    void (*close)(struct log_engine **l);
};

struct log_engine {
    const struct log_ops *ops;
};

/* The embedded engine: checksummed segments in `dir`, group commit, one fdatasync a batch. */
int log_file_open(const char *dir, uint64_t segment_bytes, struct log_engine **out, struct err *e);

#endif
