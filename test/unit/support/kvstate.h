/* A small schema for tests of the store: a table of numbered rows and commands that change it. */
#ifndef TEST_UNIT_SUPPORT_KVSTATE_H
#define TEST_UNIT_SUPPORT_KVSTATE_H

#include "agent/store/store.h"

enum { KV_SET = 1, KV_DEL = 2, KV_REFUSE = 3, KV_TOUCH = 4 };
extern const struct store_table kv_table;
extern const struct store_module kv_module;

/* Opens a store with that schema in dir; fails the running test on an error. */
struct store *kv_open(const char *dir, uint64_t segment_bytes);
/* "key=value" payloads; returns status, or the result's code. */
int kv_set(struct store *s, const char *key, const char *value);
/* NULL when absent; static memory. */
const char *kv_get(struct store *s, const char *key);

#endif
