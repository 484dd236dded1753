/* The packet's side of an answer: ldns reads the question, name.c its name, lookup.c asks the
 * catalog; here stand what belongs to the message: sizes, EDNS, flags, what is refused. */
#include "dns/answer.h"
#include "dns/lookup.h"

#include <ldns/ldns.h>
#include <string.h>

#define UDP_PLAIN   512
#define UDP_SAFE    1232 /* no answer over UDP is longer: it would be fragmented */
#define EDNS_SUBNET 8

/* The name's labels joined by dots; NULL when a label has bytes that a dotted name cannot show:
 * such a name is not ours. */
static char *question_name(struct arena *a, const ldns_rdf *name)
{
    const uint8_t *p = ldns_rdf_data(name);
    size_t n = ldns_rdf_size(name), at = 0;
    struct buf b = BUF_INIT;
    bool ok = true;
    while (ok && at < n && p[at]) {
        size_t len = p[at++];
        ok = len <= 63 && at + len <= n && !memchr(p + at, '.', len) && !memchr(p + at, 0, len);
        if (ok) {
            if (b.len)
                buf_char(&b, '.');
            buf_add(&b, p + at, len);
            at += len;
        }
    }
    char *out = ok ? arena_strndup(a, buf_str(&b), b.len) : NULL;
    buf_fini(&b);
    return out;
}

static size_t error_only(const uint8_t *packet, int rcode, uint8_t *out)
{
    memset(out, 0, 12);
    memcpy(out, packet, 2);
    out[2] = (uint8_t)(0x80 | (packet[2] & 0x79)); /* QR, the opcode, RD */
    out[3] = (uint8_t)rcode;
    return 12;
}

/* The OPT record: the client's size back, version 0, no flags (RFC 6891); its subnet with scope 0,
 * as our answers are the same for all (RFC 7871). */
struct opt {
    bool present;
    uint8_t bytes[11 + 4 + 20];
    size_t len;
};

static void add_subnet(struct opt *o, const ldns_rdf *data)
{
    const uint8_t *p = data ? ldns_rdf_data(data) : NULL;
    size_t n = data ? ldns_rdf_size(data) : 0;
    for (size_t at = 0; at + 4 <= n;) {
        size_t code = (size_t)p[at] << 8 | p[at + 1], len = (size_t)p[at + 2] << 8 | p[at + 3];
        if (at + 4 + len > n)
            return;
        if (code == EDNS_SUBNET && len >= 4 && len <= 20) {
            memcpy(o->bytes + 11, p + at, 4 + len);
            o->bytes[11 + 4 + 3] = 0;
            o->bytes[10] = (uint8_t)(4 + len);
            o->len = 11 + 4 + len;
            return;
        }
        at += 4 + len;
    }
}

static void read_opt(const ldns_pkt *pkt, struct opt *o)
{
    *o = (struct opt){.present = ldns_pkt_edns(pkt)};
    if (!o->present)
        return;
    unsigned size = ldns_pkt_edns_udp_size(pkt);
    o->bytes[2] = LDNS_RR_TYPE_OPT;
    o->bytes[3] = (uint8_t)(size >> 8);
    o->bytes[4] = (uint8_t)size;
    o->len = 11;
    if (ldns_pkt_edns_version(pkt))
        o->bytes[5] = 1; /* BADVERS, 16: its upper bits stand here */
    else
        add_subnet(o, ldns_pkt_edns_data(pkt));
}

static void finish(struct query *q, const uint8_t *packet, const struct opt *o, bool in_zone)
{
    if (o->present) {
        memcpy(q->r.out + q->r.len, o->bytes, o->len);
        q->r.len += o->len;
        q->r.counts[REPLY_ADDITIONAL]++;
    }
    uint8_t *out = q->r.out;
    memcpy(out, packet, 2);
    bool tc = q->r.truncated && q->c->enable_truncate;
    out[2] = (uint8_t)(0x80 | (in_zone ? 4 : 0) | (tc ? 2 : 0) | (packet[2] & 1));
    out[3] = (uint8_t)q->rcode;
    out[4] = 0;
    out[5] = 1;
    for (int i = 0; i < 3; i++) {
        out[6 + 2 * i] = (uint8_t)(q->r.counts[i] >> 8);
        out[7 + 2 * i] = (uint8_t)q->r.counts[i];
    }
}

/* Returns whether the name is in a zone of ours. */
static bool answer_question(struct query *q, const ldns_rr *question)
{
    struct name n = {.kind = NAME_FOREIGN};
    if (q->name && ldns_rr_get_class(question) == LDNS_RR_CLASS_IN)
        name_parse(q->name, q->c->domain, q->c->datacenter, q->type == LDNS_RR_TYPE_SRV, q->a, &n);
    if (n.kind == NAME_FOREIGN)
        q->rcode = LDNS_RCODE_REFUSED;
    else if (q->type == LDNS_RR_TYPE_AXFR || q->type == LDNS_RR_TYPE_IXFR)
        q->rcode = LDNS_RCODE_NOTIMPL;
    else if (n.kind != NAME_REVERSE && (q->type == LDNS_RR_TYPE_SOA || q->type == LDNS_RR_TYPE_NS))
        lookup_zone(q);
    else
        lookup_name(q, &n);
    return n.kind != NAME_FOREIGN;
}

static size_t answer_packet(struct query *q, const ldns_pkt *pkt, const uint8_t *packet, bool udp,
                            uint8_t *out)
{
    ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
    ldns_rdf *wire = ldns_rr_owner(question);
    struct opt o;
    bool in_zone = false;
    read_opt(pkt, &o);
    size_t size = o.present ? ldns_pkt_edns_udp_size(pkt) : 0, limit = REPLY_MAX;
    if (udp)
        limit = size > UDP_SAFE ? UDP_SAFE : size > UDP_PLAIN ? size : UDP_PLAIN;
    q->small = udp && size <= UDP_PLAIN;
    q->name = question_name(q->a, wire);
    q->owner = q->name;
    q->type = (uint16_t)ldns_rr_get_type(question);
    reply_begin(&q->r, out, limit - o.len, ldns_rdf_data(wire), ldns_rdf_size(wire), q->name,
                q->c->domain, q->type, (uint16_t)ldns_rr_get_class(question));
    if (!o.bytes[5])
        in_zone = answer_question(q, question);
    finish(q, packet, &o, in_zone);
    return q->r.len;
}

size_t dns_answer(const struct answer_config *c, struct store_txn *t, const uint8_t *packet,
                  size_t len, bool udp, uint8_t *out, struct answer_stats *stats)
{
    ldns_pkt *pkt = NULL;
    if (len < 12 || packet[2] & 0x80)
        return 0; /* an answer is never answered: no loops */
    if ((packet[2] >> 3 & 15) != 0)
        return error_only(packet, LDNS_RCODE_NOTIMPL, out);
    if (ldns_wire2pkt(&pkt, packet, len) != LDNS_STATUS_OK || ldns_pkt_qdcount(pkt) != 1) {
        ldns_pkt_free(pkt);
        stats->formerr++;
        return error_only(packet, LDNS_RCODE_FORMERR, out);
    }
    struct arena a = ARENA_INIT;
    struct query q = {.c = c, .t = t, .a = &a};
    size_t n = answer_packet(&q, pkt, packet, udp, out);
    stats->truncated += q.r.truncated;
    ldns_pkt_free(pkt);
    arena_fini(&a);
    return n;
}
