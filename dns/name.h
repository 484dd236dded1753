/* The grammar of names (inventory: names right to left from the first keyword). Pure. Private to
 * dns/.
 *
 *     [tag.]svc.service[.dc]   _svc._tag.service[.dc]   _svc._tag[.dc] (SRV only)
 *     node.node[.dc]           hex.addr[.dc]            4.3.2.1.in-addr.arpa, *.ip6.arpa
 *
 * each under the domain; [.dc] may be followed by ".dc". In any case. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "agent/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum name_kind {
    NAME_FOREIGN, /* in no zone of ours */
    NAME_UNKNOWN, /* in our zone; there is no such name */
    NAME_SERVICE,
    NAME_NODE,
    NAME_ADDR,    /* ip_len 0: not an address */
    NAME_REVERSE  /* likewise */
};
struct name {
    enum name_kind kind;
    char *service, *tag; /* lower case; tag NULL: any */
    char *node;
    uint8_t ip[16];
    unsigned ip_len; /* 4 or 16 */
};
/* `dotted` without its final dot. What the result points to is the arena's. */
void name_parse(const char *dotted, const char *domain, const char *datacenter, bool srv,
                struct arena *a, struct name *out);
/* Whether it is the suffix or ends in it, label by label. */
bool name_is_in(const char *dotted, const char *suffix);

#endif
