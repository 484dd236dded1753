/* What the store's files share; private to agent/store. */
#ifndef AGENT_STORE_STORE_IMPL_H
#define AGENT_STORE_STORE_IMPL_H

#include "agent/base/buf.h"
#include "agent/store/log.h"
#include "agent/store/store.h"

#include <lmdb.h>
#include <pthread.h>

#define STORE_MAX_TABLES   256
#define STORE_MAX_COMMANDS 0x400
#define STORE_READERS      510

struct store_txn {
    struct store *store;
    MDB_txn *mdb;
    struct store_txn *next_free; /* pooled readers */
    bool write;
    /* write transactions */
    int sticky;        /* the first LMDB error */
    log_index index;   /* of the command being applied */
    bool changed;      /* by the command being applied */
    struct buf touched; /* u8 table, u16 length, key ... */
};

struct watches;

struct store {
    char *dir;
    int lock_fd;
    MDB_env *env;
    MDB_dbi dbi[STORE_MAX_TABLES], dbi_meta, dbi_index;
    bool has_dbi[STORE_MAX_TABLES];
    const struct store_command *commands[STORE_MAX_COMMANDS];
    const struct store_module *const *modules;
    size_t n_modules;
    size_t map_size;
    uint64_t snapshot_log_bytes;
    struct log_engine *log;
    struct watches *watches;

    pthread_t thread;
    bool thread_running;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t wake;  /* the store thread; and waiters for `applied` and snapshots */
    struct done_batch *first, **last;
    bool closing, log_closed; /* no more proposals; no more batches */
    int stalled; /* why applying waits (ERR_NO_SPACE); new proposals are refused meanwhile */
    struct store_txn *free_readers;
    log_index applied;
    uint64_t commands_applied;

    /* snapshots */
    pthread_t snapshot_thread;
    bool snapshot_thread_running;
    bool snapshot_wanted, snapshot_busy;
    uint64_t snapshots_done;
    int snapshot_code;
    log_index snapshot_index;
    uint64_t log_bytes_at_snapshot;
};

/* A batch on its way back from the log, with what its proposer wants to hear. */
struct proposal {
    struct log_batch batch; /* first: what the log hands back */
    struct log_entry entry;
    struct loop *loop;
    store_done_cb cb;
    void *arg;
    int status;
    log_index index;
    struct store_result result;
    /* payload follows */
};
struct done_batch {
    struct done_batch *next;
    struct log_batch *batch;
};

int store_err_from_mdb(struct err *e, int rc, const char *what);

/* env.c */
int store_env_open(struct store *s, struct err *e);
void store_env_close(struct store *s, bool clean);
log_index store_env_applied(struct store *s);

/* txn.c */
int store_write_begin(struct store *s, struct store_txn *t);
int store_write_commit(struct store_txn *t); /* LMDB code */
void store_write_abort(struct store_txn *t);
void store_readers_free(struct store *s);

/* watch.c */
struct watches *watches_new(void);
void watches_free(struct watches *w);
uint64_t watches_count(struct watches *w);
void watches_fire(struct watches *w, const struct buf *touched, log_index index);

/* snapshot.c */
void snapshot_start(struct store *s);
void snapshot_stop(struct store *s);
/* Path of the newest whole snapshot, heap, or NULL; *index its log index. */
char *snapshot_newest(const char *dir, log_index *index);

#endif
