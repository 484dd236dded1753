/* The DNS server: answers for the catalog on UDP and TCP (RFC 1035, 2782, 6891), as Consul names
 * things: [tag.]name.service[.dc].consul, _name._tag.service.consul, node.node[.dc].consul.
 *
 * owns: its loops (one a thread, SO_REUSEPORT), sockets and answer buffers.
 * calls: the catalog's readers, in read transactions of its own. thread: dns_new, dns_close and
 * dns_stats on the caller's; everything else is inside.
 * Unhealthy instances are never in an answer; the order is shuffled. */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/store/store.h"

struct dns;
struct dns_config {
    struct store *store;
    const char *addr; /* "127.0.0.1" */
    int port;         /* 0 picks one, the same for UDP and TCP */
    unsigned threads; /* 0 = 1 */
    const char *domain;     /* "consul" */
    const char *datacenter; /* "dc1" */
    const char *node_name;  /* of the server, for NS and SOA */
    bool only_passing;
    bool enable_truncate;   /* set TC when an answer over UDP was cut */
    unsigned node_ttl_s, service_ttl_s;
};
/* 0 with *out the caller's, or an error that names the address; then *out is NULL. */
int dns_new(const struct dns_config *config, struct dns **out, int *bound_port, struct err *e);
/* Stops the threads and frees. Blocking, short. Empties the pointer. */
void dns_close(struct dns **d);

struct dns_stats {
    uint64_t queries, answers, dropped, formerr, truncated, tcp_connections;
};
void dns_stats(struct dns *d, struct dns_stats *out);

#endif
