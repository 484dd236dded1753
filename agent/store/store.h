/* The store: one log, one state (DESIGN 3). Commands in, snapshots and watches out.
 *
 * A change is a command: an id and a payload (usually a packed record), proposed from any thread.
 * The log engine makes a batch durable; the store thread applies it to LMDB in one write
 * transaction together with the applied log index, commits, fires the watches, then the
 * completions. Readers on any thread open a snapshot and see one consistent state, without locks.
 *
 * owns: the data directory (locked against a second agent), its threads, the LMDB environment.
 * thread: each function says; "any" means any thread at any time between open and close.
 * order: store_open; propose, read and watch; store_close after every loop using it is done.
 *
 * Apply functions are deterministic: no clock, no random number, no I/O. The proposer puts ids and
 * times into the command. An apply function that finds the command refused (a cas that does not
 * match) says so in its result, leaves the transaction unchanged and the log goes on; two replicas
 * always agree. */
#ifndef AGENT_STORE_STORE_H
#define AGENT_STORE_STORE_H

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/base/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t log_index;

struct store;
struct store_txn;

/* --- schema: rooms describe their tables and commands, agent/ puts them together ------------- */

/* A table's number is forever. Rooms: store 0-15, discovery 16-63, scheduler 64-127. */
struct store_table {
    uint8_t id;
    const char *name;
};

/* What apply tells the proposer. */
struct store_result {
    int code;          /* 0, or why the command was refused (enum err_code) */
    bool changed;      /* false: nothing was written, no index moves, nobody wakes */
    uint64_t number;   /* the room's own, e.g. the index that another command gave a record */
    char text[256];    /* for the person, when code != 0 */
};

/* Applies one command at `index`. Returns 0; a negative return means the state itself cannot be
 * trusted any more (a decode of our own bytes failed) and stops the agent. */
typedef int (*store_apply_fn)(struct store_txn *txn, log_index index, const void *payload,
                              size_t len, struct store_result *result);

struct store_command {
    uint16_t id; /* forever. Rooms: discovery 0x100-0x1ff, scheduler 0x200-0x2ff */
    const char *name;
    store_apply_fn apply;
};

struct store_module { /* one room's part of the schema */
    const char *name;
    const struct store_table *const *tables;
    size_t n_tables;
    const struct store_command *commands;
    size_t n_commands;
};

/* --- life ------------------------------------------------------------------------------------ */

struct store_config {
    const char *dir;                          /* made when missing, 0700 */
    const struct store_module *const *modules;
    size_t n_modules;
    size_t map_size_bytes;                    /* LMDB's address space; 0 = 64 GiB */
    uint64_t segment_bytes;                   /* log segment size; 0 = 64 MiB */
    uint64_t snapshot_log_bytes;              /* snapshot after so much log; 0 = 256 MiB */
};

/* Opens or recovers: takes the lock (ERR_LOCKED names the other process), replays the log's tail.
 * Blocking: start-up only. */
int store_open(const struct store_config *config, struct store **out, struct err *e);
/* Finishes what is queued, closes everything, empties the pointer. Blocking. */
void store_close(struct store **s);

/* --- write ----------------------------------------------------------------------------------- */

/* status: 0 when durable and applied (then look at result->code), else why it is not known to be
 * (ERR_NO_SPACE, ERR_IO, ERR_CLOSED, ERR_NO_LEADER): the command was then not applied. */
typedef void (*store_done_cb)(void *arg, int status, log_index index,
                              const struct store_result *result);

/* Proposes one command. Copies payload. cb runs exactly once, on `loop`, never before return.
 * Commands of one thread are applied in the order proposed. Any thread. cb may be NULL. */
void store_propose(struct store *s, struct loop *loop, uint16_t command, const void *payload,
                   size_t len, store_done_cb cb, void *arg);
/* The same with a record, packed. */
void store_propose_rec(struct store *s, struct loop *loop, uint16_t command,
                       const struct rec_desc *d, const void *rec, store_done_cb cb, void *arg);
/* Proposes and waits. For threads that may block (scheduler workers, tests), never a loop's. */
int store_propose_wait(struct store *s, uint16_t command, const void *payload, size_t len,
                       log_index *index, struct store_result *result);

/* --- read: any thread ------------------------------------------------------------------------ */

/* Opens a snapshot. Cheap (LMDB keeps a free list of readers); hold it briefly: a long read keeps
 * old pages alive. A struct store_txn is used by one thread at a time. */
int store_read(struct store *s, struct store_txn **out, struct err *e);
void store_read_end(struct store_txn **t); /* empties the pointer */

/* The last applied log index in this snapshot; at least 1. */
log_index store_txn_index(const struct store_txn *t);

struct store_val {
    const void *data; /* LMDB's own memory: valid until the transaction ends or writes again */
    size_t len;
};

/* ERR_NOT_FOUND, or 0. */
int store_get(struct store_txn *t, const struct store_table *table, const void *key, size_t klen,
              struct store_val *out);
/* Get and unpack into rec, memory from a (so it outlives the transaction). */
int store_get_rec(struct store_txn *t, const struct store_table *table, const void *key,
                  size_t klen, const struct rec_desc *d, struct arena *a, void *rec);

/* Walks the rows whose key begins with a prefix (plen 0: all; any length: one longer than a key may
 * be finds none), in key order:
 *     struct store_cursor c;
 *     for (store_scan(t, &TABLE, p, plen, &c); store_cursor_valid(&c); store_next(&c))
 *         use c.key, c.val
 *     store_cursor_close(&c);                                                            */
struct store_cursor {
    struct store_val key, val;
    bool valid;
    /* private */
    void *mdb_cursor;
    char prefix[512];
    size_t prefix_len;
};
void store_scan(struct store_txn *t, const struct store_table *table, const void *prefix,
                size_t plen, struct store_cursor *c);
/* Begins at the first key >= from instead (still within prefix). */
void store_scan_from(struct store_txn *t, const struct store_table *table, const void *prefix,
                     size_t plen, const void *from, size_t flen, struct store_cursor *c);
bool store_cursor_valid(const struct store_cursor *c);
void store_next(struct store_cursor *c);
void store_cursor_close(struct store_cursor *c);
uint64_t store_count(struct store_txn *t, const struct store_table *table); /* rows */

/* --- write transaction: inside apply only ---------------------------------------------------- */

/* A key to put has 1 to 511 bytes: the room bounds what comes from outside. A put or del touches
 * (table, key): moves the table's index to the command's index and wakes watches on that key, on
 * prefixes of it and on the table. */
void store_put(struct store_txn *t, const struct store_table *table, const void *key, size_t klen,
               const void *val, size_t vlen);
void store_put_rec(struct store_txn *t, const struct store_table *table, const void *key,
                   size_t klen, const struct rec_desc *d, const void *rec);
/* Returns whether there was such a row: under a key that none can have, there was none. */
bool store_del(struct store_txn *t, const struct store_table *table, const void *key, size_t klen);
/* As put and del, but for secondary index tables: neither moves an index nor wakes anyone. */
void store_put_quiet(struct store_txn *t, const struct store_table *table, const void *key,
                     size_t klen, const void *val, size_t vlen);
bool store_del_quiet(struct store_txn *t, const struct store_table *table, const void *key,
                     size_t klen);
/* Remembers `index of last change` for a name of the room's choosing in that table (e.g. table
 * services, key "http-echo": any change of that service's instances, checks or nodes) and wakes its
 * watchers. Read back by store_key_index. */
void store_touch(struct store_txn *t, const struct store_table *table, const void *key,
                 size_t klen);
/* Errors inside a write transaction are sticky (LMDB map full): apply reads straight
 * down and the commit reports. */

/* --- indexes --------------------------------------------------------------------------------- */
/* Last change of anything in the table; 1 when nothing ever changed ("an index is never 0"). */
log_index store_table_index(struct store_txn *t, const struct store_table *table);
/* What store_touch remembered for the key; 0 when it never was. */
log_index store_key_index(struct store_txn *t, const struct store_table *table, const void *key,
                          size_t klen);
/* Forgets a store_touch row (its room decided that nobody can ask any more). */
void store_untouch(struct store_txn *t, const struct store_table *table, const void *key,
                   size_t klen);

/* --- watches: on the loop's own thread ------------------------------------------------------- */

enum store_watch_kind { STORE_WATCH_TABLE, STORE_WATCH_KEY, STORE_WATCH_PREFIX };
struct store_watch;
/* Runs on the loop after a commit that touched what is watched. Several commits may be told once.
 * The callback may remove the watch or add others. */
typedef void (*store_watch_cb)(void *arg, log_index index);

/* Add the watch first, then read: a change between the two is then never missed. It keeps firing
 * until removed. Costs about a hundred bytes. Key is copied. */
struct store_watch *store_watch_add(struct store *s, struct loop *loop,
                                    enum store_watch_kind kind, const struct store_table *table,
                                    const void *key, size_t klen, store_watch_cb cb, void *arg);
/* No callback runs after it returns. Empties the pointer; NULL inside is fine. */
void store_watch_remove(struct store_watch **w);

/* --- snapshots ------------------------------------------------------------------------------- */
/* Writes a compact copy of the state beside the log and drops the log below it. Runs by itself
 * (snapshot_log_bytes); this asks for one now and waits. May block. */
int store_snapshot(struct store *s, struct err *e);

struct store_stats {
    log_index applied, first_log_index, snapshot_index;
    uint64_t commands, batches, syncs, watches;
    uint64_t log_bytes, db_bytes;
};
void store_stats(struct store *s, struct store_stats *out); /* any thread */

#endif
