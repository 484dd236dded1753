/* A store with the catalog's tables for tests, filled through its commands. */
#ifndef TEST_UNIT_SUPPORT_CATALOG_STORE_H
#define TEST_UNIT_SUPPORT_CATALOG_STORE_H

#include "discovery/catalog.h"

/* In a fresh directory under /tmp, whose name goes to dir (64 bytes). */
struct store *catalog_store_open(char *dir);
/* Closes and removes the directory. */
void catalog_store_close(struct store **s, const char *dir);
/* One registration as JSON: {"Node":{...},"Service":{...},"Checks":[...]}. Weights are 1 and 1
 * unless said. Fails the running test unless it was written. */
void catalog_store_add(struct store *s, const char *json);
/* A service with a passing check of its own on node n1 at 127.0.0.1. Tags: "a|b". */
void catalog_store_add_service(struct store *s, const char *id, const char *service, int port,
                               const char *tags);

#endif
