/* A small schema for tests of the store: a table of numbered rows and commands that change it. */
#ifndef TEST_UNIT_SUPPORT_KVSTATE_H
#define TEST_UNIT_SUPPORT_KVSTATE_H

#include "agent/store/store.h"

enum { KV_SET = 1, KV_DEL = 2, KV_REFUSE = 3, KV_TOUCH = 4 };
extern const struct store_table kv_table;
extern const struct store_module kv_module;

/* A fresh directory for each test, for setup and teardown. */
extern char kv_dir[64];
int kv_make_dir(void **state);
int kv_remove_dir(void **state);

/* Proposes a payload and waits; fails the running test unless it was written and its result is this
 * code. */
log_index kv_propose(struct store *s, uint16_t command, const char *payload, int want_code);
/* Removes the database, so that the next open rebuilds it. */
void kv_drop_state(void);
/* How many files of the directory's `sub` end so. */
int kv_count_files(const char *sub, const char *suffix);

/* Opens a store with that schema in dir; fails the running test on an error. */
struct store *kv_open(const char *dir, uint64_t segment_bytes);
/* "key=value" payloads; returns status, or the result's code. */
int kv_set(struct store *s, const char *key, const char *value);
/* NULL when absent; static memory. */
const char *kv_get(struct store *s, const char *key);

#endif
