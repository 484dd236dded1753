/* Functions on IP network prefixes. */
#include "jobs/hcl/functions.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct prefix {
    int family, bits, total; /* total: 32 or 128 */
    unsigned char addr[16];
};

static const char *read_prefix(struct hcl_call *c, int arg, struct prefix *p)
{
    const char *text = c->args[arg].string, *slash = strchr(text, '/');
    char addr[INET6_ADDRSTRLEN];
    uint64_t bits = 0;
    size_t n = slash ? (size_t)(slash - text) : 0;
    bool ok = slash && n < sizeof addr && slash[1] && strlen(slash + 1) <= 3 &&
              strspn(slash + 1, "0123456789") == strlen(slash + 1);
    if (ok) {
        memcpy(addr, text, n);
        addr[n] = '\0';
        bits = strtoul(slash + 1, NULL, 10);
        p->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
        p->total = p->family == AF_INET6 ? 128 : 32;
        memset(p->addr, 0, sizeof p->addr);
        ok = inet_pton(p->family, addr, p->addr) == 1 && bits <= (uint64_t)p->total;
    }
    if (!ok)
        return wrong_arg(c, arg, "invalid CIDR expression: invalid CIDR address: %.60s", text);
    p->bits = (int)bits;
    for (int i = p->bits; i < p->total; i++)
        p->addr[i / 8] &= (unsigned char)~(0x80 >> i % 8);
    return NULL;
}

/* Writes n into the address, its last bit at `end`. */
static void put_number(struct prefix *p, uint64_t n, int width, int end)
{
    for (int i = 0; i < width && i < 64; i++, n >>= 1)
        if (n & 1)
            p->addr[(end - 1 - i) / 8] |= (unsigned char)(0x80 >> (end - 1 - i) % 8);
}

static const char *give_addr(struct hcl_call *c, const struct prefix *p, bool with_bits)
{
    char text[INET6_ADDRSTRLEN];
    struct buf b = BUF_INIT;
    inet_ntop(p->family, p->addr, text, sizeof text);
    buf_str_add(&b, text);
    if (with_bits)
        buf_printf(&b, "/%d", p->bits);
    return give_buf(c, &b);
}

static bool fits(int64_t n, int width)
{
    return n >= 0 && (width >= 63 || n < INT64_C(1) << width);
}

static const char *fn_cidrhost(struct hcl_call *c)
{
    struct prefix p;
    int64_t host;
    const char *wrong = read_prefix(c, 0, &p);
    if (!wrong)
        wrong = whole_arg(c, 1, &host);
    if (wrong)
        return wrong;
    int width = p.total - p.bits;
    if (host >= 0 ? !fits(host, width) : !fits(-(host + 1), width))
        return arena_printf(c->arena, "prefix of %d does not accommodate a host numbered %lld",
                            p.bits, (long long)host);
    if (host < 0) { /* from the end: all ones, less what is missing */
        for (int i = p.bits; i < p.total; i++)
            p.addr[i / 8] |= (unsigned char)(0x80 >> i % 8);
        uint64_t off = (uint64_t)(-(host + 1));
        for (int i = 0; i < width && i < 64; i++, off >>= 1)
            if (off & 1)
                p.addr[(p.total - 1 - i) / 8] &= (unsigned char)~(0x80 >> (p.total - 1 - i) % 8);
    } else {
        put_number(&p, (uint64_t)host, width, p.total);
    }
    return give_addr(c, &p, false);
}

static const char *fn_cidrnetmask(struct hcl_call *c)
{
    struct prefix p;
    const char *wrong = read_prefix(c, 0, &p);
    if (wrong)
        return wrong;
    if (p.family == AF_INET6)
        return wrong_arg(c, 0, "only IPv4 networks are supported: IPv6 cannot have a netmask");
    memset(p.addr, 0, sizeof p.addr);
    for (int i = 0; i < p.bits; i++)
        p.addr[i / 8] |= (unsigned char)(0x80 >> i % 8);
    return give_addr(c, &p, false);
}

static const char *fn_cidrsubnet(struct hcl_call *c)
{
    struct prefix p;
    int64_t more, number;
    const char *wrong = read_prefix(c, 0, &p);
    if (!wrong)
        wrong = whole_arg(c, 1, &more);
    if (!wrong)
        wrong = whole_arg(c, 2, &number);
    if (wrong)
        return wrong;
    if (more < 0 || more > p.total - p.bits)
        return wrong_arg(c, 1, "insufficient address space to extend prefix of %d by %lld", p.bits,
                         (long long)more);
    if (!fits(number, (int)more))
        return wrong_arg(c, 2,
                         "prefix extension of %lld does not accommodate a subnet numbered "
                         "%lld",
                         (long long)more, (long long)number);
    p.bits += (int)more;
    put_number(&p, (uint64_t)number, (int)more, p.bits);
    return give_addr(c, &p, true);
}

/* Adds one to the prefix's own number; false past the end. */
static bool next_prefix(struct prefix *p, int bits)
{
    for (int i = bits - 1; i >= 0; i--) {
        unsigned char bit = (unsigned char)(0x80 >> i % 8);
        p->addr[i / 8] ^= bit;
        if (p->addr[i / 8] & bit)
            return true;
    }
    return false;
}

static bool inside(const struct prefix *whole, const struct prefix *p)
{
    for (int i = 0; i < whole->bits; i++)
        if ((whole->addr[i / 8] ^ p->addr[i / 8]) & (0x80 >> i % 8))
            return false;
    return true;
}

static const char *fn_cidrsubnets(struct hcl_call *c)
{
    struct prefix whole, at;
    struct values l = {NULL, 0, 0};
    bool room = true;
    const char *wrong = read_prefix(c, 0, &whole);
    at = whole;
    for (size_t i = 1; !wrong && i < c->n; i++) {
        int64_t more;
        if ((wrong = whole_arg(c, (int)i, &more)))
            return wrong;
        if (more < 1)
            return wrong_arg(c, (int)i, "must extend prefix by at least one bit");
        if (more > whole.total - whole.bits)
            return wrong_arg(c, (int)i,
                             "not enough remaining address space for a subnet with a "
                             "prefix of that length");
        int bits = whole.bits + (int)more;
        struct prefix p = at;
        bool aligned = true;
        for (int k = bits; k < p.total; k++) /* up to the next start of its size */
            aligned &= !(p.addr[k / 8] & (0x80 >> k % 8));
        for (int k = bits; k < p.total; k++)
            p.addr[k / 8] &= (unsigned char)~(0x80 >> k % 8);
        room = room && (aligned || next_prefix(&p, bits));
        if (!room || !inside(&whole, &p))
            return wrong_arg(c, (int)i,
                             "not enough remaining address space for a subnet with a "
                             "prefix of %d bits after %s",
                             bits, l.n ? l.items[l.n - 1].string : c->args[0].string);
        p.bits = bits;
        give_addr(c, &p, true);
        *values_add(c->arena, &l) = *c->out;
        at = p;
        room = next_prefix(&at, bits);
    }
    return wrong ? wrong : give_list(c, &l, HCL_UNIFORM);
}

const struct hcl_function hcl_fn_net[] = {
    {"cidrhost", "s:prefix n:hostnum", fn_cidrhost},
    {"cidrnetmask", "s:prefix", fn_cidrnetmask},
    {"cidrsubnet", "s:prefix n:newbits n:netnum", fn_cidrsubnet},
    {"cidrsubnets", "s:prefix n:newbits...", fn_cidrsubnets},
    {NULL, NULL, NULL},
};
