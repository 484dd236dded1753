/* One question, one answer: pure but for the snapshot it reads. Private to dns/. */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "agent/base/arena.h"
#include "agent/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer_config {
    const char *domain, *datacenter, *node_name;
    bool only_passing, enable_truncate;
    unsigned node_ttl_s, service_ttl_s;
};
struct answer_stats {
    uint64_t formerr, truncated;
};

#define ANSWER_MAX 65535

/* Writes the answer to the packet into out (ANSWER_MAX bytes) and returns its length; 0: no answer
 * is due (not a query, or too broken to answer). `udp` bounds it by the question's EDNS size. */
size_t dns_answer(const struct answer_config *c, struct store_txn *t, const uint8_t *packet,
                  size_t len, bool udp, uint8_t *out, struct answer_stats *stats);

#endif
