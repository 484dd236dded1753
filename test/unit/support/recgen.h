/* Random records for property tests: any descriptor in, a filled record out. Seeded, so that a
 * failure can be run again. */
#ifndef TEST_UNIT_SUPPORT_RECGEN_H
#define TEST_UNIT_SUPPORT_RECGEN_H

#include "agent/base/record.h"

struct recgen {
    uint64_t state; /* the seed at first */
};

uint32_t recgen_below(struct recgen *g, uint32_t bound);
void recgen_fill(struct recgen *g, const struct rec_desc *d, struct arena *a, void *rec);

/* Checks, for n random records of d: JSON and binary decode(encode(x)) == x; a clone is equal, on
 * the heap frees without leaking; a changed byte of either encoding neither crashes nor leaks.
 * Fails the running cmocka test. */
void recgen_check(const struct rec_desc *d, unsigned n, uint64_t seed);

#endif
