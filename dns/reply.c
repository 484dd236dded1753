#include "dns/reply.h"
#include "agent/base/str.h"
#include "dns/name.h"

#include <ldns/ldns.h>
#include <string.h>
#include <strings.h>

/* --- bytes ----------------------------------------------------------------------------------- */

/* A failed put leaves len above REPLY_MAX; the record's end takes it back. */
static void put(struct reply *r, const void *p, size_t n)
{
    if (r->len + n <= REPLY_MAX)
        memcpy(r->out + r->len, p, n);
    r->len += n;
}

static void put16(struct reply *r, unsigned v)
{
    uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    put(r, b, 2);
}

static void put32(struct reply *r, uint32_t v)
{
    put16(r, v >> 16);
    put16(r, v & 0xffff);
}

static void remember(struct reply *r, const char *name, size_t offset)
{
    if (r->n_names == REPLY_NAMES || offset >= 0x4000)
        return;
    r->names[r->n_names].name = name;
    r->names[r->n_names++].offset = (uint16_t)offset;
}

/* A name's labels up to `end`. false: it has no wire form (RFC 1035 3.1). */
static bool put_labels(struct reply *r, const char *name, const char *end)
{
    size_t start = r->len;
    while (name < end) {
        size_t n = strcspn(name, ".");
        uint8_t len = (uint8_t)n;
        if (!n || n > 63)
            return false;
        put(r, &len, 1);
        put(r, name, n);
        name += n + (name[n] == '.');
    }
    return r->len - start < 255;
}

/* Never compressed: SRV targets (RFC 2782). */
static bool put_plain(struct reply *r, const char *name)
{
    if (!put_labels(r, name, name + strlen(name)))
        return false;
    put(r, "", 1);
    return true;
}

static bool put_name(struct reply *r, const char *name)
{
    for (size_t i = 0; i < r->n_names; i++)
        if (!strcasecmp(r->names[i].name, name)) {
            put16(r, 0xc000u | r->names[i].offset);
            return true;
        }
    if (!r->domain_offset || !name_is_in(name, r->domain))
        return put_plain(r, name);
    size_t n = strlen(name) - strlen(r->domain), at = r->len;
    bool ok = strlen(name) < 254 && put_labels(r, name, name + n);
    put16(r, 0xc000u | r->domain_offset);
    if (ok)
        remember(r, name, at);
    return ok;
}

/* --- records --------------------------------------------------------------------------------- */

struct rr {
    size_t start, data;
    enum reply_section section;
    bool ok;
};

static struct rr rr_begin(struct reply *r, enum reply_section s, const char *owner, uint16_t type,
                          uint32_t ttl)
{
    struct rr x = {.start = r->len, .section = s};
    x.ok = put_name(r, owner);
    put16(r, type);
    put16(r, LDNS_RR_CLASS_IN);
    put32(r, ttl);
    put16(r, 0);
    x.data = r->len;
    return x;
}

static enum reply_result rr_end(struct reply *r, const struct rr *x)
{
    bool fits = r->len <= r->limit;
    size_t n = r->len - x->data;
    if (x->ok && fits) {
        r->out[x->data - 2] = (uint8_t)(n >> 8);
        r->out[x->data - 1] = (uint8_t)n;
        r->counts[x->section]++;
        return REPLY_OK;
    }
    r->len = x->start;
    while (r->n_names && r->names[r->n_names - 1].offset >= x->start)
        r->n_names--;
    if (x->ok && x->section == REPLY_ANSWER)
        r->truncated = true;
    return x->ok ? REPLY_FULL : REPLY_BROKEN;
}

enum reply_result reply_address(struct reply *r, enum reply_section s, const char *owner,
                                uint32_t ttl, const uint8_t *ip, size_t ip_len)
{
    struct rr x = rr_begin(r, s, owner, ip_len == 4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, ttl);
    put(r, ip, ip_len);
    return rr_end(r, &x);
}

static unsigned within16(int64_t v)
{
    return v < 0 ? 0 : v > 65535 ? 65535 : (unsigned)v;
}

enum reply_result reply_srv(struct reply *r, const char *owner, uint32_t ttl, unsigned weight,
                            unsigned port, const char *target)
{
    struct rr x = rr_begin(r, REPLY_ANSWER, owner, LDNS_RR_TYPE_SRV, ttl);
    put16(r, 1);
    put16(r, within16(weight));
    put16(r, within16(port));
    size_t at = r->len;
    x.ok &= put_plain(r, target);
    if (x.ok)
        remember(r, target, at);
    return rr_end(r, &x);
}

enum reply_result reply_name(struct reply *r, enum reply_section s, const char *owner,
                             uint16_t type, uint32_t ttl, const char *target)
{
    struct rr x = rr_begin(r, s, owner, type, ttl);
    x.ok &= put_name(r, target);
    return rr_end(r, &x);
}

enum reply_result reply_soa(struct reply *r, enum reply_section s, uint32_t serial)
{
    char ns[264], mail[264];
    struct rr x = rr_begin(r, s, r->domain, LDNS_RR_TYPE_SOA, 0);
    size_t names = r->n_names;
    snprintf(ns, sizeof(ns), "ns.%s", r->domain);
    snprintf(mail, sizeof(mail), "hostmaster.%s", r->domain);
    x.ok &= put_name(r, ns) && put_name(r, mail);
    r->n_names = names; /* those two are on our stack */
    put32(r, serial);
    put32(r, 3600);
    put32(r, 600);
    put32(r, 86400);
    put32(r, 0);
    return rr_end(r, &x);
}

/* RFC 1464: in the key "=", "`" and spaces at either end are quoted by "`"; in the value "`". */
static void quote(struct buf *b, const char *key, const char *value)
{
    size_t n = strlen(key), lead = strspn(key, " \t"), tail = n;
    while (tail > lead && (key[tail - 1] == ' ' || key[tail - 1] == '\t'))
        tail--;
    for (size_t i = 0; i < n; i++) {
        if (i < lead || i >= tail || key[i] == '=' || key[i] == '`')
            buf_char(b, '`');
        buf_char(b, key[i]);
    }
    buf_char(b, '=');
    for (; *value; value++) {
        if (*value == '`')
            buf_char(b, '`');
        buf_char(b, *value);
    }
}

enum reply_result reply_txt(struct reply *r, enum reply_section s, const char *owner, uint32_t ttl,
                            const char *key, const char *value)
{
    struct buf b = BUF_INIT;
    if (str_has_prefix(key, "rfc1035-"))
        buf_str_add(&b, value);
    else
        quote(&b, key, value);
    struct rr x = rr_begin(r, s, owner, LDNS_RR_TYPE_TXT, ttl);
    size_t at = 0;
    do {
        uint8_t n = b.len - at > 255 ? 255 : (uint8_t)(b.len - at);
        put(r, &n, 1);
        put(r, buf_str(&b) + at, n);
        at += n;
    } while (at < b.len);
    buf_fini(&b);
    return rr_end(r, &x);
}

void reply_begin(struct reply *r, uint8_t *out, size_t limit, const uint8_t *wire, size_t wire_len,
                 const char *name, const char *domain, uint16_t type, uint16_t class)
{
    *r = (struct reply){.out = out, .len = 12, .limit = limit, .domain = domain};
    put(r, wire, wire_len);
    put16(r, type);
    put16(r, class);
    if (!name)
        return;
    remember(r, name, 12);
    if (name_is_in(name, domain)) {
        r->domain_offset = (uint16_t)(12 + strlen(name) - strlen(domain));
        remember(r, domain, r->domain_offset);
    }
}
