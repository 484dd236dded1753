/* A question on its way to an answer: the catalog is asked, the records are written. Reads the
 * snapshot only; no other state. Private to dns/. */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include "dns/answer.h"
#include "dns/name.h"
#include "dns/reply.h"

struct query {
    const struct answer_config *c;
    struct store_txn *t;
    struct arena *a;
    char *name; /* dotted, as asked, without the final dot */
    uint16_t type;
    bool small; /* UDP without EDNS */
    int rcode;
    struct reply r;
    /* while a name that stands for another is followed */
    const char *owner;
    enum reply_section section;
    unsigned depth;
};

/* Records for a name of ours, into q->r; q->rcode when there are none. */
void lookup_name(struct query *q, const struct name *n);
/* NS and SOA: the same for every name of the zone. */
void lookup_zone(struct query *q);

#endif
