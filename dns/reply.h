/* An answer being written: records in wire form (RFC 1035 4.1), names compressed against the
 * question, its zone and the targets already written. Pure. Private to dns/. */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include "agent/base/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_MAX   65535
#define REPLY_NAMES 32

enum reply_section { REPLY_ANSWER, REPLY_AUTHORITY, REPLY_ADDITIONAL };

struct reply {
    uint8_t *out; /* REPLY_MAX bytes, the caller's */
    size_t len, limit;
    uint16_t counts[3];
    bool truncated; /* an answer did not fit */
    struct {        /* targets of compression; the names outlive the reply */
        const char *name;
        uint16_t offset;
    } names[REPLY_NAMES];
    size_t n_names;
    const char *domain; /* its place in the question, when it is there */
    uint16_t domain_offset;
};

enum reply_result {
    REPLY_OK,
    REPLY_FULL,  /* nothing was added: it does not fit */
    REPLY_BROKEN /* nothing was added: it has no wire form (a label of 64 bytes) */
};

/* Writes the question behind the header's place (12 bytes). `name` is `wire` in dotted form. */
void reply_begin(struct reply *r, uint8_t *out, size_t limit, const uint8_t *wire, size_t wire_len,
                 const char *name, const char *domain, uint16_t type, uint16_t class);

/* One record each. Names are dotted, without the final dot. */
enum reply_result reply_address(struct reply *r, enum reply_section s, const char *owner,
                                uint32_t ttl, const uint8_t *ip, size_t ip_len);
enum reply_result reply_srv(struct reply *r, const char *owner, uint32_t ttl, unsigned weight,
                            unsigned port, const char *target);
/* NS, CNAME, PTR: a name. */
enum reply_result reply_name(struct reply *r, enum reply_section s, const char *owner,
                             uint16_t type, uint32_t ttl, const char *target);
enum reply_result reply_soa(struct reply *r, enum reply_section s, uint32_t serial);
/* One item of metadata as TXT: "key=value" quoted by RFC 1464, the bare value for rfc1035-*. */
enum reply_result reply_txt(struct reply *r, enum reply_section s, const char *owner,
                            uint32_t ttl, const char *key, const char *value);

#endif
