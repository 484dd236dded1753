/* Answers, as Consul gives them (inventory consul-dns). ldns reads the question; the answer is
 * encoded here, record by record, with the question's name and the zone as compression targets. */
#include "dns/answer.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "discovery/catalog.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define UDP_PLAIN       512
#define UDP_PLAIN_LIMIT 3 /* answers without EDNS, as the peer's udp_answer_limit */
#define MAX_LABELS      32

struct query {
    const struct answer_config *c;
    struct store_txn *t;
    struct arena *a;
    char *name;               /* dotted, as asked, without the final dot */
    char *labels[MAX_LABELS]; /* lower case, without the domain */
    size_t n_labels;
    uint16_t type;
    size_t limit; /* bytes */
    bool small;   /* UDP without EDNS */
    /* the answer */
    uint8_t *out;
    size_t len;
    uint16_t counts[3]; /* answer, authority, additional */
    uint16_t name_offset;
    int rcode;
    bool truncated;
};

/* --- encoding -------------------------------------------------------------------------------- */

static bool put(struct query *q, const void *p, size_t n)
{
    if (q->len + n > ANSWER_MAX)
        return false;
    memcpy(q->out + q->len, p, n);
    q->len += n;
    return true;
}

static bool put16(struct query *q, unsigned v)
{
    uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return put(q, b, 2);
}

static bool put32(struct query *q, uint32_t v)
{
    return put16(q, v >> 16) && put16(q, v & 0xffff);
}

/* A dotted name, uncompressed (RFC 1035 3.1). */
static bool put_name(struct query *q, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        uint8_t len = (uint8_t)n;
        if (!n || n > 63 || !put(q, &len, 1) || !put(q, name, n))
            return false;
        name += n + (name[n] == '.');
    }
    return put(q, "", 1);
}

static bool put_owner(struct query *q, const char *name)
{
    if (!strcasecmp(name, q->name))
        return put16(q, 0xc000u | q->name_offset);
    return put_name(q, name);
}

/* Owner, type, class, ttl; then the caller writes data and calls rr_end. */
static size_t rr_begin(struct query *q, const char *owner, uint16_t type, uint32_t ttl)
{
    if (!put_owner(q, owner) || !put16(q, type) || !put16(q, LDNS_RR_CLASS_IN) || !put32(q, ttl) ||
        !put16(q, 0))
        return 0;
    return q->len;
}

/* Sets the data's length and counts the record; takes it back when it does not fit. */
static bool rr_end(struct query *q, size_t start, size_t data, int section)
{
    if (!data || q->len > q->limit) {
        q->len = start;
        q->truncated = true;
        return false;
    }
    size_t n = q->len - data;
    q->out[data - 2] = (uint8_t)(n >> 8);
    q->out[data - 1] = (uint8_t)n;
    q->counts[section]++;
    return true;
}

static bool add_address(struct query *q, const char *owner, const char *ip, uint32_t ttl,
                        int section)
{
    unsigned char raw[16];
    bool v6 = strchr(ip, ':') != NULL;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, ip, raw) != 1)
        return false;
    size_t start = q->len, data = rr_begin(q, owner, v6 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A, ttl);
    if (data && !put(q, raw, v6 ? 16 : 4))
        data = 0;
    return rr_end(q, start, data, section);
}

static void add_soa(struct query *q)
{
    char zone[128], ns[160], mail[160];
    snprintf(zone, sizeof(zone), "%s", q->c->domain);
    snprintf(ns, sizeof(ns), "ns.%s", zone);
    snprintf(mail, sizeof(mail), "hostmaster.%s", zone);
    size_t start = q->len, data = rr_begin(q, zone, LDNS_RR_TYPE_SOA, 0);
    bool ok = data && put_name(q, ns) && put_name(q, mail) && put32(q, (uint32_t)time(NULL)) &&
              put32(q, 3600) && put32(q, 600) && put32(q, 86400) && put32(q, 0);
    rr_end(q, start, ok ? data : 0, 1);
}

static void not_found(struct query *q)
{
    q->rcode = LDNS_RCODE_NXDOMAIN;
    add_soa(q);
}

/* --- services -------------------------------------------------------------------------------- */

static bool is_wanted_family(uint16_t type, const char *ip)
{
    bool v6 = strchr(ip, ':') != NULL;
    return type == LDNS_RR_TYPE_ANY || (type == LDNS_RR_TYPE_AAAA) == v6;
}

/* "7f000001.addr.dc1.consul", or the node's name when the service has no address of its own. */
static char *target_name(struct query *q, const struct catalog_instance *i)
{
    unsigned char raw[16];
    const char *ip = i->service.address;
    if (str_is_empty(ip))
        return arena_printf(q->a, "%s.node.%s.%s", i->node.node, q->c->datacenter, q->c->domain);
    int n = inet_pton(AF_INET, ip, raw) == 1 ? 4 : inet_pton(AF_INET6, ip, raw) == 1 ? 16 : 0;
    if (!n)
        return arena_strdup(q->a, ip); /* a name */
    struct buf b = BUF_INIT;
    for (int k = 0; k < n; k++)
        buf_printf(&b, "%02x", raw[k]);
    char *out = arena_printf(q->a, "%s.addr.%s.%s", b.data, q->c->datacenter, q->c->domain);
    buf_fini(&b);
    return out;
}

static bool add_srv(struct query *q, const struct catalog_instance *i)
{
    char *target = target_name(q, i);
    int64_t weight =
        i->health == CATALOG_WARNING ? i->service.weights.warning : i->service.weights.passing;
    size_t start = q->len, data = rr_begin(q, q->name, LDNS_RR_TYPE_SRV, q->c->service_ttl_s);
    bool ok = data && put16(q, 1) && put16(q, (unsigned)weight) &&
              put16(q, (unsigned)i->service.port) && put_name(q, target);
    return rr_end(q, start, ok ? data : 0, 0);
}

static bool has_tag(const struct catalog_instance *i, const char *tag)
{
    if (!tag)
        return true;
    for (size_t k = 0; k < i->service.tags.n; k++)
        if (!strcasecmp(i->service.tags.items[k], tag))
            return true;
    return false;
}

static size_t choose(struct query *q, const struct catalog_instances *all, const char *tag,
                     const struct catalog_instance **out)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct catalog_instance *x = &all->items[i];
        if (x->health == CATALOG_CRITICAL || (q->c->only_passing && x->health != CATALOG_PASSING) ||
            !has_tag(x, tag))
            continue;
        out[n++] = x;
    }
    for (size_t i = n; i > 1; i--) {
        size_t k = id_random_below((uint32_t)i);
        const struct catalog_instance *x = out[i - 1];
        out[i - 1] = out[k];
        out[k] = x;
    }
    return n;
}

static void answer_srv(struct query *q, const struct catalog_instance **list, size_t n)
{
    size_t max = q->small ? UDP_PLAIN_LIMIT : n, done = 0;
    for (size_t i = 0; i < n && done < max; i++) {
        bool same = false;
        for (size_t k = 0; k < i && !same; k++)
            same = list[k]->service.port == list[i]->service.port &&
                   !strcmp(catalog_instance_address(list[k]), catalog_instance_address(list[i]));
        if (!same && !add_srv(q, list[i]))
            break;
        done += !same;
    }
    q->truncated |= q->small && n > max;
    for (size_t i = 0; i < n && i < done; i++)
        if (!add_address(q, target_name(q, list[i]), catalog_instance_address(list[i]),
                         q->c->service_ttl_s, 2))
            break;
}

static void answer_addresses(struct query *q, const struct catalog_instance **list, size_t n)
{
    size_t max = q->small ? UDP_PLAIN_LIMIT : n, done = 0;
    for (size_t i = 0; i < n && done < max; i++) {
        const char *ip = catalog_instance_address(list[i]);
        bool same = !is_wanted_family(q->type, ip);
        for (size_t k = 0; k < i && !same; k++)
            same = !strcmp(catalog_instance_address(list[k]), ip);
        if (same)
            continue;
        if (!add_address(q, q->name, ip, q->c->service_ttl_s, 0) && q->truncated)
            break;
        done++;
    }
}

static void answer_service(struct query *q, const char *service, const char *tag)
{
    struct catalog_instances all;
    const char *name;
    if (catalog_service_find_nocase(q->t, service, q->a, &name) ||
        catalog_service_instances(q->t, name, q->a, &all)) {
        not_found(q);
        return;
    }
    const struct catalog_instance **list =
        ARENA_ARRAY(q->a, const struct catalog_instance *, all.n + 1);
    size_t n = choose(q, &all, tag, list);
    if (!n) {
        not_found(q);
        return;
    }
    if (q->type == LDNS_RR_TYPE_SRV)
        answer_srv(q, list, n);
    else if (q->type == LDNS_RR_TYPE_A || q->type == LDNS_RR_TYPE_AAAA ||
             q->type == LDNS_RR_TYPE_ANY)
        answer_addresses(q, list, n);
    if (!q->counts[0])
        add_soa(q); /* the name is there, the type is not */
}

/* --- nodes and addresses --------------------------------------------------------------------- */

static void answer_node(struct query *q, const char *node)
{
    struct catalog_node n;
    if (catalog_node_find_nocase(q->t, node, q->a, &n)) {
        not_found(q);
        return;
    }
    bool asked =
        q->type == LDNS_RR_TYPE_A || q->type == LDNS_RR_TYPE_AAAA || q->type == LDNS_RR_TYPE_ANY;
    if (asked && is_wanted_family(q->type, n.address))
        add_address(q, q->name, n.address, q->c->node_ttl_s, 0);
}

static void answer_hex(struct query *q, const char *hex)
{
    unsigned char raw[16];
    char ip[INET6_ADDRSTRLEN];
    size_t n = strlen(hex) / 2;
    if ((strlen(hex) != 8 && strlen(hex) != 32) || strspn(hex, "0123456789abcdef") != strlen(hex)) {
        not_found(q);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        sscanf(hex + 2 * i, "%2x", &v);
        raw[i] = (unsigned char)v;
    }
    inet_ntop(n == 4 ? AF_INET : AF_INET6, raw, ip, sizeof(ip));
    if (is_wanted_family(q->type, ip))
        add_address(q, q->name, ip, q->c->node_ttl_s, 0);
}

/* --- names (inventory consul-dns 2) ---------------------------------------------------------- */

static char *join(struct query *q, size_t from, size_t to)
{
    struct buf b = BUF_INIT;
    for (size_t i = from; i < to; i++)
        buf_printf(&b, "%s%s", i > from ? "." : "", q->labels[i]);
    char *out = arena_strndup(q->a, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

static void answer_service_labels(struct query *q, size_t n)
{
    char **l = q->labels;
    if (n == 2 && l[0][0] == '_' && l[1][0] == '_') { /* RFC 2782: _name._tag; tcp is no tag */
        answer_service(q, l[0] + 1, !strcmp(l[1], "_tcp") ? NULL : l[1] + 1);
    } else if (n >= 1) {
        answer_service(q, l[n - 1], n > 1 ? join(q, 0, n - 1) : NULL);
    } else {
        not_found(q);
    }
}

static void answer_name(struct query *q)
{
    static const char *const kinds[] = {"service", "node", "addr"};
    size_t n = q->n_labels, at = SIZE_MAX;
    int kind = -1;
    for (size_t i = n; i-- > 0 && kind < 0;)
        for (int k = 0; k < 3; k++)
            if (!strcmp(q->labels[i], kinds[k])) {
                kind = k;
                at = i;
            }
    size_t suffix = kind < 0 ? 0 : n - at - 1;
    bool our_dc = suffix == 0 || (suffix == 1 && !strcasecmp(q->labels[n - 1], q->c->datacenter)) ||
                  (suffix == 2 && !strcasecmp(q->labels[n - 2], q->c->datacenter) &&
                   !strcmp(q->labels[n - 1], "dc"));
    if (kind < 0 && q->type == LDNS_RR_TYPE_SRV && n >= 2 && n <= 3 && q->labels[0][0] == '_' &&
        (n == 2 || !strcasecmp(q->labels[2], q->c->datacenter)))
        answer_service_labels(q, 2);
    else if (kind < 0 || !our_dc || at == 0)
        not_found(q);
    else if (kind == 0)
        answer_service_labels(q, at);
    else if (kind == 1)
        answer_node(q, join(q, 0, at));
    else
        answer_hex(q, join(q, 0, at));
}

static void answer_apex(struct query *q)
{
    char name[300];
    struct catalog_node n;
    snprintf(name, sizeof(name), "%s.node.%s.%s", q->c->node_name, q->c->datacenter, q->c->domain);
    if (q->type == LDNS_RR_TYPE_SOA) {
        add_soa(q);
        q->counts[0] = q->counts[1]; /* asked for, it is the answer */
        q->counts[1] = 0;
        return;
    }
    size_t start = q->len, data = rr_begin(q, q->c->domain, LDNS_RR_TYPE_NS, q->c->node_ttl_s);
    bool ok = data && put_name(q, name);
    rr_end(q, start, ok ? data : 0, 0);
    if (!catalog_node_get(q->t, q->c->node_name, q->a, &n))
        add_address(q, name, n.address, q->c->node_ttl_s, 2);
}

/* --- the packet ------------------------------------------------------------------------------ */

/* Splits the name into lower-case labels without the domain's. false: not our zone. */
static bool read_labels(struct query *q)
{
    size_t n = strlen(q->name), d = strlen(q->c->domain);
    if (n < d || strcasecmp(q->name + n - d, q->c->domain) || (n > d && q->name[n - d - 1] != '.'))
        return false;
    char *rest = arena_strndup(q->a, q->name, n > d ? n - d - 1 : 0);
    for (char *p = rest; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    for (char *p = rest; *p && q->n_labels < MAX_LABELS;) {
        size_t len = strcspn(p, ".");
        q->labels[q->n_labels++] = p;
        bool more = p[len] == '.';
        p[len] = '\0';
        p += len + more;
    }
    return true;
}

/* The name's labels joined by dots; labels with bytes that a dotted name cannot show are not
 * ours. */
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
            buf_printf(&b, "%s", b.len ? "." : "");
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

static void finish(struct query *q, const uint8_t *packet, bool edns, uint16_t edns_size,
                   bool in_zone)
{
    if (edns) { /* OPT: the client's size back, no flags (RFC 6891) */
        uint8_t opt[11] = {0, 0, 41, (uint8_t)(edns_size >> 8), (uint8_t)edns_size};
        if (put(q, opt, sizeof(opt)))
            q->counts[2]++;
    }
    memcpy(q->out, packet, 2);
    bool tc = q->truncated && q->c->enable_truncate;
    q->out[2] = (uint8_t)(0x80 | (in_zone ? 4 : 0) | (tc ? 2 : 0) | (packet[2] & 1));
    q->out[3] = (uint8_t)q->rcode;
    q->out[4] = 0;
    q->out[5] = 1;
    for (int i = 0; i < 3; i++) {
        q->out[6 + 2 * i] = (uint8_t)(q->counts[i] >> 8);
        q->out[7 + 2 * i] = (uint8_t)q->counts[i];
    }
}

static void answer_question(struct query *q, const ldns_rr *question, bool *in_zone)
{
    q->type = ldns_rr_get_type(question);
    *in_zone = ldns_rr_get_class(question) == LDNS_RR_CLASS_IN && read_labels(q);
    if (!*in_zone)
        q->rcode = LDNS_RCODE_REFUSED;
    else if (q->type == LDNS_RR_TYPE_AXFR || q->type == LDNS_RR_TYPE_IXFR)
        q->rcode = LDNS_RCODE_NOTIMPL;
    else if (q->type == LDNS_RR_TYPE_SOA || q->type == LDNS_RR_TYPE_NS)
        answer_apex(q);
    else
        answer_name(q);
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
    ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
    bool edns = ldns_pkt_edns(pkt), in_zone = false;
    uint16_t size = edns ? ldns_pkt_edns_udp_size(pkt) : 0;
    size_t limit = udp ? (size > 1232 ? 1232 : size > UDP_PLAIN ? size : UDP_PLAIN) : ANSWER_MAX;
    struct query q = {.c = c,
                      .t = t,
                      .a = &a,
                      .out = out,
                      .len = 12,
                      .name_offset = 12,
                      .limit = limit - (edns ? 11 : 0),
                      .small = udp && size <= UDP_PLAIN};
    q.name = question_name(&a, ldns_rr_owner(question));
    size_t qlen = ldns_rdf_size(ldns_rr_owner(question));
    if (!put(&q, ldns_rdf_data(ldns_rr_owner(question)), qlen) ||
        !put16(&q, ldns_rr_get_type(question)) || !put16(&q, ldns_rr_get_class(question)))
        q.rcode = LDNS_RCODE_SERVFAIL;
    else if (edns && ldns_pkt_edns_version(pkt) != 0)
        q.rcode = 0; /* BADVERS stands in the OPT record's high bits; we answer without records */
    else if (q.name)
        answer_question(&q, question, &in_zone);
    else
        q.rcode = LDNS_RCODE_REFUSED;
    finish(&q, packet, edns, size, in_zone);
    stats->truncated += q.truncated;
    ldns_pkt_free(pkt);
    arena_fini(&a);
    return q.len;
}
